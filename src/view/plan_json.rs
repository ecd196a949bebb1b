//! A plan as JSON, in the shape of Terraform's plan representation where the meaning is the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field_diff;
use super::report_json::{DiagnosticDocument, FORMAT_VERSION, findings};
use crate::model::{Diagnostic, Fields, SourceMap, Value};
use crate::plan::action::BlockedBy;
use crate::plan::{self, Action, Detail, FieldChange, Plan, Reason, Step};

pub use super::report_json::to_json;

/// What a plan document is made of.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// The plan; [`None`] when the manifests are invalid and there is none.
    pub plan: Option<&'a Plan>,
    /// The command that was run.
    pub command: &'a str,
    /// Its exit code.
    pub exit_code: u8,
    /// Whether the exit code is 1 for any reason.
    pub errored: bool,
    /// What standard error says.
    pub diagnostics: &'a [Diagnostic],
    /// Where the diagnostics point into.
    pub sources: &'a SourceMap,
}

/// What would be done, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanDocument {
    /// Version of this document; readers should accept any with the same first number.
    pub format_version: String,
    /// Version of the program that wrote it.
    pub idform_version: String,
    /// The command that was run.
    pub command: String,
    /// Its exit code.
    pub exit_code: u8,
    /// What the plan is about: equal for equal manifests and equal live objects. Null when there
    /// is no plan.
    pub digest: Option<String>,
    /// False when something could not be read, or when there is no plan.
    pub complete: bool,
    /// True when the exit code is 1 for any reason.
    pub errored: bool,
    /// Which part of the manifests it is about; null for all.
    #[serde(default)]
    pub partial: Option<String>,
    /// How many objects of each action.
    pub summary: SummaryDocument,
    /// Every declared object, by address, the unchanged ones too.
    pub resource_changes: Vec<ResourceChange>,
    /// Live objects that no manifest declares.
    pub unmanaged: Vec<UnmanagedDocument>,
    /// What standard error said.
    pub diagnostics: Vec<DiagnosticDocument>,
}

/// How many objects of each action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryDocument {
    /// To be created.
    pub create: usize,
    /// To be changed in place.
    pub update: usize,
    /// To be deleted and made anew.
    pub replace: usize,
    /// To be deleted.
    pub delete: usize,
    /// To be switched off.
    pub disable: usize,
    /// As wanted, or only observed.
    #[serde(rename = "no-op")]
    pub no_op: usize,
    /// In need of a change that cannot be made.
    pub blocked: usize,
    /// Unknown.
    pub unreadable: usize,
    /// Live and declared by nobody.
    pub unmanaged: usize,
}

/// One declared object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceChange {
    /// `<account>/<Kind>/<name>`.
    pub address: String,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// The cloud.
    pub provider_name: String,
    /// The account's name in the manifests.
    pub account: String,
    /// Its name in the cloud; null for singletons.
    pub cloud_name: Option<String>,
    /// The change in Terraform's shape.
    pub change: ChangeDocument,
    /// `create`, `update`, `replace`, `delete`, `disable`, `no-op`, `blocked` or `unreadable`.
    pub action: String,
    /// Why, as a stable word.
    pub action_reason: String,
    /// What exactly differs, field by field; for an observed object, what would.
    pub field_changes: Vec<FieldChangeDocument>,
    /// `cosmetic`, `widens-trust`, `may-break-sign-in`, `switches-sign-in`, `destroys`.
    pub risks: Vec<String>,
    /// What the cloud will do by itself.
    pub side_effects: Vec<SideEffectDocument>,
    /// Addresses of the objects that it refers to or waits for.
    pub depends_on: Vec<String>,
    /// The calls that will be made, in order.
    pub calls: Vec<PlannedCall>,
    /// Why a needed change cannot be made, or null.
    pub blocked: Option<BlockedDocument>,
    /// Why it could not be read, or null.
    pub error: Option<String>,
    /// Who answers for it, or null.
    pub owner: Option<String>,
    /// Where it is declared.
    pub source: SourceDocument,
}

/// A change in Terraform's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeDocument {
    /// Terraform's words; of a blocked object, what would be needed.
    pub actions: Vec<String>,
    /// The known fields in canonical form; null when it is absent or unreadable.
    pub before: Option<Arc<BTreeMap<String, Value>>>,
    /// The same afterwards; null when it will be gone or nobody knows.
    pub after: Option<Arc<BTreeMap<String, Value>>>,
    /// Fields of `before` that may not be shown. There are none: no field holds a secret.
    pub before_sensitive: Sensitive,
    /// The same for `after`.
    pub after_sensitive: Sensitive,
    /// Paths of the fields that force a replacement.
    pub replace_paths: Vec<Vec<String>>,
}

/// Which fields may not be shown: as in Terraform's, false where there is no object, and otherwise
/// an object with a true for each such field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Sensitive {
    /// Of all.
    All(bool),
    /// Of each.
    Fields(BTreeMap<String, bool>),
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldChangeDocument {
    /// Its manifest name.
    pub field: String,
    /// How `added`, `removed`, `changed` and `diff` are to be read: `value` (not at all), `items`
    /// of a set, `keys` of a key set, `metadata` (what SAML metadata states, and the rest as a
    /// diff), `trust` of a trust policy, `document`.
    pub form: String,
    /// Canonical value before; null when the cloud has none.
    pub before: Option<Value>,
    /// Canonical value after; null when it goes with its object.
    pub after: Option<Value>,
    /// Items, or keys as `kid`, type and size, that are new.
    pub added: Vec<String>,
    /// Those that will be gone.
    pub removed: Vec<String>,
    /// Keys with other material or use under the same `kid`.
    pub changed: Vec<String>,
    /// The unified diff of a document, else null.
    pub diff: Option<String>,
    /// The manifest.
    pub file: String,
    /// The line the field stands on; null when it stands nowhere.
    pub line: Option<u32>,
}

/// Something the cloud does by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SideEffectDocument {
    /// One sentence.
    pub text: String,
    /// Whether it changes how people sign in to the account.
    pub switches_sign_in: bool,
}

/// A call that will be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedCall {
    /// The documented action name.
    pub name: String,
    /// Method and path, or null where the name alone decides.
    pub target: Option<String>,
    /// `quiesce`, `remove`, `write` or `activate`.
    pub phase: String,
}

/// Why a needed change cannot be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedDocument {
    /// One or two sentences.
    pub reason: String,
    /// `guard` (no consent lifts it), `impossible` (as things are) or `waiting` (for something
    /// blocked or unreadable).
    pub by: String,
    /// The action that would be needed.
    pub needed: String,
}

/// A place in a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceDocument {
    /// The file as it was named.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// A live object that no manifest declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnmanagedDocument {
    /// The account's name in the manifests.
    pub account: String,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in the cloud.
    pub cloud_name: String,
}

/// The document of a plan, or of manifests that gave none.
pub fn document(input: &PlanInput<'_>) -> PlanDocument {
    let steps = input.plan.map_or(&[][..], |plan| &plan.steps);
    let unmanaged = input.plan.map_or(&[][..], |plan| &plan.unmanaged);
    PlanDocument {
        format_version: FORMAT_VERSION.to_owned(),
        idform_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: input.command.to_owned(),
        exit_code: input.exit_code,
        digest: input.plan.map(|plan| plan.digest.to_string()),
        complete: input.plan.is_some_and(|plan| plan.complete),
        errored: input.errored,
        partial: input.plan.and_then(|plan| plan.partial.clone()),
        summary: input.plan.map(summary).unwrap_or_default(),
        resource_changes: steps.iter().map(resource_change).collect(),
        unmanaged: unmanaged
            .iter()
            .map(|found| UnmanagedDocument {
                account: found.account.clone(),
                kind: found.kind.to_string(),
                cloud_name: found.cloud_name.clone(),
            })
            .collect(),
        diagnostics: findings(input.diagnostics, input.sources),
    }
}

fn summary(plan: &Plan) -> SummaryDocument {
    let counts = plan::count(plan);
    let count = |action| counts.get(&action).copied().unwrap_or_default();
    SummaryDocument {
        create: count(Action::Create),
        update: count(Action::Update),
        replace: count(Action::Replace),
        delete: count(Action::Delete),
        disable: count(Action::Disable),
        no_op: count(Action::NoOp),
        blocked: count(Action::Blocked),
        unreadable: count(Action::Unreadable),
        unmanaged: plan.unmanaged.len(),
    }
}

/// One declared object, also for other documents in the same shape.
pub fn resource_change(step: &Step) -> ResourceChange {
    let calls = step.phases.iter().flat_map(|phase| {
        phase.calls.iter().map(|write| PlannedCall {
            name: write.call.name.to_owned(),
            target: write.call.target(),
            phase: phase.phase.word().to_owned(),
        })
    });
    let needs = step.needs.union(&step.after_removal_of);
    ResourceChange {
        address: step.address.to_string(),
        kind: step.address.kind.to_string(),
        name: step.address.name.clone(),
        provider_name: step.cloud.to_string(),
        account: step.address.account.clone(),
        cloud_name: Some(step.identity.clone()).filter(|name| !name.is_empty()),
        change: change(step),
        action: step.action.word().to_owned(),
        action_reason: step.reason.slug().to_owned(),
        field_changes: step
            .changes
            .iter()
            .map(|change| field_change(change, step))
            .collect(),
        risks: step
            .risks
            .iter()
            .map(|risk| risk.word().to_owned())
            .collect(),
        side_effects: step
            .side_effects
            .iter()
            .map(|effect| SideEffectDocument {
                text: effect.text.clone(),
                switches_sign_in: effect.switches_sign_in,
            })
            .collect(),
        depends_on: needs.map(ToString::to_string).collect(),
        calls: calls.collect(),
        blocked: step.blocked.as_ref().map(|blocked| BlockedDocument {
            reason: blocked.reason.clone(),
            by: match blocked.by {
                BlockedBy::Guard => "guard",
                BlockedBy::Impossible => "impossible",
                BlockedBy::Waiting => "waiting",
            }
            .to_owned(),
            needed: blocked.needed.word().to_owned(),
        }),
        error: step.error.clone(),
        owner: step.owner.clone(),
        source: SourceDocument {
            file: step.origin.file.to_string(),
            line: step.origin.line,
        },
    }
}

fn change(step: &Step) -> ChangeDocument {
    let needed = step
        .blocked
        .as_ref()
        .map_or(step.action, |blocked| blocked.needed);
    let sensitive = |fields: &Option<Arc<Fields>>| match fields {
        Some(_) => Sensitive::Fields(BTreeMap::new()),
        None => Sensitive::All(false),
    };
    let replace_paths = match &step.reason {
        Reason::ImmutableFieldDiffers(fields) => fields
            .iter()
            .map(|field| vec![field.trim_matches('`').to_owned()])
            .collect(),
        Reason::NotOnCloud
        | Reason::FieldsDiffer
        | Reason::GoesWith(_)
        | Reason::SameAsLive
        | Reason::EnsureAbsent
        | Reason::AlreadyAbsent
        | Reason::ObserveOnly
        | Reason::CouldNotRead => Vec::new(),
    };
    ChangeDocument {
        actions: needed
            .terraform()
            .iter()
            .map(|word| (*word).to_owned())
            .collect(),
        before: step.before.clone(),
        after: step.after.clone(),
        before_sensitive: sensitive(&step.before),
        after_sensitive: sensitive(&step.after),
        replace_paths,
    }
}

fn field_change(change: &FieldChange, step: &Step) -> FieldChangeDocument {
    let mut document = FieldChangeDocument {
        field: change.field.to_owned(),
        form: "value".to_owned(),
        before: change.before.clone(),
        after: change.after.clone(),
        added: Vec::new(),
        removed: Vec::new(),
        changed: Vec::new(),
        diff: None,
        file: step.origin.file.to_string(),
        line: change.line,
    };
    match &change.detail {
        Detail::Whole => {}
        Detail::Items { added, removed } => {
            "items".clone_into(&mut document.form);
            document.added.clone_from(added);
            document.removed.clone_from(removed);
        }
        Detail::Keys {
            added,
            removed,
            changed,
        } => {
            "keys".clone_into(&mut document.form);
            document.added.clone_from(added);
            document.removed.clone_from(removed);
            document.changed.clone_from(changed);
        }
        Detail::Metadata {
            added,
            removed,
            before,
            after,
        } => {
            "metadata".clone_into(&mut document.form);
            document.added.clone_from(added);
            document.removed.clone_from(removed);
            if before != after {
                document.diff = Some(field_diff::unified(before, after));
            }
        }
        Detail::Trust {
            added,
            removed,
            before,
            after,
            is_wider: _,
            is_narrower: _,
        } => {
            "trust".clone_into(&mut document.form);
            document.added.clone_from(added);
            document.removed.clone_from(removed);
            document.diff = Some(field_diff::unified(before, after));
        }
        Detail::Document { before, after } => {
            "document".clone_into(&mut document.form);
            document.diff = Some(field_diff::unified(before, after));
        }
    }
    document
}

#[cfg(test)]
mod tests;
