//! The fingerprints of an `AlibabaOidcProvider`: their canonical form, and the order in which they
//! are added and removed (apis/alibaba.md §3.1, §4).

use std::collections::BTreeSet;

use serde_json::json;

use super::oidc_provider::{listed, write};
use crate::clouds::wire;
use crate::model::Value;
use crate::provider::{Again, Impossible, Write};

/// Most fingerprints of one provider (§3.1).
pub(super) const MOST: usize = 5;

/// The canonical form of the live fingerprints.
pub(super) fn canonical(raw: &Value) -> Value {
    let fingerprints: Vec<String> = listed(raw, "Fingerprints")
        .into_iter()
        .map(canonical_one)
        .collect();
    wire::set(fingerprints.iter().map(String::as_str))
}

/// The cloud keeps case and colons as they were sent (§4.1).
fn canonical_one(text: &str) -> String {
    text.chars()
        .filter(|c| *c != ':' && !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The calls from the live fingerprints to the wanted ones: a new one is added whenever there is
/// room, and only then an old one removed. So there are never none and never more than five, and
/// as many as possible are accepted while the change is under way (§3.1, §4.4).
///
/// # Errors
/// None are wanted (the last one cannot be removed), or more than five.
pub(super) fn change(name: &str, wanted: &[&str], raw: &Value) -> Result<Vec<Write>, Impossible> {
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(format!(
            "Alibaba Cloud keeps one to {MOST} fingerprints of a provider"
        ));
    }
    let present = listed(raw, "Fingerprints");
    let known: BTreeSet<String> = present
        .iter()
        .map(|fingerprint| canonical_one(fingerprint))
        .collect();
    let mut to_add = wanted
        .iter()
        .filter(|fingerprint| !known.contains(**fingerprint));
    // Removed in the cloud's own spelling: values are compared as they were sent (§4.1). Second
    // spellings of one fingerprint take room as well and go last.
    let mut seen = BTreeSet::new();
    let (kept, unwanted): (Vec<&str>, Vec<&str>) = present
        .iter()
        .partition(|fingerprint| wanted.contains(&canonical_one(fingerprint).as_str()));
    let doubled = kept
        .into_iter()
        .filter(|fingerprint| !seen.insert(canonical_one(fingerprint)));
    let mut to_remove = unwanted.into_iter().chain(doubled);
    let mut count = present.len();
    let mut calls = Vec::new();
    let mut call = |action, fingerprint: &str, again| {
        let params = json!({ "OIDCProviderName": name, "Fingerprint": fingerprint });
        calls.push(write(action, params, again));
    };
    loop {
        if count < MOST
            && let Some(fingerprint) = to_add.next()
        {
            call(
                "AddFingerprintToOIDCProvider",
                fingerprint,
                Again::ConflictIsDone,
            );
            count += 1;
        } else if let Some(fingerprint) = to_remove.next() {
            call(
                "RemoveFingerprintFromOIDCProvider",
                fingerprint,
                Again::NotFoundIsDone,
            );
            count -= 1;
        } else {
            return Ok(calls);
        }
    }
}
