//! Conversion rules at work: from the claims of a token to a user and its groups (`apis/huawei.md
//! §3.3`, `§9` item 18).

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value};

/// Who the bearer of a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) groups: BTreeSet<String>,
}

/// Evaluates every rule by itself: the name is the first there is, the groups are those of all
/// rules that match. `None` when no rule gives a name: sign-in is refused.
pub(super) fn convert(rules: &Value, claims: &Map<String, Value>) -> Option<Person> {
    let mut name = None;
    let mut groups = BTreeSet::new();
    for rule in rules.as_array().into_iter().flatten() {
        let Some(found) = matched(rule, claims) else {
            continue;
        };
        for local in rule
            .get("local")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let user = local.pointer("/user/name").and_then(Value::as_str);
            name = name.or_else(|| filled(user?, &found));
            let group = local.pointer("/group/name").and_then(Value::as_str);
            groups.extend(group.and_then(|group| filled(group, &found)));
            groups.extend(
                local
                    .get("groups")
                    .map_or_else(Vec::new, |it| many(it, &found)),
            );
        }
    }
    Some(Person {
        name: name?,
        groups,
    })
}

/// The values of a rule's empty conditions, in order, if all its conditions hold.
fn matched(rule: &Value, claims: &Map<String, Value>) -> Option<Vec<Vec<String>>> {
    let mut found = Vec::new();
    for remote in rule.get("remote")?.as_array()? {
        let values = values(claims.get(remote.get("type")?.as_str()?)?);
        if values.is_empty() {
            return None;
        }
        let is_regex = remote.get("regex") == Some(&Value::Bool(true));
        let any_of = |wanted: &Value| {
            let wanted = wanted.as_array().into_iter().flatten();
            let mut wanted = wanted.filter_map(Value::as_str);
            wanted.any(|wanted| values.iter().any(|value| fits(value, wanted, is_regex)))
        };
        match (remote.get("any_one_of"), remote.get("not_any_of")) {
            (Some(wanted), None) if any_of(wanted) => {}
            (None, Some(unwanted)) if !any_of(unwanted) => {}
            (None, None) => found.push(values),
            (Some(_), _) | (None, Some(_)) => return None,
        }
    }
    Some(found)
}

fn fits(value: &str, wanted: &str, is_regex: bool) -> bool {
    if is_regex {
        Regex::new(wanted).is_ok_and(|wanted| wanted.is_match(value))
    } else {
        value == wanted
    }
}

/// A claim as texts: one, or those of a list.
fn values(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(flag) => vec![flag.to_string()],
        Value::Array(items) => items.iter().flat_map(values).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

/// A text with its placeholders filled, each with the first value of its condition; `None` when
/// one points at no condition.
fn filled(text: &str, found: &[Vec<String>]) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}') {
            Some((number, after)) if number.parse::<usize>().is_ok() => {
                let at: usize = number.parse().ok()?;
                filled.push_str(found.get(at)?.first()?);
                rest = after;
            }
            Some(_) | None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Some(filled)
}

/// The three forms of `groups` in circulation (`§3.3`).
fn many(groups: &Value, found: &[Vec<String>]) -> Vec<String> {
    if let Some(name) = groups.get("name").and_then(Value::as_str) {
        return filled(name, found).into_iter().collect();
    }
    let Some(text) = groups.as_str() else {
        return Vec::new();
    };
    if let Ok(names) = serde_json::from_str::<Vec<String>>(text) {
        return names
            .iter()
            .filter_map(|name| filled(name, found))
            .collect();
    }
    let whole = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    match whole.and_then(|number| number.parse::<usize>().ok()) {
        Some(at) => found.get(at).cloned().unwrap_or_default(),
        None => filled(text, found).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "reads better where it is called"
    )]
    fn person(rules: Value, claims: Value) -> Option<(String, Vec<String>)> {
        let Value::Object(claims) = claims else {
            panic!("claims are an object");
        };
        convert(&rules, &claims).map(|it| (it.name, it.groups.into_iter().collect()))
    }

    #[test]
    fn the_example_with_every_feature() {
        // apis/huawei.md §4.
        let rules = json!([
            {"local": [{"user": {"name": "{0} {1}"}}, {"group": {"name": "readers"}}],
             "remote": [{"type": "FirstName"}, {"type": "LastName"},
                        {"type": "orgPersonType", "not_any_of": ["Contractor", "Guest"]}]},
            {"local": [{"groups": "{0}"}],
             "remote": [{"type": "groups"},
                        {"type": "mail", "any_one_of": [".*@example\\.com$"], "regex": true}]},
        ]);
        let mut claims = json!({
            "FirstName": "Ada", "LastName": "L", "orgPersonType": "Staff",
            "groups": ["a", "b"], "mail": "ada@example.com",
        });
        let groups = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(
            person(rules.clone(), claims.clone()),
            Some(("Ada L".to_owned(), groups(&["a", "b", "readers"])))
        );
        claims["mail"] = json!("ada@example.org");
        assert_eq!(
            person(rules.clone(), claims.clone()),
            Some(("Ada L".to_owned(), groups(&["readers"])))
        );
        claims["orgPersonType"] = json!("Guest");
        assert_eq!(person(rules, claims), None);
    }

    #[test]
    fn placeholders_count_empty_conditions_only() {
        let rules = json!([{
            "local": [{"user": {"name": "{1}"}}, {"groups": "[\"x\", \"{0}\"]"}],
            "remote": [{"type": "a"}, {"type": "b", "any_one_of": ["B"]}, {"type": "c"}],
        }]);
        let found = person(rules.clone(), json!({"a": "A", "b": "B", "c": "C"}));
        let groups = vec!["A".to_owned(), "x".to_owned()];
        assert_eq!(found, Some(("C".to_owned(), groups)));
        assert_eq!(person(rules, json!({"a": "A", "b": "no", "c": "C"})), None);
    }

    #[test]
    fn the_default_rule_knows_no_token() {
        // apis/huawei.md §4: `__NAMEID__` means nothing for OIDC.
        let rules = json!([{"local": [{"user": {"name": "FederationUser"}}],
                            "remote": [{"type": "__NAMEID__"}]}]);
        assert_eq!(person(rules, json!({"sub": "x"})), None);
    }
}
