//! Examples of the kinds, in manifest form, for the contract suite and the documentation.

use serde_json::json;

use crate::clouds::sample_metadata::{BOTH, NEW, OLD, inline};
use crate::provider::Samples;

/// Samples of `AlibabaRole`.
pub(super) fn role() -> Samples {
    let trust = |condition: serde_json::Value| {
        json!({ "policy": {
            "Version": "1",
            "Statement": [{
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {
                    "Federated": ["acs:ram::1234567890123456:oidc-provider/github-actions"],
                },
                "Condition": condition,
            }],
        }})
    };
    let issuer = "https://token.actions.githubusercontent.com";
    let first = trust(json!({ "StringEquals": {
        "oidc:iss": issuer,
        "oidc:aud": "sts.aliyuncs.com",
        "oidc:sub": ["repo:acme/app:ref:refs/heads/main"],
    }}));
    Samples {
        minimal: json!({ "trust": first }),
        full: json!({
            "trust": first,
            "description": "deploys from GitHub Actions",
            "maxSessionDurationSeconds": 3600,
            "policies": ["System/AliyunOSSReadOnlyAccess", "System/ReadOnlyAccess"],
            "tags": {"team": "platform", "stage": "test"},
        }),
        changed: json!({
            "trust": trust(json!({
                "StringEquals": { "oidc:iss": issuer, "oidc:aud": "sts.aliyuncs.com" },
                "StringLike": { "oidc:sub": "repo:acme/app:*" },
            })),
            "description": "deploys from every branch",
            "maxSessionDurationSeconds": 7200,
            "policies": ["System/AliyunOSSFullAccess", "System/ReadOnlyAccess"],
            "tags": {"team": "delivery", "cost": ""},
        }),
    }
}

/// Samples of `AlibabaOidcProvider`.
pub(super) fn oidc_provider() -> Samples {
    let issuer = "https://token.actions.githubusercontent.com";
    Samples {
        minimal: json!({ "issuer": issuer }),
        full: json!({
            "issuer": issuer,
            "clientIds": ["sts.aliyuncs.com", "sts.acme.example"],
            "fingerprints": [
                "902ef2deeb3c5b13ea4c3d5193629309e231ae55",
                "6938fd4d98bab03faadb97b34396831e3780aea1",
            ],
            "description": "GitHub Actions",
            "issuanceLimitHours": 12,
        }),
        changed: json!({
            "issuer": issuer,
            "clientIds": ["sts.acme.example", "sts.acme.test"],
            "fingerprints": [
                "6938fd4d98bab03faadb97b34396831e3780aea1",
                "1c58a3a8518e8759bf075b76b750d4f2df264fcd",
            ],
            "description": "GitHub Actions, renewed certificate",
            "issuanceLimitHours": 24,
        }),
    }
}

/// Samples of `AlibabaSamlProvider`.
pub(super) fn saml_provider() -> Samples {
    Samples {
        minimal: json!({ "metadata": inline(OLD) }),
        full: json!({
            "metadata": inline(BOTH),
            "description": "Acme staff",
            "authnSignAlgorithm": "rsa-sha1",
        }),
        changed: json!({
            "metadata": inline(NEW),
            "description": "Acme staff, renewed certificate",
            "authnSignAlgorithm": "rsa-sha256",
        }),
    }
}

/// Samples of `AlibabaUserSso`.
pub(super) fn user_sso() -> Samples {
    Samples {
        minimal: json!({ "metadata": inline(OLD) }),
        full: json!({
            "metadata": inline(BOTH),
            "enabled": true,
            "auxiliaryDomain": "acme.example",
            "loginWithDomain": true,
            "authnSignAlgorithm": "rsa-sha1",
        }),
        changed: json!({
            "metadata": inline(NEW),
            "enabled": true,
            "auxiliaryDomain": "sso.acme.example",
            "loginWithDomain": false,
            "authnSignAlgorithm": "rsa-sha256",
        }),
    }
}
