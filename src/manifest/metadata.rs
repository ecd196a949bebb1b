//! SAML metadata in manifests: where it comes from, and what is said when it is bad.

use serde_json::Value;

use super::check::Checker;
use super::document::GivenValue;
use super::fields::one_of;
use super::keys::private_place;
use super::load::Refusal;
use super::node::{Entry, Node, NodeValue};
use crate::federation::saml_metadata::{self, Problem};
use crate::model::{Code, Diagnostic};

const WAYS: &str =
    "write exactly one of {file: idp-metadata.xml}, {inline: \"<EntityDescriptor …>\"}";
/// Most problems of one document that are told; the rest are counted.
const TOLD: usize = 20;

/// `{file}` or `{inline}`; the value is the text as written.
pub(super) fn metadata(
    checker: &mut Checker<'_>,
    field: &Entry,
    name: &str,
    max_bytes: usize,
) -> Option<GivenValue> {
    let way = one_of(checker, &field.value, name, &["file", "inline"], WAYS)?;
    let text = if way.key == "file" {
        from_file(checker, &way.value, name)?
    } else {
        inline(checker, field, way, name)?
    };
    if text.len() > max_bytes {
        let finding = checker
            .out_of_range(name)
            .at(
                way.value.span,
                format!("may have at most {max_bytes} bytes, has {}", text.len()),
            )
            .help("leave only the EntityDescriptor of the identity provider; its signature and other roles are not needed");
        checker.report(finding);
        return None;
    }
    Some(GivenValue::Value(Value::String(text)))
}

fn from_file(checker: &mut Checker<'_>, node: &Node, name: &str) -> Option<String> {
    let reference = checker.text(node, "`file`")?;
    let bytes = match checker.sides.bytes(checker.place, &reference) {
        Ok(bytes) => bytes,
        Err(Refusal { code, why }) => {
            let finding = Diagnostic::error(code, format!("the file of {name} cannot be used"))
                .at(node.span, why)
                .help("write a path relative to this manifest, below the folder that idform was given");
            checker.report(finding);
            return None;
        }
    };
    let read = saml_metadata::decode(&bytes).map_err(|problem| vec![problem]);
    let problems = match read.and_then(usable) {
        Ok(text) => return Some(text),
        Err(problems) => problems,
    };
    // The file's lines are never shown: they may hold a private key.
    for code in [Code::PrivateKey, Code::InvalidMetadata] {
        let said: Vec<&Problem> = problems
            .iter()
            .filter(|problem| problem.code == code)
            .collect();
        if !said.is_empty() {
            let finding = bad_metadata(code, name).at(node.span, "in this file");
            checker.report(told(finding, &said));
        }
    }
    None
}

fn inline(checker: &mut Checker<'_>, field: &Entry, way: &Entry, name: &str) -> Option<String> {
    // First of all: the lines of a private key must not be shown by any other finding.
    if let NodeValue::Scalar(scalar) = &way.value.value
        && let Err(problems) = saml_metadata::check(&scalar.text)
    {
        let private: Vec<&Problem> = problems
            .iter()
            .filter(|problem| problem.code == Code::PrivateKey)
            .collect();
        if !private.is_empty() {
            let finding = private_place(checker, field, bad_metadata(Code::PrivateKey, name));
            checker.report(told(finding, &private));
            return None;
        }
    }
    let text = checker.text(&way.value, "`inline`")?;
    let read = saml_metadata::from_text(&text).map_err(|problem| vec![problem]);
    match read.and_then(usable) {
        Ok(text) => Some(text),
        Err(problems) => {
            let said: Vec<&Problem> = problems.iter().collect();
            // Whatever a variable brought in, its lines are not in the manifest.
            let code = said
                .iter()
                .map(|problem| problem.code)
                .find(|code| *code == Code::PrivateKey)
                .unwrap_or(Code::InvalidMetadata);
            let finding = bad_metadata(code, name).at(way.key_span, "in the text given here");
            checker.report(told(finding, &said));
            None
        }
    }
}

fn usable(text: String) -> Result<String, Vec<Problem>> {
    saml_metadata::check(&text).map(|_| text)
}

fn told(mut finding: Diagnostic, problems: &[&Problem]) -> Diagnostic {
    for problem in problems.iter().take(TOLD) {
        finding = finding.note(problem.to_string());
    }
    match problems.len().saturating_sub(TOLD) {
        0 => finding,
        more => finding.note(format!("and {more} more")),
    }
}

fn bad_metadata(code: Code, name: &str) -> Diagnostic {
    if code == Code::PrivateKey {
        Diagnostic::error(code, format!("{name} holds a private key")).help(
            "replace the key at the identity provider, then give the metadata that it publishes",
        )
    } else {
        Diagnostic::error(code, format!("{name} is no usable SAML metadata"))
            .help("give the SAML 2.0 metadata that the identity provider publishes, of that provider alone")
    }
}
