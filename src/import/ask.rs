//! What to ask the cloud for: lists, singletons, objects named by the person, and, once the others
//! are known, those that are named after them.

use std::collections::BTreeMap;

use super::{LeftOut, Wish};
use crate::model::KindName;
use crate::provider::{Form, KindInfo, Naming, ResourceKind, field_of};

/// What to ask for at once.
#[derive(Default)]
pub struct Round {
    /// Kinds, with the identities wanted besides their lists.
    pub asked: Vec<(&'static dyn ResourceKind, Vec<String>)>,
    /// What cannot be asked for.
    pub left_out: Vec<LeftOut>,
}

/// All that can be asked for without knowing what is there.
pub fn first_round(wish: &Wish) -> Round {
    let mut round = Round::default();
    for kind in wish.cloud.kinds {
        let info = kind.info();
        if !is_selected(wish, info.name) && !is_needed(wish, info.name) {
            continue;
        }
        match (info.naming, info.cannot_list) {
            (Naming::ByFields(_), _) => {}
            (Naming::Singleton, _) => round.asked.push((*kind, vec![String::new()])),
            (Naming::Named(_), None) => round.asked.push((*kind, Vec::new())),
            (Naming::Named(_), Some(why)) => {
                let mut named = named(wish, info);
                named.sort();
                named.dedup();
                if named.is_empty() {
                    round.left_out.push(LeftOut {
                        account: wish.account.name.clone(),
                        kind: info.name,
                        cloud_name: None,
                        field: None,
                        why: format!(
                            "{why}; name each with --target {}/{}/NAME-IN-CLOUD",
                            wish.account.name, info.name
                        ),
                    });
                } else {
                    round.asked.push((*kind, named));
                }
            }
        }
    }
    round
}

/// The objects that are named after others, of which these identities are known.
pub fn second_round(wish: &Wish, known: &BTreeMap<KindName, Vec<String>>) -> Round {
    let mut round = Round::default();
    for kind in wish.cloud.kinds {
        let info = kind.info();
        let Naming::ByFields(fields) = info.naming else {
            continue;
        };
        if !is_selected(wish, info.name) {
            continue;
        }
        match combinations(info, fields, known) {
            Some(wanted) if wanted.is_empty() => {}
            Some(wanted) => round.asked.push((*kind, wanted)),
            None => round.left_out.push(LeftOut {
                account: wish.account.name.clone(),
                kind: info.name,
                cloud_name: None,
                field: None,
                why: "its names cannot be made from those of other objects".to_owned(),
            }),
        }
    }
    round
}

/// Every identity that these fields may make; [`None`] when a field may hold anything.
fn combinations(
    info: &KindInfo,
    fields: &[&str],
    known: &BTreeMap<KindName, Vec<String>>,
) -> Option<Vec<String>> {
    let mut made = vec![Vec::new()];
    for name in fields {
        let values: Vec<String> = match &field_of(info, name)?.form {
            Form::Reference { kind, .. } => known.get(&KindName(kind)).cloned().unwrap_or_default(),
            Form::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            Form::Text(_)
            | Form::Flag
            | Form::Integer { .. }
            | Form::TextSet { .. }
            | Form::Keys { .. }
            | Form::Metadata { .. }
            | Form::Fingerprints { .. }
            | Form::Json { .. }
            | Form::Trust(_)
            | Form::Tags { .. } => return None,
        };
        made = made
            .iter()
            .flat_map(|parts| {
                values.iter().map(move |value| {
                    let mut parts: Vec<String> = parts.clone();
                    parts.push(value.clone());
                    parts
                })
            })
            .collect();
    }
    Some(made.iter().map(|parts| parts.join("/")).collect())
}

fn is_selected(wish: &Wish, kind: KindName) -> bool {
    let account = &wish.account.name;
    wish.targets.is_empty()
        || wish
            .targets
            .iter()
            .any(|target| target.takes_kind(account, kind))
}

/// Whether a selected kind is named after objects of this one.
fn is_needed(wish: &Wish, kind: KindName) -> bool {
    wish.cloud.kinds.iter().any(|other| {
        let info = other.info();
        let Naming::ByFields(fields) = info.naming else {
            return false;
        };
        let after = |name: &&str| {
            matches!(
                field_of(info, name).map(|field| &field.form),
                Some(Form::Reference { kind: wanted, .. }) if *wanted == kind.0
            )
        };
        is_selected(wish, info.name) && fields.iter().any(after)
    })
}

/// The names of a kind that targets spell out.
fn named(wish: &Wish, info: &KindInfo) -> Vec<String> {
    let account = &wish.account.name;
    let name =
        |target: &crate::model::Selector| target.names_one(account, info.name).map(str::to_owned);
    wish.targets.iter().filter_map(name).collect()
}
