//! Values that come from the lock: `keys: {issuer: true}` and `fingerprints: {issuer: true}`.
//!
//! What a cloud cannot hold of them is left out with a warning, as long as something is left that
//! signs people in; nothing is cut silently.

use crate::federation::jwks;
use crate::lock::next::DEFAULT_OVERLAP_HOURS;
use crate::lock::{Lock, LockedIssuer, LockedKey};
use crate::manifest::{Document, Ensure, Given, GivenValue};
use crate::model::{Code, Diagnostic, Diagnostics, Span, Value};
use crate::provider::{Field, Form};

/// What an object takes from the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromLock {
    /// The issuer, byte for byte.
    pub issuer: String,
    /// How long what it withdraws stays, in hours.
    pub overlap_hours: u32,
    /// The fields that are taken.
    pub fields: Vec<&'static str>,
}

/// Takes the values of one document.
pub(super) struct Pinning<'a> {
    ensure: Ensure,
    /// The document's own issuer.
    issuer: Option<String>,
    lock: Option<&'a Lock>,
    /// The largest overlap that the document says.
    overlap_hours: Option<u32>,
    fields: Vec<&'static str>,
}

impl<'a> Pinning<'a> {
    pub(super) fn new(document: &Document, lock: Option<&'a Lock>) -> Self {
        Self {
            ensure: document.lifecycle.ensure,
            issuer: issuer(document).map(str::to_owned),
            lock,
            overlap_hours: None,
            fields: Vec::new(),
        }
    }

    /// What was taken; nothing for an object that shall be absent.
    pub(super) fn taken(self) -> Option<FromLock> {
        if self.fields.is_empty() {
            return None;
        }
        Some(FromLock {
            issuer: self.issuer?,
            overlap_hours: self.overlap_hours.unwrap_or(DEFAULT_OVERLAP_HOURS),
            fields: self.fields,
        })
    }

    /// The value of a field that says `{issuer: true}`; [`None`] after a report, for an object that
    /// shall be absent, and without a lock.
    pub(super) fn value(
        &mut self,
        field: &Field,
        given: &Given,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        if self.ensure == Ensure::Absent {
            return None;
        }
        let (GivenValue::IssuerKeys { overlap_hours }
        | GivenValue::IssuerFingerprints { overlap_hours }) = &given.value
        else {
            return None;
        };
        self.overlap_hours = self.overlap_hours.max(*overlap_hours);
        self.fields.push(field.name);
        let Some(issuer) = self.issuer.as_deref() else {
            diagnostics.push(
                Diagnostic::error(
                    Code::MissingField,
                    format!("`{}` is the issuer's, and `issuer` is missing", field.name),
                )
                .at(given.span, "which issuer's?")
                .help("write `issuer` in the same document"),
            );
            return None;
        };
        let Some(locked) = self.lock?.issuers.get(issuer) else {
            diagnostics.push(not_locked(self.lock?, issuer, field, given.span));
            return None;
        };
        match &field.form {
            Form::Keys {
                max_characters,
                key_types,
            } => keys(
                locked,
                key_types,
                *max_characters,
                field,
                given.span,
                diagnostics,
            ),
            Form::Fingerprints { max_items } => {
                fingerprints(locked, *max_items, field, given.span, diagnostics)
            }
            Form::Text(_)
            | Form::Flag
            | Form::Integer { .. }
            | Form::Choice(_)
            | Form::TextSet { .. }
            | Form::Reference { .. }
            | Form::Json { .. }
            | Form::Metadata { .. }
            | Form::Trust(_)
            | Form::Tags { .. } => None,
        }
    }
}

fn issuer(document: &Document) -> Option<&str> {
    match &document.spec.get("issuer")?.value {
        GivenValue::Value(Value::String(issuer)) => Some(issuer),
        GivenValue::Value(_)
        | GivenValue::Cleared
        | GivenValue::External(_)
        | GivenValue::Local(_)
        | GivenValue::IssuerKeys { .. }
        | GivenValue::IssuerFingerprints { .. }
        | GivenValue::Federated(_) => None,
    }
}

/// What to do about a lock that lacks something.
const RUN_LOCK: &str = "run `idform lock` with the same paths (`lock --sandbox` for the sandbox's issuers), and \
                        review what it wrote";

fn not_locked(lock: &Lock, issuer: &str, field: &Field, at: Span) -> Diagnostic {
    let finding = Diagnostic::error(
        Code::IssuerNotLocked,
        format!("`{}` takes its value from idform.lock", field.name),
    )
    .at(at, "the lock file does not hold the issuer")
    .note(format!("the issuer is {issuer}"));
    // A slash makes another issuer, and people forget that.
    let other = match issuer.strip_suffix('/') {
        Some(bare) => bare.to_owned(),
        None => format!("{issuer}/"),
    };
    if lock.issuers.contains_key(&other) {
        return finding.help(format!(
            "the lock file holds {other}; the slash makes another issuer"
        ));
    }
    finding.help(RUN_LOCK)
}

/// The keys that the cloud can hold. Withdrawn ones give way first.
fn keys(
    locked: &LockedIssuer,
    key_types: &[&str],
    max_characters: usize,
    field: &Field,
    at: Span,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let (mut fitting, strange): (Vec<&LockedKey>, Vec<&LockedKey>) =
        locked.keys.iter().partition(|locked| {
            let kty = locked.key.get("kty").and_then(Value::as_str);
            kty.is_some_and(|kty| key_types.contains(&kty))
        });
    let mut left_out: Vec<String> = strange
        .iter()
        .map(|locked| {
            format!(
                "{}: the cloud takes {} keys only",
                jwks::describe(&locked.key),
                key_types.join(", ")
            )
        })
        .collect();
    let length = |keys: &[&LockedKey]| {
        let set = jwks::set_of(keys.iter().map(|locked| &locked.key));
        set.to_string().chars().count()
    };
    // The longest withdrawn goes first; what is published never does.
    fitting.sort_by_key(|locked| locked.withdrawn_since.map(std::cmp::Reverse));
    while length(&fitting) > max_characters
        && let Some(LockedKey { key, .. }) =
            fitting.pop_if(|locked| locked.withdrawn_since.is_some())
    {
        left_out.push(format!(
            "{}: withdrawn, and there is no room for it",
            jwks::describe(key)
        ));
    }
    let failed = |why: String| {
        Diagnostic::error(
            Code::InvalidKeys,
            format!("`{}` cannot be what the issuer publishes", field.name),
        )
        .at(at, why)
        .help("give the keys that this cloud shall accept with {file: …} or {inline: …}")
    };
    if fitting
        .iter()
        .all(|locked| locked.withdrawn_since.is_some())
    {
        let finding =
            failed("no published key of the issuer is of a type that the cloud takes".to_owned());
        diagnostics.push(left_out.into_iter().fold(finding, Diagnostic::note));
        return None;
    }
    let length = length(&fitting);
    if length > max_characters {
        diagnostics.push(failed(format!(
            "the keys have {length} characters as JSON, and the cloud takes {max_characters}"
        )));
        return None;
    }
    if !left_out.is_empty() {
        let finding = Diagnostic::warning(
            Code::IssuerKeyLeftOut,
            format!("`{}` does not hold every key of the issuer", field.name),
        )
        .at(at, "tokens signed with the others are refused");
        diagnostics.push(left_out.into_iter().fold(finding, Diagnostic::note));
    }
    Some(jwks::set_of(fitting.iter().map(|locked| &locked.key)))
}

fn fingerprints(
    locked: &LockedIssuer,
    max_items: usize,
    field: &Field,
    at: Span,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let mut pins = locked.fingerprints();
    pins.truncate(max_items);
    pins.sort_unstable();
    if pins.is_empty() {
        diagnostics.push(
            Diagnostic::error(
                Code::IssuerNotLocked,
                format!("`{}` takes its value from idform.lock", field.name),
            )
            .at(at, "the lock file holds no certificate of the issuer")
            .help(RUN_LOCK),
        );
        return None;
    }
    Some(pins.into_iter().map(Value::from).collect())
}
