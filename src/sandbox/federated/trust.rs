//! Trust policies, evaluated as a cloud does when somebody asks for a role (apis/tencent.md §4,
//! apis/alibaba.md §5).
//!
//! What cannot be understood never lets anybody in: an unknown operator fails an `allow`, and a
//! `deny` with one holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::sandbox::fault;

/// A cloud's words.
#[derive(Debug)]
pub(crate) struct Dialect {
    pub(crate) statement: &'static str,
    pub(crate) effect: &'static str,
    pub(crate) allow: &'static str,
    pub(crate) action: &'static str,
    pub(crate) principal: &'static str,
    pub(crate) condition: &'static str,
    pub(crate) operator: fn(&str) -> Option<Operator>,
}

/// Apis/tencent.md §4: all in lower case.
pub(crate) const TENCENT: Dialect = Dialect {
    statement: "statement",
    effect: "effect",
    allow: "allow",
    action: "action",
    principal: "principal",
    condition: "condition",
    operator: tencent_operator,
};

/// Apis/alibaba.md §5.
pub(crate) const ALIBABA: Dialect = Dialect {
    statement: "Statement",
    effect: "Effect",
    allow: "Allow",
    action: "Action",
    principal: "Principal",
    condition: "Condition",
    operator: alibaba_operator,
};

/// Who asks for a role, and how.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    /// `sts:AssumeRole` and its kin, without a prefix.
    pub(crate) action: &'a str,
    /// The kind of principal: `federated`, `qcs`, `RAM` …
    pub(crate) kind: &'a str,
    /// Every name the asker goes by.
    pub(crate) principals: &'a [String],
    /// Condition keys and what is known for them.
    pub(crate) context: &'a BTreeMap<&'a str, Vec<String>>,
}

/// Whether a trust policy lets somebody in: some `allow` holds and no `deny`.
pub(crate) fn allows(dialect: &Dialect, document: &Value, attempt: &Attempt<'_>) -> bool {
    let statements = match document.get(dialect.statement) {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        Some(_) | None => &[],
    };
    let mut allowed = false;
    for statement in statements {
        let says_allow =
            statement.get(dialect.effect).and_then(Value::as_str) == Some(dialect.allow);
        if !is_about(dialect, statement, attempt) {
            continue;
        }
        match (says_allow, condition(dialect, statement, attempt)) {
            (true, Some(true)) => allowed = true,
            (true, _) | (false, Some(false)) => {}
            (false, _) => return false,
        }
    }
    allowed
}

fn is_about(dialect: &Dialect, statement: &Value, attempt: &Attempt<'_>) -> bool {
    let actions = texts(statement.get(dialect.action));
    let is_action = actions.iter().any(|pattern| {
        // Tencent Cloud writes `name/sts:…` or leaves the prefix out (apis/tencent.md §4).
        let pattern = pattern.strip_prefix("name/").unwrap_or(pattern);
        fault::matches(pattern, attempt.action)
    });
    let named = statement
        .get(dialect.principal)
        .and_then(|principal| principal.get(attempt.kind));
    let named = texts(named);
    is_action
        && attempt
            .principals
            .iter()
            .any(|principal| named.contains(&principal.as_str()))
}

/// Whether all conditions hold; `None` when one cannot be understood.
fn condition(dialect: &Dialect, statement: &Value, attempt: &Attempt<'_>) -> Option<bool> {
    let operators = match statement.get(dialect.condition) {
        None => return Some(true),
        Some(Value::Object(operators)) => operators,
        Some(_) => return None,
    };
    let mut holds = true;
    for (name, keys) in operators {
        let operator = (dialect.operator)(name)?;
        let Value::Object(keys) = keys else {
            return None;
        };
        holds &= all_keys(operator, keys, attempt);
    }
    Some(holds)
}

fn all_keys(operator: Operator, keys: &Map<String, Value>, attempt: &Attempt<'_>) -> bool {
    keys.iter().all(|(key, wanted)| {
        let wanted = texts(Some(wanted));
        let known = attempt.context.get(key.as_str()).map(Vec::as_slice);
        operator.holds(known.unwrap_or_default(), &wanted)
    })
}

/// What a condition compares with, and over which of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    compare: Compare,
    negated: bool,
    if_exists: bool,
    /// Every value must match, and none is enough.
    every: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Equal,
    EqualIgnoringCase,
    Like,
}

impl Operator {
    fn holds(self, known: &[String], wanted: &[&str]) -> bool {
        if known.is_empty() {
            // Nothing is unequal to everything.
            return self.if_exists || self.negated || self.every;
        }
        let matched = |value: &String| {
            let found = wanted
                .iter()
                .any(|wanted| self.compare.matches(value, wanted));
            found != self.negated
        };
        // Negated, one forbidden value among several is one too many.
        if self.every || self.negated {
            known.iter().all(matched)
        } else {
            known.iter().any(matched)
        }
    }
}

impl Compare {
    fn matches(self, value: &str, wanted: &str) -> bool {
        match self {
            Self::Equal => value == wanted,
            Self::EqualIgnoringCase => value.to_lowercase() == wanted.to_lowercase(),
            Self::Like => like(wanted.as_bytes(), value.as_bytes()),
        }
    }
}

/// `*` stands for any run of characters, `?` for one (apis/alibaba.md §5.1).
fn like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(expected) if *expected == b'?' || *expected == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            Some(_) | None => match star {
                // The last star takes one byte more.
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    at = star_at + 1;
                    in_text = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

/// Apis/tencent.md §4.1. Numbers, dates, addresses and booleans are never asked of a token here.
fn tencent_operator(name: &str) -> Option<Operator> {
    let (every, name) = match name.strip_prefix("for_all_value:") {
        Some(rest) => (true, rest),
        None => (false, name.strip_prefix("for_any_value:").unwrap_or(name)),
    };
    let (if_exists, name) = match name.strip_suffix("_if_exist") {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let (compare, negated) = match name {
        "string_equal" => (Compare::Equal, false),
        "string_not_equal" => (Compare::Equal, true),
        "string_equal_ignore_case" => (Compare::EqualIgnoringCase, false),
        "string_not_equal_ignore_case" => (Compare::EqualIgnoringCase, true),
        "string_like" => (Compare::Like, false),
        "string_not_like" => (Compare::Like, true),
        _ => return None,
    };
    Some(Operator {
        compare,
        negated,
        if_exists,
        every,
    })
}

/// Apis/alibaba.md §5.1.
fn alibaba_operator(name: &str) -> Option<Operator> {
    let (compare, negated) = match name {
        "StringEquals" => (Compare::Equal, false),
        "StringNotEquals" => (Compare::Equal, true),
        "StringEqualsIgnoreCase" => (Compare::EqualIgnoringCase, false),
        "StringNotEqualsIgnoreCase" => (Compare::EqualIgnoringCase, true),
        "StringLike" => (Compare::Like, false),
        "StringNotLike" => (Compare::Like, true),
        _ => return None,
    };
    Some(Operator {
        compare,
        negated,
        if_exists: false,
        every: false,
    })
}

/// One text or a list of texts.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            Vec::new()
        }
    }
}
