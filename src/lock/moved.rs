//! What an issuer shows now against what is locked of it: what changed, ranked by urgency.
//!
//! Pure: everything follows from the lock, from what was seen, and from the time given.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::file::{LockedIssuer, LockedKey};
use super::next::{Keep, advance, is_replaced};
use super::seen::Seen;
use crate::federation::certificate_chain::{Presented, Role};
use crate::federation::jwks;

/// Days before the end of a pinned certificate at which it is told.
const AUTHORITY_DAYS: i64 = 30;
/// The same for the server's own certificate, which is renewed late by custom.
const LEAF_DAYS: i64 = 7;

/// How soon somebody should act; the most urgent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing breaks; more is accepted than needs to be, or the lock is merely out of date.
    Later,
    /// Something will be refused as soon as the issuer goes on.
    Soon,
    /// Sign-in is refused now, or somebody may be at work who should not.
    Now,
}

impl Urgency {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Later => "later",
        }
    }
}

/// In which way an issuer moved, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A known key id has other material.
    KeyReplaced,
    /// No pinned certificate is presented any more.
    ChainUnmatched,
    /// The lock does not hold the issuer.
    NotLocked,
    /// A key is published that is not locked.
    KeyAdded,
    /// A certificate authority is presented that is not locked; another one still matches.
    ChainChanged,
    /// A certificate ends soon.
    CertificateExpires,
    /// A locked key is no longer published.
    KeyWithdrawn,
    /// A locked certificate is no longer presented.
    CertificateWithdrawn,
    /// The overlap of something that was withdrawn is over.
    OverlapEnded,
    /// A key or certificate that was withdrawn is there again.
    Returned,
    /// A key says another algorithm or use than it did.
    KeyRelabelled,
    /// The keys are, or people sign in, at another address.
    EndpointsChanged,
}

impl Change {
    /// The stable word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::KeyReplaced => "key_replaced",
            Self::ChainUnmatched => "chain_unmatched",
            Self::NotLocked => "not_locked",
            Self::KeyAdded => "key_added",
            Self::ChainChanged => "chain_changed",
            Self::CertificateExpires => "certificate_expires",
            Self::KeyWithdrawn => "key_withdrawn",
            Self::CertificateWithdrawn => "certificate_withdrawn",
            Self::OverlapEnded => "overlap_ended",
            Self::Returned => "returned",
            Self::KeyRelabelled => "key_relabelled",
            Self::EndpointsChanged => "endpoints_changed",
        }
    }

    /// How soon somebody should act.
    pub fn urgency(self) -> Urgency {
        match self {
            Self::KeyReplaced | Self::ChainUnmatched => Urgency::Now,
            Self::NotLocked | Self::KeyAdded | Self::ChainChanged | Self::CertificateExpires => {
                Urgency::Soon
            }
            Self::KeyWithdrawn
            | Self::CertificateWithdrawn
            | Self::OverlapEnded
            | Self::Returned
            | Self::KeyRelabelled
            | Self::EndpointsChanged => Urgency::Later,
        }
    }

    /// Whether a new lock would be another one. A certificate that ends soon changes no lock.
    pub fn is_behind(self) -> bool {
        self != Self::CertificateExpires
    }
}

/// One thing that moved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// In which way.
    pub change: Change,
    /// What, in a sentence.
    pub detail: String,
}

impl Moved {
    fn new(change: Change, detail: impl Into<String>) -> Self {
        Self {
            change,
            detail: detail.into(),
        }
    }
}

/// What moved since the lock was made, the most urgent first.
pub fn moved(locked: Option<&LockedIssuer>, seen: &Seen, now: Timestamp, keep: Keep) -> Vec<Moved> {
    let mut found = expiring(seen, now);
    match locked {
        None => {
            let count = match seen.keys.len() {
                1 => "1 usable key".to_owned(),
                count => format!("{count} usable keys"),
            };
            found.push(Moved::new(
                Change::NotLocked,
                format!("the lock does not hold it; it publishes {count}"),
            ));
        }
        Some(locked) => {
            let next = advance(Some(locked), seen, now, keep);
            found.extend(moved_keys(&locked.keys, &next.keys, seen, now, keep));
            found.extend(moved_certificates(locked, &next, seen));
            found.extend(moved_endpoints(locked, &next));
        }
    }
    found.sort_by(|left, right| {
        let order = |moved: &Moved| (std::cmp::Reverse(moved.change.urgency()), moved.clone());
        order(left).cmp(&order(right))
    });
    found
}

fn moved_keys(
    locked: &[LockedKey],
    next: &[LockedKey],
    seen: &Seen,
    now: Timestamp,
    keep: Keep,
) -> Vec<Moved> {
    let mut found = Vec::new();
    for key in &seen.keys {
        let shown = jwks::describe(key);
        let identity = jwks::identity(key);
        match locked
            .iter()
            .find(|before| jwks::identity(&before.key) == identity)
        {
            None => found.push(Moved::new(
                Change::KeyAdded,
                format!(
                    "key {shown} is published and not locked; tokens signed with it are refused"
                ),
            )),
            Some(before) if is_replaced(before, key) => {
                let was = jwks::thumbprint(&before.key).unwrap_or_default();
                let is = jwks::thumbprint(key).unwrap_or_default();
                found.push(Moved::new(
                    Change::KeyReplaced,
                    format!("key {shown} has other material than the locked key of that id: thumbprint {is}, locked {was}"),
                ));
            }
            Some(before) if before.withdrawn_since.is_some() => {
                found.push(Moved::new(
                    Change::Returned,
                    format!("key {shown} is published again"),
                ));
            }
            Some(before) if before.key != *key => found.push(Moved::new(
                Change::KeyRelabelled,
                format!("key {shown} was {}", jwks::describe(&before.key)),
            )),
            Some(_) => {}
        }
    }
    for before in locked {
        let identity = jwks::identity(&before.key);
        if seen.keys.iter().any(|key| jwks::identity(key) == identity) {
            continue;
        }
        let shown = jwks::describe(&before.key);
        let is_kept = next
            .iter()
            .any(|next| jwks::identity(&next.key) == identity);
        match (before.withdrawn_since, is_kept) {
            (None, _) => found.push(Moved::new(
                Change::KeyWithdrawn,
                format!("key {shown} is no longer published; {}", until(now, keep)),
            )),
            (Some(since), false) => found.push(Moved::new(
                Change::OverlapEnded,
                format!("key {shown} was withdrawn at {since}, and its overlap is over"),
            )),
            (Some(_), true) => {}
        }
    }
    found
}

fn moved_certificates(locked: &LockedIssuer, next: &LockedIssuer, seen: &Seen) -> Vec<Moved> {
    let mut found = Vec::new();
    let is_locked = |presented: &Presented| {
        locked
            .certificates
            .iter()
            .find(|before| before.sha256 == presented.sha256)
    };
    for chain in &seen.chains {
        let pinned = |presented: &&Presented| presented.role.is_pinned();
        let matches = chain
            .certificates
            .iter()
            .filter(pinned)
            .any(|presented| is_locked(presented).is_some());
        let host = &chain.host;
        for presented in chain.certificates.iter().filter(pinned) {
            let name = format!("{} (sha1 {})", presented.subject, presented.sha1);
            match is_locked(presented) {
                Some(before) if before.withdrawn_since.is_some() => found.push(Moved::new(
                    Change::Returned,
                    format!("{host} presents the certificate {name} again"),
                )),
                Some(_) => {}
                None if matches => found.push(Moved::new(
                    Change::ChainChanged,
                    format!("{host} presents the certificate {name}, which is not locked"),
                )),
                None => found.push(Moved::new(
                    Change::ChainUnmatched,
                    format!("{host} presents none of the locked certificates, but {name}"),
                )),
            }
        }
    }
    for before in locked
        .certificates
        .iter()
        .filter(|before| before.role.is_pinned())
    {
        if seen
            .presented()
            .any(|(_, presented)| presented.sha256 == before.sha256)
        {
            continue;
        }
        let name = format!("{} (sha1 {})", before.subject, before.sha1);
        let is_kept = next
            .certificates
            .iter()
            .any(|next| next.sha256 == before.sha256);
        match (before.withdrawn_since, is_kept) {
            (None, _) => found.push(Moved::new(
                Change::CertificateWithdrawn,
                format!("{} no longer presents the certificate {name}", before.host),
            )),
            (Some(since), false) => found.push(Moved::new(
                Change::OverlapEnded,
                format!("the certificate {name} was withdrawn at {since}, and its overlap is over"),
            )),
            (Some(_), true) => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

fn moved_endpoints(locked: &LockedIssuer, next: &LockedIssuer) -> Vec<Moved> {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    [
        (
            "jwks_uri",
            Some(locked.jwks_uri.clone()),
            Some(next.jwks_uri.clone()),
        ),
        (
            "authorization_endpoint",
            locked.authorization_endpoint.clone(),
            next.authorization_endpoint.clone(),
        ),
        (
            "token_endpoint",
            locked.token_endpoint.clone(),
            next.token_endpoint.clone(),
        ),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(name, before, after)| {
        let detail = format!(
            "`{name}` is {}, locked is {}",
            shown(&after),
            shown(&before)
        );
        Moved::new(Change::EndpointsChanged, detail)
    })
    .collect()
}

fn until(now: Timestamp, keep: Keep) -> String {
    match keep {
        Keep::Retire => "it goes at once".to_owned(),
        Keep::Overlap(overlap) => match now.checked_add(overlap) {
            Ok(until) => format!("it stays until {until} when it is locked now"),
            Err(_) => "it stays".to_owned(),
        },
    }
}

fn expiring(seen: &Seen, now: Timestamp) -> Vec<Moved> {
    let soon = seen.presented().filter_map(|(host, presented)| {
        let left = days_left(presented.not_after?, now);
        let most = match presented.role {
            Role::Leaf => LEAF_DAYS,
            Role::Topmost | Role::Intermediate => AUTHORITY_DAYS,
        };
        (left <= most).then(|| {
            let when = match left {
                left if left < 0 => "has ended".to_owned(),
                0 => "ends within a day".to_owned(),
                1 => "ends in 1 day".to_owned(),
                left => format!("ends in {left} days"),
            };
            let detail = format!("the certificate {} of {host} {when}", presented.subject);
            Moved::new(Change::CertificateExpires, detail)
        })
    });
    let soon: BTreeSet<Moved> = soon.collect();
    soon.into_iter().collect()
}

/// Whole days until a time; negative when it has passed.
fn days_left(until: Timestamp, now: Timestamp) -> i64 {
    let hours = until.duration_since(now).as_hours();
    hours.div_euclid(24)
}

#[cfg(test)]
mod tests;
