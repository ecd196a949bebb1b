//! What may go wrong, who refuses it, and which consent it takes.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::World;
use crate::model::{Address, Value};
use crate::provider::{Effect, KindInfo, SideEffect, field_of};

use super::action::BlockedBy;
use super::{Action, Blocked, Detail, FieldChange, Plan, Risk, Step};

/// The risks of one step.
pub(super) fn risks(
    info: &KindInfo,
    action: Action,
    changes: &[FieldChange],
    side_effects: &[SideEffect],
) -> BTreeSet<Risk> {
    let mut risks = BTreeSet::new();
    match action {
        Action::Create => {
            risks.insert(Risk::WidensTrust);
            let disabled = changes.iter().any(|change| {
                change.field == "enabled" && change.after == Some(Value::Bool(false))
            });
            if info.create_switches_sign_in && !disabled {
                risks.insert(Risk::SwitchesSignIn);
            }
        }
        Action::Update => {
            for change in changes {
                risks.extend(of_change(info, change));
            }
        }
        Action::Replace => {
            risks.insert(Risk::Destroys);
            for change in changes {
                risks.extend(of_change(info, change));
            }
        }
        Action::Delete => {
            risks.insert(Risk::Destroys);
        }
        Action::Disable => {
            risks.insert(Risk::SwitchesSignIn);
        }
        Action::NoOp | Action::Blocked | Action::Unreadable => return risks,
    }
    if side_effects.iter().any(|effect| effect.switches_sign_in) {
        risks.insert(Risk::SwitchesSignIn);
    }
    if risks.is_empty() {
        risks.insert(Risk::Cosmetic);
    }
    risks
}

fn of_change(info: &KindInfo, change: &FieldChange) -> Vec<Risk> {
    let Some(field) = field_of(info, change.field) else {
        return vec![Risk::MayBreakSignIn];
    };
    match field.effect {
        Effect::Cosmetic => vec![Risk::Cosmetic],
        Effect::Accepts => accepts(change),
        Effect::MayBreak | Effect::Structure => vec![Risk::MayBreakSignIn],
        Effect::Longer => {
            let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_i64);
            if number(&change.after) > number(&change.before) {
                vec![Risk::WidensTrust]
            } else {
                vec![Risk::MayBreakSignIn]
            }
        }
        Effect::Switches => vec![Risk::SwitchesSignIn],
    }
}

fn accepts(change: &FieldChange) -> Vec<Risk> {
    let (more, fewer) = match &change.detail {
        Detail::Items { added, removed } => (!added.is_empty(), !removed.is_empty()),
        Detail::Keys {
            added,
            removed,
            changed,
        } => (
            !added.is_empty() || !changed.is_empty(),
            !removed.is_empty() || !changed.is_empty(),
        ),
        // Another document or text accepts others and refuses those before.
        Detail::Whole | Detail::Document { .. } => (true, change.before.is_some()),
    };
    let mut risks = Vec::new();
    if more {
        risks.push(Risk::WidensTrust);
    }
    if fewer {
        risks.push(Risk::MayBreakSignIn);
    }
    risks
}

/// Blocks what a manifest protects.
pub(super) fn protect(world: &World, steps: &mut BTreeMap<Address, Step>) {
    for (address, step) in steps.iter_mut() {
        let protected = world
            .objects
            .get(address)
            .is_some_and(|desired| desired.protect);
        let grave: Vec<&str> = [Risk::MayBreakSignIn, Risk::Destroys]
            .into_iter()
            .filter(|risk| step.risks.contains(risk))
            .map(Risk::word)
            .collect();
        if protected && step.blocked.is_none() && !grave.is_empty() {
            block(
                step,
                BlockedBy::Guard,
                format!(
                    "its manifest says `protect: true`, and the change is labelled {}; \
                     to make it all the same, take `protect` out in a change of its own",
                    grave.join(" and ")
                ),
            );
        }
    }
}

/// Turns a step into a blocked one; what it would have done stays to be seen.
pub(super) fn block(step: &mut Step, by: BlockedBy, reason: String) {
    step.blocked = Some(Blocked {
        needed: step.action,
        by,
        reason,
    });
    step.action = Action::Blocked;
}

/// What the person has agreed to.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    /// `--yes`.
    pub yes: bool,
    /// `--allow`, each risk.
    pub allow: BTreeSet<Risk>,
}

/// A risk nobody agreed to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The risk.
    pub risk: Risk,
    /// Where it is.
    pub address: Address,
}

/// Every risk of every change that the consent does not cover.
pub fn missing(plan: &Plan, consent: &Consent) -> Vec<Missing> {
    let mut missing: Vec<Missing> = plan
        .steps
        .iter()
        .filter(|step| step.is_change())
        .flat_map(|step| step.risks.iter().map(move |risk| (step, *risk)))
        .filter(|(_, risk)| {
            let covered = consent.yes && risk.is_covered_by_yes();
            !covered && !consent.allow.contains(risk)
        })
        .map(|(step, risk)| Missing {
            risk,
            address: step.address.clone(),
        })
        .collect();
    missing.sort();
    missing
}

#[cfg(test)]
mod tests;
