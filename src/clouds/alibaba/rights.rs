//! What an identity of Alibaba Cloud must be allowed (apis/alibaba.md §3.1, §3.3 to §3.5): `ram:`
//! and the name of the action, those of IMS included.

use serde_json::json;

use crate::provider::rights::{KindCalls, Rights};

/// The rights of this cloud's kinds.
pub(super) static RIGHTS: Rights = Rights {
    // GetCallerIdentity needs no permission (apis/alibaba.md §6).
    always: &[],
    kinds: &[
        KindCalls {
            kind: "AlibabaOidcProvider",
            reads: &["ListOIDCProviders", "GetOIDCProvider"],
            writes: &[
                "CreateOIDCProvider",
                "UpdateOIDCProvider",
                "AddFingerprintToOIDCProvider",
                "RemoveFingerprintFromOIDCProvider",
                "AddClientIdToOIDCProvider",
                "RemoveClientIdFromOIDCProvider",
                "DeleteOIDCProvider",
            ],
        },
        KindCalls {
            kind: "AlibabaSamlProvider",
            reads: &["ListSAMLProviders", "GetSAMLProvider"],
            writes: &[
                "CreateSAMLProvider",
                "UpdateSAMLProvider",
                "DeleteSAMLProvider",
            ],
        },
        KindCalls {
            kind: "AlibabaUserSso",
            reads: &["GetUserSsoSettings"],
            writes: &["SetUserSsoSettings"],
        },
        KindCalls {
            kind: "AlibabaRole",
            reads: &[
                "ListRoles",
                "GetRole",
                "ListPoliciesForRole",
                "ListTagResources",
            ],
            writes: &[
                "CreateRole",
                "UpdateRole",
                "AttachPolicyToRole",
                "DetachPolicyFromRole",
                "TagResources",
                "UntagResources",
                "DeleteRole",
            ],
        },
    ],
    permission: |call| format!("ram:{call}"),
    document: |permissions| {
        json!({
            "Version": "1",
            "Statement": [{"Effect": "Allow", "Action": permissions, "Resource": "*"}],
        })
    },
    note: "`Resource` can be narrowed to acs:ram::UID:oidc-provider/NAME, saml-provider/NAME and role/NAME; creating needs `*`.",
};
