//! What may go wrong, who refuses it, and which consent it takes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::compile::World;
use crate::federation::saml_metadata;
use crate::model::{Address, KindName, Selector, Value};
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
                risks.extend(risks_of_change(info, change));
            }
            // What was switched off accepted nobody, so nothing can break by being switched on.
            if changes.iter().any(|change| switches_on(info, change)) {
                risks.remove(&Risk::MayBreakSignIn);
            }
        }
        Action::Replace => {
            risks.insert(Risk::Destroys);
            for change in changes {
                risks.extend(risks_of_change(info, change));
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

fn switches_on(info: &KindInfo, change: &FieldChange) -> bool {
    let is_switch =
        field_of(info, change.field).is_some_and(|field| field.effect == Effect::Switches);
    is_switch
        && change.before == Some(Value::Bool(false))
        && change.after == Some(Value::Bool(true))
}

/// The risks of one field's change; drift asks for those of a change made outside.
pub fn risks_of_change(info: &KindInfo, change: &FieldChange) -> Vec<Risk> {
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
        // Where making the object switches nobody's sign-in, switching it on does not either. An
        // apply that was interrupted between the two finishes with the consent it began with.
        Effect::Switches
            if change.after == Some(Value::Bool(true)) && !info.create_switches_sign_in =>
        {
            vec![Risk::WidensTrust]
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
        Detail::Trust {
            is_wider,
            is_narrower,
            ..
        } => (*is_wider, *is_narrower),
        Detail::Metadata { .. } => {
            let text = |value: &Option<Value>| {
                let text = value.as_ref().and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            let found = saml_metadata::differences(&text(&change.before), &text(&change.after));
            if !found.accepts_more && !found.may_break {
                // Names and addresses of people, and what is said for them.
                return vec![Risk::Cosmetic];
            }
            (found.accepts_more, found.may_break)
        }
        // Another document or text accepts others and refuses those before; an empty text (no
        // further domain) accepts nobody.
        Detail::Whole | Detail::Document { .. } => {
            let is_something = |value: &Option<Value>| {
                value
                    .as_ref()
                    .is_some_and(|value| value.as_str() != Some(""))
            };
            (is_something(&change.after), is_something(&change.before))
        }
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

/// What the operator guards, beside what manifests say.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// Objects to protect, whatever their manifests say.
    pub protect: Vec<Selector>,
    /// How much may change at once.
    pub max_changes: MaxChanges,
}

/// How many of the live objects of one kind in one account one plan may change. Creations do not
/// count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MaxChanges {
    /// 30 % where there are more than five.
    #[default]
    Default,
    /// A number.
    Count(u32),
    /// A percentage.
    Percent(u32),
}

/// The default threshold in percent, and from how many live objects on it holds: below, one change
/// is a large part already.
const DEFAULT_PERCENT: usize = 30;
const DEFAULT_FROM: usize = 6;

impl MaxChanges {
    /// Reads `N` or `N%`.
    ///
    /// # Errors
    /// Says which form is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is neither a number nor a percentage such as 30%");
        match text.strip_suffix('%') {
            Some(number) => number.trim().parse().map(Self::Percent).map_err(wrong),
            None => text.parse().map(Self::Count).map_err(wrong),
        }
    }

    fn allows(self, changes: usize, live: usize) -> bool {
        let percent = |percent: usize| changes * 100 <= live * percent;
        match self {
            Self::Default => live < DEFAULT_FROM || percent(DEFAULT_PERCENT),
            Self::Count(count) => changes <= usize::try_from(count).unwrap_or(usize::MAX),
            Self::Percent(number) => percent(usize::try_from(number).unwrap_or(usize::MAX)),
        }
    }
}

/// A threshold that a plan goes past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tripped {
    /// Where.
    pub account: String,
    /// Of what.
    pub kind: KindName,
    /// How many live objects would change.
    pub changes: usize,
    /// How many there are.
    pub live: usize,
}

/// Every account and kind in which more would change than is allowed.
pub(super) fn tripped(steps: &[Step], max: MaxChanges) -> Vec<Tripped> {
    let mut counts: BTreeMap<(&str, KindName), (usize, usize)> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.before.is_some()) {
        let (changes, live) = counts
            .entry((&step.address.account, step.address.kind))
            .or_default();
        *live += 1;
        *changes += usize::from(step.is_change());
    }
    counts
        .into_iter()
        .filter(|(_, (changes, live))| !max.allows(*changes, *live))
        .map(|((account, kind), (changes, live))| Tripped {
            account: account.to_owned(),
            kind,
            changes,
            live,
        })
        .collect()
}

/// Blocks what a manifest or the operator protects.
pub(super) fn protect(world: &World, guards: &Guards, steps: &mut BTreeMap<Address, Step>) {
    for (address, step) in steps.iter_mut() {
        let by_manifest = world
            .objects
            .get(address)
            .is_some_and(|desired| desired.protect);
        let by_operator = guards
            .protect
            .iter()
            .any(|selector| selector.matches(address));
        let grave: Vec<&str> = [Risk::MayBreakSignIn, Risk::Destroys]
            .into_iter()
            .filter(|risk| step.risks.contains(risk))
            .map(Risk::word)
            .collect();
        let (who, way_out) = if by_operator {
            (
                "the operator's configuration protects it",
                "only the operator can lift that",
            )
        } else {
            (
                "its manifest says `protect: true`",
                "to make it all the same, take `protect` out in a change of its own",
            )
        };
        if (by_manifest || by_operator) && step.blocked.is_none() && !grave.is_empty() {
            let labels = grave.join(" and ");
            let reason = format!("{who}, and the change is labelled {labels}; {way_out}");
            block(step, BlockedBy::Guard, reason);
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
