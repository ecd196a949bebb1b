//! One live object in a manifest's words: what is left out, what goes into a side file, and what no
//! manifest can say. Every field is tried with the room that will read it.

use serde_json::json;

use super::{Found, LeftOut, Names, Wish, key};
use crate::federation::jwks;
use crate::manifest::write::{Draft, document};
use crate::manifest::{AllowedEnv, parse_texts};
use crate::model::{Fields, KindName, Value};
use crate::provider::{Clear, Effect, Field, Form, Naming, Need};

/// Stands for the path of the key file until that is chosen.
const KEYS: &str = "keys.jwks.json";

/// An object as it will be written.
#[derive(Debug, Clone)]
pub(super) struct Written {
    kind: &'static str,
    name: String,
    spec: Vec<(String, Value)>,
    /// The field that takes a key file.
    keys_field: Option<&'static str>,
    /// What goes into that file.
    pub(super) keys: Option<Value>,
    /// Fields that no manifest can say.
    pub(super) left_out: Vec<LeftOut>,
}

impl Written {
    /// The document, with the path of its key file.
    pub(super) fn draft(&self, keys_file: &str) -> Draft {
        let mut spec = self.spec.clone();
        for (name, value) in &mut spec {
            if Some(name.as_str()) == self.keys_field {
                *value = json!({ "file": keys_file });
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
pub(super) fn pretty(keys: &Value) -> String {
    // Only maps with keys that are no texts can fail, and JSON values have none.
    let mut text = serde_json::to_string_pretty(keys).expect("JSON has text keys");
    text.push('\n');
    text
}

/// The object in a manifest's words, or why it cannot be declared.
pub(super) fn object(wish: &Wish<'_>, found: &Found, known: &Names) -> Result<Written, LeftOut> {
    let info = found.kind.info();
    let left_out = |field: Option<&'static str>, why: String| LeftOut {
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
        keys_field: None,
        keys: None,
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
    if let Some(why) = mistake(&written, None) {
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
        let keys = live.filter(|_| matches!(field.form, Form::Keys { .. }));
        match mistake(&alone, keys) {
            None => {
                written.spec = alone.spec;
                if keys.is_some() {
                    written.keys_field = Some(field.name);
                    written.keys = keys.cloned();
                }
            }
            Some(why) => {
                kept.remove(field.name);
                written.left_out.push(left_out(Some(field.name), why));
            }
        }
    }
    // What fields are to each other. Each turn drops one, so this ends.
    loop {
        let mut findings = Vec::new();
        found.kind.check(&kept, wish.account, &mut findings);
        let Some(finding) = findings.into_iter().next() else {
            return Ok(written);
        };
        if kept.remove(finding.field).is_none() {
            return Err(left_out(None, finding.title));
        }
        written.spec.retain(|(name, _)| name != finding.field);
        if written.keys_field == Some(finding.field) {
            written.keys_field = None;
            written.keys = None;
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
        (Form::Keys { .. }, _) => json!({ "file": KEYS }),
        (Form::Trust(_), _) => json!({ "policy": value }),
        _ => value.clone(),
    })
}

/// What is wrong with the document as it stands, in one sentence.
fn mistake(written: &Written, keys: Option<&Value>) -> Option<String> {
    if let Some(keys) = keys
        && let Err(problems) = jwks::check(keys)
    {
        let what = problems.first().map_or("", |problem| problem.text.as_str());
        return Some(format!("the cloud holds no usable key set: {what}"));
    }
    let keys = keys.or(written.keys.as_ref()).map(pretty);
    let sides: Vec<(&str, &str)> = keys.iter().map(|keys| (KEYS, keys.as_str())).collect();
    let text = document(&written.draft(KEYS));
    let clouds = crate::clouds::CLOUDS;
    let (_, found) = parse_texts(&[("", &text)], &sides, clouds, &AllowedEnv::default());
    let first = found.into_sorted().into_iter().next()?;
    let place = first.labels.first().map(|label| label.text.clone());
    Some(match place.filter(|place| !place.is_empty()) {
        Some(place) => format!("{}: {place}", first.title),
        None => first.title,
    })
}
