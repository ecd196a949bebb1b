//! Examples of the kinds, in manifest form, for the contract suite and the documentation.

use serde_json::{Value, json};

use crate::clouds::sample_metadata::{BOTH, NEW, OLD, inline};
use crate::provider::Samples;

/// The public half of a test key (`apis/tencent.md §10`).
fn first_key() -> Value {
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "test-key-1",
        "n": "zlmOuD7tZVKbhEZS6wNQqFQ2E7M8BGIXx0EVWA_Ke2S_n8EKlQQGXyxoodxdAQ4vS9szHEuDn6km52sQHKgm5vmBjkbc0oKi73hPgcrFas78pQCKGlvGwAFKR5XTDp2BXX283AvnsBTT8xyIKV6xFoyP6vXvE_-ow451XxVb3T99i_hKRzji70WZ6vwqthkFAOb9KdlNGKN-0gtNWtI8OUb69eDAtBsnSTwZiG3caLjiJmVktyyV6g9tkHSIUESQp25Szgr2vMwypFN8MQyafDXfNzQ2P87iHRJKC2vtWAMs_nl9X99l0DWAbPfJqKefaquj-c-NYiexYwQHI8SQ8w",
        "e": "AQAB",
    })
}

/// The public half of another one; nobody has its private half.
fn second_key() -> Value {
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "test-key-2",
        "n": "06-kAohduBCdEYxzt1UIsGCDZjuSF2znZbQDHrA1EWxUyAEtNtYIktDCRhKAiXTCLlzaATIbwFgU1eEUGmPG1xOif5ap344DM-nJ1iI2AlQvxgTK-Ldt38wI5JxTInMrJetIqwKlx7tKY12tGJZJoUVyHCbdCYlZkGqj1xNn7PpT9DuAIE_5cB6q87isFI-EYUvkiKhqO88nVsg6ngv9wPy67AjXPqdMjLbXtQlxKCsoLmo1bb-_N-SNj-oI4tJJkLNCZymVoqsGEzrCE9uHhq-TIB0xk2FEEUq96-ZV1EhwAULiPRQegkGRRVJLA2tX2F1Hc5eCdAucxK-nkm6nOQ",
        "e": "AQAB",
    })
}

/// Samples of `HuaweiIdentityProvider`.
pub(super) fn identity_provider() -> Samples {
    Samples {
        minimal: json!({}),
        full: json!({
            "ssoType": "virtual_user_sso",
            "enabled": true,
            "description": "Staff",
        }),
        changed: json!({
            "ssoType": "virtual_user_sso",
            "enabled": false,
            "description": "Staff and guests",
        }),
    }
}

/// Samples of `HuaweiMapping`; the full one has every form that rules take (`apis/huawei.md §4`).
pub(super) fn mapping() -> Samples {
    Samples {
        minimal: json!({"rules": [
            {"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "sub"}]},
        ]}),
        full: json!({"rules": [
            {
                "local": [{"user": {"name": "{0} {1}"}}, {"group": {"name": "readers"}}],
                "remote": [
                    {"type": "FirstName"},
                    {"type": "LastName"},
                    {"type": "orgPersonType", "not_any_of": ["Contractor", "Guest"]},
                ],
            },
            {
                "local": [{"groups": "{0}"}],
                "remote": [
                    {"type": "groups"},
                    {"type": "mail", "any_one_of": [".*@example\\.com$"], "regex": true},
                ],
            },
        ]}),
        changed: json!({"rules": [
            {
                "local": [{"user": {"name": "{0}"}}, {"group": {"name": "auditors"}}],
                "remote": [{"type": "sub"}],
            },
        ]}),
    }
}

/// Samples of `HuaweiProtocol`. The provider and both mappings must be there.
pub(super) fn protocol() -> Samples {
    let with_mapping = |mapping: &str| {
        json!({
            "identityProvider": {"external": "sample-idp"},
            "protocol": "oidc",
            "mapping": {"external": mapping},
        })
    };
    Samples {
        minimal: with_mapping("mapping_sample-idp"),
        full: with_mapping("mapping_sample-idp"),
        changed: with_mapping("mapping_sample-idp-2"),
    }
}

/// Samples of `HuaweiOidcConfig`. The provider must be there, with protocol `oidc`. The changed one
/// keeps the access mode: the other one takes none of the console fields.
pub(super) fn oidc_config() -> Samples {
    Samples {
        minimal: json!({
            "identityProvider": {"external": "sample-idp"},
            "accessMode": "program",
            "issuer": "https://accounts.example.com",
            "clientId": "client-example",
            "keys": {"inline": {"keys": [first_key()]}},
        }),
        full: json!({
            "identityProvider": {"external": "sample-idp"},
            "accessMode": "program_console",
            "issuer": "https://accounts.example.com",
            "clientId": "client-example",
            "keys": {"inline": {"keys": [first_key()]}},
            "authorizationEndpoint": "https://accounts.example.com/authorize",
            "scopes": ["email", "openid"],
            "responseMode": "form_post",
        }),
        changed: json!({
            "identityProvider": {"external": "sample-idp"},
            "accessMode": "program_console",
            "issuer": "https://login.example.com/",
            "clientId": "client-example-2",
            "keys": {"inline": {"keys": [second_key()]}},
            "authorizationEndpoint": "https://login.example.com/authorize",
            "scopes": ["openid", "profile"],
            "responseMode": "fragment",
        }),
    }
}

/// Samples of `HuaweiSamlMetadata`. The provider must be there, with protocol `saml`.
pub(super) fn saml_metadata() -> Samples {
    let with = |document: &str| {
        json!({
            "identityProvider": {"external": "sample-saml-idp"},
            "metadata": inline(document),
        })
    };
    Samples {
        minimal: with(OLD),
        full: with(BOTH),
        changed: with(NEW),
    }
}

/// The protocol of the provider that has the metadata.
pub(super) fn saml_protocol() -> Value {
    json!({
        "identityProvider": {"external": "sample-saml-idp"},
        "protocol": "saml",
        "mapping": {"external": "mapping_sample-saml-idp"},
    })
}
