//! What moved on the clouds since it was reviewed: a plan, read from the live side. Pure.
//!
//! A plan says what would be done; drift says what was done by somebody else. So every change is
//! turned round here: before is what the manifests say, after is what lives. A key that only the
//! cloud has is an added one, and widens trust; one that the cloud lacks may break sign-in.
//! Nothing here holds a call, and nothing here knows of writing.

mod accept;
pub mod issuers;
mod turned;
mod unlisted;

use std::collections::BTreeSet;

use jiff::civil::Date;

pub use accept::{Acceptance, AcceptanceFile, Subject, parse};

use crate::compile::World;
use crate::lock::IssuerReport;
use crate::model::{CloudId, Code, Diagnostic, Fields, KindName, Value};
use crate::observe::{AccountReading, Snapshot, Unmanaged};
use crate::plan::{self, Action, Plan, Risk, Step};
use crate::provider::Naming;

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
    /// All of them, the gravest last.
    pub const ALL: [Self; 3] = [Self::Harmless, Self::WidensTrust, Self::BreaksSignIn];

    /// What a reader wants to know.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Harmless => "It differs from its manifest in nothing that concerns sign-in.",
            Self::WidensTrust => {
                "Somebody or something more is accepted than was reviewed: a provider, key, client \
                 id, subject or audience, or a weaker condition."
            }
            Self::BreaksSignIn => {
                "Something that was reviewed is accepted no more, or people sign in another way."
            }
        }
    }

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
        unlisted: unlisted::unlisted(world, snapshot),
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
        match turned::drifted(step, desired) {
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

/// A live object that nobody declared. A singleton that is switched off is not worth telling: the
/// cloud keeps such records for ever.
fn stranger(found: &Unmanaged, snapshot: &Snapshot) -> Option<Stranger> {
    let info = crate::clouds::kind(found.kind.0)?.info();
    let live = snapshot
        .others
        .get(&(found.account.clone(), found.kind))
        .and_then(|others| others.get(&found.cloud_name))
        .map(|live| Fields::clone(&live.fields))
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
