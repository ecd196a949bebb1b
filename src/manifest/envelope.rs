//! The envelope: `apiVersion`, `kind`, `metadata`, `lifecycle`, and `spec` by the kind's table.

use std::collections::BTreeMap;

use super::account;
use super::check::{Checker, member, suggestion};
use super::document::{Document, Ensure, Given, Lifecycle, Mode, Spanned};
use super::fields;
use super::node::{Entry, Node, NodeValue};
use crate::model::{Account, Code, Diagnostic, Span, address::is_name};
use crate::provider::{Cloud, Naming, Need, ResourceKind};

/// The only version there is.
pub(super) const API_VERSION: &str = "idform/v1";

/// What one YAML document turned out to be.
pub(super) enum Read {
    /// A place to reconcile.
    Account(Box<Spanned<Account>>),
    /// A declared object.
    Object(Box<Document>),
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
const LIFECYCLE: &[&str] = &["ensure", "mode", "protect", "ignore", "dependsOn"];

/// Reads one document.
pub(super) fn read(
    checker: &mut Checker<'_>,
    node: &Node,
    clouds: &'static [&'static Cloud],
) -> Read {
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
        kind(checker, node.span, entries, clouds)
    };
    let metadata = metadata(checker, node.span, entries);
    let (name, labels, owner) = metadata;
    let unusable = Read::Unusable {
        name: name.as_ref().map(|name| name.value.clone()),
        is_account,
    };
    if is_account {
        if let Some(name) = &name {
            checker.object = Some(format!("Account {}", name.value));
        }
        let spec = spec(checker, node.span, entries);
        return match (name, spec) {
            (Some(name), Some(spec)) => {
                match account::read(checker, &name.value, spec, clouds, node.span) {
                    Some(value) => Read::Account(Box::new(Spanned {
                        value,
                        span: name.span,
                    })),
                    None => unusable,
                }
            }
            _ => unusable,
        };
    }
    let Some((kind, cloud)) = kind else {
        return unusable;
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
    let lifecycle = lifecycle(checker, entries, kind);
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

fn kind(
    checker: &mut Checker<'_>,
    at: Span,
    entries: &[Entry],
    clouds: &'static [&'static Cloud],
) -> Option<(&'static dyn ResourceKind, &'static Cloud)> {
    let Some(entry) = member(entries, "kind") else {
        checker.missing(
            at,
            "`kind`",
            "write `kind:` and one that `idform explain` lists",
        );
        return None;
    };
    let text = checker.text(&entry.value, "`kind`")?;
    let kinds = || {
        clouds
            .iter()
            .flat_map(|cloud| cloud.kinds.iter().map(move |kind| (*kind, *cloud)))
    };
    let found = kinds().find(|(kind, _)| kind.info().name.0 == text);
    if found.is_none() {
        let known: Vec<&str> = std::iter::once("Account")
            .chain(kinds().map(|(kind, _)| kind.info().name.0))
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
    let help = "write `account:` and the metadata.name of an Account";
    let Some(node) = spec.get("account") else {
        checker.missing(spec.span, "`account`", help);
        return None;
    };
    let value = checker.text(node, "`account`")?;
    if is_name(&value) {
        return Some(Spanned {
            value,
            span: node.span,
        });
    }
    let finding = Diagnostic::error(Code::InvalidValue, "`account` is not a name")
        .at(node.span, "no Account can have this name")
        .help(help);
    checker.report(finding);
    None
}

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
    for field in info.fields {
        if field.need == Need::Always && member(entries, field.name).is_none() {
            let help = format!("write `{}:`; it is part of what the object is", field.name);
            checker.missing(spec.span, &format!("`{}`", field.name), &help);
        }
    }
    (cloud_name, given)
}

fn lifecycle(
    checker: &mut Checker<'_>,
    entries: &[Entry],
    kind: &'static dyn ResourceKind,
) -> Lifecycle {
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
        let known: Vec<&str> = kind.info().fields.iter().map(|field| field.name).collect();
        for (field, span) in checker.texts(&entry.value, "`ignore`") {
            if known.contains(&field.as_str()) {
                lifecycle.ignore.push(field);
            } else {
                let title = "`ignore` names a field that the kind does not have";
                let finding = Diagnostic::error(Code::UnknownField, title)
                    .at(span, "no such field")
                    .help(suggestion(&field, &known, "its fields"));
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
    lifecycle
}
