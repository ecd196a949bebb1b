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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The calls in short: `+x` adds, `-x` removes.
    fn told(present: &str, wanted: &[&str]) -> Vec<String> {
        let raw = json!({ "Fingerprints": present });
        let calls = change("ci", wanted, &raw).unwrap();
        calls
            .iter()
            .map(|write| {
                assert_eq!(write.call.params["OIDCProviderName"], "ci");
                let sign = if write.call.name.starts_with("Add") {
                    '+'
                } else {
                    '-'
                };
                format!(
                    "{sign}{}",
                    write.call.params["Fingerprint"].as_str().unwrap()
                )
            })
            .collect()
    }

    #[test]
    fn new_ones_come_first_wherever_there_is_room() {
        for (present, wanted, expected) in [
            ("", &["a"][..], "+a"),
            ("a", &["b"], "+b -a"),
            ("a,b", &["b"], "-a"),
            ("a,b", &["b", "c"], "+c -a"),
            ("a,b,c,d", &["e"], "+e -a -b -c -d"),
            ("a,b,c,d,e", &["a", "b", "c", "d", "f"], "-e +f"),
            ("a,b,c,d,e", &["f"], "-a +f -b -c -d -e"),
            (
                "a,b,c,d,e",
                &["f", "g", "h", "i", "j"],
                "-a +f -b +g -c +h -d +i -e +j",
            ),
            ("a,b,c", &["d", "e", "f", "g"], "+d +e -a +f -b +g -c"),
            // Removed as the cloud spells it.
            ("AA:BB,cc", &["cc", "dd"], "+dd -AA:BB"),
            ("AABB,cc", &["aabb"], "-cc"),
            // A second spelling takes room.
            ("a,A,b,c,d", &["a", "b", "c", "d", "e"], "-A +e"),
        ] {
            assert_eq!(
                told(present, wanted).join(" "),
                expected,
                "{present} to {wanted:?}"
            );
        }
    }

    #[test]
    fn none_and_too_many_are_refused() {
        let raw = json!({"Fingerprints": "a"});
        change("ci", &[], &raw).unwrap_err();
        change("ci", &["a", "b", "c", "d", "e", "f"], &raw).unwrap_err();
    }

    fn some_of(least: usize) -> impl Strategy<Value = BTreeSet<char>> {
        proptest::collection::btree_set(proptest::char::range('a', 'j'), least..=MOST)
    }

    proptest! {
        #[test]
        fn there_are_never_none_and_never_more_than_five(
            present in some_of(0),
            wanted in some_of(1),
            upper in any::<bool>(),
        ) {
            let mut held: Vec<String> = present
                .iter()
                .map(|c| if upper { c.to_ascii_uppercase().to_string() } else { c.to_string() })
                .collect();
            let wanted: Vec<String> = wanted.iter().map(char::to_string).collect();
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            for step in told(&held.join(","), &wanted) {
                let (sign, value) = step.split_at(1);
                if sign == "+" {
                    prop_assert!(!held.iter().any(|one| one == value));
                    held.push(value.to_owned());
                } else {
                    let at = held.iter().position(|one| one == value);
                    held.remove(at.unwrap());
                }
                prop_assert!((1..=MOST).contains(&held.len()), "{held:?}");
            }
            let mut left: Vec<String> = held.iter().map(|one| canonical_one(one)).collect();
            left.sort();
            prop_assert_eq!(left, wanted);
        }
    }
}
