//! Kinds of which an account holds one switched on: two that want it are a mistake, and one that
//! gives way waits for the one that takes over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::manifest::{Ensure, Mode};
use crate::model::{Account, Address, Code, Diagnostic, Diagnostics, KindName, Value};
use crate::provider::Excludes;

use super::lower::{Lowered, Objects};

/// What a document says of the switch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    On,
    Off,
    /// Leaves it as it is.
    Either,
}

/// Looks at every pair of objects in one account whose kinds exclude each other. Two names for one
/// account are one account.
pub(super) fn pairs(
    accounts: &BTreeMap<String, Arc<Account>>,
    objects: &mut Objects<'_>,
    diagnostics: &mut Diagnostics,
) {
    let excluded: BTreeSet<KindName> = excluding(objects)
        .map(|(_, excludes)| excludes.kind)
        .collect();
    let mut by_place: BTreeMap<_, Vec<&Address>> = BTreeMap::new();
    for address in objects.keys().filter(|at| excluded.contains(&at.kind)) {
        let key = (place(accounts, address), address.kind);
        by_place.entry(key).or_default().push(address);
    }
    let mut waits: Vec<(Address, Address)> = Vec::new();
    for (one, excludes) in excluding(objects) {
        let key = (place(accounts, one), excludes.kind);
        for other in by_place.get(&key).into_iter().flatten().copied() {
            let asks = |address: &Address| wants(&objects[address], excludes.switch);
            match (asks(one), asks(other)) {
                (Wants::On, Wants::On) => {
                    diagnostics.push(conflict(objects, one, other, excludes));
                }
                (Wants::Off, Wants::On) => waits.push((one.clone(), other.clone())),
                (Wants::On, Wants::Off) => waits.push((other.clone(), one.clone())),
                (Wants::Off, Wants::Off) | (Wants::Either, _) | (_, Wants::Either) => {}
            }
        }
    }
    for (gives_way, takes_over) in waits {
        if let Some(lowered) = objects.get_mut(&gives_way) {
            lowered.desired.needs.insert(takes_over);
        }
    }
}

fn excluding<'a>(
    objects: &'a Objects<'_>,
) -> impl Iterator<Item = (&'a Address, &'static Excludes)> {
    objects.iter().filter_map(|(address, lowered)| {
        let excludes = lowered.desired.kind.info().excludes.as_ref()?;
        Some((address, excludes))
    })
}

/// The account in the cloud, as far as the manifests tell.
fn place<'a>(
    accounts: &'a BTreeMap<String, Arc<Account>>,
    address: &'a Address,
) -> (bool, &'a str) {
    let number = accounts
        .get(&address.account)
        .and_then(|account| account.account_id.as_deref());
    (number.is_some(), number.unwrap_or(&address.account))
}

/// Where the switch is not mentioned, an object that has to be made is made switched on.
fn wants(lowered: &Lowered<'_>, switch: &str) -> Wants {
    let desired = &lowered.desired;
    if desired.ensure == Ensure::Absent {
        return Wants::Off;
    }
    let lifecycle = &lowered.document.lifecycle;
    match desired.fields.get(switch).and_then(Value::as_bool) {
        Some(false) => Wants::Off,
        None if desired.mode == Mode::Observe => Wants::Either,
        None if lifecycle.ignore.iter().any(|field| field == switch) => Wants::Either,
        Some(true) | None => Wants::On,
    }
}

fn conflict(
    objects: &Objects<'_>,
    one: &Address,
    other: &Address,
    excludes: &Excludes,
) -> Diagnostic {
    let switch = excludes.switch;
    let span = |address: &Address| {
        let document = objects[address].document;
        let given = document.spec.get(switch).map(|given| given.span);
        given.unwrap_or(document.origin)
    };
    let label = |address: &Address| {
        if objects[address].desired.fields.contains_key(switch) {
            format!("{address} wants it on")
        } else {
            format!("{address} does not say `{switch}: false`, so it wants to be on")
        }
    };
    Diagnostic::error(
        Code::ConflictingObjects,
        format!("{one} and {other} cannot both be switched on"),
    )
    .at(span(one), label(one))
    .at(span(other), label(other))
    .note(excludes.why)
    .help(format!(
        "write `{switch}: false` in the one that shall give way, or drop its document"
    ))
}

#[cfg(test)]
mod tests;
