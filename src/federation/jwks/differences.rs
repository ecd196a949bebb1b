//! How one key set differs from another, key by key.

use serde_json::Value;

use super::summary::{KeySummary, describe};

/// The differences of two key sets; each list sorted by `kid`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyDifferences {
    /// Keys that were not there: tokens signed with them are accepted now.
    pub added: Vec<KeySummary>,
    /// Keys that are gone: tokens signed with them are refused now.
    pub removed: Vec<KeySummary>,
    /// Keys whose `kid` stayed and whose material or use is another, as they are now.
    pub changed: Vec<KeySummary>,
}

impl KeyDifferences {
    /// Whether the sets are equal by meaning.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two canonical key sets. A value that is no key set counts as an empty one.
pub fn differences(before: &Value, after: &Value) -> KeyDifferences {
    let mut gone = keys(before);
    let mut found = KeyDifferences::default();
    let mut new: Vec<&Value> = Vec::new();
    for key in keys(after) {
        match gone.iter().position(|old| *old == key) {
            Some(at) => {
                gone.swap_remove(at);
            }
            None => new.push(key),
        }
    }
    for key in new {
        let summary = describe(key);
        match gone
            .iter()
            .position(|old| is_same(&describe(old), &summary))
        {
            Some(at) => {
                gone.swap_remove(at);
                found.changed.push(summary);
            }
            None => found.added.push(summary),
        }
    }
    found.removed = gone.into_iter().map(describe).collect();
    found.added.sort();
    found.removed.sort();
    found.changed.sort();
    found
}

/// Whether two different keys are the same one at two times: by `kid`, and without one by material.
fn is_same(before: &KeySummary, after: &KeySummary) -> bool {
    match (&before.kid, &after.kid) {
        (Some(before), Some(after)) => before == after,
        (None, None) => before.thumbprint.is_some() && before.thumbprint == after.thumbprint,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn keys(set: &Value) -> Vec<&Value> {
    set.get("keys")
        .and_then(Value::as_array)
        .map(|keys| keys.iter().collect())
        .unwrap_or_default()
}
