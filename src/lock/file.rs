//! The lock and its text: YAML that people review line by line, the same bytes for the same lock.
//!
//! Pure. Reading refuses what writing would not have written: unknown keys, other types, private
//! keys, and versions that are newer than this program.

mod read;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::federation::certificate_chain::Role;
use crate::federation::jwks;
use crate::manifest::write::one_line;

pub use read::parse;

/// The version of the file. A change that older programs would misread needs the next one.
pub const VERSION: u32 = 1;

/// Most fingerprints that are pinned of one issuer: what Alibaba Cloud holds (apis/alibaba.md §3.1).
pub const MOST_PINS: usize = 5;

const HEADER: &str = "\
# What issuers published when `idform lock` last looked. `idform plan` pins from here and calls no
# issuer. Review changes of it like code: a key that is added here may sign people in.
";

/// Issuers as they were reviewed, by their exact URLs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Each issuer.
    pub issuers: BTreeMap<String, LockedIssuer>,
}

/// One issuer as it was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedIssuer {
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where people sign in.
    pub authorization_endpoint: Option<String>,
    /// Where tokens are fetched.
    pub token_endpoint: Option<String>,
    /// Its keys: those it publishes, then those it has withdrawn.
    pub keys: Vec<LockedKey>,
    /// Its TLS certificates: those it presents, the topmost first, then those it has withdrawn.
    pub certificates: Vec<LockedCertificate>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedKey {
    /// In canonical form.
    pub key: Value,
    /// When `idform lock` saw it first.
    pub first_seen: Timestamp,
    /// When `idform lock` first missed it; it stays for the overlap.
    pub withdrawn_since: Option<Timestamp>,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCertificate {
    /// Whom it is for.
    pub subject: String,
    /// The host that presented it.
    pub host: String,
    /// Where in the chain it stands; decides whether it is pinned.
    pub role: Role,
    /// Its last second.
    pub not_after: Option<Timestamp>,
    /// What Alibaba Cloud compares.
    pub sha1: String,
    /// What tells certificates apart here.
    pub sha256: String,
    /// When `idform lock` saw it first.
    pub first_seen: Timestamp,
    /// When `idform lock` first missed it; it stays for the overlap.
    pub withdrawn_since: Option<Timestamp>,
}

impl LockedIssuer {
    /// The SHA-1 fingerprints to pin, the most wanted first: what is presented before what is
    /// withdrawn, the topmost of each chain before others; at most [`MOST_PINS`].
    pub fn fingerprints(&self) -> Vec<&str> {
        let mut pinned: Vec<&LockedCertificate> = self
            .certificates
            .iter()
            .filter(|certificate| certificate.role.is_pinned())
            .collect();
        pinned.sort_by_key(|certificate| {
            let since = certificate.withdrawn_since;
            (
                since.is_some(),
                since.map(std::cmp::Reverse),
                certificate.role,
            )
        });
        let mut pins = Vec::new();
        for certificate in pinned {
            if !pins.contains(&certificate.sha1.as_str()) {
                pins.push(certificate.sha1.as_str());
            }
        }
        pins.truncate(MOST_PINS);
        pins
    }

    /// Puts keys and certificates in the order of the file.
    pub(super) fn sort(&mut self) {
        self.keys.sort_by_key(|locked| {
            let since = locked.withdrawn_since;
            (
                since.is_some(),
                jwks::identity(&locked.key),
                locked.key.to_string(),
            )
        });
        // Not in the order of the chain: servers behind one name present theirs in several.
        self.certificates.sort_by(|left, right| {
            let key = |found: &LockedCertificate| (found.withdrawn_since.is_some(), found.role);
            (key(left), &left.sha256).cmp(&(key(right), &right.sha256))
        });
    }
}

/// The text of a lock.
pub fn text(lock: &Lock) -> String {
    let Lock { issuers } = lock;
    let mut out = format!("{HEADER}lockVersion: {VERSION}\nissuers:");
    if issuers.is_empty() {
        out.push_str(" {}");
    }
    out.push('\n');
    for (url, issuer) in issuers {
        let LockedIssuer {
            jwks_uri,
            authorization_endpoint,
            token_endpoint,
            keys,
            certificates,
        } = issuer;
        let _ = writeln!(out, "  {}:", one_line(url));
        line(&mut out, 2, "jwksUri", jwks_uri);
        for (name, endpoint) in [
            ("authorizationEndpoint", authorization_endpoint),
            ("tokenEndpoint", token_endpoint),
        ] {
            if let Some(endpoint) = endpoint {
                line(&mut out, 2, name, endpoint);
            }
        }
        out.push_str("    keys:\n");
        for locked in keys {
            key(&mut out, locked);
        }
        out.push_str(if certificates.is_empty() {
            "    certificates: []\n"
        } else {
            "    certificates:\n"
        });
        for locked in certificates {
            certificate(&mut out, locked);
        }
    }
    out
}

/// The members of a key in the order in which a reviewer wants them; the material comes last.
pub(super) const KEY_MEMBERS: [&str; 9] = ["kid", "kty", "alg", "use", "crv", "e", "n", "x", "y"];

fn key(out: &mut String, locked: &LockedKey) {
    let LockedKey {
        key,
        first_seen,
        withdrawn_since,
    } = locked;
    out.push_str("      -");
    let mut lead = 0;
    let mut member = |name: &str, text: &str| {
        line(out, lead, name, text);
        lead = 4;
    };
    for name in KEY_MEMBERS {
        if let Some(text) = key.get(name).and_then(Value::as_str) {
            member(name, text);
        }
    }
    seen(&mut member, *first_seen, *withdrawn_since);
}

fn certificate(out: &mut String, locked: &LockedCertificate) {
    let LockedCertificate {
        subject,
        host,
        role,
        not_after,
        sha1,
        sha256,
        first_seen,
        withdrawn_since,
    } = locked;
    out.push_str("      -");
    let mut lead = 0;
    let mut member = |name: &str, text: &str| {
        line(out, lead, name, text);
        lead = 4;
    };
    member("subject", subject);
    member("host", host);
    member("role", role.word());
    if let Some(not_after) = not_after {
        member("notAfter", &not_after.to_string());
    }
    member("sha1", sha1);
    member("sha256", sha256);
    seen(&mut member, *first_seen, *withdrawn_since);
}

fn seen(
    member: &mut impl FnMut(&str, &str),
    first_seen: Timestamp,
    withdrawn_since: Option<Timestamp>,
) {
    member("firstSeen", &first_seen.to_string());
    if let Some(since) = withdrawn_since {
        member("withdrawnSince", &since.to_string());
    }
}

/// `name: text`; at level 0 behind the dash of a list.
fn line(out: &mut String, level: usize, name: &str, text: &str) {
    let lead = if level == 0 {
        " ".to_owned()
    } else {
        "  ".repeat(level)
    };
    let _ = writeln!(out, "{lead}{name}: {}", one_line(text));
}

/// The schema of the file, for editors and other readers.
pub fn schema() -> Value {
    let text = || json!({"type": "string"});
    let time = || json!({"type": "string", "format": "date-time"});
    let hex =
        |digits: usize| json!({"type": "string", "pattern": format!("^[0-9a-f]{{{digits}}}$")});
    let mut key: Map<String, Value> = KEY_MEMBERS
        .iter()
        .map(|name| ((*name).to_owned(), text()))
        .collect();
    key.insert("firstSeen".to_owned(), time());
    key.insert("withdrawnSince".to_owned(), time());
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:idform:schema:lock:1",
        "title": "idform.lock",
        "description": "What issuers published when `idform lock` last looked.",
        "type": "object",
        "required": ["lockVersion", "issuers"],
        "additionalProperties": false,
        "properties": {
            "lockVersion": {"const": VERSION},
            "issuers": {
                "description": "By the exact URL of the issuer.",
                "type": "object",
                "propertyNames": {"pattern": "^https://"},
                "additionalProperties": {
                    "type": "object",
                    "required": ["jwksUri", "keys", "certificates"],
                    "additionalProperties": false,
                    "properties": {
                        "jwksUri": text(),
                        "authorizationEndpoint": text(),
                        "tokenEndpoint": text(),
                        "keys": {
                            "type": "array",
                            "minItems": 1,
                            "items": {
                                "description": "A public key (RFC 7517), when it was seen first, and since when it is missed.",
                                "type": "object",
                                "required": ["kty", "firstSeen"],
                                "additionalProperties": false,
                                "properties": key,
                            },
                        },
                        "certificates": {
                            "type": "array",
                            "items": {
                                "description": "A certificate that a server of the issuer presented. All but leaves are pinned, the topmost first, five at most.",
                                "type": "object",
                                "required": ["subject", "host", "role", "sha1", "sha256", "firstSeen"],
                                "additionalProperties": false,
                                "properties": {
                                    "subject": text(),
                                    "host": text(),
                                    "role": {"enum": roles},
                                    "notAfter": time(),
                                    "sha1": hex(40),
                                    "sha256": hex(64),
                                    "firstSeen": time(),
                                    "withdrawnSince": time(),
                                },
                            },
                        },
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests;
