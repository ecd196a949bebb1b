//! The envelope: `apiVersion`, `kind`, `metadata`, `lifecycle`, and `spec` by the kind's table.

use std::collections::BTreeMap;

use super::account;
use super::check::{Checker, member, suggestion};
use super::document::{Document, Given, Spanned};
use super::fields;
use super::node::{Entry, Node, NodeValue};
use super::portable::{self, Portable};
use crate::model::{Account, Code, Diagnostic, Span, address::is_name};
use crate::provider::{Catalogue, Cloud, Field, Naming, Need, PortableKind, ResourceKind};

mod lifecycle;

use lifecycle::lifecycle;

/// The only version there is.
pub(super) const API_VERSION: &str = "idform/v1";

/// What one YAML document turned out to be.
pub(super) enum Read {
    /// A place to reconcile.
    Account(Box<Spanned<Account>>),
    /// A declared object.
    Object(Box<Document>),
    /// A document that stands for objects on several clouds.
    Portable(Box<Portable>),
    /// It has mistakes that leave neither; the name, when it has one, and whether it was an account.
    Unusable {
        /// `metadata.name`.
        name: Option<String>,
        /// `kind: Account`.
        is_account: bool,
    },
}

const ENVELOPE: &[&str] = &["apiVersion", "kind", "metadata", "lifecycle", "spec"];
const ACCOUNT_ENVELOPE: &[&str] = &["apiVersion", "kind", "metadata", "spec"];
const METADATA: &[&str] = &["name", "labels", "owner"];

/// Reads one document.
pub(super) fn read(checker: &mut Checker<'_>, node: &Node, catalogue: Catalogue) -> Read {
    checker.object = None;
    checker.cloud = None;
    let is_account = node
        .get("kind")
        .is_some_and(|kind| is_text(kind, "Account"));
    let known = if is_account {
        ACCOUNT_ENVELOPE
    } else {
        ENVELOPE
    };
    let nothing = Read::Unusable {
        name: None,
        is_account,
    };
    let Some(entries) = checker.mapping(node, "the document", known) else {
        return nothing;
    };
    api_version(checker, node.span, entries);
    let kind = if is_account {
        None
    } else {
        kind(checker, node.span, entries, catalogue)
    };
    let (name, labels, owner) = metadata(checker, node.span, entries);
    let unusable = Read::Unusable {
        name: name.as_ref().map(|name| name.value.clone()),
        is_account,
    };
    if is_account {
        let account = account(checker, node.span, entries, name.as_ref(), catalogue);
        return account.map_or(unusable, |account| Read::Account(Box::new(account)));
    }
    let (kind, cloud) = match kind {
        None => return unusable,
        Some(Kind::Portable(kind)) => {
            let called = name.as_ref();
            checker.object = called.map(|name| format!("{}/{}", kind.name, name.value));
            let lifecycle = lifecycle(checker, entries, &portable::ignorable(kind, catalogue));
            let spec = spec(checker, node.span, entries);
            let spec = spec.and_then(|spec| portable::read(checker, kind, spec));
            let Some((name, spec)) = name.zip(spec) else {
                return unusable;
            };
            return Read::Portable(Box::new(Portable {
                kind,
                name: name.value,
                labels,
                owner,
                lifecycle,
                spec,
                origin: node.span,
            }));
        }
        Some(Kind::Native(kind, cloud)) => (kind, cloud),
    };
    checker.cloud = Some(cloud.id.0);
    let info = kind.info();
    checker.object = name
        .as_ref()
        .map(|name| format!("{}/{}", info.name, name.value));
    let spec = spec(checker, node.span, entries);
    let account = spec.and_then(|spec| spec_account(checker, spec));
    if let (Some(name), Some(account)) = (&name, &account) {
        checker.object = Some(format!("{}/{}/{}", account.value, info.name, name.value));
    }
    let known: Vec<&str> = info.fields.iter().map(|field| field.name).collect();
    let lifecycle = lifecycle(checker, entries, &known);
    let (cloud_name, spec) = match spec {
        Some(spec) => object_spec(checker, spec, kind),
        None => (None, BTreeMap::new()),
    };
    match (name, account) {
        (Some(name), Some(account)) => Read::Object(Box::new(Document {
            kind,
            name: name.value,
            labels,
            owner,
            lifecycle,
            account,
            cloud_name,
            spec,
            origin: node.span,
        })),
        _ => unusable,
    }
}

fn account(
    checker: &mut Checker<'_>,
    at: Span,
    entries: &[Entry],
    name: Option<&Spanned<String>>,
    catalogue: Catalogue,
) -> Option<Spanned<Account>> {
    checker.object = name.map(|name| format!("Account {}", name.value));
    let spec = spec(checker, at, entries)?;
    let name = name?;
    let value = account::read(checker, &name.value, spec, catalogue.clouds, at)?;
    Some(Spanned {
        value,
        span: name.span,
    })
}

fn is_text(node: &Node, wanted: &str) -> bool {
    match &node.value {
        NodeValue::Scalar(scalar) => scalar.text == wanted,
        NodeValue::List(_) | NodeValue::Map(_) => false,
    }
}

fn api_version(checker: &mut Checker<'_>, at: Span, entries: &[Entry]) {
    let help = "write `apiVersion: idform/v1`";
    let Some(entry) = member(entries, "apiVersion") else {
        return checker.missing(at, "`apiVersion`", help);
    };
    let Some(text) = checker.text(&entry.value, "`apiVersion`") else {
        return;
    };
    if text != API_VERSION {
        let finding = Diagnostic::error(Code::UnknownApiVersion, "`apiVersion` is not known")
            .at(entry.value.span, "only idform/v1 is")
            .help(help);
        checker.report(finding);
    }
}

/// What `kind` names.
enum Kind {
    /// One object of one cloud.
    Native(&'static dyn ResourceKind, &'static Cloud),
    /// Objects of several clouds.
    Portable(&'static PortableKind),
}

fn kind(
    checker: &mut Checker<'_>,
    at: Span,
    entries: &[Entry],
    catalogue: Catalogue,
) -> Option<Kind> {
    let Some(entry) = member(entries, "kind") else {
        checker.missing(
            at,
            "`kind`",
            "write `kind:` and one that `idform explain` lists",
        );
        return None;
    };
    let text = checker.text(&entry.value, "`kind`")?;
    let natives = || {
        let clouds = catalogue.clouds.iter();
        clouds.flat_map(|cloud| cloud.kinds.iter().map(move |kind| (*kind, *cloud)))
    };
    let native = natives().find(|(kind, _)| kind.info().name.0 == text);
    let portable = || catalogue.portable.iter().copied();
    let found = match native {
        Some((kind, cloud)) => Some(Kind::Native(kind, cloud)),
        None => portable()
            .find(|kind| kind.name.0 == text)
            .map(Kind::Portable),
    };
    if found.is_none() {
        let known: Vec<&str> = std::iter::once("Account")
            .chain(portable().map(|kind| kind.name.0))
            .chain(natives().map(|(kind, _)| kind.info().name.0))
            .collect();
        let finding = Diagnostic::error(Code::UnknownKind, "there is no such kind")
            .at(entry.value.span, "not a kind")
            .help(suggestion(&text, &known, "known kinds"));
        checker.report(finding);
    }
    found
}

type Metadata = (
    Option<Spanned<String>>,
    BTreeMap<String, String>,
    Option<String>,
);

fn metadata(checker: &mut Checker<'_>, at: Span, entries: &[Entry]) -> Metadata {
    let help = "write `metadata: {name: …}`";
    let Some(entry) = member(entries, "metadata") else {
        checker.missing(at, "`metadata`", help);
        return Metadata::default();
    };
    let Some(members) = checker.mapping(&entry.value, "`metadata`", METADATA) else {
        return Metadata::default();
    };
    let labels = member(members, "labels")
        .filter(|entry| !entry.value.is_null())
        .map(|entry| labels(checker, &entry.value))
        .unwrap_or_default();
    let owner = member(members, "owner")
        .filter(|entry| !entry.value.is_null())
        .and_then(|entry| checker.text(&entry.value, "`owner`"));
    let Some(entry) = member(members, "name") else {
        checker.missing(entry.key_span, "`metadata.name`", help);
        return (None, labels, owner);
    };
    (name(checker, &entry.value), labels, owner)
}

fn name(checker: &mut Checker<'_>, node: &Node) -> Option<Spanned<String>> {
    let text = checker.text(node, "`metadata.name`")?;
    if is_name(&text) {
        return Some(Spanned {
            value: text,
            span: node.span,
        });
    }
    let finding = Diagnostic::error(Code::InvalidName, "`metadata.name` is not a name")
        .at(
            node.span,
            "1 to 63 lower-case letters, digits and dashes, no dash at either end",
        )
        .help("another name in the cloud goes into `spec.name`");
    checker.report(finding);
    None
}

fn labels(checker: &mut Checker<'_>, node: &Node) -> BTreeMap<String, String> {
    let NodeValue::Map(entries) = &node.value else {
        checker.wrong_type(node, "`labels`", "a mapping", "write {team: platform}");
        return BTreeMap::new();
    };
    entries
        .iter()
        .filter_map(|entry| {
            let is_good = checker.is_printable(entry.key_span, "a label", &entry.key);
            let text = checker.text(&entry.value, "a label")?;
            is_good.then(|| (entry.key.clone(), text))
        })
        .collect()
}

fn spec<'n>(checker: &mut Checker<'_>, at: Span, entries: &'n [Entry]) -> Option<&'n Node> {
    let Some(entry) = member(entries, "spec") else {
        checker.missing(at, "`spec`", "write `spec:` with the fields below it");
        return None;
    };
    match &entry.value.value {
        NodeValue::Map(_) => Some(&entry.value),
        NodeValue::List(_) | NodeValue::Scalar(_) => {
            checker.wrong_type(&entry.value, "`spec`", "a mapping", "write fields below it");
            None
        }
    }
}

fn spec_account(checker: &mut Checker<'_>, spec: &Node) -> Option<Spanned<String>> {
    let Some(node) = spec.get("account") else {
        checker.missing(spec.span, "`account`", ACCOUNT_HELP);
        return None;
    };
    account_name(checker, node)
}

/// The `metadata.name` of an account.
pub(super) fn account_name(checker: &mut Checker<'_>, node: &Node) -> Option<Spanned<String>> {
    let value = checker.text(node, "`account`")?;
    if is_name(&value) {
        return Some(Spanned {
            value,
            span: node.span,
        });
    }
    let finding = Diagnostic::error(Code::InvalidValue, "`account` is not a name")
        .at(node.span, "no Account can have this name")
        .help(ACCOUNT_HELP);
    checker.report(finding);
    None
}

pub(super) const ACCOUNT_HELP: &str = "write `account:` and the metadata.name of an Account";

fn object_spec(
    checker: &mut Checker<'_>,
    spec: &Node,
    kind: &'static dyn ResourceKind,
) -> (Option<Spanned<String>>, BTreeMap<String, Given>) {
    let info = kind.info();
    let rule = match info.naming {
        Naming::Named(rule) => Some(rule),
        Naming::Singleton | Naming::ByFields(_) => None,
    };
    let own_keys = if rule.is_some() {
        &["account", "name"][..]
    } else {
        &["account"][..]
    };
    let known: Vec<&str> = own_keys
        .iter()
        .copied()
        .chain(info.fields.iter().map(|field| field.name))
        .collect();
    let title = format!("`spec` of {}", info.name);
    let Some(entries) = checker.mapping(spec, &title, &known) else {
        return (None, BTreeMap::new());
    };
    let cloud_name = rule.zip(member(entries, "name")).and_then(|(rule, entry)| {
        let value = checker.ruled_text(&entry.value, "`name`", &rule)?;
        Some(Spanned {
            value,
            span: entry.value.span,
        })
    });
    let given = fields::fields(checker, info.fields, entries);
    always_needed(checker, info.fields, entries, spec.span);
    (cloud_name, given)
}

/// Reports what the table always needs and is not there.
pub(super) fn always_needed(
    checker: &mut Checker<'_>,
    table: &[Field],
    entries: &[Entry],
    at: Span,
) {
    for field in table {
        if field.need == Need::Always && member(entries, field.name).is_none() {
            let help = format!("write `{}:`; it is part of what the object is", field.name);
            checker.missing(at, &format!("`{}`", field.name), &help);
        }
    }
}
