//! That a document stands for exactly the objects it was made of: it is read by the room that will
//! read it, and what comes out is compared with what the native manifests say.

use std::collections::BTreeSet;

use super::Fold;
use crate::import::holdings::Holdings;
use crate::import::names::key;
use crate::import::spell::SIDE;
use crate::manifest::write::{Draft, document};
use crate::manifest::{AllowedEnv, Document, Given, GivenValue, parse_texts};
use crate::model::{Account, Value};
use crate::provider::{Catalogue, Form, Naming};

/// Why the document is not the same as the native manifests, in one sentence.
pub(super) fn difference(
    catalogue: Catalogue,
    fold: &Fold,
    accounts: &[Holdings<'_>],
) -> Option<String> {
    let native = match natives(catalogue, fold, accounts) {
        Ok(native) => native,
        Err(why) => return Some(why),
    };
    // Only those that the document names.
    let named: BTreeSet<usize> = fold.objects.iter().map(|(at, _)| *at).collect();
    let declared = named
        .into_iter()
        .map(|at| account(&accounts[at].wish.account));
    let mut texts: Vec<String> = declared.map(|draft| document(&draft)).collect();
    texts.push(document(&fold.draft));
    let sides: Vec<(&str, &str)> = fold
        .sides
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let portable = match read(catalogue, &texts, &sides) {
        Ok(portable) => portable,
        Err(why) => return Some(why),
    };
    if portable.len() != native.len() {
        return Some("it would stand for other objects".to_owned());
    }
    native.iter().find_map(|native| {
        let is_it = |portable: &&Document| {
            portable.account.value == native.account.value
                && portable.kind.info().name == native.kind.info().name
        };
        match portable.iter().find(is_it) {
            Some(portable) => between(native, portable),
            None => Some(format!(
                "it would not stand for {}",
                native.kind.info().name
            )),
        }
    })
}

/// The native documents of a fold.
fn natives(
    catalogue: Catalogue,
    fold: &Fold,
    accounts: &[Holdings<'_>],
) -> Result<Vec<Document>, String> {
    let mut documents = Vec::new();
    for (at, wanted) in &fold.objects {
        let mut written = accounts[*at].written.iter();
        let found = written.find(|(object, _)| key(object) == *wanted);
        let Some((_, text)) = found else {
            return Err(format!("{} `{}` is not declared", wanted.0, wanted.1));
        };
        let sides: Vec<(&str, &str)> = text
            .side
            .iter()
            .map(|side| (SIDE, side.text.as_str()))
            .collect();
        documents.extend(read(catalogue, &[document(&text.draft(SIDE))], &sides)?);
    }
    Ok(documents)
}

fn read(
    catalogue: Catalogue,
    texts: &[String],
    sides: &[(&str, &str)],
) -> Result<Vec<Document>, String> {
    let texts: Vec<(&str, &str)> = texts.iter().map(|text| ("", text.as_str())).collect();
    let (manifests, found) = parse_texts(&texts, sides, catalogue, &AllowedEnv::default());
    let errors = found.into_sorted();
    match errors.into_iter().next() {
        Some(first) => Err(first.title),
        None => Ok(manifests.documents),
    }
}

/// The account, as far as it decides what portable documents stand for.
fn account(account: &Account) -> Draft {
    let mut spec = vec![("cloud".to_owned(), Value::from(account.cloud.0))];
    let mut add = |name: &str, value: &Option<String>| {
        let value = value.clone().map(Value::from);
        spec.extend(value.map(|value| (name.to_owned(), value)));
    };
    add("accountId", &account.account_id);
    add("site", &account.site);
    add("region", &account.region);
    Draft {
        kind: "Account",
        name: account.name.clone(),
        spec,
    }
}

/// What the two documents of one object say differently. `metadata.name` is not compared, nor are
/// references by it: these are the same objects, whatever they are called.
fn between(native: &Document, portable: &Document) -> Option<String> {
    let info = native.kind.info();
    let cloud_name = |document: &Document| {
        let own = document.cloud_name.as_ref().map(|name| name.value.clone());
        own.unwrap_or_else(|| document.name.clone())
    };
    if matches!(info.naming, Naming::Named(_)) && cloud_name(native) != cloud_name(portable) {
        return Some(format!("it would name another {}", info.name));
    }
    let differs = info.fields.iter().find(|field| {
        let given = |document: &Document| document.spec.get(field.name).cloned();
        match (given(native).map(value), given(portable).map(value)) {
            (Some(GivenValue::Value(left)), Some(GivenValue::Value(right))) => {
                !field.same(Some(&left), Some(&right))
            }
            (Some(GivenValue::Local(_)), Some(GivenValue::Local(_))) => {
                !matches!(field.form, Form::Reference { .. })
            }
            // There is nothing, and the one says so.
            (None, Some(GivenValue::Cleared)) => false,
            (left, right) => left != right,
        }
    })?;
    let why = format!(
        "it would say another `{}` of its {}",
        differs.name, info.name
    );
    Some(why)
}

fn value(given: Given) -> GivenValue {
    given.value
}
