//! Documents for many clouds: checked by themselves where they stand (here), and made into documents
//! of native kinds once all accounts are known (`natives`).

mod natives;
mod schema;

use std::collections::BTreeMap;

use super::check::{Checker, member};
use super::document::{GivenValue, Lifecycle, Spanned};
use super::envelope::{ACCOUNT_HELP, account_name, always_needed};
use super::fields;
use super::node::{Entry, Node, NodeValue};
use crate::model::{Code, Diagnostic, KindName, Span, Value};
use crate::provider::{Catalogue, Cloud, PortableKind, ResourceKind};

pub(super) use natives::natives;
pub(super) use schema::spec_schema;

/// A portable document, checked by itself.
pub(super) struct Portable {
    pub(super) kind: &'static PortableKind,
    /// `metadata.name`.
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) owner: Option<String>,
    pub(super) lifecycle: Lifecycle,
    pub(super) spec: Spec,
    /// Where the document begins.
    pub(super) origin: Span,
}

/// The `spec` of a portable document.
pub(super) struct Spec {
    /// The word of `use`.
    purpose: String,
    /// The members that are right by themselves, as written.
    common: Vec<Entry>,
    /// Who trusts it.
    accounts: Vec<Trust>,
}

/// One element of `accounts`.
struct Trust {
    account: Spanned<String>,
    set: Option<Node>,
}

/// The name of the object in the cloud, in `set`.
const NAME: &str = "name";

/// Reads the `spec`. [`None`] after a report when it is not known what it is about.
pub(super) fn read(
    checker: &mut Checker<'_>,
    kind: &'static PortableKind,
    spec: &Node,
) -> Option<Spec> {
    let mut known = vec!["accounts"];
    known.extend(kind.fields.iter().map(|field| field.name));
    let entries = checker.mapping(spec, &format!("`spec` of {}", kind.name), &known)?;
    let given = fields::fields(checker, kind.fields, entries);
    always_needed(checker, kind.fields, entries, spec.span);
    let help = "write `accounts:` and below it `- account:` with the metadata.name of an Account, once for each";
    let accounts = if let Some(entry) = member(entries, "accounts") {
        let accounts = accounts(checker, &entry.value, help);
        Some(accounts)
    } else {
        checker.missing(spec.span, "`accounts`", help);
        None
    };
    let GivenValue::Value(Value::String(purpose)) = &given.get("use")?.value else {
        return None;
    };
    for (field, word) in kind.only_with {
        if let Some(entry) = member(entries, field).filter(|_| word != purpose) {
            let title = format!("`{field}` does not go with `use: {purpose}`");
            let finding = Diagnostic::error(Code::ConflictingFields, title)
                .at(entry.key_span, format!("this is for `use: {word}` only"))
                .help(format!("drop `{field}`, or write `use: {word}`"));
            checker.report(finding);
        }
    }
    let is_right = |entry: &&Entry| given.contains_key(&entry.key);
    Some(Spec {
        purpose: purpose.clone(),
        common: entries.iter().filter(is_right).cloned().collect(),
        accounts: accounts?,
    })
}

fn accounts(checker: &mut Checker<'_>, node: &Node, help: &str) -> Vec<Trust> {
    let items = checker.list(node, "`accounts`").unwrap_or_default();
    if matches!(&node.value, NodeValue::List(items) if items.is_empty()) {
        checker.missing(node.span, "an element of `accounts`", help);
    }
    items
        .iter()
        .filter_map(|item| {
            let entries = checker.mapping(item, "an element of `accounts`", &["account", "set"])?;
            let Some(account) = member(entries, "account") else {
                checker.missing(item.span, "`account`", ACCOUNT_HELP);
                return None;
            };
            let set = member(entries, "set").filter(|entry| !entry.value.is_null());
            let set = set.map(|entry| &entry.value);
            let is_mapping = |node: &&Node| matches!(node.value, NodeValue::Map(_));
            if let Some(node) = set.filter(|node| !is_mapping(node)) {
                let help = "write fields of the cloud's own kinds below it";
                checker.wrong_type(node, "`set`", "a mapping", help);
            }
            Some(Trust {
                account: account_name(checker, &account.value)?,
                set: set.filter(is_mapping).cloned(),
            })
        })
        .collect()
}

/// What `lifecycle.ignore` may name: the portable fields, and those of the kinds it stands for.
pub(super) fn ignorable(kind: &PortableKind, catalogue: Catalogue) -> Vec<&'static str> {
    let mut known: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
    let uses = || kind.uses.iter().map(|(word, _)| *word);
    for cloud in catalogue.clouds {
        let holdings = uses().filter_map(|word| kind.in_general(cloud.id, word).ok());
        for part in holdings.flat_map(|holding| holding.parts) {
            if let Some(native) = native(cloud, part.kind) {
                known.extend(native.info().fields.iter().map(|field| field.name));
            }
        }
    }
    known.sort_unstable();
    known.dedup();
    known
}

fn native(cloud: &Cloud, kind: KindName) -> Option<&'static dyn ResourceKind> {
    let mut kinds = cloud.kinds.iter().copied();
    kinds.find(|known| known.info().name == kind)
}
