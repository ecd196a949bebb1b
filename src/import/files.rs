//! Which file each document stands in, and what lies beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::Fold;
use super::holdings::Holdings;
use super::names::{Key, kebab, key};
use super::spell::Written;
use super::{Found, Import, Imported, SCHEMA_FILE};
use crate::manifest::write::{self, Draft};
use crate::model::{Address, KindName};
use crate::provider::{Form, Link};

/// The manifests of one account's own objects; in a folder of the account where there are several.
pub(super) fn natives(import: &mut Import, holdings: &Holdings<'_>, has_several: bool) {
    import.left_out.extend(holdings.left_out.iter().cloned());
    let account = &holdings.wish.account.name;
    let root = if has_several {
        format!("{account}/")
    } else {
        String::new()
    };
    let hosts = hosts(&holdings.written);
    let mut documents: BTreeMap<String, Vec<(&Found, &Written)>> = BTreeMap::new();
    for (object, text) in &holdings.written {
        let (kind, identity) = &hosts[&key(object)];
        let name = &holdings.names[&(*kind, identity.clone())];
        let path = format!("{root}{}/{name}.yaml", kebab(kind.0));
        documents.entry(path).or_default().push((object, text));
    }
    for (path, members) in documents {
        file(import, holdings, &path, &members);
    }
}

/// Writes one file and what its documents refer to.
fn file(import: &mut Import, holdings: &Holdings<'_>, path: &str, members: &[(&Found, &Written)]) {
    let account = &holdings.wish.account.name;
    let folder = folder(path);
    let mut drafts = Vec::new();
    for (object, text) in members {
        let name = &holdings.names[&key(object)];
        let mut side_file = String::new();
        if let Some(side) = &text.side {
            let mut number = 1;
            side_file = side.path(name);
            while import.files.contains_key(&format!("{folder}/{side_file}")) {
                number += 1;
                side_file = side.path(&format!("{name}-{number}"));
            }
            let beside = format!("{folder}/{side_file}");
            import.files.insert(beside, side.text.clone());
        }
        drafts.push(text.draft(&side_file));
        import.left_out.extend(text.left_out.iter().cloned());
        import
            .objects
            .push(imported(holdings, &key(object), path, None));
    }
    let text = text(path, &format!("account {account}"), &drafts);
    import.files.insert(path.to_owned(), text);
}

/// The manifest of one portable document.
pub(super) fn portable(import: &mut Import, holdings: &[Holdings<'_>], fold: &Fold) {
    let kind = fold.draft.kind;
    let path = format!("{}/{}.yaml", kebab(kind), fold.draft.name);
    for (side_file, text) in &fold.sides {
        let beside = format!("{}/{side_file}", folder(&path));
        import.files.insert(beside, text.clone());
    }
    let mut accounts: Vec<&str> = Vec::new();
    for (at, key) in &fold.objects {
        let holdings = &holdings[*at];
        let account = holdings.wish.account.name.as_str();
        if !accounts.contains(&account) {
            accounts.push(account);
        }
        let portable = (KindName(kind), fold.draft.name.clone());
        import
            .objects
            .push(imported(holdings, key, &path, Some(portable)));
    }
    let accounts = format!("accounts {}", accounts.join(", "));
    let text = text(&path, &accounts, std::slice::from_ref(&fold.draft));
    import.files.insert(path, text);
}

fn imported(
    holdings: &Holdings<'_>,
    key: &Key,
    path: &str,
    portable: Option<(KindName, String)>,
) -> Imported {
    Imported {
        address: Address {
            account: holdings.wish.account.name.clone(),
            kind: key.0,
            name: holdings.names[key].clone(),
        },
        cloud_name: key.1.clone(),
        file: path.to_owned(),
        portable,
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn text(path: &str, from: &str, drafts: &[Draft]) -> String {
    let up = "../".repeat(path.matches('/').count());
    let comment = format!("Imported from the {from}; from now on this file is what is wanted.");
    let drafts: Vec<&Draft> = drafts.iter().collect();
    write::file(&format!("{up}{SCHEMA_FILE}"), &comment, &drafts)
}

/// In whose file each object stands: its own, that of what it is part of, or that of what takes it
/// along. One federation is one file.
fn hosts(written: &[(&Found, Written)]) -> BTreeMap<Key, Key> {
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
