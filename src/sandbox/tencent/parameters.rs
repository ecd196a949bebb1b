//! Parameters as the gateway reads them, before any action: apis/tencent.md §1.3, §10.8.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::answer::{Result, refusal};
use super::state::Site;
use crate::sandbox::wire::{self, Request};

/// One declared parameter of an action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) required: bool,
    /// Unknown to accounts of the international site: apis/tencent.md §3.0.
    pub(super) china_only: bool,
}

/// What type a parameter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// A JSON number, or one written as text: apis/tencent.md §1.3.
    Whole,
    Texts,
    /// A list of objects: `Tags`.
    Objects,
}

impl Parameter {
    pub(super) const fn required(name: &'static str, form: Form) -> Self {
        Self {
            name,
            form,
            required: true,
            china_only: false,
        }
    }

    pub(super) const fn optional(name: &'static str, form: Form) -> Self {
        Self {
            name,
            form,
            required: false,
            china_only: false,
        }
    }

    pub(super) const fn china_only(name: &'static str, form: Form) -> Self {
        Self {
            name,
            form,
            required: false,
            china_only: true,
        }
    }
}

/// The parameters of one request, checked against the declared ones.
#[derive(Debug, Default)]
pub(super) struct Given(Map<String, Value>);

impl Given {
    /// A text; empty when it was not given.
    pub(super) fn text(&self, name: &str) -> &str {
        self.given_text(name).unwrap_or_default()
    }

    /// A text, if it was given.
    pub(super) fn given_text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A whole number, if it was given.
    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// A list of objects; empty when it was not given.
    pub(super) fn objects(&self, name: &str) -> &[Value] {
        let items = self.0.get(name).and_then(Value::as_array);
        items.map(Vec::as_slice).unwrap_or_default()
    }

    /// A list of texts; empty when it was not given.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.0.get(name).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    }
}

/// Reads the parameters of a request: JSON body of a POST, flattened query of a GET.
pub(super) fn read(request: &Request) -> Result<Map<String, Value>> {
    let content_type = request.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if request.method == "GET" {
        if essence != "application/x-www-form-urlencoded" {
            return Err(wrong_content_type(content_type));
        }
        return Ok(unflatten(&wire::pairs(&request.query)));
    }
    if essence != "application/json" {
        return Err(wrong_content_type(content_type));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(given)) => Ok(given),
        // The code is UNCONFIRMED: apis/tencent.md §10.8.
        Ok(_) | Err(_) => Err(refusal(
            "InvalidParameter",
            "The request body is not a JSON object.",
        )),
    }
}

/// Checks what was given against what is declared. Unknown keys first: an outdated gateway
/// refuses a field it never heard of before it looks at the rest.
pub(super) fn check(
    given: &Map<String, Value>,
    declared: &[Parameter],
    site: Site,
) -> Result<Given> {
    let known = |parameter: &&Parameter| !(parameter.china_only && site == Site::International);
    let declared: Vec<&Parameter> = declared.iter().filter(known).collect();
    for name in given.keys() {
        if !declared.iter().any(|parameter| parameter.name == name) {
            return Err(refusal(
                "UnknownParameter",
                format!("The parameter `{name}` is not recognized."),
            ));
        }
    }
    let mut checked = Map::new();
    for parameter in declared {
        let name = parameter.name;
        // A null counts as not given: UNCONFIRMED, no SDK sends one.
        match given.get(name).filter(|value| !value.is_null()) {
            Some(value) => {
                let value = coerce(value, parameter.form).ok_or_else(|| {
                    refusal(
                        "InvalidParameter",
                        format!("The value type of parameter `{name}` is not valid."),
                    )
                })?;
                checked.insert(name.to_owned(), value);
            }
            None if parameter.required => {
                return Err(refusal(
                    "MissingParameter",
                    format!("The request is missing a required parameter `{name}`."),
                ));
            }
            None => {}
        }
    }
    Ok(Given(checked))
}

fn coerce(value: &Value, form: Form) -> Option<Value> {
    match form {
        Form::Text => value.is_string().then(|| value.clone()),
        Form::Whole => {
            let written = value.as_str().and_then(|text| text.parse::<i64>().ok());
            value.as_i64().or(written).map(Value::from)
        }
        Form::Texts => {
            let items = value.as_array()?;
            items.iter().all(Value::is_string).then(|| value.clone())
        }
        Form::Objects => {
            let items = value.as_array()?;
            items.iter().all(Value::is_object).then(|| value.clone())
        }
    }
}

/// `Scope.0=openid&Scope.1=email` is the list `Scope`: apis/tencent.md §1.3.
fn unflatten(pairs: &[(String, String)]) -> Map<String, Value> {
    let mut given = Map::new();
    let mut lists: BTreeMap<String, BTreeMap<usize, Value>> = BTreeMap::new();
    for (name, value) in pairs {
        let value = Value::from(value.as_str());
        let indexed = name
            .split_once('.')
            .and_then(|(list, index)| Some((list.to_owned(), index.parse::<usize>().ok()?)));
        match indexed {
            Some((list, index)) => {
                lists.entry(list).or_default().insert(index, value);
            }
            None => {
                given.insert(name.clone(), value);
            }
        }
    }
    for (name, items) in lists {
        given.insert(name, items.into_values().collect());
    }
    given
}

fn wrong_content_type(content_type: &str) -> super::answer::Refusal {
    // The code is UNCONFIRMED: apis/tencent.md §1.3 names the two types and no code.
    refusal(
        "UnsupportedProtocol",
        format!("The content type `{content_type}` is not supported for this method."),
    )
}
