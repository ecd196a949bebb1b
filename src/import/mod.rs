//! From what is live to manifests: what to ask for, what to leave out and why, names, files, and
//! which objects of several accounts are one portable document.
//!
//! Pure: what was read comes in, texts by path go out. Who reads the clouds and writes the files is
//! the command. Knows no kind by name; kinds that hang on others are found through their tables.

mod ask;
mod files;
mod fold;
mod holdings;
mod names;
mod spell;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use ask::{Round, first_round, second_round};

use crate::model::{Account, Address, Fields, KindName, Selector, address};
use crate::provider::{Catalogue, Cloud, KindInfo, Naming, ResourceKind};
use holdings::Holdings;
use names::slug;

/// Where the manifest schema lies in the folder of the import.
pub const SCHEMA_FILE: &str = "manifest.schema.json";

/// What an import wants of one account.
pub struct Wish {
    /// The account whose objects are imported.
    pub account: Arc<Account>,
    /// Its cloud.
    pub cloud: &'static Cloud,
    /// Only these, by what [`Wish::called`] says; empty for all.
    pub targets: Arc<[Selector]>,
    /// What manifests declare of this account already.
    pub declared: Declared,
}

/// What one account holds of what is wanted.
#[derive(Clone, Copy)]
pub struct Surveyed<'a> {
    /// What is wanted.
    pub wish: &'a Wish,
    /// What was found.
    pub found: &'a [Found],
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
    /// Its account.
    pub account: String,
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
    /// The portable document that stands for it: its kind and `metadata.name`.
    pub portable: Option<(KindName, String)>,
}

/// A federation of several accounts that is not one portable document for all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unfolded {
    /// The portable kind.
    pub kind: KindName,
    /// What the accounts have in common: the issuer, or the entity id.
    pub what: String,
    /// The accounts whose objects stay native.
    pub accounts: Vec<String>,
    /// One sentence.
    pub why: String,
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
    /// What could not become one portable document.
    pub unfolded: Vec<Unfolded>,
}

impl Wish {
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

/// The manifests for what was found in one account or several. Trusts that accounts have in common
/// are portable documents if there is a `catalogue`, everything else stands in its cloud's own kinds.
pub fn manifests(catalogue: Option<Catalogue>, accounts: &[Surveyed<'_>]) -> Import {
    let mut import = Import::default();
    let mut holdings: Vec<Holdings<'_>> = accounts.iter().map(Holdings::new).collect();
    let mut folds = Vec::new();
    if let Some(catalogue) = catalogue {
        (folds, import.unfolded) = fold::folds(catalogue, &mut holdings);
    }
    let has_several = accounts.len() > 1;
    for holdings in &holdings {
        files::natives(&mut import, holdings, has_several);
    }
    for fold in &folds {
        files::portable(&mut import, &holdings, fold);
    }
    import
        .objects
        .sort_by(|left, right| left.file.cmp(&right.file));
    import.left_out.sort();
    import
}
