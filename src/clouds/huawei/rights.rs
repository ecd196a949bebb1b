//! What an identity of Huawei Cloud must be allowed (apis/huawei.md §3.1): permissions have names of
//! their own, which the API does not use.

use serde_json::json;

use crate::provider::rights::{KindCalls, Rights};

/// The rights of this cloud's kinds.
pub(super) static RIGHTS: Rights = Rights {
    always: &[],
    kinds: &[
        KindCalls {
            kind: "HuaweiIdentityProvider",
            reads: &[
                "KeystoneListIdentityProviders",
                "KeystoneShowIdentityProvider",
            ],
            writes: &[
                "KeystoneCreateIdentityProvider",
                "KeystoneUpdateIdentityProvider",
                "KeystoneDeleteIdentityProvider",
            ],
        },
        KindCalls {
            kind: "HuaweiMapping",
            reads: &["KeystoneListMappings", "KeystoneShowMapping"],
            writes: &[
                "KeystoneCreateMapping",
                "KeystoneUpdateMapping",
                "KeystoneDeleteMapping",
            ],
        },
        KindCalls {
            kind: "HuaweiProtocol",
            reads: &["KeystoneListProtocols", "KeystoneShowProtocol"],
            writes: &[
                "KeystoneCreateProtocol",
                "KeystoneUpdateProtocol",
                "KeystoneDeleteProtocol",
            ],
        },
        KindCalls {
            kind: "HuaweiOidcConfig",
            reads: &["ShowOpenIdConnectConfig"],
            writes: &["CreateOpenIdConnectConfig", "UpdateOpenIdConnectConfig"],
        },
        KindCalls {
            kind: "HuaweiSamlMetadata",
            reads: &["ShowMetadata"],
            writes: &["CreateMetadata"],
        },
    ],
    permission,
    document: |permissions| {
        json!({
            "Version": "1.1",
            "Statement": [{"Effect": "Allow", "Action": permissions}],
        })
    },
    note: "Older accounts ask for the role Security Administrator for every write, whatever the policy says. Grant it for the whole account (domain), not for a project.",
};

/// The permission of a call, under `iam:identityProviders:` without the API's own prefix.
fn permission(call: &'static str) -> String {
    let name = match call {
        "ShowOpenIdConnectConfig" => "getOpenIDConnectConfig".to_owned(),
        "CreateOpenIdConnectConfig" => "createOpenIDConnectConfig".to_owned(),
        "UpdateOpenIdConnectConfig" => "updateOpenIDConnectConfig".to_owned(),
        "ShowMetadata" => "getIDPMetadata".to_owned(),
        "CreateMetadata" => "createIDPMetadata".to_owned(),
        other => {
            let name = other.strip_prefix("Keystone").unwrap_or(other);
            let name = name.replacen("Show", "get", 1);
            let mut letters = name.chars();
            let first = letters.next().map(|first| first.to_ascii_lowercase());
            first.into_iter().chain(letters).collect()
        }
    };
    format!("iam:identityProviders:{name}")
}
