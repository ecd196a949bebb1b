//! The heart: desired against live gives a plan. Pure, and complete before anything is done.
//!
//! Read `action.rs` for the words, `diff.rs` for what counts as different, [`make`] for how a step
//! comes about, `cascade.rs`, `rivals.rs` and `missing.rs` for what one change does to others or needs of
//! them, `guard.rs` for what may go wrong, `graph.rs` for the order.

pub mod action;
mod cascade;
pub mod compare;
pub mod diff;
mod digest;
pub mod file;
mod findings;
pub mod graph;
pub mod guard;
mod lockout;
mod missing;
mod rivals;
mod step;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use action::{Action, Blocked, Reason, Risk};
pub use diff::{Detail, FieldChange};
pub use digest::Digest;
pub use findings::{findings, of_account};
pub use graph::{Graph, Node};
pub use guard::Guards;

use crate::compile::{Origin, World};
use crate::model::{Address, CloudId, Fields};
use crate::observe::{Snapshot, Unmanaged};
use crate::provider::{Facts, PhaseWrites, SideEffect};

/// What would be done, and nothing left to decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One for each declared object, by address.
    pub steps: Vec<Step>,
    /// Live objects that nobody declared.
    pub unmanaged: Vec<Unmanaged>,
    /// False when something could not be read.
    pub complete: bool,
    /// Set when it is about a part of the manifests only; says which.
    pub partial: Option<String>,
    /// Thresholds that it goes past; it is not applied then.
    pub tripped: Vec<guard::Tripped>,
    /// What the plan is about: manifests as compiled and managed live objects.
    pub digest: Digest,
}

/// One object in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Who.
    pub address: Address,
    /// Which cloud.
    pub cloud: CloudId,
    /// Its name in the cloud; empty for singletons.
    pub identity: String,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// Set when it cannot be done.
    pub blocked: Option<Blocked>,
    /// Set when it could not be read.
    pub error: Option<String>,
    /// Field by field, what changes (or, for an observed object, what differs).
    pub changes: Vec<FieldChange>,
    /// Managed and known fields before; [`None`] when it is absent or unreadable.
    pub before: Option<Arc<Fields>>,
    /// The same after; [`None`] when it will be gone. When nothing changes, the same memory.
    pub after: Option<Arc<Fields>>,
    /// Facts at planning time, compared again before writing.
    pub facts: Facts,
    /// What may go wrong.
    pub risks: BTreeSet<Risk>,
    /// What the cloud will do by itself.
    pub side_effects: Vec<SideEffect>,
    /// The calls, in phases.
    pub phases: Vec<PhaseWrites>,
    /// The objects it refers to.
    pub needs: BTreeSet<Address>,
    /// Removals of other objects that must come before this object is written.
    pub after_removal_of: BTreeSet<Address>,
    /// Objects that it refers to now and no more afterwards; they are removed after it let go.
    pub releases: BTreeSet<Address>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it is declared.
    pub origin: Origin,
}

impl Step {
    /// Whether applying would send a write.
    pub fn is_change(&self) -> bool {
        self.blocked.is_none() && !self.phases.is_empty()
    }
}

/// How many steps of each action, for the summary.
pub fn count(plan: &Plan) -> BTreeMap<Action, usize> {
    let mut counts = BTreeMap::new();
    for step in &plan.steps {
        *counts.entry(step.action).or_insert(0) += 1;
    }
    counts
}

/// Compares what is wanted with what was read.
pub fn make(world: &World, snapshot: &Snapshot, guards: &Guards) -> Plan {
    let mut drafts = step::drafts(world, snapshot);
    cascade::replacements(world, &mut drafts);
    cascade::removals(&mut drafts);
    rivals::rivals(snapshot, &mut drafts);
    missing::missing(&mut drafts);
    let mut steps: BTreeMap<Address, Step> = drafts
        .into_iter()
        .map(|(address, draft)| (address, step::finish(draft)))
        .collect();
    lockout::tell(world, snapshot, &mut steps);
    guard::protect(world, guards, &mut steps);
    cascade::stops(world, &mut steps);
    while cascade::circles(&mut steps) {
        cascade::stops(world, &mut steps);
    }
    let steps: Vec<Step> = steps.into_values().collect();
    let complete = steps.iter().all(|step| step.action != Action::Unreadable);
    Plan {
        digest: digest::of(world, snapshot),
        unmanaged: unmanaged(world, snapshot),
        complete,
        partial: world.partial.clone(),
        tripped: guard::tripped(&steps, guards.max_changes),
        steps,
    }
}

/// What lists brought along that nobody declared, without what the clouds manage themselves and
/// what the account says to leave out.
fn unmanaged(world: &World, snapshot: &Snapshot) -> Vec<Unmanaged> {
    let mut found = Vec::new();
    for ((account, kind), others) in &snapshot.others {
        let Some(rule) = world
            .accounts
            .get(account)
            .map(|account| &account.unmanaged)
        else {
            continue;
        };
        let cloud_managed =
            crate::clouds::kind(kind.0).map_or(&[][..], |kind| kind.info().cloud_managed);
        if rule.report == Some(false) {
            continue;
        }
        for name in others.keys() {
            if world
                .declared
                .contains(&(account.clone(), *kind, name.clone()))
            {
                continue;
            }
            let ignored = rule
                .ignore
                .iter()
                .map(String::as_str)
                .chain(cloud_managed.iter().copied());
            if ignored
                .into_iter()
                .all(|pattern| !crate::model::address::glob(pattern, name))
            {
                found.push(Unmanaged {
                    account: account.clone(),
                    kind: *kind,
                    cloud_name: name.clone(),
                });
            }
        }
    }
    found.sort();
    found
}
