//! What a plan is about, as one short text: equal for equal manifests and equal live objects.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::compile::World;
use crate::manifest::{Ensure, Mode};
use crate::model::Fields;
use crate::observe::Snapshot;
use crate::provider::{Facts, Observation};

/// Bytes of the SHA-256 kept: 128 bits, enough against somebody who looks for a second plan with
/// the same digest.
const BYTES: usize = 16;

/// The digest of a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hashes manifests as compiled and managed live objects, without times and request ids.
pub(super) fn of(world: &World, snapshot: &Snapshot) -> Digest {
    let mut hash = Sha256::new();
    // Written from where they are: copied into one tree, the values would take most of a plan's time.
    let mut text = Vec::new();
    add(&mut hash, &mut text, &world.partial);
    for account in world.accounts.values() {
        let about = (
            &account.name,
            account.cloud.0,
            &account.account_id,
            &account.site,
            &account.region,
        );
        add(&mut hash, &mut text, &about);
    }
    for (address, desired) in &world.objects {
        let live = match snapshot.objects.get(address) {
            Some(Observation::Present(live)) => Found::Live(&live.fields, &live.facts),
            Some(Observation::Absent(facts)) => Found::Not("absent", facts),
            Some(Observation::Unreadable(_)) | None => Found::Unread("unreadable"),
        };
        let ensure = match desired.ensure {
            Ensure::Present => "present",
            Ensure::Absent => "absent",
        };
        let mode = match desired.mode {
            Mode::Manage => "manage",
            Mode::Observe => "observe",
        };
        let needs: Vec<String> = desired.needs.iter().map(ToString::to_string).collect();
        let about = (
            address.to_string(),
            &desired.identity,
            ensure,
            mode,
            desired.protect,
            &desired.fields,
            needs,
            live,
        );
        add(&mut hash, &mut text, &about);
    }
    Digest(hex::encode(&hash.finalize()[..BYTES]))
}

/// What was read of one object, as it stands in the hash.
#[derive(Serialize)]
#[serde(untagged)]
enum Found<'a> {
    Live(&'a Fields, &'a Facts),
    Not(&'static str, &'a Facts),
    Unread(&'static str),
}

fn add(hash: &mut Sha256, text: &mut Vec<u8>, about: &impl Serialize) {
    text.clear();
    serde_json::to_writer(&mut *text, about).expect("values have text keys");
    text.push(b'\n');
    hash.update(&text);
}

#[cfg(test)]
mod tests;
