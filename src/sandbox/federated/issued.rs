//! Temporary keys that the emulated token services give out, for calls signed with them later.
//!
//! A key's token carries the facts under a seal, and id and secret follow from the token: nothing
//! has to be remembered, so a key outlives a restart of the sandbox. The seal's key is public; the
//! sandbox guards nothing, it only has to notice what somebody bent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::sandbox::credentials::TestCredentials;
use crate::sandbox::digest::{hmac_sha256, same};

const SEAL_KEY: &[u8] = b"idform sandbox, temporary keys, seal";
const SECRET_KEY: &[u8] = b"idform sandbox, temporary keys, secret";
/// Hex digits of a key id after its beginning.
const ID_DIGITS: usize = 24;

/// How the ids and tokens of a cloud's temporary keys begin.
struct Beginnings {
    cloud: &'static str,
    id: &'static str,
    token: &'static str,
}

/// Real ids begin with `AKID`, `STS.` and anything; tokens of Alibaba Cloud with `CAIS`.
const BEGINNINGS: [Beginnings; 3] = [
    Beginnings {
        cloud: "tencent",
        id: "AKIDsandboxSTS",
        token: "sandbox-sts-",
    },
    Beginnings {
        cloud: "alibaba",
        id: "STS.issued",
        token: "CAISsandbox",
    },
    Beginnings {
        cloud: "huawei",
        id: "HWSANDBOXSTS",
        token: "sandbox-sts-",
    },
];

/// Whose a temporary key is, and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The account.
    pub account: String,
    /// The role's id; on Huawei Cloud the virtual user's name.
    pub role_id: String,
    /// The role's name; on Huawei Cloud the identity provider's.
    pub role: String,
    /// The session's name.
    pub name: String,
    /// Who asked for it, as far as the cloud tells.
    pub principal: String,
    /// Until when it works, Unix seconds.
    pub expires_unix_seconds: i64,
    /// Whether its bearer may call anything; a federated user without a group may not.
    pub has_rights: bool,
    /// Two sessions alike are two.
    pub nonce: String,
}

/// Whether an id is that of a key given out here.
pub(crate) fn is_issued(cloud: &str, key_id: &str) -> bool {
    beginnings(cloud).is_some_and(|known| key_id.starts_with(known.id))
}

impl Session {
    /// The keys of this session; `None` for a cloud the sandbox does not know.
    pub(crate) fn keys(&self, cloud: &str) -> Option<TestCredentials> {
        let known = beginnings(cloud)?;
        let facts = serde_json::to_vec(self).ok()?;
        let seal = hmac_sha256(SEAL_KEY, &[cloud.as_bytes(), &facts].concat());
        let token = format!(
            "{}{}.{}",
            known.token,
            URL_SAFE_NO_PAD.encode(facts),
            URL_SAFE_NO_PAD.encode(seal)
        );
        Some(TestCredentials {
            key_id: key_id(known, &token),
            secret: secret(&token),
            token: Some(token),
        })
    }

    /// Reads a token back, if it is whole and belongs to this key id; its time is not looked at.
    pub(crate) fn open(cloud: &str, key_id: &str, token: &str) -> Option<(Self, TestCredentials)> {
        let known = beginnings(cloud)?;
        if !same(&self::key_id(known, token), key_id) {
            return None;
        }
        let (facts, seal) = token.strip_prefix(known.token)?.split_once('.')?;
        let facts = URL_SAFE_NO_PAD.decode(facts).ok()?;
        let expected = hmac_sha256(SEAL_KEY, &[cloud.as_bytes(), &facts].concat());
        if !same(&URL_SAFE_NO_PAD.encode(expected), seal) {
            return None;
        }
        let session = serde_json::from_slice(&facts).ok()?;
        let keys = TestCredentials {
            key_id: key_id.to_owned(),
            secret: secret(token),
            token: Some(token.to_owned()),
        };
        Some((session, keys))
    }
}

fn key_id(known: &Beginnings, token: &str) -> String {
    let mut digits = hex::encode(hmac_sha256(SEAL_KEY, token.as_bytes()));
    digits.truncate(ID_DIGITS);
    format!("{}{digits}", known.id)
}

fn secret(token: &str) -> String {
    let mut secret = hex::encode(hmac_sha256(SECRET_KEY, token.as_bytes()));
    secret.truncate(40);
    secret
}

fn beginnings(cloud: &str) -> Option<&'static Beginnings> {
    BEGINNINGS.iter().find(|known| known.cloud == cloud)
}
