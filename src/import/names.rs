//! What imported objects are called in manifests.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Wish};
use crate::model::{KindName, address};
use crate::provider::{Form, Naming};

/// A kind and an identity in its cloud.
pub(super) type Key = (KindName, String);
/// `metadata.name` by object.
pub(super) type Names = BTreeMap<Key, String>;

pub(super) fn key(found: &Found) -> Key {
    (found.kind.info().name, found.identity.clone())
}

/// A `metadata.name` for each object: the cloud's name where it is one, else made from it, with a
/// number where two would be the same.
pub(super) fn names(wish: &Wish, found: &[Found]) -> Names {
    let mut taken: BTreeSet<(KindName, String)> = wish
        .declared
        .objects
        .values()
        .map(|address| (address.kind, address.name.clone()))
        .collect();
    let mut names = Names::new();
    let is_composite = |object: &&Found| matches!(object.kind.info().naming, Naming::ByFields(_));
    let is_exact = |object: &&Found| address::is_name(&object.identity);
    // Exact names first, so that they stay; what is named after others comes last.
    let own = || found.iter().filter(move |object| !is_composite(object));
    let order = own()
        .filter(is_exact)
        .chain(own().filter(|object| !is_exact(object)))
        .chain(found.iter().filter(is_composite));
    for object in order {
        let info = object.kind.info();
        let wanted = match info.naming {
            Naming::ByFields(fields) => {
                let parts: Vec<String> = fields
                    .iter()
                    .map(|field| part(object, field, &names, &wish.declared.names))
                    .collect();
                slug(&parts.join("-"), info.name)
            }
            Naming::Named(_) | Naming::Singleton => slug(&object.identity, info.name),
        };
        let mut number = 1;
        let mut name = numbered(&wanted, number);
        while !taken.insert((info.name, name.clone())) {
            number += 1;
            name = numbered(&wanted, number);
        }
        names.insert(key(object), name);
    }
    names
}

/// One part of a composite name: what a reference is called here, else the value.
fn part(object: &Found, field: &str, names: &Names, declared: &Names) -> String {
    let value = object.fields.get(field).and_then(|value| value.as_str());
    let value = value.unwrap_or_default().to_owned();
    let row = crate::provider::field_of(object.kind.info(), field);
    if let Some(Form::Reference { kind, .. }) = row.map(|row| &row.form) {
        let key = (KindName(kind), value.clone());
        if let Some(name) = names.get(&key).or_else(|| declared.get(&key)) {
            return name.clone();
        }
    }
    value
}

/// Longest `metadata.name`.
const NAME_CHARACTERS: usize = 63;

/// A valid `metadata.name` that resembles a name in the cloud.
pub(super) fn slug(cloud_name: &str, kind: KindName) -> String {
    let mut slug = String::new();
    for c in cloud_name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(NAME_CHARACTERS);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        // A singleton, or a name without a single Latin letter or digit.
        let words = kebab(kind.0);
        return words
            .split_once('-')
            .map_or(words.clone(), |(_, rest)| rest.to_owned());
    }
    slug.to_owned()
}

pub(super) fn numbered(name: &str, number: usize) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let suffix = format!("-{number}");
    let most = NAME_CHARACTERS.saturating_sub(suffix.len());
    let kept = name.get(..most).unwrap_or(name).trim_end_matches('-');
    format!("{kept}{suffix}")
}

/// `HuaweiOidcConfig` as `huawei-oidc-config`.
pub(super) fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests;
