//! Who may call: test credentials by rule, so that any account works without registration.
//!
//! | cloud | permanent key id | temporary key id |
//! | --- | --- | --- |
//! | Tencent Cloud | `AKIDsandbox<uin>` | `AKIDsandboxTMP<uin>` |
//! | Alibaba Cloud | `LTAIsandbox<uid>` | `STS.sandbox<uid>` |
//! | Huawei Cloud | `HWSANDBOX<domain id>` | `HWSANDBOXTMP<domain id>` |
//!
//! The secrets are `sandbox-secret-<account>` and `sandbox-temporary-<account>`, the token of a
//! temporary key is `sandbox-token-<account>-0001`. Nothing of this opens anything real.
//!
//! Beside them stand the keys that the emulated token services give out, see
//! [`Session`](super::federated::issued::Session).

use serde_json::{Value, json};

use super::federated::issued::{self, Session};

/// One rule per cloud: its name, the account shown by `describe`, and how key ids begin.
struct Rule {
    cloud: &'static str,
    default_account: &'static str,
    permanent: &'static str,
    temporary: &'static str,
}

const RULES: [Rule; 3] = [
    Rule {
        cloud: "tencent",
        default_account: "100000000001",
        permanent: "AKIDsandbox",
        temporary: "AKIDsandboxTMP",
    },
    Rule {
        cloud: "alibaba",
        default_account: "1234567890123456",
        permanent: "LTAIsandbox",
        temporary: "STS.sandbox",
    },
    Rule {
        cloud: "huawei",
        default_account: "0123456789abcdef0123456789abcdef",
        permanent: "HWSANDBOX",
        temporary: "HWSANDBOXTMP",
    },
];

/// A key pair for one emulated account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCredentials {
    /// The access key id.
    pub key_id: String,
    /// The secret that signs.
    pub secret: String,
    /// The session token; only temporary credentials have one.
    pub token: Option<String>,
}

/// What a key id says about its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The account the key belongs to.
    pub account: String,
    /// Whether it is a temporary key, which needs its token.
    pub temporary: bool,
    /// What a token service gave it out for; `None` for the keys by rule.
    pub session: Option<Session>,
}

/// What is known of a key.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "taken apart where it is made, and never kept"
)]
pub(crate) enum Lookup {
    /// Whose it is, and what must have signed.
    Found(Known, TestCredentials),
    /// It was given out by a token service, and the token that came is not its own.
    WrongToken,
    /// No such key.
    Unknown,
}

/// Finds a key, by its token too where a token service gave it out.
pub(crate) fn look_up(cloud: &str, key_id: &str, token: Option<&str>) -> Lookup {
    if issued::is_issued(cloud, key_id) {
        let opened = token.and_then(|token| Session::open(cloud, key_id, token));
        return match opened {
            Some((session, keys)) => {
                let known = Known {
                    account: session.account.clone(),
                    temporary: true,
                    session: Some(session),
                };
                Lookup::Found(known, keys)
            }
            None => Lookup::WrongToken,
        };
    }
    let Some(known) = account_of_key(cloud, key_id) else {
        return Lookup::Unknown;
    };
    let keys = if known.temporary {
        temporary(cloud, &known.account)
    } else {
        permanent(cloud, &known.account)
    };
    keys.map_or(Lookup::Unknown, |keys| Lookup::Found(known, keys))
}

/// The permanent key of an account; `None` for a cloud the sandbox does not know.
pub fn permanent(cloud: &str, account_id: &str) -> Option<TestCredentials> {
    rule(cloud).map(|rule| TestCredentials {
        key_id: format!("{}{account_id}", rule.permanent),
        secret: format!("sandbox-secret-{account_id}"),
        token: None,
    })
}

/// The temporary key of an account; `None` for a cloud the sandbox does not know.
pub fn temporary(cloud: &str, account_id: &str) -> Option<TestCredentials> {
    rule(cloud).map(|rule| TestCredentials {
        key_id: format!("{}{account_id}", rule.temporary),
        secret: format!("sandbox-temporary-{account_id}"),
        token: Some(format!("sandbox-token-{account_id}-0001")),
    })
}

/// Whose key this is, by its shape; `None` for keys the cloud would not know.
pub fn account_of_key(cloud: &str, key_id: &str) -> Option<Known> {
    let rule = rule(cloud)?;
    // The temporary prefix first: on two clouds it begins with the permanent one.
    let (account, temporary) = match key_id.strip_prefix(rule.temporary) {
        Some(account) => (account, true),
        None => (key_id.strip_prefix(rule.permanent)?, false),
    };
    let plain = (1..=64).contains(&account.len())
        && account
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || b == b'-');
    plain.then(|| Known {
        account: account.to_owned(),
        temporary,
        session: None,
    })
}

/// The account that `Sandbox::describe` shows for a cloud.
pub fn default_account(cloud: &str) -> Option<&'static str> {
    rule(cloud).map(|rule| rule.default_account)
}

/// Whether the sandbox has a rule for this cloud.
pub fn is_cloud(cloud: &str) -> bool {
    rule(cloud).is_some()
}

/// `{url, account_id, key_id, secret}` of a cloud's default account.
pub(crate) fn described(cloud: &str, url: &str) -> Option<Value> {
    let account = default_account(cloud)?;
    let key = permanent(cloud, account)?;
    Some(json!({
        "url": url,
        "account_id": account,
        "key_id": key.key_id,
        "secret": key.secret,
    }))
}

fn rule(cloud: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.cloud == cloud)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_leads_back_to_its_account() {
        for cloud in ["tencent", "alibaba", "huawei"] {
            let account = default_account(cloud).unwrap();
            for (key, is_temporary) in [
                (permanent(cloud, account).unwrap(), false),
                (temporary(cloud, account).unwrap(), true),
            ] {
                let known = account_of_key(cloud, &key.key_id).unwrap();
                assert_eq!(known.account, account);
                assert_eq!(known.temporary, is_temporary);
                assert_eq!(key.token.is_some(), is_temporary);
            }
        }
    }

    #[test]
    fn foreign_keys_are_unknown() {
        for key in ["AKIDreal", "AKIDsandbox", "AKIDsandbox../../etc", ""] {
            assert_eq!(account_of_key("tencent", key), None, "{key}");
        }
        assert_eq!(account_of_key("azure", "AKIDsandbox1"), None);
    }
}
