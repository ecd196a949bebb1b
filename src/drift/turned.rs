//! A step of a plan as somebody else took it: from the manifest to what lives, without any call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Drifted, Effect, How};
use crate::compile::Desired;
use crate::manifest::Ensure;
use crate::model::{Fields, Value};
use crate::plan::{self, Action, Detail, FieldChange, Reason, Risk, Step, guard};
use crate::provider::{Change, KindInfo, Removal, field_of};

/// Whether and how an object is not as its manifest says. What only goes along with another
/// object's replacement is as it should be.
pub(super) fn drifted(step: &Step, desired: &Desired) -> Option<Drifted> {
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
        Detail::Metadata {
            added,
            removed,
            before,
            after,
        } => Detail::Metadata {
            added: removed,
            removed: added,
            before: after,
            after: before,
        },
        Detail::Trust {
            added,
            removed,
            is_wider,
            is_narrower,
            before,
            after,
        } => Detail::Trust {
            added: removed,
            removed: added,
            is_wider: is_narrower,
            is_narrower: is_wider,
            before: after,
            after: before,
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
