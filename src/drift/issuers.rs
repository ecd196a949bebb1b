//! What moved at issuers: against the lock, and against what the clouds really hold.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::compile::{Desired, World};
use crate::federation::jwks;
use crate::lock::{IssuerChange, IssuerReport, Keep, Lock, Seen, Urgency};
use crate::model::{Fields, Value};
use crate::observe::Snapshot;
use crate::provider::{Form, Observation, field_of};

/// One report for each issuer that was asked; [`None`] stands for one that could not be.
pub fn report(
    world: &World,
    snapshot: &Snapshot,
    lock: &Lock,
    seen: &BTreeMap<&str, Option<&Seen>>,
    now: Timestamp,
) -> Vec<IssuerReport> {
    let used = world.issuers();
    seen.iter()
        .map(|(issuer, seen)| {
            let Some(seen) = seen else {
                return IssuerReport::unknown(issuer, "it could not be fetched".to_owned());
            };
            let objects = used.get(issuer).map_or(&[][..], Vec::as_slice);
            let overlaps = objects
                .iter()
                .filter_map(|object| object.from_lock.as_ref());
            let hours = overlaps.map(|from_lock| from_lock.overlap_hours).max();
            let keep = Keep::hours(hours.unwrap_or_default());
            let mut report = IssuerReport::of(lock, seen, now, keep);
            report
                .changes
                .extend(on_clouds(objects, snapshot, lock, seen));
            report.sort();
            report
        })
        .collect()
}

/// What the clouds hold of an issuer, against what it shows: each difference once, with the
/// objects that it is about.
fn on_clouds(
    objects: &[&Desired],
    snapshot: &Snapshot,
    lock: &Lock,
    seen: &Seen,
) -> Vec<IssuerChange> {
    let mut found: BTreeMap<(&'static str, String), IssuerChange> = BTreeMap::new();
    for desired in objects {
        let Some(Observation::Present(live)) = snapshot.objects.get(&desired.address) else {
            continue;
        };
        for (word, urgency, detail) in differences(desired, &live.fields, lock, seen) {
            let change = found
                .entry((word, detail.clone()))
                .or_insert_with(|| IssuerChange {
                    word,
                    urgency,
                    detail,
                    objects: Vec::new(),
                });
            change.objects.push(desired.address.clone());
        }
    }
    found.into_values().collect()
}

fn differences(
    desired: &Desired,
    live: &Fields,
    lock: &Lock,
    seen: &Seen,
) -> Vec<(&'static str, Urgency, String)> {
    let Some(from_lock) = &desired.from_lock else {
        return Vec::new();
    };
    let skipped = desired.kind.not_compared(&desired.fields);
    let mut found = Vec::new();
    for name in from_lock
        .fields
        .iter()
        .filter(|name| !skipped.contains(name))
    {
        let Some(value) = live.get(*name) else {
            continue;
        };
        match field_of(desired.kind.info(), name).map(|field| &field.form) {
            Some(Form::Keys { key_types, .. }) => {
                found.extend(keys(value, key_types, &from_lock.issuer, lock, seen));
            }
            Some(Form::Fingerprints { .. }) => found.extend(chain(value, seen)),
            Some(
                Form::Text(_)
                | Form::Flag
                | Form::Integer { .. }
                | Form::Choice(_)
                | Form::TextSet { .. }
                | Form::Reference { .. }
                | Form::Json { .. },
            )
            | None => {}
        }
    }
    found
}

fn keys(
    live: &Value,
    key_types: &[&str],
    issuer: &str,
    lock: &Lock,
    seen: &Seen,
) -> Vec<(&'static str, Urgency, String)> {
    let live = jwks::keys_of(live);
    let is_same = |left: &Value, right: &Value| {
        jwks::identity(left) == jwks::identity(right)
            && jwks::thumbprint(left) == jwks::thumbprint(right)
    };
    let fits = |key: &&Value| {
        let kty = key.get("kty").and_then(Value::as_str);
        kty.is_some_and(|kty| key_types.contains(&kty))
    };
    let missing = seen
        .keys
        .iter()
        .filter(fits)
        .filter(|key| !live.iter().any(|live| is_same(live, key)))
        .map(|key| {
            let detail = format!(
                "key {} is published and not on the cloud; tokens signed with it are refused there",
                jwks::describe(key)
            );
            ("key_not_on_cloud", Urgency::Soon, detail)
        });
    // What was withdrawn and is still in its overlap is on the cloud as it should be.
    let kept = lock
        .issuers
        .get(issuer)
        .map_or(&[][..], |locked| &locked.keys);
    let left_over = live
        .iter()
        .filter(|key| !seen.keys.iter().any(|seen| is_same(seen, key)))
        .filter(|key| {
            !kept
                .iter()
                .any(|locked| locked.withdrawn_since.is_some() && is_same(&locked.key, key))
        })
        .map(|key| {
            let detail = format!(
                "key {} is on the cloud, and the issuer no longer publishes it",
                jwks::describe(key)
            );
            ("key_only_on_cloud", Urgency::Later, detail)
        });
    missing.chain(left_over).collect()
}

/// Hosts of which the cloud knows no certificate that they present.
fn chain(live: &Value, seen: &Seen) -> Vec<(&'static str, Urgency, String)> {
    let live: Vec<&str> = live
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    seen.chains
        .iter()
        .filter(|chain| {
            let mut pinned = chain
                .certificates
                .iter()
                .filter(|found| found.role.is_pinned());
            !pinned.any(|found| live.contains(&found.sha1.as_str()))
        })
        .map(|chain| {
            let detail = format!(
                "{} presents no certificate that the cloud knows; sign-ins are refused there",
                chain.host
            );
            ("chain_not_on_cloud", Urgency::Now, detail)
        })
        .collect()
}
