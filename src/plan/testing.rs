//! Steps by hand, for the tests of this room and of `apply`. Compiled for tests only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::compile::{Origin, World};
use crate::model::{Address, CloudId, KindName};
use crate::observe::Snapshot;
use crate::provider::{Again, Call, Phase, PhaseWrites, Write};

use super::{Action, Plan, Reason, Step};

/// The address of this name; what kind it is means nothing here.
pub(crate) fn address(name: &str) -> Address {
    Address {
        account: "a".to_owned(),
        kind: KindName("Kind"),
        name: name.to_owned(),
    }
}

/// A change with one call in each of these phases, which waits for these others.
pub(crate) fn step(name: &str, phases: &[Phase], needs: &[&str]) -> Step {
    let phases = phases.iter().map(|phase| PhaseWrites {
        phase: *phase,
        calls: vec![Write {
            call: Call::rpc("Product", "Action", json!({})),
            again: Again::Same,
        }],
        leaves: None,
    });
    Step {
        address: address(name),
        cloud: CloudId("cloud"),
        identity: name.to_owned(),
        action: Action::Update,
        reason: Reason::FieldsDiffer,
        blocked: None,
        error: None,
        changes: Vec::new(),
        before: None,
        after: None,
        facts: BTreeMap::new(),
        risks: BTreeSet::new(),
        side_effects: Vec::new(),
        phases: phases.collect(),
        needs: needs.iter().map(|need| address(need)).collect(),
        after_removal_of: BTreeSet::new(),
        releases: BTreeSet::new(),
        owner: None,
        origin: Origin {
            file: "a.yaml".into(),
            line: 1,
        },
    }
}

/// A plan of these steps.
pub(crate) fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        steps,
        ..super::make(
            &World::default(),
            &Snapshot::default(),
            &super::Guards::default(),
        )
    }
}
