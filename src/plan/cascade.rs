//! What a change to one object does to others: parts that go with a replaced whole, references that
//! must be let go of first, and stops that spread.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Desired, World};
use crate::federation::trust;
use crate::manifest::{Ensure, Mode};
use crate::model::{Address, Fields, KindName};
use crate::provider::{Field, Form, Link, Phase, field_of};

use super::action::BlockedBy;
use super::step::Draft;
use super::{Action, Graph, Reason, Step, guard};

/// Everything that is part of a replaced object is made anew too, and so is what goes along.
pub(super) fn replacements(world: &World, drafts: &mut BTreeMap<Address, Draft<'_>>) {
    let mut queue: Vec<Address> = drafts
        .iter()
        .filter(|(_, draft)| draft.action == Action::Replace)
        .map(|(address, _)| address.clone())
        .collect();
    let parts = parts(world, drafts);
    while let Some(whole) = queue.pop() {
        for (part, along) in parts.get(&whole).into_iter().flatten() {
            for address in std::iter::once(part).chain(along) {
                let Some(draft) = drafts.get_mut(address) else {
                    continue;
                };
                let managed =
                    draft.desired.mode == Mode::Manage && draft.desired.ensure == Ensure::Present;
                if managed && draft.live.is_some() && draft.action != Action::Replace {
                    draft.action = Action::Replace;
                    draft.reason = Reason::GoesWith(whole.clone());
                    queue.push(address.clone());
                }
                // Made anew before the whole is removed, it would go along with the old one.
                if address != part && matches!(draft.action, Action::Create | Action::Replace) {
                    draft.after_removal_of.insert(whole.clone());
                }
            }
        }
    }
}

/// For each whole: its parts, each with what goes along when the whole is removed.
fn parts(
    world: &World,
    drafts: &BTreeMap<Address, Draft<'_>>,
) -> BTreeMap<Address, Vec<(Address, Vec<Address>)>> {
    let mut parts: BTreeMap<Address, Vec<(Address, Vec<Address>)>> = BTreeMap::new();
    for (address, desired) in &world.objects {
        let info = desired.kind.info();
        let linked = |wanted: Link| {
            desired
                .references
                .iter()
                .filter_map(move |(field, target)| {
                    match field_of(info, field).map(|field| &field.form) {
                        Some(Form::Reference { link, .. }) if *link == wanted => {
                            Some(target.clone())
                        }
                        _ => None,
                    }
                })
        };
        let along: Vec<Address> = linked(Link::TakesAlong)
            .filter(|target| drafts.contains_key(target))
            .collect();
        for whole in linked(Link::PartOf) {
            parts
                .entry(whole)
                .or_default()
                .push((address.clone(), along.clone()));
        }
    }
    parts
}

/// Nothing is removed from under what refers to it: who lets go of it does so first, and who does
/// not keeps it.
pub(super) fn removals(drafts: &mut BTreeMap<Address, Draft<'_>>) {
    let leaving: BTreeMap<(String, KindName, String), Address> = drafts
        .iter()
        .filter(|(_, draft)| matches!(draft.action, Action::Delete | Action::Replace))
        .map(|(address, draft)| {
            let identity = draft.desired.identity.clone();
            (
                (address.account.clone(), address.kind, identity),
                address.clone(),
            )
        })
        .collect();
    if leaving.is_empty() {
        return;
    }
    let replaced: BTreeSet<Address> = drafts
        .iter()
        .filter(|(_, draft)| draft.action == Action::Replace)
        .map(|(address, _)| address.clone())
        .collect();
    let mut kept: Vec<(Address, Address)> = Vec::new();
    for (address, draft) in drafts.iter_mut() {
        let Some(live) = draft.live else { continue };
        for (field, kind, target) in referents(draft.desired, &live.fields) {
            let key = (address.account.clone(), kind, target);
            let Some(target) = leaving.get(&key) else {
                continue;
            };
            let is_trusted = matches!(field.form, Form::Trust(_));
            if is_trusted && replaced.contains(target) {
                // The new one has the old one's name, and a trust policy names no more than that.
                continue;
            }
            let goes = matches!(draft.action, Action::Delete | Action::Replace);
            let lets_go = draft.action == Action::Update
                && draft
                    .changes
                    .iter()
                    .any(|change| change.field == field.name);
            if lets_go || goes && !draft.desired.needs.contains(target) {
                draft.releases.insert(target.clone());
            } else if !goes {
                kept.push((target.clone(), address.clone()));
            }
        }
    }
    for (target, user) in kept {
        if let Some(draft) = drafts.get_mut(&target) {
            draft.impossible.get_or_insert_with(|| {
                format!("{user} refers to it on the cloud, and the manifests leave that as it is")
            });
        }
    }
}

/// What an object with these fields refers to: the field, and kind and identity of the other.
pub(super) fn referents(
    desired: &Desired,
    fields: &Fields,
) -> Vec<(&'static Field, KindName, String)> {
    let mut found = Vec::new();
    for field in desired.kind.info().fields {
        let Some(value) = fields.get(field.name) else {
            continue;
        };
        match (&field.form, value.as_str()) {
            (Form::Reference { kind, .. }, Some(target)) => {
                found.push((field, KindName(kind), target.to_owned()));
            }
            (Form::Trust(form), _) => {
                for trust in trust::facts(form.grammar, value).statements {
                    let kinds = form.providers.iter();
                    let kinds = kinds.filter(|(_, protocol)| *protocol == trust.kind);
                    found.extend(
                        kinds.map(|(kind, _)| (field, KindName(kind), trust.provider.name.clone())),
                    );
                }
            }
            _ => {}
        }
    }
    found
}

/// A blocked or unreadable object stops what waits for it, what would be removed from under it, and
/// what would be switched on without it.
pub(super) fn stops(world: &World, steps: &mut BTreeMap<Address, Step>) {
    let mut users: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for (address, step) in steps.iter() {
        for awaited in step.needs.iter().chain(&step.after_removal_of) {
            users
                .entry(awaited.clone())
                .or_default()
                .insert(address.clone());
        }
    }
    let mut queue: Vec<Address> = steps
        .iter()
        .filter(|(_, step)| matches!(step.action, Action::Blocked | Action::Unreadable))
        .map(|(address, _)| address.clone())
        .collect();
    let has = |step: &Step, wanted: Phase| step.phases.iter().any(|phase| phase.phase == wanted);
    while let Some(stopped) = queue.pop() {
        let Some(step) = steps.get(&stopped) else {
            continue;
        };
        let how = if step.action == Action::Unreadable {
            "could not be read"
        } else {
            "is blocked"
        };
        let held: BTreeSet<Address> = step.needs.union(&step.releases).cloned().collect();
        for user in users.get(&stopped).into_iter().flatten() {
            let why = format!("it waits for {stopped}, which {how}");
            stop(steps, user, &mut queue, |_| true, &why);
        }
        for target in &held {
            let why = format!("it would be removed from under {stopped}, which {how}");
            stop(
                steps,
                target,
                &mut queue,
                |step| has(step, Phase::Remove),
                &why,
            );
        }
        let referents = world.objects.get(&stopped).into_iter();
        for target in referents.flat_map(|desired| desired.references.values()) {
            let why = format!("it would be enabled without {stopped}, which {how}");
            stop(
                steps,
                target,
                &mut queue,
                |step| has(step, Phase::Activate),
                &why,
            );
        }
    }
}

fn stop(
    steps: &mut BTreeMap<Address, Step>,
    address: &Address,
    queue: &mut Vec<Address>,
    applies: impl Fn(&Step) -> bool,
    why: &str,
) {
    if let Some(step) = steps.get_mut(address)
        && step.is_change()
        && applies(step)
    {
        guard::block(step, BlockedBy::Waiting, why.to_owned());
        queue.push(address.clone());
    }
}

/// Changes that wait for each other in a circle are not begun. True when there were any.
pub(super) fn circles(steps: &mut BTreeMap<Address, Step>) -> bool {
    let circles: Vec<BTreeSet<Address>> = {
        let listed: Vec<&Step> = steps.values().collect();
        let found = Graph::over(listed.iter().copied()).circles();
        let addresses = |circle: &BTreeSet<usize>| -> BTreeSet<Address> {
            let members = circle.iter().map(|step| listed[*step].address.clone());
            members.collect()
        };
        found.iter().map(addresses).collect()
    };
    for circle in &circles {
        let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
        for address in circle {
            if let Some(step) = steps.get_mut(address)
                && step.is_change()
            {
                let why = format!(
                    "these changes wait for each other: {}; make one of them alone first",
                    names.join(", ")
                );
                guard::block(step, BlockedBy::Impossible, why);
            }
        }
    }
    !circles.is_empty()
}
