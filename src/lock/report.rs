//! What came of asking issuers, one report for each: what moved, and whether the lock is behind.
//! Pure.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::file::{Lock, LockedIssuer};
use super::moved::{Change, Urgency, moved};
use super::next::{Keep, advance};
use super::seen::Seen;
use crate::model::{Address, Code, Diagnostic};

/// One thing that moved at an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerChange {
    /// In which way, as a stable word.
    pub word: &'static str,
    /// How soon somebody should act.
    pub urgency: Urgency,
    /// What, in a sentence.
    pub detail: String,
    /// The objects on clouds that it is about; empty when it is about the lock.
    pub objects: Vec<Address>,
}

/// One issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerReport {
    /// Which.
    pub issuer: String,
    /// Why nothing is known of it, when that is so.
    pub error: Option<String>,
    /// Whether `idform lock` would write something else.
    pub is_behind: bool,
    /// When the first of its certificates ends.
    pub certificate_ends: Option<Timestamp>,
    /// Keys it publishes that cannot be used, and why.
    pub left_out: Vec<String>,
    /// What moved, the most urgent first.
    pub changes: Vec<IssuerChange>,
    /// The next lock of it; [`None`] when nothing is known of it.
    pub next: Option<LockedIssuer>,
}

impl IssuerReport {
    /// An issuer of which nothing is known.
    pub fn unknown(issuer: &str, error: String) -> Self {
        Self {
            issuer: issuer.to_owned(),
            error: Some(error),
            is_behind: false,
            certificate_ends: None,
            left_out: Vec::new(),
            changes: Vec::new(),
            next: None,
        }
    }

    /// What an issuer shows, against the lock.
    pub fn of(lock: &Lock, seen: &Seen, now: Timestamp, keep: Keep) -> Self {
        let locked = lock.issuers.get(&seen.discovery.issuer);
        let moved = moved(locked, seen, now, keep);
        Self {
            issuer: seen.discovery.issuer.clone(),
            error: None,
            is_behind: moved.iter().any(|moved| moved.change.is_behind()),
            certificate_ends: seen.first_end(),
            left_out: seen.left_out.clone(),
            changes: moved
                .into_iter()
                .map(|moved| IssuerChange {
                    word: moved.change.word(),
                    urgency: moved.change.urgency(),
                    detail: moved.detail,
                    objects: Vec::new(),
                })
                .collect(),
            next: Some(advance(locked, seen, now, keep)),
        }
    }

    /// Whether something is not as it was locked, or not on a cloud as it is locked.
    pub fn has_moved(&self) -> bool {
        self.is_behind || self.changes.iter().any(|change| !change.objects.is_empty())
    }

    /// Puts the most urgent first.
    pub fn sort(&mut self) {
        self.changes.sort_by_key(|change| Reverse(change.urgency));
    }

    /// Keys under a known id with other material, for whoever must hear of it.
    pub fn replaced_keys(&self) -> Option<Diagnostic> {
        let word = Change::KeyReplaced.word();
        let mut replaced = self
            .changes
            .iter()
            .filter(|change| change.word == word)
            .peekable();
        replaced.peek()?;
        let finding = Diagnostic::warning(
            Code::IssuerKeyReplaced,
            format!(
                "the issuer `{}` publishes other keys under locked ids",
                self.issuer
            ),
        )
        .help(format!(
            "ask the issuer; when it confirms the new key: idform lock --retire={}",
            self.issuer
        ));
        Some(replaced.fold(finding, |finding, change| {
            finding.note(change.detail.clone())
        }))
    }
}
