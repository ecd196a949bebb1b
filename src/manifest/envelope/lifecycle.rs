//! `lifecycle`: whether an object shall exist, who may write it, and which lints may stand.

use crate::manifest::check::{Checker, member, suggestion};
use crate::manifest::document::{Ensure, Lifecycle, Mode, Spanned, Waiver};
use crate::manifest::node::{Entry, Node};
use crate::model::{Code, Diagnostic};

const LIFECYCLE: &[&str] = &["ensure", "mode", "protect", "ignore", "dependsOn", "waive"];
const WAIVER: &[&str] = &["code", "reason", "until"];

/// Reads it; `known` are the fields that can be ignored.
pub(super) fn lifecycle(checker: &mut Checker<'_>, entries: &[Entry], known: &[&str]) -> Lifecycle {
    let mut lifecycle = Lifecycle::default();
    let Some(entry) = member(entries, "lifecycle").filter(|entry| !entry.value.is_null()) else {
        return lifecycle;
    };
    let Some(members) = checker.mapping(&entry.value, "`lifecycle`", LIFECYCLE) else {
        return lifecycle;
    };
    let given = |key: &str| member(members, key).filter(|entry| !entry.value.is_null());
    if let Some(entry) = given("ensure") {
        let word = checker.choice(&entry.value, "`ensure`", &["present", "absent"]);
        if word.as_deref() == Some("absent") {
            lifecycle.ensure = Ensure::Absent;
        }
    }
    if let Some(entry) = given("mode") {
        let word = checker.choice(&entry.value, "`mode`", &["manage", "observe"]);
        if word.as_deref() == Some("observe") {
            lifecycle.mode = Mode::Observe;
        }
    }
    if let Some(entry) = given("protect") {
        // A broken `protect` protects: the document cannot be applied anyway, but a reader of this
        // value must not find less care than was asked for.
        lifecycle.protect = checker.flag(&entry.value, "`protect`").unwrap_or(true);
    }
    if let Some(entry) = given("ignore") {
        for (field, span) in checker.texts(&entry.value, "`ignore`") {
            if known.contains(&field.as_str()) {
                lifecycle.ignore.push(field);
            } else {
                let title = "`ignore` names a field that the kind does not have";
                let finding = Diagnostic::error(Code::UnknownField, title)
                    .at(span, "no such field")
                    .help(suggestion(&field, known, "its fields"));
                checker.report(finding);
            }
        }
        lifecycle.ignore.sort();
        lifecycle.ignore.dedup();
    }
    if let Some(entry) = given("dependsOn") {
        let texts = checker.texts(&entry.value, "`dependsOn`");
        lifecycle.depends_on = texts
            .into_iter()
            .map(|(value, span)| Spanned { value, span })
            .collect();
    }
    if let Some(entry) = given("waive") {
        lifecycle.waivers = waivers(checker, &entry.value);
    }
    lifecycle
}

/// `waive: [{code, reason, until}]`. One with a mistake waives nothing.
fn waivers(checker: &mut Checker<'_>, node: &Node) -> Vec<Waiver> {
    let Some(items) = checker.list(node, "`waive`") else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| waiver(checker, item))
        .collect()
}

fn waiver(checker: &mut Checker<'_>, node: &Node) -> Option<Waiver> {
    let help = "write {code: CODE, reason: why it is right, until: YYYY-MM-DD}";
    let entries = checker.mapping(node, "a waiver", WAIVER)?;
    let mut text = |key: &str| {
        let name = format!("`{key}`");
        let Some(entry) = member(entries, key) else {
            checker.missing(node.span, &name, help);
            return None;
        };
        let text = checker.text(&entry.value, &name)?;
        Some((text, entry.value.span))
    };
    let (code, reason, until) = (text("code"), text("reason"), text("until"));
    let ((code, at), (reason, reason_at), (until, until_at)) = (code?, reason?, until?);
    let slugs: Vec<&str> = Code::LINTS.iter().map(|code| code.slug()).collect();
    let known = Code::LINTS.iter().find(|known| known.slug() == code);
    let day = until.parse::<jiff::civil::Date>().ok();
    if known.is_none() {
        let finding = Diagnostic::error(Code::InvalidValue, "no lint has this code")
            .at(at, "not a lint")
            .help(suggestion(&code, &slugs, "lints"));
        checker.report(finding);
    }
    if day.is_none() {
        let finding = Diagnostic::error(Code::InvalidValue, "`until` is no day")
            .at(until_at, "the last day on which the waiver holds")
            .help("write it as YYYY-MM-DD");
        checker.report(finding);
    }
    let is_reasoned = !reason.trim().is_empty();
    if !is_reasoned {
        let finding = Diagnostic::error(Code::InvalidValue, "a waiver gives no reason")
            .at(reason_at, "nothing is said here")
            .help("say why it is right here, for those who read it later");
        checker.report(finding);
    }
    let (code, until) = (*known?, day?);
    is_reasoned.then_some(Waiver {
        code,
        reason,
        until,
        span: node.span,
    })
}
