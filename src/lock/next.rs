//! The next lock of an issuer.
//!
//! Pure. It adds before it removes: what an issuer withdraws stays for an overlap, because tokens
//! that were signed before are still on their way, and because clouds cache.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::file::{LockedCertificate, LockedIssuer, LockedKey};
use super::seen::Seen;
use crate::federation::issuer::Discovery;
use crate::federation::jwks;

/// How long what was withdrawn stays, when no manifest says it: a day, for which clouds are said to
/// cache (apis/alibaba.md §4.4).
pub const DEFAULT_OVERLAP_HOURS: u32 = 24;

/// How long what was withdrawn is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// For so long.
    Overlap(SignedDuration),
    /// Not at all: somebody asked for the end of it, and takes replaced keys as they are.
    Retire,
}

impl Keep {
    /// For whole hours.
    pub fn hours(hours: u32) -> Self {
        Self::Overlap(SignedDuration::from_hours(i64::from(hours)))
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self::hours(DEFAULT_OVERLAP_HOURS)
    }
}

/// The next lock of an issuer. What a known key id shows other material of is not taken, unless
/// somebody asks for it with [`Keep::Retire`]; see [`Change::KeyReplaced`](super::Change::KeyReplaced).
pub fn advance(
    locked: Option<&LockedIssuer>,
    seen: &Seen,
    now: Timestamp,
    keep: Keep,
) -> LockedIssuer {
    let Discovery {
        issuer: _,
        jwks_uri,
        authorization_endpoint,
        token_endpoint,
    } = &seen.discovery;
    let mut next = LockedIssuer {
        jwks_uri: jwks_uri.clone(),
        authorization_endpoint: authorization_endpoint.clone(),
        token_endpoint: token_endpoint.clone(),
        keys: keys(locked.map_or(&[], |locked| &locked.keys), seen, now, keep),
        certificates: certificates(
            locked.map_or(&[], |locked| &locked.certificates),
            seen,
            now,
            keep,
        ),
    };
    next.sort();
    next
}

fn keys(locked: &[LockedKey], seen: &Seen, now: Timestamp, keep: Keep) -> Vec<LockedKey> {
    let mut next = Vec::new();
    let mut known = BTreeSet::new();
    for key in &seen.keys {
        let identity = jwks::identity(key);
        let before = locked
            .iter()
            .find(|locked| jwks::identity(&locked.key) == identity);
        known.insert(identity);
        next.push(match before {
            Some(before) if is_replaced(before, key) && keep != Keep::Retire => before.clone(),
            Some(before) if !is_replaced(before, key) => LockedKey {
                key: key.clone(),
                first_seen: before.first_seen,
                withdrawn_since: None,
            },
            Some(_) | None => LockedKey {
                key: key.clone(),
                first_seen: now,
                withdrawn_since: None,
            },
        });
    }
    for before in locked {
        if !known.contains(&jwks::identity(&before.key))
            && let Some(since) = stays(before.withdrawn_since, now, keep)
        {
            next.push(LockedKey {
                withdrawn_since: Some(since),
                ..before.clone()
            });
        }
    }
    next
}

/// Whether a key's id stands for other material than it did.
pub(super) fn is_replaced(before: &LockedKey, key: &Value) -> bool {
    jwks::thumbprint(&before.key) != jwks::thumbprint(key)
}

fn certificates(
    locked: &[LockedCertificate],
    seen: &Seen,
    now: Timestamp,
    keep: Keep,
) -> Vec<LockedCertificate> {
    let mut next: Vec<LockedCertificate> = Vec::new();
    for (host, presented) in seen.presented() {
        if next.iter().any(|other| other.sha256 == presented.sha256) {
            continue;
        }
        let before = locked
            .iter()
            .find(|locked| locked.sha256 == presented.sha256);
        next.push(LockedCertificate {
            subject: presented.subject.clone(),
            host: host.to_owned(),
            role: presented.role,
            not_after: presented.not_after,
            sha1: presented.sha1.clone(),
            sha256: presented.sha256.clone(),
            first_seen: before.map_or(now, |before| before.first_seen),
            withdrawn_since: None,
        });
    }
    for before in locked {
        let is_gone = next.iter().all(|other| other.sha256 != before.sha256);
        // Nothing is pinned of a leaf, so nothing is lost with it.
        if is_gone
            && before.role.is_pinned()
            && let Some(since) = stays(before.withdrawn_since, now, keep)
        {
            next.push(LockedCertificate {
                withdrawn_since: Some(since),
                ..before.clone()
            });
        }
    }
    next
}

/// Since when something that is gone counts as withdrawn, while it stays.
fn stays(since: Option<Timestamp>, now: Timestamp, keep: Keep) -> Option<Timestamp> {
    let since = since.unwrap_or(now);
    match keep {
        Keep::Retire => None,
        Keep::Overlap(overlap) => (now.duration_since(since) < overlap).then_some(since),
    }
}
