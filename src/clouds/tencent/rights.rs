//! What an identity of Tencent Cloud must be allowed (apis/tencent.md §3.0): `cam:` and the name of
//! the action. Most of these actions know no resources, so the resource is always `*`.

use serde_json::json;

use crate::provider::rights::{KindCalls, Rights};

/// The rights of this cloud's kinds.
pub(super) static RIGHTS: Rights = Rights {
    always: &["sts:GetCallerIdentity"],
    kinds: &[
        KindCalls {
            kind: "TencentUserOidc",
            reads: &["DescribeUserOIDCConfig", "DescribeUserSAMLConfig"],
            writes: &[
                "CreateUserOIDCConfig",
                "UpdateUserOIDCConfig",
                "DisableUserSSO",
            ],
        },
        KindCalls {
            kind: "TencentOidcProvider",
            reads: &["DescribeOIDCConfig"],
            writes: &["CreateOIDCConfig", "UpdateOIDCConfig", "DeleteOIDCConfig"],
        },
        KindCalls {
            kind: "TencentUserSaml",
            reads: &["DescribeUserSAMLConfig", "DescribeUserOIDCConfig"],
            writes: &[
                "CreateUserSAMLConfig",
                "UpdateUserSAMLConfig",
                "DisableUserSSO",
            ],
        },
        KindCalls {
            kind: "TencentSamlProvider",
            reads: &["ListSAMLProviders", "GetSAMLProvider"],
            writes: &[
                "CreateSAMLProvider",
                "UpdateSAMLProvider",
                "DeleteSAMLProvider",
            ],
        },
        KindCalls {
            kind: "TencentRole",
            reads: &["DescribeRoleList", "GetRole", "ListAttachedRolePolicies"],
            writes: &[
                "CreateRole",
                "UpdateAssumeRolePolicy",
                "UpdateRoleDescription",
                "UpdateRoleConsoleLogin",
                "UpdateRoleSessionDuration",
                "AttachRolePolicy",
                "DetachRolePolicy",
                "TagRole",
                "UntagRole",
                "DeleteRole",
            ],
        },
    ],
    permission: |call| format!("cam:{call}"),
    document: |permissions| {
        json!({
            "version": "2.0",
            "statement": [{"effect": "allow", "action": permissions, "resource": ["*"]}],
        })
    },
    note: "Name no resource but `*`: for these actions CAM takes a narrower one as no grant at all.",
};
