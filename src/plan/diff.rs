//! What counts as different, field by field, under the field table.

use std::collections::BTreeSet;

use crate::federation::{jwks, saml_metadata, trust};
use crate::model::intern::{Word, word};
use crate::model::{Fields, Value};
use crate::provider::{Field, Form};
use serde::{Deserialize, Serialize};

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its manifest name.
    #[serde(deserialize_with = "word")]
    pub field: Word,
    /// Canonical value before; [`None`] when the cloud has none.
    pub before: Option<Value>,
    /// Canonical value after; [`None`] when it goes with its object.
    pub after: Option<Value>,
    /// What exactly differs.
    pub detail: Detail,
    /// The manifest line it stands on.
    pub line: Option<u32>,
}

/// What exactly differs within a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// One value for another.
    Whole,
    /// Elements of a set.
    Items {
        /// Only desired.
        added: Vec<String>,
        /// Only live.
        removed: Vec<String>,
    },
    /// Keys of a key set, as `kid`, type, size.
    Keys {
        /// Only desired.
        added: Vec<String>,
        /// Only live.
        removed: Vec<String>,
        /// Other material or use under the same `kid`.
        changed: Vec<String>,
    },
    /// SAML metadata, by meaning.
    Metadata {
        /// Facts that only the desired document states: `signing certificate CN=…, until …`.
        added: Vec<String>,
        /// Facts that only the live document states.
        removed: Vec<String>,
        /// What facts do not tell of the live document, for a line diff.
        before: String,
        /// The same of the desired document; equal when the facts tell all.
        after: String,
    },
    /// A trust policy: what it comes to, and the documents pretty-printed for a line diff.
    Trust {
        /// Who and what is only in the desired one: `subject repo:acme/app:*`.
        added: Vec<String>,
        /// Who and what is only in the live one.
        removed: Vec<String>,
        /// Whether somebody may get in who did not.
        is_wider: bool,
        /// Whether somebody may no longer get in who did.
        is_narrower: bool,
        /// Live.
        before: String,
        /// Desired.
        after: String,
    },
    /// Documents, pretty-printed for a line diff.
    Document {
        /// Live.
        before: String,
        /// Desired.
        after: String,
    },
}

/// The fields of `desired` that differ from `live`, in the order of the table. Fields that
/// `desired` does not have are not ours.
pub fn differences(table: &'static [Field], desired: &Fields, live: &Fields) -> Vec<FieldChange> {
    table
        .iter()
        .filter_map(|field| {
            let after = desired.get(field.name)?;
            let before = live.get(field.name);
            (!field.same(before, Some(after))).then(|| change(field, before, Some(after)))
        })
        .collect()
}

/// All fields of a new or vanishing object, as changes from or to nothing.
pub fn whole(
    table: &'static [Field],
    before: Option<&Fields>,
    after: Option<&Fields>,
) -> Vec<FieldChange> {
    table
        .iter()
        .filter_map(|field| {
            let before = before.and_then(|fields| fields.get(field.name));
            let after = after.and_then(|fields| fields.get(field.name));
            (!field.same(before, after)).then(|| change(field, before, after))
        })
        .collect()
}

fn change(field: &'static Field, before: Option<&Value>, after: Option<&Value>) -> FieldChange {
    FieldChange {
        field: field.name,
        before: before.cloned(),
        after: after.cloned(),
        detail: detail(field, before, after),
        line: None,
    }
}

fn detail(field: &Field, before: Option<&Value>, after: Option<&Value>) -> Detail {
    match &field.form {
        Form::TextSet { .. } | Form::Fingerprints { .. } => {
            let owned = |value| texts(value).into_iter().map(str::to_owned).collect();
            items(&owned(before), &owned(after))
        }
        Form::Keys { .. } => {
            let nothing = serde_json::json!({"keys": []});
            let found = jwks::differences(before.unwrap_or(&nothing), after.unwrap_or(&nothing));
            let shown = |keys: &[jwks::KeySummary]| keys.iter().map(ToString::to_string).collect();
            Detail::Keys {
                added: shown(&found.added),
                removed: shown(&found.removed),
                changed: shown(&found.changed),
            }
        }
        Form::Metadata { .. } => {
            let found = saml_metadata::differences(text(before), text(after));
            Detail::Metadata {
                added: found.added,
                removed: found.removed,
                before: found.rest_before,
                after: found.rest_after,
            }
        }
        Form::Tags { .. } => items(&tags(before), &tags(after)),
        Form::Json { canonical, .. } => Detail::Document {
            before: pretty(before, canonical),
            after: pretty(after, canonical),
        },
        Form::Trust(form) => {
            let canonical = |value: &Value| trust::canonical(form.grammar, value);
            let found = trust::differences(form.grammar, before, after);
            Detail::Trust {
                added: found.added,
                removed: found.removed,
                is_wider: found.is_wider,
                is_narrower: found.is_narrower,
                before: pretty(before, canonical),
                after: pretty(after, canonical),
            }
        }
        Form::Text(_)
        | Form::Flag
        | Form::Integer { .. }
        | Form::Choice(_)
        | Form::Reference { .. } => Detail::Whole,
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn items(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Detail {
    Detail::Items {
        added: after.difference(before).cloned().collect(),
        removed: before.difference(after).cloned().collect(),
    }
}

/// A document for a line diff; nothing is no line.
fn pretty(value: Option<&Value>, canonical: impl Fn(&Value) -> Value) -> String {
    value.map_or_else(String::new, |value| {
        let mut text = serde_json::to_string_pretty(&canonical(value)).unwrap_or_default();
        text.push('\n');
        text
    })
}

/// `key=value`, each.
fn tags(value: Option<&Value>) -> BTreeSet<String> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect()
}

fn texts(value: Option<&Value>) -> BTreeSet<&str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
