//! The sandbox's own OpenID issuers: what they publish, how their keys turn over, the tokens they
//! give out, and the certificate chain they stand behind.
//!
//! Any path is an issuer with keys of its own (`/github`, `/realms/acme`, and the bare host), made
//! when it is first asked for; all share one listener and one chain. `state` is one readable file
//! like the accounts', so that commands and a running sandbox see each other's changes.
//! `serve` is HTTPS, [`chain`] the local authority, `keys` the signing keys.

mod chain;
mod keys;
mod serve;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::chain::Chain;
use self::keys::Key;
use super::accounts::Accounts;

pub use chain::STABLE_HOST;
pub(crate) use serve::serve;

/// The state file's name, without its ending.
const STATE: &str = "state";
/// The roots' file, beside the state.
const ROOTS_FILE: &str = "ca.pem";
/// Seconds a token is good when nothing is said; GitHub's live as long.
pub const TOKEN_SECONDS: i64 = 300;
/// Segments of an issuer's path at most, and characters of one: enough for `/realms/acme/v2.0`.
const PATH_SEGMENTS_MAX: usize = 4;
const SEGMENT_CHARACTERS_MAX: usize = 64;
/// Issuers at most: asking for one makes it, and each costs a key.
const ISSUERS_MAX: usize = 100;

/// Why an issuer did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The state file cannot be read or written.
    #[error("keep the sandbox issuers' state")]
    State(#[source] io::Error),
    /// A path that no issuer can have.
    #[error(
        "an issuer's path has up to four parts of letters, digits, `-`, `_`, `.` and `~`: `{0}`"
    )]
    Path(String),
    /// Too many issuers.
    #[error("the sandbox has {ISSUERS_MAX} issuers, which is all it keeps")]
    Full,
    /// The key that signs is the only one published.
    #[error("the only published key is the one that signs; rotate first")]
    LastKey,
    /// A key or certificate could not be made or used.
    #[error("{0}")]
    Crypto(String),
}

/// What all issuers have in common, and each one's keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct State {
    /// The port of `sandbox serve`, kept over restarts: it is part of the issuers' names.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<Chain>,
    /// By path, without slashes at its ends; the bare host's is empty.
    issuers: BTreeMap<String, Keyring>,
}

/// One issuer's published keys, oldest first, and which of them signs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyring {
    signing: String,
    keys: Vec<Key>,
}

/// A token to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `aud`: one is a text, several are a list.
    pub audiences: Vec<String>,
    /// `sub`.
    pub subject: String,
    /// Further claims; they may also replace the standard ones, to make tokens that must fail.
    pub claims: Map<String, Value>,
    /// How long ago it was issued, in seconds; negative for the future.
    pub age_seconds: i64,
    /// Seconds from issue to expiry; [`TOKEN_SECONDS`] when absent.
    pub life_seconds: Option<i64>,
}

/// The sandbox's issuers, in memory or in a folder.
#[derive(Debug)]
pub struct Issuers {
    folder: Option<PathBuf>,
    state: Accounts<State>,
}

impl Issuers {
    /// Opens the issuers under `<folder>/issuer`, or in memory. Nothing is made yet.
    pub fn new(folder: Option<&Path>) -> Self {
        let folder = folder.map(|folder| folder.join("issuer"));
        Self {
            state: Accounts::new(folder.clone()),
            folder,
        }
    }

    /// What is published and what signs: `{path, signing, keys[]}`.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn show(&self, path: &str, now_unix_seconds: i64) -> Result<Value, IssuerError> {
        self.keyring(path, now_unix_seconds, |ring| {
            let kids: Vec<&str> = ring.keys.iter().map(|key| key.kid.as_str()).collect();
            Ok(json!({"path": path, "signing": ring.signing, "published": kids}))
        })
    }

    /// The key set as it is published, oldest key first.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn key_set(&self, path: &str, now_unix_seconds: i64) -> Result<Value, IssuerError> {
        self.keyring(path, now_unix_seconds, |ring| {
            let keys: Vec<Value> = ring.keys.iter().map(Key::published).collect();
            Ok(json!({ "keys": keys }))
        })
    }

    /// Publishes a further key without signing with it, as careful issuers do first. Answers its id.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn publish(&self, path: &str, now_unix_seconds: i64) -> Result<String, IssuerError> {
        self.keyring(path, now_unix_seconds, |ring| {
            let key = Key::new(now_unix_seconds).map_err(IssuerError::Crypto)?;
            let kid = key.kid.clone();
            ring.keys.push(key);
            Ok(kid)
        })
    }

    /// Signs with the newest key from now on, publishing one unless one is waiting. Answers its id.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn rotate(&self, path: &str, now_unix_seconds: i64) -> Result<String, IssuerError> {
        self.keyring(path, now_unix_seconds, |ring| {
            let newest = ring.keys.last().map(|key| key.kid.clone());
            ring.signing = match newest {
                Some(waiting) if waiting != ring.signing => waiting,
                Some(_) | None => {
                    let key = Key::new(now_unix_seconds).map_err(IssuerError::Crypto)?;
                    let kid = key.kid.clone();
                    ring.keys.push(key);
                    kid
                }
            };
            Ok(ring.signing.clone())
        })
    }

    /// Publishes the oldest key that does not sign no longer. Answers its id.
    ///
    /// # Errors
    /// [`IssuerError::LastKey`] when there is no other than the one that signs.
    pub fn withdraw(&self, path: &str, now_unix_seconds: i64) -> Result<String, IssuerError> {
        self.keyring(path, now_unix_seconds, |ring| {
            let at = ring.keys.iter().position(|key| key.kid != ring.signing);
            let at = at.ok_or(IssuerError::LastKey)?;
            Ok(ring.keys.remove(at).kid)
        })
    }

    /// A token of the issuer at `base` (scheme and authority, no final slash) and `path`.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn token(
        &self,
        base: &str,
        path: &str,
        wanted: &Wanted,
        now_unix_seconds: i64,
    ) -> Result<String, IssuerError> {
        let issued = now_unix_seconds.saturating_sub(wanted.age_seconds);
        let life = wanted.life_seconds.unwrap_or(TOKEN_SECONDS);
        let audience = match wanted.audiences.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
        let mut claims = Map::from_iter([
            ("iss".to_owned(), issuer_url(base, path).into()),
            ("sub".to_owned(), wanted.subject.as_str().into()),
            ("aud".to_owned(), audience),
            ("iat".to_owned(), issued.into()),
            ("nbf".to_owned(), issued.into()),
            ("exp".to_owned(), issued.saturating_add(life).into()),
            (
                "jti".to_owned(),
                uuid::Uuid::new_v4().simple().to_string().into(),
            ),
        ]);
        claims.extend(wanted.claims.clone());
        self.keyring(path, now_unix_seconds, |ring| {
            let key = ring.keys.iter().find(|key| key.kid == ring.signing);
            let key = key.ok_or_else(|| {
                IssuerError::Crypto(format!("key {} signs and is not there", ring.signing))
            })?;
            key.token(&claims).map_err(IssuerError::Crypto)
        })
    }

    /// Puts another intermediate, on request under another root, in front of all issuers.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn swap_chain(&self, new_root: bool, now_unix_seconds: i64) -> Result<(), IssuerError> {
        self.chain(now_unix_seconds)?;
        self.with(|state| {
            if let Some(chain) = &state.chain {
                state.chain = Some(chain.swapped(new_root, now_unix_seconds).map_err(made)?);
            }
            Ok(())
        })?;
        self.chain(now_unix_seconds).map(|_| ())
    }

    /// Every root the chain ever ended in, PEM: what a client must trust.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn roots_pem(&self, now_unix_seconds: i64) -> Result<String, IssuerError> {
        self.chain(now_unix_seconds).map(|chain| chain.roots_pem())
    }

    /// Where the roots are kept, once there is a chain; `None` in memory.
    pub fn roots_file(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(ROOTS_FILE))
    }

    /// The chain in front of all issuers; made, or renewed when its leaf has run out.
    fn chain(&self, now_unix_seconds: i64) -> Result<Chain, IssuerError> {
        let chain = self.with(|state| {
            let fresh = match &state.chain {
                Some(chain) => chain.renewed(now_unix_seconds).map_err(made)?,
                None => Some(Chain::new(now_unix_seconds).map_err(made)?),
            };
            state.chain = fresh.or_else(|| state.chain.take());
            state
                .chain
                .clone()
                .ok_or_else(|| IssuerError::Crypto("there is no chain; this is a bug".to_owned()))
        })?;
        if let Some(file) = self.roots_file() {
            let pem = chain.roots_pem();
            // Read by others at any time: only ever replaced, and only when it changes.
            if fs_err::read_to_string(&file).ok().as_deref() != Some(pem.as_str()) {
                let aside = file.with_extension("pem.new");
                fs_err::write(&aside, pem)
                    .and_then(|()| fs_err::rename(&aside, &file))
                    .map_err(IssuerError::State)?;
            }
        }
        Ok(chain)
    }

    /// The port remembered, and the one to remember from now on.
    pub(crate) fn port(&self) -> Result<Option<u16>, IssuerError> {
        self.with(|state| Ok(state.port))
    }

    pub(crate) fn keep_port(&self, port: u16) -> Result<(), IssuerError> {
        self.with(|state| {
            state.port = Some(port);
            Ok(())
        })
    }

    fn keyring<R>(
        &self,
        path: &str,
        now_unix_seconds: i64,
        act: impl FnOnce(&mut Keyring) -> Result<R, IssuerError>,
    ) -> Result<R, IssuerError> {
        if !is_path(path) {
            return Err(IssuerError::Path(path.to_owned()));
        }
        self.with(|state| {
            if !state.issuers.contains_key(path) && state.issuers.len() >= ISSUERS_MAX {
                return Err(IssuerError::Full);
            }
            let ring = match state.issuers.entry(path.to_owned()) {
                std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                std::collections::btree_map::Entry::Vacant(free) => {
                    let key = Key::new(now_unix_seconds).map_err(IssuerError::Crypto)?;
                    free.insert(Keyring {
                        signing: key.kid.clone(),
                        keys: vec![key],
                    })
                }
            };
            act(ring)
        })
    }

    /// Runs `act` on the state; a failure changes nothing.
    fn with<R>(
        &self,
        act: impl FnOnce(&mut State) -> Result<R, IssuerError>,
    ) -> Result<R, IssuerError> {
        if let Some(folder) = &self.folder {
            make_private(folder).map_err(IssuerError::State)?;
        }
        self.state
            .with(STATE, |state| {
                let before = state.clone();
                let result = act(state);
                if result.is_err() {
                    *state = before;
                }
                result
            })
            .map_err(IssuerError::State)?
    }
}

/// An issuer's name.
pub fn issuer_url(base: &str, path: &str) -> String {
    match path {
        "" => base.to_owned(),
        path => format!("{base}/{path}"),
    }
}

/// Private keys lie there: nobody else's business, even though they open nothing.
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        fs_err::create_dir_all(parent)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

fn is_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        (1..=SEGMENT_CHARACTERS_MAX).contains(&segment.len())
            // What begins with a dot is a document or a command of the issuer before it.
            && !segment.starts_with('.')
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    path.is_empty()
        || (path.split('/').count() <= PATH_SEGMENTS_MAX && path.split('/').all(is_segment))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn made(error: rcgen::Error) -> IssuerError {
    IssuerError::Crypto(format!("make a certificate: {error}"))
}
