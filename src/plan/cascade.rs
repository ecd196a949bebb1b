//! What a change to one object does to others: parts that go with a replaced whole, names that must
//! be free first, and stops that spread.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::World;
use crate::manifest::{Ensure, Mode};
use crate::model::{Address, KindName, Value};
use crate::observe::Snapshot;
use crate::provider::{Form, Link, Live, Phase, field_of};

use super::action::BlockedBy;
use super::step::Draft;
use super::{Action, Reason, Step, guard};

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
            }
        }
    }
    releases(drafts);
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

/// A live reference that the manifest drops must be gone before its target is removed.
fn releases(drafts: &mut BTreeMap<Address, Draft<'_>>) {
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
    for (address, draft) in drafts.iter_mut() {
        let Some(live) = draft.live else { continue };
        for field in draft.desired.kind.info().fields {
            let (Form::Reference { kind, .. }, Some(target)) = (
                &field.form,
                live.fields.get(field.name).and_then(Value::as_str),
            ) else {
                continue;
            };
            let key = (address.account.clone(), KindName(kind), target.to_owned());
            if let Some(target) = leaving.get(&key)
                && !draft.desired.needs.contains(target)
            {
                draft.releases.insert(target.clone());
            }
        }
    }
}

/// Live objects that stand in the way of a create: wait for their removal, or say so.
pub(super) fn rivals(snapshot: &Snapshot, drafts: &mut BTreeMap<Address, Draft<'_>>) {
    let mut groups: BTreeSet<(String, KindName)> = BTreeSet::new();
    for (address, draft) in drafts.iter() {
        if matches!(draft.action, Action::Create | Action::Replace) {
            groups.insert((address.account.clone(), address.kind));
        }
    }
    for (account, kind) in groups {
        let first = Address {
            account: account.clone(),
            kind,
            name: String::new(),
        };
        let in_group = |address: &Address| address.account == account && address.kind == kind;
        let mut live: BTreeMap<String, Live> = snapshot
            .others
            .get(&(account.clone(), kind))
            .cloned()
            .unwrap_or_default();
        let mut leaving: BTreeMap<String, Address> = BTreeMap::new();
        for (address, draft) in drafts.range(&first..).take_while(|(at, _)| in_group(at)) {
            let Some(found) = draft.live else { continue };
            live.insert(draft.desired.identity.clone(), found.clone());
            if matches!(draft.action, Action::Delete | Action::Replace) {
                leaving.insert(draft.desired.identity.clone(), address.clone());
            }
        }
        if live.is_empty() {
            continue;
        }
        for (_, draft) in drafts
            .range_mut(&first..)
            .take_while(|(at, _)| in_group(at))
        {
            if !matches!(draft.action, Action::Create | Action::Replace) {
                continue;
            }
            for (identity, why) in draft.desired.kind.rivals(&draft.desired.fields, &live) {
                if identity == draft.desired.identity {
                    continue;
                }
                match leaving.get(&identity) {
                    Some(rival) => {
                        draft.after_removal_of.insert(rival.clone());
                    }
                    None => draft.impossible = Some(why),
                }
            }
        }
    }
}

/// A blocked or unreadable object stops what waits for it, and what would be removed from under it.
pub(super) fn stops(world: &World, steps: &mut BTreeMap<Address, Step>) {
    let mut users: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for (address, desired) in &world.objects {
        for need in &desired.needs {
            users.entry(need).or_default().push(address);
        }
    }
    let mut queue: Vec<Address> = steps
        .iter()
        .filter(|(_, step)| matches!(step.action, Action::Blocked | Action::Unreadable))
        .map(|(address, _)| address.clone())
        .collect();
    while let Some(stopped) = queue.pop() {
        let how = match steps.get(&stopped).map(|step| step.action) {
            Some(Action::Unreadable) => "could not be read",
            _ => "is blocked",
        };
        for user in users.get(&stopped).into_iter().flatten() {
            stop(
                steps,
                user,
                &mut queue,
                |_| true,
                || format!("it waits for {stopped}, which {how}"),
            );
        }
        let needs: Vec<Address> = steps
            .get(&stopped)
            .map(|step| step.needs.iter().cloned().collect())
            .unwrap_or_default();
        for need in &needs {
            let removes =
                |step: &Step| step.phases.iter().any(|phase| phase.phase == Phase::Remove);
            stop(steps, need, &mut queue, removes, || {
                format!("it would be removed from under {stopped}, which {how}")
            });
        }
    }
}

fn stop(
    steps: &mut BTreeMap<Address, Step>,
    address: &Address,
    queue: &mut Vec<Address>,
    applies: impl Fn(&Step) -> bool,
    why: impl Fn() -> String,
) {
    if let Some(step) = steps.get_mut(address)
        && step.is_change()
        && applies(step)
    {
        guard::block(step, BlockedBy::Waiting, why());
        queue.push(address.clone());
    }
}
