//! Known drift: differences that somebody answers for until a date.
//!
//! A TOML file, named on the command line and never discovered, so that a pull request that changes
//! manifests cannot excuse itself:
//!
//! ```toml
//! [[accept]]
//! object = "alibaba-prod/AlibabaOidcProvider/github"   # or: unmanaged = "account/Kind/name-in-cloud"
//! fields = ["description"]                             # optional; otherwise the whole object
//! reason = "support changes it during the migration"
//! owner = "@acme/platform"
//! until = 2026-12-31                                   # the last day
//! ```

use std::collections::BTreeSet;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::model::address::glob;
use crate::model::{Address, Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use crate::plan::guard;
use crate::provider::KindInfo;

use super::{Accepted, Drifted, Effect, How, Risk, Stranger, place};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// What it is about.
    pub subject: Subject,
    /// Which fields of it; empty for all, and for its being there or gone.
    pub fields: BTreeSet<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds.
    pub until: Date,
    /// Where it stands.
    pub span: Span,
}

/// What an entry is about. The last part may hold a `/` of its own, as names in clouds do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Declared objects, by address.
    Object([String; 3]),
    /// Objects that nobody declared, by account, kind and name in the cloud.
    Unmanaged([String; 3]),
}

/// The file as its schema says it. Reading is done with [`File`], which is lenient so that every
/// mistake is found in one run.
#[derive(Debug, JsonSchema)]
#[schemars(
    deny_unknown_fields,
    description = "Known drift: differences that somebody answers for."
)]
pub struct AcceptanceFile {
    /// Differences that somebody answers for. One that fits nothing is warned of.
    #[schemars(default)]
    #[expect(dead_code, reason = "only its schema is wanted")]
    accept: Vec<AcceptanceEntry>,
}

/// A difference that somebody answers for.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["object"]}, {"required": ["unmanaged"]}]))]
#[expect(dead_code, reason = "only its schema is wanted")]
struct AcceptanceEntry {
    /// Declared objects: `account/Kind/name`, each part with `*` globs.
    #[schemars(regex(pattern = r"^[^/]+/[^/]+/.+$"))]
    object: Option<String>,
    /// Live objects that nobody declared: `account/Kind/name-in-cloud`, or `account/Kind` for what
    /// an account has one of; each part with `*` globs.
    #[schemars(regex(pattern = r"^[^/]+/[^/]+(/.+)?$"))]
    unmanaged: Option<String>,
    /// Fields of the object; leave it out to accept the whole, also its being there or gone.
    #[schemars(default)]
    fields: Vec<String>,
    /// Why.
    #[schemars(regex(pattern = r"\S"))]
    reason: String,
    /// Who answers for it.
    #[schemars(regex(pattern = r"\S"))]
    owner: String,
    /// The last day on which it holds, a TOML date or a text.
    #[schemars(extend("format" = "date"), regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accept: Vec<Spanned<Entry>>,
}

/// All optional, so that every mistake of a file is found in one run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    object: Option<Spanned<String>>,
    unmanaged: Option<Spanned<String>>,
    #[serde(default)]
    fields: Vec<String>,
    reason: Option<String>,
    owner: Option<String>,
    until: Option<Spanned<toml::Value>>,
}

/// Reads a file of acceptances; what is wrong goes to `out`. A date in the past is no mistake: the
/// entry has run out, and the difference is reported again.
pub fn parse(sources: &SourceMap, source: SourceId, out: &mut Diagnostics) -> Vec<Acceptance> {
    let at = |range: std::ops::Range<usize>| Span {
        source,
        start: u32::try_from(range.start).unwrap_or(u32::MAX),
        end: u32::try_from(range.end).unwrap_or(u32::MAX),
    };
    let whole = Span {
        source,
        start: 0,
        end: 0,
    };
    let file: File = match toml::from_str(sources.text(whole.source)) {
        Ok(file) => file,
        Err(error) => {
            let title = "this is no acceptance file";
            let help = "write [[accept]] with object or unmanaged, fields, reason, owner, until";
            out.push(
                Diagnostic::error(Code::InvalidValue, title)
                    .at(error.span().map_or(whole, at), error.message())
                    .help(help),
            );
            return Vec::new();
        }
    };
    let mut entries = Vec::new();
    for entry in file.accept {
        let span = at(entry.span());
        entries.extend(acceptance(entry.into_inner(), span, &at, out));
    }
    entries
}

fn acceptance(
    entry: Entry,
    span: Span,
    at: &impl Fn(std::ops::Range<usize>) -> Span,
    out: &mut Diagnostics,
) -> Option<Acceptance> {
    let mut wrong = Vec::new();
    let subject = match (&entry.object, &entry.unmanaged) {
        (Some(text), None) => parts(text.get_ref(), 3).map(Subject::Object).ok_or(text),
        (None, Some(text)) => parts(text.get_ref(), 2).map(Subject::Unmanaged).ok_or(text),
        (None, None) | (Some(_), Some(_)) => {
            let title = "an entry is about either `object` or `unmanaged`";
            out.push(Diagnostic::error(Code::MissingField, title).at(span, "in this entry"));
            return None;
        }
    };
    let subject = subject
        .map_err(|text| {
            let title = "this names no object";
            wrong.push(
                Diagnostic::error(Code::InvalidValue, title)
                    .at(at(text.span()), "")
                    .help("write account/Kind/name; each part may hold `*`"),
            );
        })
        .ok();
    let mut needed = |name: &str, value: Option<String>| {
        let value = value.filter(|text| !text.trim().is_empty());
        if value.is_none() {
            wrong.push(
                Diagnostic::error(Code::MissingField, format!("`{name}` is missing"))
                    .at(span, "in this entry")
                    .help("say why, who answers for it, and until when"),
            );
        }
        value
    };
    let reason = needed("reason", entry.reason);
    let owner = needed("owner", entry.owner);
    let until = entry
        .until
        .map(|value| (at(value.span()), date(value.get_ref())));
    if until.is_none() {
        needed("until", None);
    }
    if let Some((place, None)) = &until {
        let title = "`until` is no date";
        wrong.push(
            Diagnostic::error(Code::InvalidValue, title)
                .at(*place, "")
                .help("write the last day as YYYY-MM-DD"),
        );
    }
    for finding in wrong {
        out.push(finding);
    }
    Some(Acceptance {
        subject: subject?,
        fields: entry.fields.into_iter().collect(),
        reason: reason?,
        owner: owner?,
        until: until?.1?,
        span,
    })
}

/// A date as TOML writes it, or as a text.
fn date(value: &toml::Value) -> Option<Date> {
    match value {
        toml::Value::String(text) => text.parse().ok(),
        toml::Value::Datetime(date) => date.to_string().parse().ok(),
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Array(_)
        | toml::Value::Table(_) => None,
    }
}

fn parts(text: &str, least: usize) -> Option<[String; 3]> {
    let mut parts: Vec<String> = text.splitn(3, '/').map(str::to_owned).collect();
    if parts.len() < least || parts.iter().any(String::is_empty) {
        return None;
    }
    // `account/Kind` names what an account has one of.
    parts.resize(3, String::new());
    parts.try_into().ok()
}

fn matches(patterns: &[String; 3], account: &str, kind: &str, name: &str) -> bool {
    let texts = [account, kind, name];
    patterns
        .iter()
        .zip(texts)
        .all(|(pattern, text)| glob(pattern, text))
}

/// Goes through what differs with the entries in hand, and remembers which of them served.
pub(super) struct Accepting<'a> {
    entries: &'a [Acceptance],
    today: Date,
    used: BTreeSet<usize>,
    expired: BTreeSet<(usize, String)>,
}

impl<'a> Accepting<'a> {
    pub(super) fn new(entries: &'a [Acceptance], today: Date) -> Self {
        Self {
            entries,
            today,
            used: BTreeSet::new(),
            expired: BTreeSet::new(),
        }
    }

    /// Takes what is accepted out of a drifted object; gives what is left, if anything.
    pub(super) fn object(
        &mut self,
        mut found: Drifted,
        info: &KindInfo,
    ) -> (Option<Drifted>, Vec<Accepted>) {
        let mut accepted = Vec::new();
        let address = found.change.address.clone();
        for (index, entry) in self.entries.iter().enumerate() {
            let Subject::Object(patterns) = &entry.subject else {
                continue;
            };
            if !matches(patterns, &address.account, address.kind.0, &address.name) {
                continue;
            }
            let is_whole = entry.fields.is_empty();
            // Who accepts that a description differs has not accepted that the object is gone.
            let by_field = matches!(found.how, How::FieldsDiffer | How::MadeAnew);
            let named = |field: &str| by_field && entry.fields.contains(field);
            let fields: Vec<String> = found
                .change
                .changes
                .iter()
                .filter(|change| named(change.field))
                .map(|change| change.field.to_owned())
                .collect();
            if !is_whole && fields.is_empty() {
                continue;
            }
            self.used.insert(index);
            if entry.until < self.today {
                self.expired.insert((index, address.to_string()));
                found.expired = found.expired.max(Some(entry.until));
                continue;
            }
            let effect = if is_whole {
                found.effect
            } else {
                let (taken, left) = std::mem::take(&mut found.change.changes)
                    .into_iter()
                    .partition(|change| named(change.field));
                found.change.changes = left;
                let taken: Vec<crate::plan::FieldChange> = taken;
                effect(info, &taken)
            };
            accepted.push(of(entry, &address, fields, effect));
            if is_whole || found.change.changes.is_empty() {
                return (None, accepted);
            }
            found.change.risks = risks(info, &found.change.changes);
            found.effect = Effect::of(&found.change.risks);
        }
        (Some(found), accepted)
    }

    /// Whether somebody answers for an object that nobody declared.
    pub(super) fn stranger(&mut self, mut stranger: Stranger) -> Result<Accepted, Stranger> {
        for (index, entry) in self.entries.iter().enumerate() {
            let Subject::Unmanaged(patterns) = &entry.subject else {
                continue;
            };
            let found = &stranger.found;
            if !matches(patterns, &found.account, found.kind.0, &found.cloud_name) {
                continue;
            }
            self.used.insert(index);
            if entry.until < self.today {
                let name = place(&found.account, found.kind, &found.cloud_name);
                self.expired.insert((index, name));
                stranger.expired = stranger.expired.max(Some(entry.until));
                continue;
            }
            return Ok(Accepted {
                account: found.account.clone(),
                kind: found.kind,
                name: found.cloud_name.clone(),
                is_unmanaged: true,
                fields: Vec::new(),
                effect: stranger.effect,
                reason: entry.reason.clone(),
                owner: entry.owner.clone(),
                until: entry.until,
            });
        }
        Err(stranger)
    }

    /// A warning for each difference that is reported again.
    pub(super) fn expired(&self) -> impl Iterator<Item = Diagnostic> {
        self.expired.iter().map(|(index, name)| {
            let entry = &self.entries[*index];
            let title = format!("{name} was accepted until {}", entry.until);
            Diagnostic::warning(Code::AcceptanceExpired, title)
                .at(entry.span, "this entry has run out")
                .note(format!("{}: {}", entry.owner, entry.reason))
                .help("mend the difference, or agree on another date")
        })
    }

    /// A warning for each entry that fits nothing.
    pub(super) fn unused(&self) -> impl Iterator<Item = Diagnostic> {
        let unused = (0..self.entries.len()).filter(|index| !self.used.contains(index));
        unused.map(|index| {
            Diagnostic::warning(
                Code::AcceptanceUnused,
                "an acceptance fits nothing that differs",
            )
            .at(self.entries[index].span, "this entry")
            .help("take it out, or correct what it names")
        })
    }
}

fn of(entry: &Acceptance, address: &Address, fields: Vec<String>, effect: Effect) -> Accepted {
    Accepted {
        account: address.account.clone(),
        kind: address.kind,
        name: address.name.clone(),
        is_unmanaged: false,
        fields: if entry.fields.is_empty() {
            Vec::new()
        } else {
            fields
        },
        effect,
        reason: entry.reason.clone(),
        owner: entry.owner.clone(),
        until: entry.until,
    }
}

fn risks(info: &KindInfo, changes: &[crate::plan::FieldChange]) -> BTreeSet<Risk> {
    changes
        .iter()
        .flat_map(|change| guard::risks_of_change(info, change))
        .collect()
}

fn effect(info: &KindInfo, changes: &[crate::plan::FieldChange]) -> Effect {
    Effect::of(&risks(info, changes))
}
