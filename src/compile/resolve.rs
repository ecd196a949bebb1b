//! References to addresses, and what follows from them: order, doubles, cycles, removals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use crate::manifest::{Ensure, GivenValue, Manifests, Mode, Spanned};
use crate::model::{Account, Address, Code, Diagnostic, Diagnostics, KindName, Value};
use crate::provider::{Form, Naming, Removal, field_of};

use super::lower::Objects;

/// Turns references into addresses and cloud names, and completes composite identities.
pub(super) fn references(
    manifests: &Manifests,
    objects: &mut Objects<'_>,
    diagnostics: &mut Diagnostics,
) {
    // First the names in the cloud of everything that has one of its own.
    let names: BTreeMap<Address, (String, Ensure)> = objects
        .iter()
        .map(|(address, lowered)| {
            let desired = &lowered.desired;
            (address.clone(), (desired.identity.clone(), desired.ensure))
        })
        .collect();
    let declared: BTreeMap<(String, KindName, &String), String> = names
        .iter()
        .map(|(address, (identity, _))| {
            let key = (address.account.clone(), address.kind, identity);
            (key, address.name.clone())
        })
        .collect();
    for lowered in objects.values_mut() {
        let document = lowered.document;
        let desired = &mut lowered.desired;
        let info = desired.kind.info();
        for (name, given) in &document.spec {
            let Some(Form::Reference { kind, .. }) = field_of(info, name).map(|field| &field.form)
            else {
                continue;
            };
            let target = match &given.value {
                GivenValue::Local(target) => target,
                // Called external, yet declared here: the order must not depend on the spelling.
                GivenValue::External(identity) => {
                    let key = (desired.address.account.clone(), KindName(kind), identity);
                    match declared.get(&key) {
                        Some(target) => target,
                        None => continue,
                    }
                }
                GivenValue::Value(_)
                | GivenValue::Cleared
                | GivenValue::IssuerKeys { .. }
                | GivenValue::IssuerFingerprints { .. }
                | GivenValue::Federated(_) => continue,
            };
            let address = Address {
                account: desired.address.account.clone(),
                kind: KindName(kind),
                name: target.clone(),
            };
            match names.get(&address) {
                Some((identity, ensure)) => {
                    if *ensure == Ensure::Absent && desired.ensure == Ensure::Present {
                        diagnostics.push(
                            Diagnostic::error(
                                Code::ReferenceToAbsent,
                                format!("`{name}` refers to an object that shall be absent"),
                            )
                            .at(given.span, format!("{address} has `ensure: absent`"))
                            .help("refer to another object, or let this one be absent too"),
                        );
                    }
                    if let Some(value) = desired.fields.get_mut(name) {
                        *value = Value::String(identity.clone());
                    }
                    desired.references.insert(name.clone(), address.clone());
                    desired.needs.insert(address);
                }
                // The mistake in that document has been told.
                None if manifests.unusable_objects.contains(target) => {}
                None => diagnostics.push(dangling(
                    given.span,
                    name,
                    target,
                    kind,
                    names.keys().filter(|other| {
                        other.kind.0 == *kind && other.account == desired.address.account
                    }),
                )),
            }
        }
        for wanted in &document.lifecycle.depends_on {
            depends_on(wanted, &names, desired, diagnostics);
        }
        if let Naming::ByFields(fields) = info.naming {
            let parts: Vec<&str> = fields
                .iter()
                .filter_map(|field| desired.fields.get(*field).and_then(Value::as_str))
                .collect();
            desired.identity = parts.join("/");
        }
    }
}

fn depends_on(
    wanted: &Spanned<String>,
    names: &BTreeMap<Address, (String, Ensure)>,
    desired: &mut super::Desired,
    diagnostics: &mut Diagnostics,
) {
    match names
        .keys()
        .find(|address| address.to_string() == wanted.value)
    {
        Some(address) => {
            desired.needs.insert(address.clone());
        }
        None => diagnostics.push(
            Diagnostic::error(
                Code::DanglingReference,
                "`dependsOn` names an object that no manifest declares",
            )
            .at(wanted.span, "not declared")
            .help("write a whole address: account/Kind/name"),
        ),
    }
}

fn dangling<'a>(
    span: crate::model::Span,
    field: &str,
    target: &str,
    kind: &str,
    candidates: impl Iterator<Item = &'a Address>,
) -> Diagnostic {
    let near = candidates
        .map(|address| {
            (
                strsim::damerau_levenshtein(&address.name, target),
                &address.name,
            )
        })
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let help = match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!(
            "declare a {kind} of that name in this account, or write {{external: name-in-the-cloud}}"
        ),
    };
    Diagnostic::error(
        Code::DanglingReference,
        format!("`{field}` refers to a {kind} that no manifest declares"),
    )
    .at(span, "not declared in this account")
    .help(help)
}

/// Two manifests for one object in the cloud, also through two names for one account.
pub(super) fn doubles(
    accounts: &BTreeMap<String, Arc<Account>>,
    objects: &Objects<'_>,
    diagnostics: &mut Diagnostics,
) {
    let mut seen: BTreeMap<(String, KindName, &str), &Address> = BTreeMap::new();
    for (address, lowered) in objects {
        let account = accounts.get(&address.account);
        let number = account.and_then(|account| account.account_id.clone());
        let place = number.unwrap_or_else(|| format!("name {}", address.account));
        let space = lowered.desired.kind.name_space();
        let key = (place, space, lowered.desired.identity.as_str());
        if let Some(first) = seen.get(&key).filter(|first| first.kind != address.kind) {
            // One may go while the other comes.
            let stays = |at: &Address| objects[at].desired.ensure == Ensure::Present;
            if stays(first) && stays(address) {
                diagnostics.push(same_name(objects, first, address));
            }
        } else if let Some(first) = seen.get(&key) {
            diagnostics.push(
                Diagnostic::error(
                    Code::DuplicateObject,
                    format!("{address} and {first} declare the same object in the cloud"),
                )
                .at(lowered.document.origin, "declared again here")
                .at(objects[*first].document.origin, "first declared here")
                .help("keep one of the two documents"),
            );
        } else {
            seen.insert(key, address);
        }
    }
}

/// Two objects of kinds that share their names in one account.
fn same_name(objects: &Objects<'_>, first: &Address, second: &Address) -> Diagnostic {
    let name = &objects[second].desired.identity;
    Diagnostic::error(
        Code::ConflictingObjects,
        format!("{first} and {second} want the same name in the cloud"),
    )
    .at(objects[second].document.origin, format!("`{name}` again"))
    .at(objects[first].document.origin, format!("`{name}`"))
    .note(format!(
        "in one account, a {} cannot be called as a {} is",
        second.kind, first.kind
    ))
    .help("give one of the two another `name`")
}

/// What of the objects that one waits for is not as it must be (an identity provider that speaks
/// OIDC and has SAML metadata).
pub(super) fn partners(objects: &Objects<'_>, diagnostics: &mut Diagnostics) {
    for (address, lowered) in objects {
        let Some(waits) = &lowered.desired.kind.info().waits else {
            continue;
        };
        let Some((field, value)) = waits.one_has else {
            continue;
        };
        let shared = |at: &Address| objects[at].desired.fields.get(waits.same_field);
        let same = |other: &&Address| shared(other).is_some() && shared(other) == shared(address);
        let has = |other: &Address| {
            let found = objects[other].desired.fields.get(field);
            found
                .and_then(Value::as_str)
                .is_none_or(|found| found == value)
        };
        let stays = |other: &Address| objects[other].desired.ensure == Ensure::Present;
        let first = Address {
            account: address.account.clone(),
            kind: waits.kind,
            name: String::new(),
        };
        let of_kind = objects
            .range(first..)
            .map(|(other, _)| other)
            .take_while(|other| other.account == address.account && other.kind == waits.kind);
        let partners: Vec<&Address> = of_kind.filter(same).collect();
        if lowered.desired.ensure == Ensure::Absent
            || partners.is_empty()
            || partners.iter().any(|other| has(other) && stays(other))
        {
            continue;
        }
        let going = partners.iter().find(|other| has(other));
        let other = *going.unwrap_or(&partners[0]);
        let document = objects[other].document;
        let place = document.spec.get(field).map(|given| given.span);
        let wanted = format!("{} with `{field}: {value}`", waits.kind);
        diagnostics.push(if going.is_some() {
            Diagnostic::error(
                Code::ReferenceToAbsent,
                format!("{address} needs a {wanted}, which shall be absent"),
            )
            .at(lowered.document.origin, "not without it")
            .at(document.origin, format!("{other} has `ensure: absent`"))
            .help("let both be there, or take both away with their provider")
        } else {
            Diagnostic::error(
                Code::ConflictingObjects,
                format!("{address} needs a {wanted}"),
            )
            .at(
                lowered.document.origin,
                format!("works with `{value}` only"),
            )
            .at(
                place.unwrap_or(document.origin),
                format!("{other} has another `{field}`"),
            )
            .help(format!(
                "write `{field}: {value}` there, or drop one of the two documents"
            ))
        });
    }
}

/// Waiting that follows from kinds and not from fields.
pub(super) fn waits(objects: &mut Objects<'_>) {
    let mut by_field: BTreeMap<(String, KindName, String), Vec<Address>> = BTreeMap::new();
    let awaited: BTreeSet<(KindName, &str)> = objects
        .values()
        .filter_map(|lowered| lowered.desired.kind.info().waits.as_ref())
        .map(|waits| (waits.kind, waits.same_field))
        .collect();
    for (address, lowered) in objects.iter() {
        for (_, field) in awaited.iter().filter(|(kind, _)| *kind == address.kind) {
            if let Some(value) = lowered.desired.fields.get(*field).and_then(Value::as_str) {
                by_field
                    .entry((address.account.clone(), address.kind, value.to_owned()))
                    .or_default()
                    .push(address.clone());
            }
        }
    }
    for (address, lowered) in objects.iter_mut() {
        let Some(waits) = &lowered.desired.kind.info().waits else {
            continue;
        };
        let value = lowered.desired.fields.get(waits.same_field);
        if let Some(value) = value.and_then(Value::as_str) {
            let key = (address.account.clone(), waits.kind, value.to_owned());
            let found = by_field.get(&key).into_iter().flatten().cloned();
            lowered.desired.needs.extend(found);
        }
    }
}

/// `ensure: absent` on what the cloud removes only with its parent.
pub(super) fn removals(objects: &Objects<'_>, diagnostics: &mut Diagnostics) {
    for (address, lowered) in objects {
        let desired = &lowered.desired;
        let Removal::WithParent(field) = desired.kind.info().removal else {
            continue;
        };
        let parent_goes = desired
            .references
            .get(field)
            .and_then(|parent| objects.get(parent))
            .is_some_and(|parent| {
                parent.desired.ensure == Ensure::Absent
                    && (parent.desired.mode == Mode::Manage || desired.mode == Mode::Observe)
            });
        if desired.ensure == Ensure::Absent && !parent_goes {
            diagnostics.push(
                Diagnostic::error(
                    Code::CannotBeAbsent,
                    format!("{address} cannot be removed by itself"),
                )
                .at(lowered.document.origin, "`ensure: absent` here")
                .note(format!(
                    "the cloud has no call that deletes a {}",
                    address.kind
                ))
                .help(format!(
                    "give the object that `{field}` refers to `ensure: absent` too"
                )),
            );
        }
    }
}

/// Circles of waiting, each told whole and once.
pub(super) fn cycles(objects: &Objects<'_>, diagnostics: &mut Diagnostics) {
    let mut graph = DiGraph::<&Address, ()>::new();
    let nodes: BTreeMap<&Address, _> = objects
        .keys()
        .map(|address| (address, graph.add_node(address)))
        .collect();
    for (address, lowered) in objects {
        for need in &lowered.desired.needs {
            if let Some(target) = nodes.get(need) {
                graph.add_edge(nodes[address], *target, ());
            }
        }
    }
    for circle in tarjan_scc(&graph) {
        let alone = circle.len() == 1 && !graph.contains_edge(circle[0], circle[0]);
        if alone {
            continue;
        }
        let mut members: Vec<&Address> = circle.iter().map(|node| graph[*node]).collect();
        members.sort();
        let mut diagnostic = Diagnostic::error(
            Code::ReferenceCycle,
            format!("{} objects wait for each other in a circle", members.len()),
        )
        .help("take one of the references or `dependsOn` entries out");
        for member in members {
            let wait = objects[member].desired.needs.iter();
            let wait: Vec<String> = wait.map(ToString::to_string).collect();
            diagnostic = diagnostic.at(
                objects[member].document.origin,
                format!("waits for {}", wait.join(", ")),
            );
        }
        diagnostics.push(diagnostic);
    }
}

#[cfg(test)]
mod tests;
