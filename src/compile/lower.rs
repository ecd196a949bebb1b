//! One document to one desired object, by its kind's field table.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Map;

use crate::manifest::{Document, Ensure, Given, GivenValue, Manifests, unknown_account};
use crate::model::{Account, Address, Code, Diagnostic, Diagnostics, Fields, SourceMap, Value};
use crate::provider::{Clear, Field, Naming, Need, field_of};

use super::locked::Pinning;
use super::{Desired, Origin, Place};
use crate::lock::Lock;

/// A desired object with the document it came from, for messages. The document's values have moved
/// into the object.
pub(super) struct Lowered<'a> {
    pub(super) desired: Desired,
    pub(super) document: &'a Document,
}

/// Objects by address, with their documents.
pub(super) type Objects<'a> = BTreeMap<Address, Lowered<'a>>;

/// Accounts by name.
pub(super) fn accounts(manifests: &Manifests) -> BTreeMap<String, Arc<Account>> {
    let named = |account: &Account| (account.name.clone(), Arc::new(account.clone()));
    manifests.accounts.iter().map(named).collect()
}

/// Every document whose account is known, as a desired object. References are resolved later.
pub(super) fn objects<'a>(
    manifests: &Manifests,
    documents: &'a mut [Document],
    accounts: &BTreeMap<String, Arc<Account>>,
    lock: Option<&Lock>,
    diagnostics: &mut Diagnostics,
) -> Objects<'a> {
    let mut objects = Objects::new();
    let mut files = BTreeMap::new();
    for document in documents {
        let info = document.kind.info();
        let Some(account) = accounts.get(&document.account.value) else {
            // A document with mistakes has been told of; what refers to it is not to blame.
            if !manifests
                .unusable_accounts
                .contains(&document.account.value)
            {
                let known = accounts.keys().map(String::as_str);
                diagnostics.push(unknown_account(&document.account, known));
            }
            continue;
        };
        let kind_cloud = crate::clouds::cloud_of(info.name);
        if kind_cloud.is_some_and(|cloud| cloud.id != account.cloud) {
            diagnostics.push(
                Diagnostic::error(
                    Code::WrongCloud,
                    format!("{} is no kind of the cloud `{}`", info.name, account.cloud),
                )
                .at(
                    document.account.span,
                    format!("`{}` is an account of {}", account.name, account.cloud),
                )
                .help("name an account of the kind's own cloud"),
            );
            continue;
        }
        let file = files
            .entry(document.origin.source)
            .or_insert_with(|| Arc::<str>::from(manifests.sources.name(document.origin.source)))
            .clone();
        let sources = &manifests.sources;
        let desired = lower(document, account, file, lock, sources, diagnostics);
        match objects.entry(desired.address.clone()) {
            Entry::Vacant(slot) => {
                slot.insert(Lowered { desired, document });
            }
            Entry::Occupied(first) => diagnostics.push(
                Diagnostic::error(
                    Code::DuplicateObject,
                    format!("{} is declared twice", desired.address),
                )
                .at(document.origin, "declared again here")
                .at(first.get().document.origin, "first declared here")
                .help("keep one of the two documents, or give one another `metadata.name`"),
            ),
        }
    }
    objects
}

fn lower(
    document: &mut Document,
    account: &Account,
    file: Arc<str>,
    lock: Option<&Lock>,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Desired {
    let info = document.kind.info();
    let mut fields = Fields::new();
    let mut places = BTreeMap::new();
    let mut pinning = Pinning::new(document, lock);
    for (name, given) in &mut document.spec {
        let Some(field) = field_of(info, name) else {
            continue;
        };
        // Identity fields stay even when ignored: without them there is no object.
        if document.lifecycle.ignore.contains(name) && field.need != Need::Always {
            continue;
        }
        let value = match &given.value {
            GivenValue::IssuerKeys { .. } | GivenValue::IssuerFingerprints { .. } => {
                pinning.value(field, given, diagnostics)
            }
            GivenValue::Value(_)
            | GivenValue::Cleared
            | GivenValue::External(_)
            | GivenValue::Federated(_)
            | GivenValue::Local(_) => canonical(field, given),
        };
        // A trust policy in its short form is compiled later, and told of at the same place.
        if value.is_some() || matches!(given.value, GivenValue::Federated(_)) {
            let line = sources.start(given.span).line;
            let span = given.span;
            places.insert(name.clone(), Place { line, span });
        }
        if let Some(value) = value {
            fields.insert(name.clone(), value);
        }
    }
    let mut findings = Vec::new();
    if document.lifecycle.ensure == Ensure::Present {
        document.kind.check(&fields, account, &mut findings);
    }
    for finding in findings {
        let span = document
            .spec
            .get(finding.field)
            .map_or(document.origin, |given| given.span);
        diagnostics.push(
            Diagnostic::error(finding.code, finding.title)
                .at(span, "")
                .help(finding.help),
        );
    }
    let identity = match info.naming {
        Naming::Named(_) => document
            .cloud_name
            .as_ref()
            .map_or_else(|| document.name.clone(), |name| name.value.clone()),
        // Composite identities are complete once references are resolved.
        Naming::Singleton | Naming::ByFields(_) => String::new(),
    };
    Desired {
        address: Address {
            account: account.name.clone(),
            kind: info.name,
            name: document.name.clone(),
        },
        kind: document.kind,
        identity,
        ensure: document.lifecycle.ensure,
        mode: document.lifecycle.mode,
        protect: document.lifecycle.protect,
        owner: document.owner.clone(),
        labels: document.labels.clone(),
        fields,
        needs: BTreeSet::new(),
        references: BTreeMap::new(),
        from_lock: pinning.taken(),
        origin: Origin {
            file,
            line: sources.start(document.origin).line,
        },
        places,
        span: document.origin,
        waivers: document.lifecycle.waivers.clone(),
    }
}

/// The canonical value of what was given, moved out of it; references become names later.
fn canonical(field: &Field, given: &mut Given) -> Option<Value> {
    match &mut given.value {
        GivenValue::Value(value) => Some(value.take()),
        GivenValue::Cleared => match field.clear {
            Clear::Text => Some(Value::String(String::new())),
            Clear::Set => Some(Value::Array(Vec::new())),
            Clear::Mapping => Some(Value::Object(Map::new())),
            // The manifest room has already said so.
            Clear::Refused(_) => None,
        },
        GivenValue::External(name) | GivenValue::Local(name) => Some(Value::String(name.clone())),
        // Made in `trust`, once it is known what providers are called in the cloud; the lock has
        // the others.
        GivenValue::Federated(_)
        | GivenValue::IssuerKeys { .. }
        | GivenValue::IssuerFingerprints { .. } => None,
    }
}
