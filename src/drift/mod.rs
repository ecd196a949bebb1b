//! What moved on the clouds since it was reviewed: a plan, read from the live side. Pure.
//!
//! A plan says what would be done; drift says what was done by somebody else. So every change is
//! turned round here: before is what the manifests say, after is what lives. A key that only the
//! cloud has is an added one, and widens trust; one that the cloud lacks may break sign-in.
//! Nothing here holds a call, and nothing here knows of writing.

mod accept;
pub mod issuers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

pub use accept::{Acceptance, Subject, parse};

use crate::compile::{Desired, World};
use crate::lock::IssuerReport;
use crate::manifest::Ensure;
use crate::model::{CloudId, Code, Diagnostic, Fields, KindName, Value};
use crate::observe::{AccountReading, Snapshot, Unmanaged};
use crate::plan::{self, Action, Detail, FieldChange, Plan, Reason, Risk, Step, guard};
use crate::provider::{Change, KindInfo, Naming, Removal, field_of};

/// What a difference does, in the order of the report: the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing that concerns sign-in.
    Harmless,
    /// Somebody or something more is accepted than was reviewed.
    WidensTrust,
    /// Something that was reviewed is accepted no more, or people sign in another way.
    BreaksSignIn,
}

impl Effect {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Harmless => "harmless",
            Self::WidensTrust => "widens-trust",
            Self::BreaksSignIn => "breaks-sign-in",
        }
    }

    /// The gravest of several risks.
    pub fn of(risks: &BTreeSet<Risk>) -> Self {
        match risks.last() {
            None | Some(Risk::Cosmetic) => Self::Harmless,
            Some(Risk::WidensTrust) => Self::WidensTrust,
            Some(Risk::MayBreakSignIn | Risk::SwitchesSignIn | Risk::Destroys) => {
                Self::BreaksSignIn
            }
        }
    }
}

/// In which way a declared object is not as its manifest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Fields differ.
    FieldsDiffer,
    /// A field differs that cannot change in place: it was made anew.
    MadeAnew,
    /// It is gone.
    Gone,
    /// It is there and shall be absent.
    StillThere,
    /// It is switched on and shall be off.
    StillOn,
}

impl How {
    /// The stable word in JSON.
    pub fn slug(self) -> &'static str {
        match self {
            Self::FieldsDiffer => "fields_differ",
            Self::MadeAnew => "immutable_field_differs",
            Self::Gone => "not_on_cloud",
            Self::StillThere => "still_on_cloud",
            Self::StillOn => "still_enabled",
        }
    }

    /// What happened, in the words of plans.
    fn action(self) -> Action {
        match self {
            Self::FieldsDiffer | Self::StillOn => Action::Update,
            Self::MadeAnew => Action::Replace,
            Self::Gone => Action::Delete,
            Self::StillThere => Action::Create,
        }
    }
}

/// A declared object that is not as its manifest says.
#[derive(Debug, Clone)]
pub struct Drifted {
    /// The change as it happened: from the manifest to what lives. It has no calls.
    pub change: Step,
    /// In which way.
    pub how: How,
    /// What it does.
    pub effect: Effect,
    /// Set when it was accepted once: until when.
    pub expired: Option<Date>,
}

/// A live object that no manifest declares.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// Which.
    pub found: Unmanaged,
    /// Its cloud.
    pub cloud: CloudId,
    /// What it is like.
    pub live: Fields,
    /// What it does.
    pub effect: Effect,
    /// Set when it was accepted once: until when.
    pub expired: Option<Date>,
}

/// A list that was not read.
#[derive(Debug, Clone)]
pub struct Unlisted {
    /// The account's name in the manifests.
    pub account: String,
    /// The kind.
    pub kind: KindName,
    /// Why.
    pub reason: String,
    /// True where the cloud has no such list at all; false where it did not give it.
    pub by_design: bool,
}

/// A difference that somebody answers for.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The account's name in the manifests.
    pub account: String,
    /// The kind.
    pub kind: KindName,
    /// The object's name in the manifests; of an unmanaged one, its name in the cloud.
    pub name: String,
    /// Whether it is unmanaged.
    pub is_unmanaged: bool,
    /// The fields that are accepted; empty when the object is accepted as a whole.
    pub fields: Vec<String>,
    /// What it does.
    pub effect: Effect,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day.
    pub until: Date,
}

/// An account and whether it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRead {
    /// Its name in the manifests.
    pub name: String,
    /// Its cloud.
    pub cloud: CloudId,
    /// Whether it answered.
    pub is_read: bool,
}

/// All that moved.
#[derive(Debug, Clone, Default)]
pub struct DriftReport {
    /// Every account that was asked.
    pub accounts: Vec<AccountRead>,
    /// Declared objects that differ and are not accepted, the gravest first.
    pub objects: Vec<Drifted>,
    /// Live objects that nobody declared or accepted, the gravest first.
    pub unmanaged: Vec<Stranger>,
    /// Declared objects of which nobody knows.
    pub unreadable: Vec<Step>,
    /// Lists that were not read.
    pub unlisted: Vec<Unlisted>,
    /// Differences that somebody answers for.
    pub accepted: Vec<Accepted>,
    /// Every issuer that was asked, and what moved there.
    pub issuers: Vec<IssuerReport>,
    /// How many declared objects are as their manifests say.
    pub in_sync: usize,
    /// False when something could not be read.
    pub complete: bool,
    /// Set when it is about a part of the manifests only; says which.
    pub partial: Option<String>,
    /// What a person must hear besides.
    pub findings: Vec<Diagnostic>,
}

impl DriftReport {
    /// Whether anything is to be mended or accepted.
    pub fn has_drift(&self) -> bool {
        !self.objects.is_empty()
            || !self.unmanaged.is_empty()
            || self.issuers.iter().any(IssuerReport::has_moved)
    }
}

/// Tells what moved. `today` decides which acceptances have run out.
pub fn report(
    world: &World,
    snapshot: &Snapshot,
    plan: &Plan,
    acceptances: &[Acceptance],
    today: Date,
) -> DriftReport {
    let mut accepting = accept::Accepting::new(acceptances, today);
    let mut report = DriftReport {
        accounts: accounts(world, snapshot),
        unlisted: unlisted(world, snapshot),
        partial: world.partial.clone(),
        ..DriftReport::default()
    };
    for step in &plan.steps {
        let Some(desired) = world.objects.get(&step.address) else {
            continue;
        };
        if step.action == Action::Unreadable {
            report.unreadable.push(step.clone());
            continue;
        }
        match drifted(step, desired) {
            None => report.in_sync += 1,
            Some(found) => match accepting.object(found, desired.kind.info()) {
                (None, accepted) => report.accepted.extend(accepted),
                (Some(left), accepted) => {
                    report.objects.push(left);
                    report.accepted.extend(accepted);
                }
            },
        }
    }
    for found in &plan.unmanaged {
        if let Some(stranger) = stranger(found, snapshot) {
            match accepting.stranger(stranger) {
                Ok(accepted) => report.accepted.push(accepted),
                Err(stranger) => report.unmanaged.push(stranger),
            }
        }
    }
    report.objects.sort_by_key(|found| {
        (
            std::cmp::Reverse(found.effect),
            found.change.address.clone(),
        )
    });
    report
        .unmanaged
        .sort_by_key(|found| (std::cmp::Reverse(found.effect), found.found.clone()));
    report.accepted.sort_by(|left, right| {
        let key = |found: &Accepted| (found.account.clone(), found.kind, found.name.clone());
        key(left).cmp(&key(right))
    });
    report.complete = report.unreadable.is_empty()
        && report.accounts.iter().all(|account| account.is_read)
        && report.unlisted.iter().all(|list| list.by_design);
    report.findings = findings(world, snapshot, plan, &report);
    report.findings.extend(accepting.expired());
    // In a part of the accounts, or with some unread, what an entry is about may not be in sight.
    if report.complete && report.partial.is_none() {
        report.findings.extend(accepting.unused());
    }
    report
}

fn accounts(world: &World, snapshot: &Snapshot) -> Vec<AccountRead> {
    let read = |(name, reading): (&String, &AccountReading)| {
        let account = world.accounts.get(name)?;
        Some(AccountRead {
            name: name.clone(),
            cloud: account.cloud,
            is_read: matches!(reading, AccountReading::Readable { .. }),
        })
    };
    snapshot.accounts.iter().filter_map(read).collect()
}

/// Lists that the clouds did not give, and those that they do not have.
fn unlisted(world: &World, snapshot: &Snapshot) -> Vec<Unlisted> {
    let mut unlisted: Vec<Unlisted> = snapshot
        .unlisted
        .iter()
        .map(|((account, kind), reason)| Unlisted {
            account: account.clone(),
            kind: *kind,
            reason: reason.clone(),
            by_design: false,
        })
        .collect();
    for (name, reading) in &snapshot.accounts {
        let Some(account) = world.accounts.get(name) else {
            continue;
        };
        let is_read = matches!(reading, AccountReading::Readable { .. });
        if !is_read || account.unmanaged.report == Some(false) {
            continue;
        }
        let kinds = crate::clouds::cloud(account.cloud).map_or(&[][..], |cloud| cloud.kinds);
        for info in kinds.iter().map(|kind| kind.info()) {
            if let Some(reason) = info.cannot_list {
                unlisted.push(Unlisted {
                    account: name.clone(),
                    kind: info.name,
                    reason: reason.to_owned(),
                    by_design: true,
                });
            }
        }
    }
    unlisted.sort_by(|left, right| {
        (left.by_design, &left.account, left.kind).cmp(&(
            right.by_design,
            &right.account,
            right.kind,
        ))
    });
    unlisted
}

/// Whether and how an object is not as its manifest says. What only goes along with another
/// object's replacement is as it should be.
fn drifted(step: &Step, desired: &Desired) -> Option<Drifted> {
    let needed = step
        .blocked
        .as_ref()
        .map_or(step.action, |blocked| blocked.needed);
    let is_along = matches!(step.reason, Reason::GoesWith(_)) && step.changes.is_empty();
    if is_along || (needed == Action::NoOp && step.reason != Reason::ObserveOnly) {
        return None;
    }
    let info = desired.kind.info();
    let how = match (&step.before, desired.ensure) {
        (None, _) => How::Gone,
        (Some(_), Ensure::Absent) => match info.removal {
            Removal::Disable => How::StillOn,
            Removal::Delete | Removal::WithParent(_) => How::StillThere,
        },
        (Some(_), Ensure::Present)
            if step.changes.iter().any(|change| is_immutable(info, change)) =>
        {
            How::MadeAnew
        }
        (Some(_), Ensure::Present) => How::FieldsDiffer,
    };
    let change = turned(step, desired, how);
    Some(Drifted {
        effect: Effect::of(&change.risks),
        change,
        how,
        expired: None,
    })
}

fn is_immutable(info: &KindInfo, change: &FieldChange) -> bool {
    field_of(info, change.field).is_some_and(|field| field.change == Change::Immutable)
}

/// The step as somebody else took it: from the manifest to what lives, without any call.
fn turned(step: &Step, desired: &Desired, how: How) -> Step {
    let info = desired.kind.info();
    let live = step.before.clone();
    let (before, changes) = match how {
        How::Gone => (
            Some(Arc::new(desired.fields.clone())),
            step.changes.iter().map(turn).collect(),
        ),
        How::StillThere => (None, plan::diff::whole(info.fields, None, live.as_deref())),
        How::StillOn => {
            let mut off = live.as_deref().cloned().unwrap_or_default();
            off.insert("enabled".to_owned(), Value::Bool(false));
            let no = Fields::from([("enabled".to_owned(), Value::Bool(false))]);
            let changes = live
                .as_ref()
                .map(|live| plan::diff::differences(info.fields, &no, live));
            let changes = changes.iter().flatten().map(turn).collect();
            (Some(Arc::new(off)), changes)
        }
        How::FieldsDiffer | How::MadeAnew => {
            (step.after.clone(), step.changes.iter().map(turn).collect())
        }
    };
    let mut turned = Step {
        address: step.address.clone(),
        cloud: step.cloud,
        identity: step.identity.clone(),
        action: how.action(),
        reason: step.reason.clone(),
        blocked: None,
        error: None,
        changes,
        before,
        after: live,
        facts: BTreeMap::new(),
        risks: BTreeSet::new(),
        side_effects: Vec::new(),
        phases: Vec::new(),
        needs: step.needs.clone(),
        after_removal_of: BTreeSet::new(),
        releases: BTreeSet::new(),
        owner: step.owner.clone(),
        origin: step.origin.clone(),
    };
    turned.risks = risks(info, how, &turned);
    turned
}

fn turn(change: &FieldChange) -> FieldChange {
    let detail = match change.detail.clone() {
        Detail::Whole => Detail::Whole,
        Detail::Items { added, removed } => Detail::Items {
            added: removed,
            removed: added,
        },
        Detail::Keys {
            added,
            removed,
            changed,
        } => Detail::Keys {
            added: removed,
            removed: added,
            changed,
        },
        Detail::Document { before, after } => Detail::Document {
            before: after,
            after: before,
        },
    };
    FieldChange {
        field: change.field,
        before: change.after.clone(),
        after: change.before.clone(),
        detail,
        line: change.line,
    }
}

/// What may have gone wrong already.
fn risks(info: &KindInfo, how: How, turned: &Step) -> BTreeSet<Risk> {
    let is_off = |fields: &Option<Arc<Fields>>| {
        let enabled = fields.as_ref().and_then(|fields| fields.get("enabled"));
        enabled == Some(&Value::Bool(false))
    };
    let mut risks = BTreeSet::new();
    match how {
        How::FieldsDiffer | How::MadeAnew => {
            for change in &turned.changes {
                risks.extend(guard::risks_of_change(info, change));
            }
        }
        How::Gone if is_off(&turned.before) => {}
        How::Gone => {
            risks.insert(Risk::MayBreakSignIn);
            if info.create_switches_sign_in {
                risks.insert(Risk::SwitchesSignIn);
            }
        }
        How::StillThere if is_off(&turned.after) => {}
        How::StillThere => {
            risks.insert(Risk::WidensTrust);
        }
        How::StillOn => {
            risks.insert(Risk::SwitchesSignIn);
        }
    }
    if risks.is_empty() {
        risks.insert(Risk::Cosmetic);
    }
    risks
}

/// A live object that nobody declared. A singleton that is switched off is not worth telling: the
/// cloud keeps such records for ever.
fn stranger(found: &Unmanaged, snapshot: &Snapshot) -> Option<Stranger> {
    let info = crate::clouds::kind(found.kind.0)?.info();
    let live = snapshot
        .others
        .get(&(found.account.clone(), found.kind))
        .and_then(|others| others.get(&found.cloud_name))
        .map(|live| live.fields.clone())
        .unwrap_or_default();
    let is_off = live.get("enabled") == Some(&Value::Bool(false));
    if is_off && matches!(info.naming, Naming::Singleton) {
        return None;
    }
    let effect = if is_off {
        Effect::Harmless
    } else if info.create_switches_sign_in {
        Effect::BreaksSignIn
    } else {
        Effect::WidensTrust
    };
    Some(Stranger {
        found: found.clone(),
        cloud: crate::clouds::cloud_of(found.kind)?.id,
        live,
        effect,
        expired: None,
    })
}

/// What could not be read. What stands against mending it is for plans to say.
fn findings(
    world: &World,
    snapshot: &Snapshot,
    plan: &Plan,
    report: &DriftReport,
) -> Vec<Diagnostic> {
    let mut findings = plan::findings(world, snapshot, plan);
    findings.retain(|finding| {
        matches!(
            finding.code,
            Code::CredentialsMissing
                | Code::AccountMismatch
                | Code::AccountUnreadable
                | Code::ObjectUnreadable
        )
    });
    for list in report.unlisted.iter().filter(|list| !list.by_design) {
        let title = format!(
            "the {} objects of `{}` could not be listed",
            list.kind, list.account
        );
        findings.push(
            Diagnostic::error(Code::ListUnreadable, title)
                .note(list.reason.clone())
                .help("grant the right to list them, or say `unmanaged: {report: false}` in the Account document"),
        );
    }
    findings
}

/// `account/Kind/name`, or `account/Kind` where there is one for each account.
fn place(account: &str, kind: KindName, name: &str) -> String {
    if name.is_empty() {
        format!("{account}/{kind}")
    } else {
        format!("{account}/{kind}/{name}")
    }
}

#[cfg(test)]
mod tests;
