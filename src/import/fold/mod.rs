//! Trusts that several accounts have in common, as one portable document.
//!
//! Whether an account's objects are what such a document stands for is `member`'s question; what is
//! said for all accounts and what in `set` is `common`'s; that the document stands for exactly these
//! objects is proved by reading it (`proof`). What cannot be said in one document stays native.

mod common;
mod member;
mod proof;

use std::collections::{BTreeMap, BTreeSet};

use super::Unfolded;
use super::holdings::Holdings;
use super::names::{Key, numbered, slug};
use crate::manifest::write::Draft;
use crate::model::KindName;
use crate::provider::{Catalogue, PortableKind};
use member::{Member, Refusal};

/// The field that decides which objects a portable document stands for.
const PURPOSE: &str = "use";

/// Objects of several accounts as one document.
pub(super) struct Fold {
    pub(super) draft: Draft,
    /// Its side files, seen from the manifest: path and text.
    pub(super) sides: Vec<(String, String)>,
    /// What it stands for: which account, and which object there.
    pub(super) objects: Vec<(usize, Key)>,
}

/// What would be one document.
struct Group {
    kind: &'static PortableKind,
    /// The word of `use`.
    purpose: &'static str,
    /// Issuer or entity id.
    what: String,
    members: Vec<Member>,
}

/// The folds, and what is no fold although accounts have it in common. Afterwards `accounts` hold
/// only what stays native, and everything has its final name.
pub(super) fn folds(
    catalogue: Catalogue,
    accounts: &mut [Holdings<'_>],
) -> (Vec<Fold>, Vec<Unfolded>) {
    if accounts.len() < 2 {
        return (Vec::new(), Vec::new());
    }
    let (groups, mut unfolded) = groups(catalogue, accounts);
    let mut folds: Vec<Fold> = Vec::new();
    let mut folded: BTreeSet<(usize, Key)> = BTreeSet::new();
    for group in groups {
        for members in one_for_each_account(&group, &folded, &mut unfolded) {
            let name = name(accounts, &group, &members, &folds);
            let fold = common::fold(&group, &members, name);
            if let Some(why) = proof::difference(catalogue, &fold, accounts) {
                let stay = members.iter().map(|member| member.account.clone());
                unfolded.push(group.unfolded(stay.collect(), why));
                continue;
            }
            for (at, key) in &fold.objects {
                folded.insert((*at, key.clone()));
                let name = fold.draft.name.clone();
                accounts[*at].names.insert(key.clone(), name);
            }
            folds.push(fold);
        }
    }
    for (at, holdings) in accounts.iter_mut().enumerate() {
        let own = folded.iter().filter(|(account, _)| *account == at);
        let own = own.map(|(_, key)| key.clone()).collect();
        holdings.without(&own);
    }
    unfolded.sort();
    unfolded.dedup();
    (folds, unfolded)
}

/// All that accounts may have in common, the greatest first; and who has something in common but in
/// a way that no document can say.
fn groups(catalogue: Catalogue, accounts: &[Holdings<'_>]) -> (Vec<Group>, Vec<Unfolded>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut unfolded = Vec::new();
    for kind in catalogue.portable {
        let mut refusals: Vec<Refusal> = Vec::new();
        let mut sharers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut found: BTreeMap<(usize, String), Vec<Member>> = BTreeMap::new();
        for (at, holdings) in accounts.iter().enumerate() {
            let (members, refused) = member::members(catalogue, kind, at, holdings);
            for (purpose, member) in members {
                sharers.entry(member.what.clone()).or_default().insert(at);
                let group = found.entry((purpose, member.what.clone())).or_default();
                group.push(member);
            }
            for refusal in refused {
                sharers.entry(refusal.what.clone()).or_default().insert(at);
                refusals.push(refusal);
            }
        }
        groups.extend(found.into_iter().map(|((purpose, what), members)| Group {
            kind,
            purpose: kind.uses[purpose].0,
            what,
            members,
        }));
        // Who shares it with nobody has nothing to fold.
        let is_shared = |refusal: &Refusal| sharers[&refusal.what].len() > 1;
        unfolded.extend(
            refusals
                .into_iter()
                .filter(is_shared)
                .map(|refusal| Unfolded {
                    kind: kind.name,
                    what: refusal.what,
                    accounts: vec![refusal.account],
                    why: refusal.why,
                }),
        );
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.accounts().len()));
    (groups, unfolded)
}

impl Group {
    fn accounts(&self) -> BTreeSet<usize> {
        self.members.iter().map(|member| member.at).collect()
    }

    fn unfolded(&self, accounts: Vec<String>, why: String) -> Unfolded {
        Unfolded {
            kind: self.kind.name,
            what: self.what.clone(),
            accounts,
            why,
        }
    }
}

/// The documents that a group makes: a document names an account once, so where an account has
/// several objects for one issuer those of one name go together.
fn one_for_each_account<'g>(
    group: &'g Group,
    folded: &BTreeSet<(usize, Key)>,
    unfolded: &mut Vec<Unfolded>,
) -> Vec<Vec<&'g Member>> {
    let is_free = |member: &&Member| {
        let mut objects = member.objects.iter();
        objects.all(|key| !folded.contains(&(member.at, key.clone())))
    };
    let free: Vec<&Member> = group.members.iter().filter(is_free).collect();
    let accounts: BTreeSet<usize> = free.iter().map(|member| member.at).collect();
    if accounts.len() < 2 {
        return Vec::new();
    }
    if accounts.len() == free.len() {
        return vec![free];
    }
    let mut by_name: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in free {
        by_name.entry(&member.cloud_name).or_default().push(member);
    }
    let (shared, alone): (Vec<_>, Vec<_>) =
        by_name.into_values().partition(|group| group.len() > 1);
    for member in alone.into_iter().flatten() {
        let why = format!(
            "an account has several of them, and `{}` is called so in this one alone",
            member.cloud_name
        );
        unfolded.push(group.unfolded(vec![member.account.clone()], why));
    }
    shared
}

/// The document's `metadata.name`: what most accounts call it, with a number where that is taken.
fn name(accounts: &[Holdings<'_>], group: &Group, members: &[&Member], folds: &[Fold]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for member in members.iter().filter(|it| !it.cloud_name.is_empty()) {
        *counts.entry(&member.cloud_name).or_default() += 1;
    }
    // The first in the alphabet of the most frequent.
    let mut most: Option<(&str, usize)> = None;
    for (name, count) in counts {
        if most.is_none_or(|(_, best)| count > best) {
            most = Some((name, count));
        }
    }
    // What has no name in the cloud is called after its kind.
    let (cloud_name, kind) = match most {
        Some((name, _)) => (name, group.kind.name),
        None => ("", members[0].objects[0].0),
    };
    let wanted = slug(cloud_name, kind);
    let is_taken = |name: &str| {
        let in_file = |fold: &Fold| fold.draft.kind == group.kind.name.0 && fold.draft.name == name;
        folds.iter().any(in_file)
            || members.iter().any(|member| {
                let holdings = &accounts[member.at];
                let kinds: BTreeSet<KindName> = member.objects.iter().map(|key| key.0).collect();
                let declared = holdings.wish.declared.objects.values();
                let mut declared = declared
                    .filter(|address| address.account == member.account)
                    .map(|address| (address.kind, &address.name));
                let mut others = holdings
                    .names
                    .iter()
                    .filter(|(key, _)| !member.objects.contains(key))
                    .map(|(key, name)| (key.0, name));
                let is_it =
                    |(kind, other): (KindName, &String)| kinds.contains(&kind) && other == name;
                declared.any(is_it) || others.any(is_it)
            })
    };
    let mut number = 1;
    loop {
        let name = numbered(&wanted, number);
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}
