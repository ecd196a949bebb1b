//! Examples of the kinds, in manifest form, for the contract suite and the documentation.

use serde_json::{Value, json};

use crate::clouds::sample_metadata::{self, BOTH, NEW, OLD};
use crate::provider::Samples;

/// The public half of a test key (apis/tencent.md §10).
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

fn inline(keys: &[Value]) -> Value {
    json!({ "inline": { "keys": keys } })
}

/// Samples of `TencentUserOidc`. The full one rotates its keys and the changed one does not, so
/// that the changed keys are compared.
pub(super) fn user_oidc() -> Samples {
    Samples {
        minimal: json!({
            "issuer": "https://idp.example.com",
            "clientId": "client-1",
            "authorizationEndpoint": "https://idp.example.com/authorize",
            "keys": inline(&[first_key()]),
            "responseMode": "form_post",
            "mappingField": "sub",
        }),
        full: json!({
            "issuer": "https://idp.example.com",
            "clientId": "client-1",
            "authorizationEndpoint": "https://idp.example.com/authorize",
            "keys": inline(&[first_key()]),
            "responseMode": "form_post",
            "mappingField": "sub",
            "scopes": ["openid", "email"],
            "description": "production sign-on",
            "autoRotateKeys": true,
            "enabled": true,
        }),
        changed: json!({
            "issuer": "https://sso.example.com",
            "clientId": "client-2",
            "authorizationEndpoint": "https://sso.example.com/oauth2/authorize",
            "keys": inline(&[first_key(), second_key()]),
            "responseMode": "fragment",
            "mappingField": "name",
            "scopes": ["openid", "profile"],
            "description": "sign-on after the move",
            "autoRotateKeys": false,
            "enabled": false,
        }),
    }
}

/// Samples of `TencentOidcProvider`.
pub(super) fn oidc_provider() -> Samples {
    Samples {
        minimal: json!({
            "issuer": "https://token.actions.githubusercontent.com",
            "clientIds": ["sts.tencentcloudapi.com"],
            "keys": inline(&[first_key()]),
        }),
        full: json!({
            "issuer": "https://token.actions.githubusercontent.com",
            "clientIds": ["sts.tencentcloudapi.com", "sts.acme.example"],
            "keys": inline(&[first_key()]),
            "description": "GitHub Actions",
            "autoRotateKeys": true,
        }),
        changed: json!({
            "issuer": "https://token.actions.acme.example",
            "clientIds": ["sts.tencentcloudapi.com", "sts.acme.test"],
            "keys": inline(&[second_key()]),
            "description": "GitHub Actions, own server",
            "autoRotateKeys": false,
        }),
    }
}

/// Samples of `TencentUserSaml`. The changed one is switched off.
pub(super) fn user_saml() -> Samples {
    Samples {
        minimal: json!({ "metadata": sample_metadata::inline(OLD) }),
        full: json!({
            "metadata": sample_metadata::inline(BOTH),
            "auxiliaryDomain": "acme.example",
            "enabled": true,
        }),
        changed: json!({
            "metadata": sample_metadata::inline(NEW),
            "auxiliaryDomain": "acme.test",
            "enabled": false,
        }),
    }
}

/// Samples of `TencentSamlProvider`.
pub(super) fn saml_provider() -> Samples {
    Samples {
        minimal: json!({ "metadata": sample_metadata::inline(OLD) }),
        full: json!({
            "metadata": sample_metadata::inline(BOTH),
            "description": "Okta",
        }),
        changed: json!({
            "metadata": sample_metadata::inline(NEW),
            "description": "Okta, after the move",
        }),
    }
}

/// Samples of `TencentRole`. Their trust policies name no provider: the cloud refuses one that is
/// not there, and samples stand alone.
pub(super) fn role() -> Samples {
    let trust = |principal: Value| {
        json!({ "policy": {
            "version": "2.0",
            "statement": [{
                "effect": "allow",
                "action": "name/sts:AssumeRole",
                "principal": principal,
            }],
        }})
    };
    let first = trust(json!({ "service": ["cvm.qcloud.com"] }));
    Samples {
        minimal: json!({ "trust": first }),
        full: json!({
            "trust": first,
            "description": "what machines may do",
            "consoleLogin": false,
            "sessionDurationSeconds": 7200,
            "policies": ["QcloudCOSReadOnlyAccess", "ReadOnlyAccess"],
            "tags": {"team": "platform", "stage": "test"},
        }),
        changed: json!({
            "trust": trust(json!({ "service": ["cvm.qcloud.com", "scf.qcloud.com"] })),
            "description": "what machines and functions may do",
            "consoleLogin": true,
            "sessionDurationSeconds": 3600,
            "policies": ["QcloudCOSFullAccess", "ReadOnlyAccess"],
            "tags": {"team": "delivery", "cost": ""},
        }),
    }
}
