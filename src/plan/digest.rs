//! What a plan is about, as one short text: equal for equal manifests and equal live objects.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::compile::World;
use crate::manifest::{Ensure, Mode};
use crate::observe::Snapshot;
use crate::provider::Observation;

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
    let mut add = |value: serde_json::Value| {
        hash.update(value.to_string());
        hash.update("\n");
    };
    add(json!(world.partial));
    for account in world.accounts.values() {
        add(json!([
            account.name,
            account.cloud.0,
            account.account_id,
            account.site,
            account.region
        ]));
    }
    for (address, desired) in &world.objects {
        let live = match snapshot.objects.get(address) {
            Some(Observation::Present(live)) => json!([live.fields, live.facts]),
            Some(Observation::Absent(facts)) => json!(["absent", facts]),
            Some(Observation::Unreadable(_)) | None => json!("unreadable"),
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
        add(json!([
            address.to_string(),
            desired.identity,
            ensure,
            mode,
            desired.protect,
            desired.fields,
            needs,
            live,
        ]));
    }
    Digest(hex::encode(&hash.finalize()[..BYTES]))
}

#[cfg(test)]
mod tests;
