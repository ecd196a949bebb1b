//! Trust policies in manifests: the cloud's own document, or the short form.

use super::check::{Checker, member, suggestion};
use super::document::{GivenValue, Spanned, TrustEntry, TrustProvider};
use super::fields::{document, one_of, within};
use super::node::{Entry, Node, NodeValue};
use crate::federation::trust::{self, MOST_SUBJECTS};
use crate::model::{Code, Diagnostic, address::is_name};
use crate::provider::TrustForm;

const WAYS: &str =
    "write exactly one of {policy: DOCUMENT}, {federated: [{provider, audiences, subjects}]}";

/// `{policy}` or `{federated}`.
pub(super) fn trust(
    checker: &mut Checker<'_>,
    node: &Node,
    name: &str,
    form: &TrustForm,
) -> Option<GivenValue> {
    let way = one_of(checker, node, name, &["policy", "federated"], WAYS)?;
    if way.key == "policy" {
        let shape = format!("a trust policy of {}", form.grammar.cloud);
        let check = |policy: &serde_json::Value| trust::problems(form.grammar, policy);
        return document(checker, &way.value, "`policy`", &shape, check).map(GivenValue::Value);
    }
    let items = checker.list(&way.value, "`federated`")?;
    if items.is_empty() {
        let help = "name at least one provider; a role that nobody may take is deleted instead";
        checker.missing(way.value.span, "a provider", help);
        return None;
    }
    let entries: Vec<Option<TrustEntry>> = items
        .iter()
        .map(|item| entry(checker, item, form))
        .collect();
    let entries: Option<Vec<TrustEntry>> = entries.into_iter().collect();
    entries.map(GivenValue::Federated)
}

fn entry(checker: &mut Checker<'_>, node: &Node, form: &TrustForm) -> Option<TrustEntry> {
    let name = "an element of `federated`";
    let entries = checker.mapping(node, name, &["provider", "audiences", "subjects"])?;
    let Some(given) = member(entries, "provider") else {
        checker.missing(node.span, "`provider`", &reference_help(form));
        return None;
    };
    let provider = provider(checker, &given.value, form);
    let audiences = texts(checker, member(entries, "audiences"), "`audiences`");
    let given = member(entries, "subjects");
    let subjects = texts(checker, given, "`subjects`");
    if let (Some(subjects), Some(given)) = (&subjects, given) {
        if !within(
            checker,
            &given.value,
            "`subjects`",
            subjects.len(),
            MOST_SUBJECTS,
        ) {
            return None;
        }
        if let Err(why) = form.grammar.like
            && subjects.iter().any(|subject| subject.contains('*'))
        {
            let title = format!("`subjects` holds a pattern{}", checker.for_cloud());
            let finding = Diagnostic::error(Code::InvalidValue, title)
                .at(given.value.span, "`*` would have to stand for something")
                .note(why)
                .help("list the whole subjects, or give the issuer's tokens subjects that can be listed");
            checker.report(finding);
            return None;
        }
    }
    Some(TrustEntry {
        provider: provider?,
        audiences: audiences?,
        subjects: subjects?,
        span: node.span,
    })
}

/// A list of texts that is left out or holds something.
fn texts(checker: &mut Checker<'_>, entry: Option<&Entry>, name: &str) -> Option<Vec<String>> {
    let Some(entry) = entry else {
        return Some(Vec::new());
    };
    let items = checker.list(&entry.value, name)?;
    let count = items.len();
    let mut texts: Vec<String> = checker
        .texts(&entry.value, name)
        .into_iter()
        .map(|(text, _)| text)
        .collect();
    if texts.len() != count {
        // Reported, element by element.
        return None;
    }
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        let title = format!("{name} holds nothing");
        let finding = Diagnostic::error(Code::InvalidValue, title)
            .at(entry.value.span, "nobody could satisfy this")
            .help("write at least one, or drop the key to demand nothing");
        checker.report(finding);
        return None;
    }
    texts.sort();
    texts.dedup();
    Some(texts)
}

fn provider(
    checker: &mut Checker<'_>,
    node: &Node,
    form: &TrustForm,
) -> Option<Spanned<TrustProvider>> {
    let name = "`provider`";
    let value = match &node.value {
        NodeValue::Scalar(_) => {
            let text = checker.text(node, name)?;
            if !is_name(&text) {
                let title = format!("{name} refers to no possible name");
                let finding = Diagnostic::error(Code::InvalidValue, title)
                    .at(node.span, "no manifest can have this name")
                    .help(reference_help(form));
                checker.report(finding);
                return None;
            }
            TrustProvider::Local(text)
        }
        NodeValue::Map(_) => {
            let entries = checker.mapping(node, name, &["external", "kind"])?;
            let Some(external) = member(entries, "external") else {
                checker.missing(node.span, "`external`", &reference_help(form));
                return None;
            };
            let kind = match member(entries, "kind") {
                Some(entry) => Some(kind(checker, &entry.value, form)?),
                None => None,
            };
            let text = checker.text(&external.value, "`external`")?;
            if text.is_empty() {
                let title = format!("{name} refers to nothing");
                let finding = Diagnostic::error(Code::InvalidValue, title)
                    .at(external.value.span, "the name is empty")
                    .help(reference_help(form));
                checker.report(finding);
                return None;
            }
            TrustProvider::External { name: text, kind }
        }
        NodeValue::List(_) => {
            checker.wrong_type(node, name, "a reference", &reference_help(form));
            return None;
        }
    };
    Some(Spanned {
        value,
        span: node.span,
    })
}

fn kind(checker: &mut Checker<'_>, node: &Node, form: &TrustForm) -> Option<&'static str> {
    let text = checker.text(node, "`kind`")?;
    let known = form.providers.iter().find(|(kind, _)| *kind == text);
    if known.is_none() {
        let kinds: Vec<&str> = form.providers.iter().map(|(kind, _)| *kind).collect();
        let finding = Diagnostic::error(Code::ValueOutOfRange, "`kind` is no kind of provider")
            .at(node.span, format!("may be {}", kinds.join(", ")))
            .help(suggestion(&text, &kinds, "write one of"));
        checker.report(finding);
    }
    known.map(|(kind, _)| *kind)
}

fn reference_help(form: &TrustForm) -> String {
    let kinds: Vec<&str> = form.providers.iter().map(|(kind, _)| *kind).collect();
    format!(
        "write the metadata.name of a {}, or {{external: name-in-the-cloud}}",
        kinds.join(" or ")
    )
}
