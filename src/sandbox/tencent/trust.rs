//! What the cloud takes for a trust policy, and which code says that it does not:
//! apis/tencent.md §4.

use serde_json::{Map, Value};

use super::answer::{Result, refusal};
use super::state::Account;

/// Characters. UNCONFIRMED: apis/tencent.md §4.3.
const CHARACTERS_MAX: usize = 6144;

/// Condition operators without prefix and suffix: apis/tencent.md §4.1.
const OPERATORS: &[&str] = &[
    "string_equal",
    "string_not_equal",
    "string_equal_ignore_case",
    "string_not_equal_ignore_case",
    "string_like",
    "string_not_like",
    "numeric_equal",
    "numeric_not_equal",
    "numeric_less_than",
    "numeric_less_than_equal",
    "numeric_greater_than",
    "numeric_greater_than_equal",
    "date_equal",
    "date_not_equal",
    "date_less_than",
    "date_less_than_equal",
    "date_greater_than",
    "date_greater_than_equal",
    "ip_equal",
    "ip_not_equal",
    "bool_equal",
    "null_equal",
];

/// Refuses what is no trust policy of this account. `too_long` is the code for one with too many
/// characters, which differs between create and update.
pub(super) fn check(
    text: &str,
    state: &Account,
    owner: &str,
    too_long: &'static str,
) -> Result<()> {
    if text.chars().count() > CHARACTERS_MAX {
        return Err(refusal(too_long, "The policy document is too long."));
    }
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return Err(refusal(
            "InvalidParameter.ParamError",
            "The policy document is no JSON object.",
        ));
    };
    if document.get("version") != Some(&Value::from("2.0")) {
        return Err(refusal(
            "InvalidParameter.VersionError",
            "`version` must be \"2.0\".",
        ));
    }
    let statements = document.get("statement").and_then(Value::as_array);
    let Some(statements) = statements.filter(|statements| !statements.is_empty()) else {
        return Err(refusal(
            "InvalidParameter.StatementError",
            "`statement` must be a list.",
        ));
    };
    for statement in statements {
        let Value::Object(statement) = statement else {
            return Err(refusal(
                "InvalidParameter.StatementError",
                "A statement must be an object.",
            ));
        };
        check_statement(statement, state, owner)?;
    }
    Ok(())
}

fn check_statement(statement: &Map<String, Value>, state: &Account, owner: &str) -> Result<()> {
    let known = ["effect", "action", "principal", "condition"];
    if statement.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(refusal(
            "InvalidParameter.StatementError",
            "A statement has an unknown key.",
        ));
    }
    if !matches!(
        statement.get("effect").and_then(Value::as_str),
        Some("allow" | "deny")
    ) {
        return Err(refusal(
            "InvalidParameter.EffectError",
            "`effect` must be allow or deny.",
        ));
    }
    let Some(action) = statement.get("action") else {
        return Err(refusal(
            "InvalidParameter.ActionMiss",
            "A statement has no `action`.",
        ));
    };
    let is_sts = |action: &&str| {
        let action = action.strip_prefix("name/").unwrap_or(action);
        action.starts_with("sts:")
    };
    match texts(action) {
        Some(actions) if !actions.is_empty() && actions.iter().all(is_sts) => {}
        Some(_) | None => {
            return Err(refusal(
                "InvalidParameter.ActionError",
                "An action is not valid.",
            ));
        }
    }
    let Some(Value::Object(principals)) = statement.get("principal") else {
        return Err(refusal(
            "InvalidParameter.PrincipalError",
            "`principal` must be an object.",
        ));
    };
    if principals.is_empty() {
        return Err(refusal(
            "InvalidParameter.PrincipalError",
            "`principal` names nobody.",
        ));
    }
    for (kind, named) in principals {
        let Some(named) = texts(named).filter(|named| !named.is_empty()) else {
            return Err(refusal(
                "InvalidParameter.PrincipalError",
                "A principal must be a text or a list.",
            ));
        };
        for name in named {
            check_principal(kind, name, state, owner)?;
        }
    }
    match statement.get("condition") {
        None => Ok(()),
        Some(Value::Object(condition)) => check_condition(condition, state),
        Some(_) => Err(refusal(
            "InvalidParameter.ConditionError",
            "`condition` must be an object.",
        )),
    }
}

fn check_principal(kind: &str, name: &str, state: &Account, owner: &str) -> Result<()> {
    match kind {
        "service" if name.contains('.') => Ok(()),
        "service" => Err(refusal(
            "InvalidParameter.PrincipalServiceNotExist",
            "There is no such service.",
        )),
        "qcs" | "federated" => {
            let rest = name.strip_prefix("qcs::cam::uin/");
            let Some((uin, what)) = rest.and_then(|rest| rest.split_once(':')) else {
                return Err(refusal(
                    "InvalidParameter.PrincipalQcsError",
                    "A principal is not well formed.",
                ));
            };
            let digits = !uin.is_empty() && uin.bytes().all(|byte| byte.is_ascii_digit());
            if !digits {
                return Err(refusal(
                    "InvalidParameter.PrincipalQcsError",
                    "A principal names no account.",
                ));
            }
            check_resource(kind, (uin, what), state, owner)
        }
        _ => Err(refusal(
            "InvalidParameter.PrincipalError",
            "There is no such kind of principal.",
        )),
    }
}

/// A federated principal must exist in the same account; the code is a guess
/// (UNCONFIRMED: apis/tencent.md §4.3, §10.15).
fn check_resource(
    kind: &str,
    (uin, what): (&str, &str),
    state: &Account,
    owner: &str,
) -> Result<()> {
    let exists = match what.split_once('/') {
        Some(("oidc-provider", name)) => state.oidc_providers.contains_key(name),
        Some(("saml-provider", name)) => state.saml_providers.contains_key(name),
        Some(("uin" | "role" | "roleName", _)) if kind == "qcs" => return Ok(()),
        None if kind == "qcs" && what == "root" => return Ok(()),
        Some(_) | None => {
            return Err(refusal(
                "InvalidParameter.PrincipalQcsError",
                "A principal is not well formed.",
            ));
        }
    };
    if exists && uin == owner {
        Ok(())
    } else {
        Err(refusal(
            "InvalidParameter.PrincipalQcsNotExist",
            "The principal does not exist in this account.",
        ))
    }
}

fn check_condition(condition: &Map<String, Value>, state: &Account) -> Result<()> {
    for (operator, keys) in condition {
        let name = bare(operator);
        if !OPERATORS.contains(&name) {
            return Err(refusal(
                "InvalidParameter.ConditionTypeError",
                "There is no such operator.",
            ));
        }
        let Value::Object(keys) = keys else {
            return Err(refusal(
                "InvalidParameter.ConditionError",
                "An operator takes an object.",
            ));
        };
        for (key, values) in keys {
            let values: Vec<&Value> = match values {
                Value::Array(values) => values.iter().collect(),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_) => vec![values],
            };
            let plain =
                |value: &&Value| value.is_string() || value.is_number() || value.is_boolean();
            if values.is_empty() || !values.iter().all(plain) || !key.contains(':') {
                return Err(refusal(
                    "InvalidParameter.ConditionContentError",
                    "A condition is not valid.",
                ));
            }
            let is_like = name.ends_with("_like") && state.settings.string_like_is_limited;
            // One practitioner reports it, citing the manual: apis/tencent.md §4.1.
            let limited = |value: &&Value| {
                value.as_str().is_some_and(|text| {
                    text.chars()
                        .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
                })
            };
            if is_like && !values.iter().all(limited) {
                return Err(refusal(
                    "InvalidParameter.ConditionContentError",
                    "string_like takes letters, digits, `-` and `_` only.",
                ));
            }
        }
    }
    Ok(())
}

/// An operator without `for_any_value:`, `for_all_value:` and `_if_exist`.
fn bare(operator: &str) -> &str {
    let operator = operator
        .strip_prefix("for_any_value:")
        .or_else(|| operator.strip_prefix("for_all_value:"))
        .unwrap_or(operator);
    operator.strip_suffix("_if_exist").unwrap_or(operator)
}

/// A text, or a list of texts and nothing else.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
