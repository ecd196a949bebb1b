//! Key sets and fingerprints in manifests: where they come from, and what is said when they are bad.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::check::{Checker, element_of};
use super::document::GivenValue;
use super::fields::{one_of, within};
use super::json;
use super::load::{Refusal, utf8};
use super::node::{Entry, Node, NodeValue};
use crate::federation::jwks::{self, KeyProblem};
use crate::model::{Code, Diagnostic};

/// Longest overlap, in hours: ninety days, longer than any issuer rotates.
const OVERLAP_HOURS_LIMIT: u32 = 90 * 24;

const WAYS: &str =
    "write exactly one of {issuer: true}, {file: keys.jwks.json}, {inline: {keys: [...]}}";

/// `{issuer: true}`, `{file}` or `{inline}`.
pub(super) fn keys(
    checker: &mut Checker<'_>,
    field: &Entry,
    name: &str,
    max_characters: usize,
) -> Option<GivenValue> {
    if is_from_issuer(&field.value) {
        let Taken { overlap_hours } = issuer(checker, &field.value, WAYS)?;
        return Some(GivenValue::IssuerKeys { overlap_hours });
    }
    let way = one_of(
        checker,
        &field.value,
        name,
        &["issuer", "file", "inline"],
        WAYS,
    )?;
    let set = match way.key.as_str() {
        "file" => from_file(checker, &way.value, name)?,
        _ => inline(checker, field, way, name)?,
    };
    let length = set.to_string().chars().count();
    if length > max_characters {
        let finding = checker
            .out_of_range(name)
            .at(
                way.value.span,
                format!("may have at most {max_characters} characters as JSON, has {length}"),
            )
            .help("leave only keys that are in use; certificates (x5c) do not count");
        checker.report(finding);
        return None;
    }
    Some(GivenValue::Value(set))
}

/// Whether the value is `{issuer: …}`, alone or with an `overlap`.
fn is_from_issuer(value: &Node) -> bool {
    let NodeValue::Map(entries) = &value.value else {
        return false;
    };
    let known = ["issuer", "overlap"];
    value.get("issuer").is_some()
        && entries
            .iter()
            .all(|entry| known.contains(&entry.key.as_str()))
}

/// What `{issuer: true}` says besides.
struct Taken {
    overlap_hours: Option<u32>,
}

/// Reads `{issuer: true, overlap: 48h}`.
fn issuer(checker: &mut Checker<'_>, value: &Node, help: &str) -> Option<Taken> {
    let node = value.get("issuer")?;
    match checker.flag(node, "`issuer`") {
        Some(true) => {}
        Some(false) => {
            let finding = Diagnostic::error(Code::InvalidValue, "`issuer` can only be true")
                .at(node.span, "false says nothing about where they come from")
                .help(help);
            checker.report(finding);
            return None;
        }
        None => return None,
    }
    let Some(node) = value.get("overlap") else {
        return Some(Taken {
            overlap_hours: None,
        });
    };
    let text = checker.text(node, "`overlap`")?;
    let hours = hours(&text).filter(|hours| *hours <= OVERLAP_HOURS_LIMIT);
    if hours.is_none() {
        let finding = checker
            .out_of_range("`overlap`")
            .at(node.span, "needed: hours or days, at most 90 days")
            .help("write for example 48h or 3d");
        checker.report(finding);
    }
    hours.map(|hours| Taken {
        overlap_hours: Some(hours),
    })
}

/// `48h` or `2d` in hours.
fn hours(text: &str) -> Option<u32> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u32 = number.parse().ok()?;
    match unit {
        "h" => Some(number),
        "d" => number.checked_mul(24),
        _ => None,
    }
}

/// A key set in canonical form, or what is wrong with it.
type Judged = Result<Value, Vec<KeyProblem>>;

/// What manifests refer to as key sets, each judged once: hundreds of accounts trust one issuer.
#[derive(Debug, Default)]
pub(super) struct KeySets {
    /// By the bytes of the file.
    judged: Mutex<BTreeMap<Arc<[u8]>, Arc<Judged>>>,
}

impl KeySets {
    fn judged(&self, bytes: Arc<[u8]>) -> Result<Arc<Judged>, Refusal> {
        // Nothing below panics while it holds the lock; should it ever, a file is judged twice.
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = judged.get(&bytes) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(jwks::parse(&utf8(bytes.to_vec())?));
        judged.insert(bytes, Arc::clone(&found));
        Ok(found)
    }
}

fn from_file(checker: &mut Checker<'_>, node: &Node, name: &str) -> Option<Value> {
    let reference = checker.text(node, "`file`")?;
    let bytes = checker.sides.bytes(checker.place, &reference);
    let judged = match bytes.and_then(|bytes| checker.sides.key_sets.judged(bytes)) {
        Ok(judged) => judged,
        Err(Refusal { code, why }) => {
            let finding = Diagnostic::error(code, format!("the file of {name} cannot be used"))
                .at(node.span, why)
                .help("write a path relative to this manifest, below the folder that idform was given");
            checker.report(finding);
            return None;
        }
    };
    match &*judged {
        Ok(set) => Some(set.clone()),
        // The file's lines are never shown: they may hold a private key.
        Err(problems) => {
            for code in [Code::PrivateKey, Code::InvalidKeys] {
                let mut said = problems
                    .iter()
                    .filter(|problem| problem.code == code)
                    .peekable();
                if said.peek().is_none() {
                    continue;
                }
                let mut finding = bad_keys(code, name).at(node.span, "in this file");
                for problem in said {
                    finding = finding.note(problem.sentence());
                }
                checker.report(finding);
            }
            None
        }
    }
}

fn inline(checker: &mut Checker<'_>, field: &Entry, way: &Entry, name: &str) -> Option<Value> {
    // First of all: the lines of a private key must not be shown by any other finding.
    if let Some(members) = private_members(&way.value) {
        let note = format!("it holds private members: {}", members.join(", "));
        let finding = private_place(checker, field, bad_keys(Code::PrivateKey, name));
        checker.report(finding.note(note));
        return None;
    }
    let set = json::value(checker, &way.value, name)?;
    let problems = match jwks::check(&set) {
        Ok(canonical) => return Some(canonical),
        Err(problems) => problems,
    };
    for problem in problems {
        let path = match (problem.key, problem.member) {
            (Some(key), Some(member)) => format!("keys.{key}.{member}"),
            (Some(key), None) => format!("keys.{key}"),
            (None, _) => String::new(),
        };
        let place = json::nearest(&way.value, &path);
        checker.report(bad_keys(problem.code, name).at(place, problem.text));
    }
    None
}

/// Names of private members that the keys of a set have; [`None`] when they have none.
fn private_members(set: &Node) -> Option<Vec<&'static str>> {
    let NodeValue::List(keys) = &set.get("keys")?.value else {
        return None;
    };
    let found: Vec<&str> = jwks::PRIVATE_MEMBERS
        .iter()
        .copied()
        .filter(|member| keys.iter().any(|key| key.get(member).is_some()))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// Points at the field, but only when the line that will be shown ends before the value begins.
pub(super) fn private_place(
    checker: &Checker<'_>,
    field: &Entry,
    finding: Diagnostic,
) -> Diagnostic {
    let sources = checker.sources;
    let key_line = sources
        .position(field.key_span.source, field.key_span.end)
        .line;
    let value_line = sources
        .position(field.value.span.source, field.value.span.start)
        .line;
    let anchor_is_elsewhere = field.value.span == field.key_span;
    if key_line < value_line && !anchor_is_elsewhere {
        finding.at(field.key_span, "in the value of this field")
    } else {
        finding
            .in_file(sources.name(field.key_span.source))
            .note(format!("at line {key_line}, which is not shown"))
    }
}

fn bad_keys(code: Code, name: &str) -> Diagnostic {
    if code == Code::PrivateKey {
        Diagnostic::error(code, format!("{name} holds a private key"))
            .help("replace the key at the issuer, then publish the public half only")
    } else {
        Diagnostic::error(code, format!("{name} is no usable key set"))
            .help("give the issuer's published key set (JWKS, RFC 7517)")
    }
}

/// A list of SHA-1 values, or `{issuer: true}`.
pub(super) fn fingerprints(
    checker: &mut Checker<'_>,
    node: &Node,
    name: &str,
    max_items: usize,
) -> Option<GivenValue> {
    let help = "write a list of SHA-1 fingerprints (40 hexadecimal digits), or {issuer: true}";
    let items = match &node.value {
        NodeValue::Map(_) => {
            if is_from_issuer(node) {
                let Taken { overlap_hours } = issuer(checker, node, help)?;
                return Some(GivenValue::IssuerFingerprints { overlap_hours });
            }
            one_of(checker, node, name, &["issuer", "overlap"], help)?;
            checker.missing(node.span, "`issuer`", help);
            return None;
        }
        NodeValue::List(items) => items,
        NodeValue::Scalar(_) => {
            checker.wrong_type(node, name, "a list", help);
            return None;
        }
    };
    let element = element_of(name);
    let texts: Vec<Option<String>> = items
        .iter()
        .map(|item| fingerprint(checker, item, &element, help))
        .collect();
    let texts: BTreeSet<String> = texts.into_iter().collect::<Option<_>>()?;
    if !within(checker, node, name, texts.len(), max_items) {
        return None;
    }
    let texts = texts.into_iter().map(Value::from).collect();
    Some(GivenValue::Value(texts))
}

fn fingerprint(checker: &mut Checker<'_>, node: &Node, name: &str, help: &str) -> Option<String> {
    // Forty digits may look like a number; what was written counts, so quotes are not asked for.
    let text = match &node.value {
        NodeValue::Scalar(scalar) => checker.plain_text(node, name, &scalar.text)?,
        NodeValue::List(_) | NodeValue::Map(_) => {
            checker.wrong_type(node, name, "a fingerprint", help);
            return None;
        }
    };
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ':' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    if digits.len() == 40 && digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return Some(digits);
    }
    let what = if digits.len() == 64 {
        "this looks like SHA-256; the cloud compares SHA-1"
    } else {
        "not 40 hexadecimal digits"
    };
    let finding = Diagnostic::error(
        Code::InvalidValue,
        format!("{name} is no SHA-1 fingerprint"),
    )
    .at(node.span, what)
    .help(help);
    checker.report(finding);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_many_refer_to_is_judged_once() {
        let sets = KeySets::default();
        let judged = |text: &str| sets.judged(Arc::from(text.as_bytes())).unwrap();
        let first = judged("{}");
        assert!(first.is_err(), "no key set");
        assert!(Arc::ptr_eq(&first, &judged("{}")));
        assert!(!Arc::ptr_eq(&first, &judged("[]")));
        let refused = sets.judged(Arc::from(&b"\xff"[..])).unwrap_err();
        assert_eq!(refused.code, Code::NotText);
    }

    #[test]
    fn overlaps_are_hours_or_days() {
        assert_eq!(hours("48h"), Some(48));
        assert_eq!(hours("2d"), Some(48));
        for wrong in [
            "",
            "h",
            "48",
            "-1h",
            "+1h",
            "1w",
            "1.5h",
            "99999999999h",
            "9999999999d",
            "é",
        ] {
            assert_eq!(hours(wrong), None, "{wrong}");
        }
    }
}
