//! The envelope: `apiVersion`, `kind`, `metadata`, `lifecycle`, and `spec` by the kind's table.

use std::collections::BTreeMap;

use super::account;
use super::check::{Checker, member, suggestion};
use super::document::{Document, Ensure, Given, Lifecycle, Mode, Spanned, Waiver};
use super::fields;
use super::node::{Entry, Node, NodeValue};
use super::portable::{self, Portable};
use crate::model::{Account, Code, Diagnostic, Span, address::is_name};
use crate::provider::{Catalogue, Cloud, Field, Naming, Need, PortableKind, ResourceKind};

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
const LIFECYCLE: &[&str] = &["ensure", "mode", "protect", "ignore", "dependsOn", "waive"];
const WAIVER: &[&str] = &["code", "reason", "until"];

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

fn lifecycle(checker: &mut Checker<'_>, entries: &[Entry], known: &[&str]) -> Lifecycle {
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
