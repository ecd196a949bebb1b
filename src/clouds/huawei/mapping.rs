//! `HuaweiMapping`: `/v3/OS-FEDERATION/mappings`. Facts: `apis/huawei.md §3.3`, `§4`.
//!
//! Rules are raw JSON: a typed model would drop what it does not know (`groups`, `regex`), and the
//! next update would delete it.

use serde_json::{Map, json};

use crate::model::{Fields, KindName, Value, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, Field, Form, Impossible, Intent, JsonGrammar,
    KindInfo, Live, Naming, Need, Observed, Phase, PhaseWrites, Read, Removal, ResourceKind,
    Samples, Scope,
};

use super::collection::Collection;
use super::{NAME, phase, samples};

/// The kind.
pub(super) struct Mapping;

/// How they are read.
const MAPPINGS: Collection = Collection {
    list: "KeystoneListMappings",
    show: "KeystoneShowMapping",
    path: "/v3/OS-FEDERATION/mappings",
    many: "mappings",
    one: "mapping",
    live_of,
};

/// Most rules. The quota counts those of all mappings of an account together; the operator may
/// raise it (`apis/huawei.md §3.8`).
const MAX_RULES: usize = 10;

/// Most conditions in one rule (`apis/huawei.md §3.3`).
const MAX_CONDITIONS: usize = 10;

static INFO: KindInfo = KindInfo {
    name: KindName("HuaweiMapping"),
    doc: "Conversion rules: which user name and groups a person gets from claims of the token or \
          attributes of the assertion. It acts through the HuaweiProtocol that refers to it. The \
          console's convention for its name is mapping_<provider>.",
    source: "apis/huawei.md §3.3",
    fields: &[Field {
        name: "rules",
        cloud_name: "rules",
        form: Form::Json {
            grammar: JsonGrammar::MappingRules,
            shape: "a list of 1 to 10 rules, each {local: [...], remote: [...]}",
            check,
            canonical,
        },
        need: Need::ForCreate,
        clear: Clear::Refused("a mapping has at least one rule"),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "The rules, as the cloud's own JSON; nothing in them is dropped. Each `remote` entry \
              has a `type` (claim or attribute) and at most one of `any_one_of` and `not_any_of`, \
              and `regex`. `{0}`, `{1}` in `local` count the entries with neither list. An account \
              holds 10 rules by default, a rule 10 conditions.",
        source: "apis/huawei.md §3.3",
    }],
    naming: Naming::Named(NAME),
    removal: Removal::Delete,
    cannot_list: None,
    cloud_managed: &[],
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

impl ResourceKind for Mapping {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        MAPPINGS.reads(scope)
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        MAPPINGS.observe(scope, answers)
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        match intent {
            Intent::Create {
                identity, fields, ..
            } => {
                let call = put_rules("KeystoneCreateMapping", "PUT", identity, fields)?;
                let again = Again::ConflictIsDone;
                let leaves = with_canonical_rules(fields.clone());
                Ok(vec![phase(Phase::Write, call, again, Some(leaves))])
            }
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => {
                if changed.is_empty() {
                    return Ok(Vec::new());
                }
                let fields = merged(&live.fields, desired);
                // The list is replaced as a whole, never merged.
                let call = put_rules("KeystoneUpdateMapping", "PATCH", identity, &fields)?;
                let leaves = with_canonical_rules(fields);
                Ok(vec![phase(Phase::Write, call, Again::Same, Some(leaves))])
            }
            Intent::Remove { identity, .. } => {
                let call = Call::rest(
                    "KeystoneDeleteMapping",
                    "DELETE",
                    MAPPINGS.path_of(identity),
                    Value::Null,
                );
                let again = Again::NotFoundIsDone;
                Ok(vec![phase(Phase::Remove, call, again, None)])
            }
        }
    }

    fn samples(&self) -> Samples {
        samples::mapping()
    }
}

fn live_of(object: &Value) -> Result<Live, &'static str> {
    let rules = &object["rules"];
    if !rules.is_array() {
        return Err("the mapping has no list `rules`");
    }
    Ok(Live {
        fields: Fields::from([("rules".to_owned(), canonical(rules))]).into(),
        raw: object.clone(),
        ..Live::default()
    })
}

fn put_rules(
    name: &'static str,
    method: &'static str,
    identity: &str,
    fields: &Fields,
) -> Result<Call, Impossible> {
    let rules = fields
        .get("rules")
        .ok_or_else(|| "a mapping needs `rules`".to_owned())?;
    Ok(Call::rest(
        name,
        method,
        MAPPINGS.path_of(identity),
        json!({"mapping": {"rules": rules}}),
    ))
}

fn with_canonical_rules(mut fields: Fields) -> Fields {
    if let Some(rules) = fields.get_mut("rules") {
        *rules = canonical(rules);
    }
    fields
}

/// The form in which equal rules are equal (`apis/huawei.md §3.3`, readback). It may itself be
/// sent: it means the same to the cloud.
fn canonical(rules: &Value) -> Value {
    each(rules, |rule| {
        let mut rule = rule.clone();
        if let Some(conditions) = rule.get_mut("remote") {
            *conditions = each(conditions, canonical_condition);
        }
        if let Some(entries) = rule.get_mut("local") {
            *entries = each(entries, canonical_local);
        }
        rule
    })
}

fn each(list: &Value, change: impl Fn(&Value) -> Value) -> Value {
    match list.as_array() {
        Some(items) => items.iter().map(change).collect(),
        None => list.clone(),
    }
}

/// An absent `regex` is false; the values of a list are a set.
fn canonical_condition(condition: &Value) -> Value {
    let Value::Object(members) = condition else {
        return condition.clone();
    };
    let mut result = Map::new();
    for (key, value) in members {
        let value = match (key.as_str(), value) {
            ("regex", Value::Bool(false) | Value::Null)
            | ("any_one_of" | "not_any_of", Value::Null) => continue,
            ("any_one_of" | "not_any_of", Value::Array(items)) => {
                let mut items = items.clone();
                items.sort_by_key(ToString::to_string);
                items.dedup();
                Value::Array(items)
            }
            (_, value) => value.clone(),
        };
        result.insert(key.clone(), value);
    }
    Value::Object(result)
}

/// `groups` may be a JSON array inside a string; its spacing means nothing. It stays a string,
/// because an array is another form to the cloud.
fn canonical_local(local: &Value) -> Value {
    let mut local = local.clone();
    let groups = local.get("groups").and_then(Value::as_str);
    if let Some(Ok(list @ Value::Array(_))) = groups.map(serde_json::from_str::<Value>) {
        local["groups"] = Value::String(list.to_string());
    }
    local
}

/// Finds what the cloud would refuse. Keys that are not known here are left to the cloud.
fn check(rules: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Some(items) = rules.as_array().filter(|items| !items.is_empty()) else {
        return vec![(
            String::new(),
            "must be a list of at least one rule".to_owned(),
        )];
    };
    if items.len() > MAX_RULES {
        found.push((
            String::new(),
            format!("has {} rules; an account holds {MAX_RULES}", items.len()),
        ));
    }
    for (index, rule) in items.iter().enumerate() {
        check_rule(&format!("[{index}]"), rule, &mut found);
    }
    found
}

fn check_rule(path: &str, rule: &Value, found: &mut Vec<(String, String)>) {
    if !rule.is_object() {
        found.push((
            path.to_owned(),
            "must be an object with `local` and `remote`".to_owned(),
        ));
        return;
    }
    for part in ["local", "remote"] {
        let path = format!("{path}.{part}");
        let Some(entries) = rule[part].as_array().filter(|list| !list.is_empty()) else {
            found.push((path, "must be a list of at least one object".to_owned()));
            continue;
        };
        if part == "remote" && entries.len() > MAX_CONDITIONS {
            found.push((
                path.clone(),
                format!(
                    "has {} conditions; a rule holds {MAX_CONDITIONS}",
                    entries.len()
                ),
            ));
        }
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if entry.as_object().is_none_or(Map::is_empty) {
                found.push((path, "must be an object and not empty".to_owned()));
            } else if part == "remote" {
                check_condition(&path, entry, found);
            }
        }
    }
}

fn check_condition(path: &str, condition: &Value, found: &mut Vec<(String, String)>) {
    let mut wrong = |member: &str, sentence: &str| {
        found.push((format!("{path}{member}"), sentence.to_owned()));
    };
    if condition["type"].as_str().is_none_or(str::is_empty) {
        wrong(
            ".type",
            "must name the claim of the token or the attribute of the assertion",
        );
    }
    let given = |member: &str| condition.get(member).is_some();
    if given("any_one_of") && given("not_any_of") {
        wrong(
            "",
            "has both `any_one_of` and `not_any_of`; only one may stand in an entry",
        );
    }
    for member in ["any_one_of", "not_any_of"] {
        let texts = condition[member]
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string));
        if given(member) && !texts {
            wrong(&format!(".{member}"), "must be a list of texts");
        }
    }
    if given("regex") && !condition["regex"].is_boolean() {
        wrong(".regex", "must be true or false");
    }
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
