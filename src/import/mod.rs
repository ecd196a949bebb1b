//! From what is live to manifests: what to ask for, what to leave out and why, names, files.
//!
//! Pure: what was read comes in, texts by path go out. Who reads the clouds and writes the files is
//! the command. Knows no kind by name; kinds that hang on others are found through their tables.

mod ask;
mod spell;

use std::collections::{BTreeMap, BTreeSet};

pub use ask::{Round, first_round, second_round};

use crate::model::{Account, Address, Fields, KindName, Selector, address};
use crate::provider::{Cloud, Form, KindInfo, Link, Naming, ResourceKind};

/// Where the manifest schema lies, seen from each manifest; it is written beside them.
pub const SCHEMA_FILE: &str = "manifest.schema.json";

/// What an import is about.
pub struct Wish<'a> {
    /// The account whose objects are imported.
    pub account: &'a Account,
    /// Its cloud.
    pub cloud: &'static Cloud,
    /// Only these, by what [`Wish::called`] says; empty for all.
    pub targets: &'a [Selector],
    /// What manifests declare of this account already.
    pub declared: &'a Declared,
}

/// What manifests declare of an account already.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// Objects by kind and identity, each with its address.
    pub objects: BTreeMap<(KindName, String), Address>,
    /// Those of them that may be referred to, by kind and identity: `metadata.name`.
    pub names: BTreeMap<(KindName, String), String>,
}

/// One live object that is to be imported.
#[derive(Clone)]
pub struct Found {
    /// Its kind.
    pub kind: &'static dyn ResourceKind,
    /// Who it is in its cloud; empty for singletons.
    pub identity: String,
    /// All that is known of it, canonical.
    pub fields: Fields,
}

/// Something that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Its kind.
    pub kind: KindName,
    /// Its name in the cloud; [`None`] for whatever there may be of the kind.
    pub cloud_name: Option<String>,
    /// The field, when the rest of the object was imported.
    pub field: Option<&'static str>,
    /// One sentence.
    pub why: String,
}

/// One imported object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its address from now on.
    pub address: Address,
    /// Its name in the cloud; empty for singletons.
    pub cloud_name: String,
    /// The manifest that declares it, relative to the folder of the import.
    pub file: String,
}

/// Manifests and their side files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// The objects, by file and then in the order of their documents.
    pub objects: Vec<Imported>,
    /// Texts by path, relative to the folder of the import.
    pub files: BTreeMap<String, String>,
    /// What was found and cannot be declared.
    pub left_out: Vec<LeftOut>,
}

impl Wish<'_> {
    /// What targets call an object: its name in the cloud, with `-` between the parts of a
    /// composite one; what has none is called as its manifest would be.
    pub fn called(&self, info: &KindInfo, identity: &str) -> Address {
        let name = match info.naming {
            Naming::Named(_) => identity.to_owned(),
            Naming::ByFields(_) => identity.replace('/', "-"),
            Naming::Singleton => slug(identity, info.name),
        };
        Address {
            account: self.account.name.clone(),
            kind: info.name,
            name,
        }
    }

    /// Whether the person wants this object at all.
    pub fn is_targeted(&self, called: &Address) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|target| target.matches(called))
    }

    /// Why an object is left out although it is there; [`None`] when it is imported.
    pub fn reason_against(&self, info: &KindInfo, identity: &str) -> Option<String> {
        if let Some(address) = self.declared.objects.get(&(info.name, identity.to_owned())) {
            return Some(format!("declared already as {address}"));
        }
        if let Some(pattern) = matching(info.cloud_managed.iter().copied(), identity) {
            return Some(format!("the cloud manages `{pattern}` itself"));
        }
        let ignored = &self.account.unmanaged.ignore;
        matching(ignored.iter().map(String::as_str), identity)
            .map(|pattern| format!("the account says `unmanaged.ignore: {pattern}`"))
    }
}

fn matching<'p>(mut patterns: impl Iterator<Item = &'p str>, name: &str) -> Option<&'p str> {
    patterns.find(|pattern| address::glob(pattern, name))
}

/// The manifests for what was found.
pub fn manifests(wish: &Wish<'_>, found: &[Found]) -> Import {
    let mut import = Import::default();
    let names = names(wish, found);
    let mut written: Vec<(&Found, spell::Written)> = Vec::new();
    let mut known = wish.declared.names.clone();
    known.extend(names.clone());
    // Who turns out not to be declarable cannot be referred to by name; so until nobody else drops.
    let mut candidates: Vec<&Found> = found.iter().collect();
    loop {
        written.clear();
        let mut dropped = BTreeSet::new();
        for object in &candidates {
            match spell::object(wish, object, &known) {
                Ok(text) => written.push((object, text)),
                Err(left_out) => {
                    dropped.insert(key(object));
                    import.left_out.push(left_out);
                }
            }
        }
        if dropped.is_empty() {
            break;
        }
        candidates.retain(|object| !dropped.contains(&key(object)));
        known.retain(|key, _| !dropped.contains(key));
    }
    let hosts = hosts(&written);
    let mut documents: BTreeMap<String, Vec<(&Found, &spell::Written)>> = BTreeMap::new();
    for (object, text) in &written {
        let (kind, identity) = &hosts[&key(object)];
        let name = &names[&(*kind, identity.clone())];
        let path = format!("{}/{name}.yaml", kebab(kind.0));
        documents.entry(path).or_default().push((object, text));
    }
    for (path, members) in documents {
        file(wish, &mut import, &path, &members, &names);
    }
    import.left_out.sort();
    import
}

/// Writes one file and what its documents refer to.
fn file(
    wish: &Wish<'_>,
    import: &mut Import,
    path: &str,
    members: &[(&Found, &spell::Written)],
    names: &Names,
) {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut drafts = Vec::new();
    for (object, text) in members {
        let name = &names[&key(object)];
        let mut side_file = String::new();
        if let Some(side) = &text.side {
            let spell::Side {
                folder: below,
                ending,
                ..
            } = side;
            let mut number = 1;
            side_file = format!("{below}/{name}.{ending}");
            while import.files.contains_key(&format!("{folder}/{side_file}")) {
                number += 1;
                side_file = format!("{below}/{name}-{number}.{ending}");
            }
            import
                .files
                .insert(format!("{folder}/{side_file}"), side.text.clone());
        }
        drafts.push(text.draft(&side_file));
        import.left_out.extend(text.left_out.iter().cloned());
        import.objects.push(Imported {
            address: Address {
                account: wish.account.name.clone(),
                kind: object.kind.info().name,
                name: name.clone(),
            },
            cloud_name: object.identity.clone(),
            file: path.to_owned(),
        });
    }
    let comment = format!(
        "Imported from the account {}; from now on this file is what is wanted.",
        wish.account.name
    );
    let drafts: Vec<_> = drafts.iter().collect();
    let text = crate::manifest::write::file(&format!("../{SCHEMA_FILE}"), &comment, &drafts);
    import.files.insert(path.to_owned(), text);
}

type Key = (KindName, String);
type Names = BTreeMap<Key, String>;

fn key(found: &Found) -> Key {
    (found.kind.info().name, found.identity.clone())
}

/// A `metadata.name` for each object: the cloud's name where it is one, else made from it, with a
/// number where two would be the same.
fn names(wish: &Wish<'_>, found: &[Found]) -> Names {
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
fn slug(cloud_name: &str, kind: KindName) -> String {
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

fn numbered(name: &str, number: usize) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let suffix = format!("-{number}");
    let most = NAME_CHARACTERS.saturating_sub(suffix.len());
    let kept = name.get(..most).unwrap_or(name).trim_end_matches('-');
    format!("{kept}{suffix}")
}

/// `HuaweiOidcConfig` as `huawei-oidc-config`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// In whose file each object stands: its own, that of what it is part of, or that of what takes it
/// along. One federation is one file.
fn hosts(written: &[(&Found, spell::Written)]) -> BTreeMap<Key, Key> {
    let here: BTreeSet<Key> = written.iter().map(|(object, _)| key(object)).collect();
    let links = |wanted: Link| {
        written.iter().flat_map(move |(object, _)| {
            let fields = object.kind.info().fields.iter();
            fields.filter_map(move |field| {
                let Form::Reference { kind, link } = &field.form else {
                    return None;
                };
                let other = object.fields.get(field.name)?.as_str()?;
                (*link == wanted).then(|| (key(object), (KindName(kind), other.to_owned())))
            })
        })
    };
    let mut hosts: BTreeMap<Key, Key> = here.iter().map(|key| (key.clone(), key.clone())).collect();
    for (part, whole) in links(Link::PartOf) {
        if here.contains(&whole) {
            hosts.insert(part, whole);
        }
    }
    let mut placed = BTreeSet::new();
    for (taker, taken) in links(Link::TakesAlong) {
        if here.contains(&taken) && placed.insert(taken.clone()) {
            let host = hosts[&taker].clone();
            hosts.insert(taken, host);
        }
    }
    hosts
}

#[cfg(test)]
mod tests;
