//! What the cloud takes for a trust policy: apis/alibaba.md §5, §11.18.

use serde_json::{Map, Value};

use super::answer::{Refusal, Result, refusal};
use super::check::invalid;
use super::state::Account;

/// Characters. UNCONFIRMED: apis/alibaba.md §3.5.
const CHARACTERS_MAX: usize = 2048;

/// Refuses what is no trust policy. A provider that does not exist is accepted, unless the account
/// is set otherwise (UNCONFIRMED: apis/alibaba.md §3.5).
pub(super) fn check(text: &str, parameter: &str, state: &Account, uid: &str) -> Result<()> {
    if !(1..=CHARACTERS_MAX).contains(&text.chars().count()) {
        return Err(invalid(
            &format!("{parameter}.Length"),
            "1 to 2048 characters",
        ));
    }
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return Err(malformed("it is no JSON object"));
    };
    if document.get("Version") != Some(&Value::from("1")) {
        return Err(malformed("`Version` must be \"1\""));
    }
    let statements = document.get("Statement").and_then(Value::as_array);
    let Some(statements) = statements.filter(|statements| !statements.is_empty()) else {
        return Err(malformed("`Statement` must be a list"));
    };
    for statement in statements {
        let Value::Object(statement) = statement else {
            return Err(malformed("a statement must be an object"));
        };
        check_statement(statement, state, uid)?;
    }
    Ok(())
}

fn check_statement(statement: &Map<String, Value>, state: &Account, uid: &str) -> Result<()> {
    let known = ["Effect", "Action", "Principal", "Condition"];
    if statement.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(malformed("a statement has an unknown key"));
    }
    if !matches!(
        statement.get("Effect").and_then(Value::as_str),
        Some("Allow" | "Deny")
    ) {
        return Err(malformed("`Effect` must be Allow or Deny"));
    }
    let actions = statement.get("Action").and_then(texts);
    if !actions.is_some_and(|actions| actions.iter().all(|action| action.starts_with("sts:"))) {
        return Err(malformed("`Action` must be actions of STS"));
    }
    let principals = statement.get("Principal").and_then(Value::as_object);
    let Some(principals) = principals.filter(|principals| !principals.is_empty()) else {
        return Err(malformed("`Principal` must name somebody"));
    };
    for (kind, named) in principals {
        let Some(named) = texts(named).filter(|named| !named.is_empty()) else {
            return Err(malformed("a principal must be a text or a list"));
        };
        for name in named {
            check_principal(kind, name, state, uid)?;
        }
    }
    match statement.get("Condition") {
        None => Ok(()),
        Some(Value::Object(condition)) => check_condition(condition),
        Some(_) => Err(malformed("`Condition` must be an object")),
    }
}

fn check_principal(kind: &str, name: &str, state: &Account, uid: &str) -> Result<()> {
    let resource = || {
        let (account, what) = name.strip_prefix("acs:ram::")?.split_once(':')?;
        let digits = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        digits.then_some((account, what))
    };
    match (kind, resource()) {
        ("Service", None) if name.contains('.') => Ok(()),
        ("RAM", Some((_, what)))
            if what == "root" || what.starts_with("user/") || what.starts_with("role/") =>
        {
            Ok(())
        }
        ("Federated", Some((account, what))) => {
            let exists = match what.split_once('/') {
                Some(("oidc-provider", name)) => state.oidc_providers.contains_key(name),
                Some(("saml-provider", _)) => true,
                Some(_) | None => return Err(malformed("a principal is not well formed")),
            };
            if (exists && account == uid) || !state.settings.missing_principal_refused {
                Ok(())
            } else {
                Err(malformed("a principal does not exist"))
            }
        }
        _ => Err(malformed("a principal is not well formed")),
    }
}

fn check_condition(condition: &Map<String, Value>) -> Result<()> {
    for keys in condition.values() {
        let Value::Object(keys) = keys else {
            return Err(malformed("an operator takes an object"));
        };
        for (key, values) in keys {
            if !key.contains(':') || texts(values).is_none_or(|values| values.is_empty()) {
                return Err(malformed("a condition is not well formed"));
            }
        }
    }
    Ok(())
}

fn malformed(why: &str) -> Refusal {
    refusal(
        400,
        "MalformedPolicyDocument",
        format!("The trust policy is malformed: {why}."),
    )
}

/// A text, or a list of texts and nothing else.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
