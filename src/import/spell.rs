//! One live object in a manifest's words: what is left out, what goes into a side file, and what no
//! manifest can say. Every field is tried with the room that will read it.

use serde_json::json;

use super::names::{Names, key};
use super::{Found, LeftOut, Wish};
use crate::federation::{jwks, saml_metadata};
use crate::manifest::write::{Draft, document};
use crate::manifest::{AllowedEnv, parse_texts};
use crate::model::{Fields, KindName, Value};
use crate::provider::{Clear, Effect, Field, Form, Naming, Need};

/// Stands for the path of the side file until that is chosen.
pub(super) const SIDE: &str = "side-file";

/// An object as it will be written.
#[derive(Debug, Clone)]
pub(super) struct Written {
    kind: &'static str,
    name: String,
    /// The members of `spec`, `account` first.
    pub(super) spec: Vec<(String, Value)>,
    /// What goes into a file of its own.
    pub(super) side: Option<Side>,
    /// Fields that no manifest can say.
    pub(super) left_out: Vec<LeftOut>,
}

/// A field whose value stands in a file beside the manifest.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// The field.
    pub(super) field: &'static str,
    /// The folder below the manifest's.
    folder: &'static str,
    /// What the file's name ends with.
    ending: &'static str,
    /// The file's text.
    pub(super) text: String,
}

impl Side {
    /// The side file of a field that has one.
    fn of(field: &Field, value: &Value) -> Option<Self> {
        let (folder, ending, text) = match (&field.form, value) {
            (Form::Keys { .. }, _) => ("keys", "jwks.json", pretty(value)),
            // Verbatim: a line break more would be another text, and XML may not lose any.
            (Form::Metadata { .. }, Value::String(text)) => {
                ("metadata", "metadata.xml", text.clone())
            }
            _ => return None,
        };
        Some(Self {
            field: field.name,
            folder,
            ending,
            text,
        })
    }

    /// The file, seen from the manifest, for an object that is called so.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}.{}", self.folder, self.ending)
    }
}

impl Written {
    /// The document, with the path of its side file.
    pub(super) fn draft(&self, side_file: &str) -> Draft {
        let mut spec = self.spec.clone();
        for (name, value) in &mut spec {
            if self.side.as_ref().is_some_and(|side| side.field == name) {
                *value = json!({ "file": side_file });
            }
        }
        Draft {
            kind: self.kind,
            name: self.name.clone(),
            spec,
        }
    }
}

/// A key set as people read it.
fn pretty(keys: &Value) -> String {
    // Only maps with keys that are no texts can fail, and JSON values have none.
    let mut text = serde_json::to_string_pretty(keys).expect("JSON has text keys");
    text.push('\n');
    text
}

/// The object in a manifest's words, or why it cannot be declared.
pub(super) fn object(wish: &Wish, found: &Found, known: &Names) -> Result<Written, LeftOut> {
    let info = found.kind.info();
    let left_out = |field: Option<&'static str>, why: String| LeftOut {
        account: wish.account.name.clone(),
        kind: info.name,
        cloud_name: Some(found.identity.clone()),
        field,
        why,
    };
    let name = &known[&key(found)];
    let mut written = Written {
        kind: info.name.0,
        name: name.clone(),
        spec: vec![("account".to_owned(), wish.account.name.clone().into())],
        side: None,
        left_out: Vec::new(),
    };
    if matches!(info.naming, Naming::Named(_)) && *name != found.identity {
        let spelled = Value::from(found.identity.clone());
        written.spec.push(("name".to_owned(), spelled));
    }
    let (identity, rest): (Vec<&Field>, Vec<&Field>) = info
        .fields
        .iter()
        .partition(|field| field.need == Need::Always);
    for field in identity {
        match spelled(field, found.fields.get(field.name), known) {
            Some(value) => written.spec.push((field.name.to_owned(), value)),
            None => return Err(left_out(None, format!("it has no `{}`", field.name))),
        }
    }
    if let Some(why) = mistake(&written) {
        return Err(left_out(None, why));
    }
    let mut kept: Fields = found.fields.clone();
    for field in rest {
        let live = found.fields.get(field.name);
        let Some(value) = spelled(field, live, known) else {
            kept.remove(field.name);
            continue;
        };
        let mut alone = written.clone();
        alone.spec.push((field.name.to_owned(), value));
        let side = live.and_then(|live| Side::of(field, live));
        let why = live.and_then(|live| unusable(field, live));
        alone.side = side.or(alone.side);
        match why.or_else(|| mistake(&alone)) {
            None => written = alone,
            Some(why) => {
                kept.remove(field.name);
                written.left_out.push(left_out(Some(field.name), why));
            }
        }
    }
    // What fields are to each other. Each turn drops one, so this ends.
    loop {
        let mut findings = Vec::new();
        found.kind.check(&kept, &wish.account, &mut findings);
        let Some(finding) = findings.into_iter().next() else {
            return Ok(written);
        };
        if kept.remove(finding.field).is_none() {
            return Err(left_out(None, finding.title));
        }
        written.spec.retain(|(name, _)| name != finding.field);
        if written
            .side
            .as_ref()
            .is_some_and(|side| side.field == finding.field)
        {
            written.side = None;
        }
        written
            .left_out
            .push(left_out(Some(finding.field), finding.title));
    }
}

/// A live value as a manifest spells it; [`None`] where nothing is to be said: there is nothing, or
/// it is for people only and empty.
fn spelled(field: &Field, value: Option<&Value>, known: &Names) -> Option<Value> {
    let value = value?;
    let is_empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if is_empty {
        // An empty set of audiences is said: leaving it out would let somebody fill it unseen.
        let can_be_said = !matches!(field.clear, Clear::Refused(_));
        return (can_be_said && field.effect != Effect::Cosmetic).then(|| value.clone());
    }
    Some(match (&field.form, value) {
        (Form::Reference { kind, .. }, Value::String(identity)) => {
            match known.get(&(KindName(kind), identity.clone())) {
                Some(name) => name.clone().into(),
                None => json!({ "external": identity }),
            }
        }
        (Form::Keys { .. } | Form::Metadata { .. }, _) => json!({ "file": SIDE }),
        (Form::Trust(_), _) => json!({ "policy": value }),
        _ => value.clone(),
    })
}

/// What is wrong with a live value that would go into a side file, in one sentence.
fn unusable(field: &Field, live: &Value) -> Option<String> {
    match (&field.form, live) {
        (Form::Keys { .. }, keys) => {
            let problems = jwks::check(keys).err()?;
            let what = problems.first().map_or("", |problem| problem.text.as_str());
            Some(format!("the cloud holds no usable key set: {what}"))
        }
        (Form::Metadata { .. }, Value::String(text)) => {
            let problems = saml_metadata::check(text).err()?;
            let what = problems.first().map(ToString::to_string);
            let what = what.unwrap_or_default();
            Some(format!("the cloud holds no usable SAML metadata: {what}"))
        }
        _ => None,
    }
}

/// What is wrong with the document as it stands, in one sentence.
fn mistake(written: &Written) -> Option<String> {
    let sides: Vec<(&str, &str)> = written
        .side
        .iter()
        .map(|side| (SIDE, side.text.as_str()))
        .collect();
    let text = document(&written.draft(SIDE));
    let clouds = crate::clouds::CLOUDS;
    let (_, found) = parse_texts(&[("", &text)], &sides, clouds, &AllowedEnv::default());
    let first = found.into_sorted().into_iter().next()?;
    let place = first.labels.first().map(|label| label.text.clone());
    Some(match place.filter(|place| !place.is_empty()) {
        Some(place) => format!("{}: {place}", first.title),
        None => first.title,
    })
}
