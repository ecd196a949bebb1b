//! What a document says for all its accounts, and what it says for one.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::member::{Common, Member, Said};
use super::{Fold, Group, PURPOSE};
use crate::import::names::Key;
use crate::manifest::write::Draft;
use crate::model::Value;
use crate::provider::{Clear, Field};

/// The document for these members under this `metadata.name`.
pub(super) fn fold(group: &Group, members: &[&Member], name: String) -> Fold {
    let mut sides = Vec::new();
    let mut spec: Vec<(String, Value)> = Vec::new();
    let mut own: BTreeMap<usize, Vec<(&'static str, Said)>> = BTreeMap::new();
    for field in group.kind.fields {
        if field.name == PURPOSE {
            spec.push((PURPOSE.to_owned(), group.purpose.into()));
            continue;
        }
        let shared = shared(field, members, field.name == group.kind.same_by);
        if let Some(shared) = shared {
            let value = word(shared, &name, &mut sides);
            spec.push((field.name.to_owned(), value));
        }
        for member in members {
            if let Some(common) = member.common.get(field.name)
                && let Some(said) = differing(field, common, shared)
            {
                let own = own.entry(member.at).or_default();
                own.push((common.native.name, said));
            }
        }
    }
    let mut accounts = Vec::new();
    let mut objects: Vec<(usize, Key)> = Vec::new();
    for member in members {
        let mut set = Map::new();
        if !member.cloud_name.is_empty() && member.cloud_name != name {
            set.insert("name".to_owned(), member.cloud_name.clone().into());
        }
        let own = own.remove(&member.at).unwrap_or_default();
        let side = format!("{name}/{}", member.account);
        for (field, said) in own.iter().chain(&member.set) {
            let value = word(said, &side, &mut sides);
            set.insert((*field).to_owned(), value);
        }
        accounts.push(if set.is_empty() {
            json!({ "account": member.account })
        } else {
            json!({ "account": member.account, "set": set })
        });
        let keys = member.objects.iter();
        objects.extend(keys.map(|key| (member.at, key.clone())));
    }
    spec.push(("accounts".to_owned(), accounts.into()));
    Fold {
        draft: Draft {
            kind: group.kind.name.0,
            name,
            spec,
        },
        sides,
        objects,
    }
}

/// The value that is said for all: the one that most accounts have. Where every account has its own
/// there is none, unless the document is about it (`is_key`).
fn shared<'m>(field: &Field, members: &[&'m Member], is_key: bool) -> Option<&'m Said> {
    let takers = || members.iter().filter_map(|it| it.common.get(field.name));
    // Those that have nothing must be able to say so.
    let cannot_clear =
        |it: &Common| it.own.is_none() && matches!(it.native.clear, Clear::Refused(_));
    if takers().any(cannot_clear) {
        return None;
    }
    let mut classes: Vec<(&Said, usize)> = Vec::new();
    for said in takers().filter_map(|it| it.portable.as_ref()) {
        // Nothing in common: an empty set is said where it is.
        if said.value.as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        let same =
            |(known, _): &&mut (&Said, usize)| field.same(Some(&known.value), Some(&said.value));
        match classes.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => classes.push((said, 1)),
        }
    }
    let is_alone = classes.len() == 1;
    let mut most: Option<(&Said, usize)> = None;
    for (said, count) in classes {
        if most.is_none_or(|(_, best)| count > best) {
            most = Some((said, count));
        }
    }
    most.filter(|(_, count)| is_key || is_alone || *count > 1)
        .map(|(said, _)| said)
}

/// What an account says itself because the shared value is not its own.
fn differing(field: &Field, common: &Common, shared: Option<&Said>) -> Option<Said> {
    match (&common.portable, shared) {
        (Some(is), Some(shared)) if field.same(Some(&is.value), Some(&shared.value)) => None,
        (Some(_), _) => common.own.clone(),
        (None, Some(_)) => Some(Said::nothing()),
        (None, None) => None,
    }
}

/// The value as it is written; a file of its own is put beside the document.
fn word(said: &Said, name: &str, sides: &mut Vec<(String, String)>) -> Value {
    let Some(side) = &said.side else {
        return said.value.clone();
    };
    let path = side.path(name);
    sides.push((path.clone(), side.text.clone()));
    json!({ "file": path })
}
