//! How one step comes about: observation, comparison, calls.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::compile::{Desired, World};
use crate::manifest::{Ensure, Mode};
use crate::model::{Account, Address, Fields, Value, merged};
use crate::observe::{AccountReading, Snapshot};
use crate::provider::{
    Change, Facts, Impossible, Intent, Live, Need, Observation, Phase, PhaseWrites, Removal,
    field_of,
};

use super::action::BlockedBy;
use super::{Action, FieldChange, Reason, Step, diff, guard};

/// What is known of a step before its calls are made up.
pub(super) struct Draft<'a> {
    pub(super) account: Option<&'a Account>,
    pub(super) desired: &'a Desired,
    /// The managed fields that are compared.
    pub(super) compared: Cow<'a, Fields>,
    pub(super) live: Option<&'a Live>,
    pub(super) absent: Option<&'a Facts>,
    pub(super) error: Option<String>,
    pub(super) action: Action,
    pub(super) reason: Reason,
    pub(super) changes: Vec<FieldChange>,
    /// Why it cannot be made, found while looking at other objects.
    pub(super) impossible: Option<Impossible>,
    /// Removals that must come first.
    pub(super) after_removal_of: BTreeSet<Address>,
    /// Objects that it lets go of, so that they can be removed afterwards.
    pub(super) releases: BTreeSet<Address>,
}

impl Draft<'_> {
    /// The fields it is made with; what is not managed survives a replacement.
    pub(super) fn fields_made(&self) -> Fields {
        match self.live {
            Some(live) => merged(&live.fields, &self.desired.fields),
            None => self.desired.fields.clone(),
        }
    }
}

/// One draft for each declared object.
pub(super) fn drafts<'a>(world: &'a World, snapshot: &'a Snapshot) -> BTreeMap<Address, Draft<'a>> {
    world
        .objects
        .iter()
        .map(|(address, desired)| (address.clone(), draft(world, desired, snapshot)))
        .collect()
}

fn draft<'a>(world: &'a World, desired: &'a Desired, snapshot: &'a Snapshot) -> Draft<'a> {
    let skipped = desired.kind.not_compared(&desired.fields);
    let mut compared = Cow::Borrowed(&desired.fields);
    if !skipped.is_empty() {
        compared
            .to_mut()
            .retain(|name, _| !skipped.contains(&name.as_str()));
    }
    let mut draft = Draft {
        account: world
            .accounts
            .get(&desired.address.account)
            .map(Arc::as_ref),
        desired,
        compared,
        live: None,
        absent: None,
        error: None,
        action: Action::Unreadable,
        reason: Reason::CouldNotRead,
        changes: Vec::new(),
        impossible: None,
        after_removal_of: BTreeSet::new(),
        releases: BTreeSet::new(),
    };
    match snapshot.objects.get(&desired.address) {
        Some(Observation::Present(live)) => {
            draft.live = Some(live);
            present(&mut draft, live);
        }
        Some(Observation::Absent(facts)) => {
            draft.absent = Some(facts);
            absent(&mut draft);
        }
        Some(Observation::Unreadable(error)) => draft.error = Some(error.to_string()),
        None => draft.error = Some(account_error(snapshot, &desired.address.account)),
    }
    for change in &mut draft.changes {
        change.line = desired.places.get(change.field).map(|place| place.line);
    }
    draft
}

fn present(draft: &mut Draft<'_>, live: &Live) {
    let info = draft.desired.kind.info();
    if draft.desired.ensure == Ensure::Absent {
        let disabled = live.fields.get("enabled") == Some(&Value::Bool(false));
        (draft.action, draft.reason) = match info.removal {
            Removal::Disable if disabled => (Action::NoOp, Reason::AlreadyAbsent),
            Removal::Disable => (Action::Disable, Reason::EnsureAbsent),
            Removal::Delete | Removal::WithParent(_) => (Action::Delete, Reason::EnsureAbsent),
        };
        if draft.action == Action::Delete {
            draft.changes = diff::whole(info.fields, Some(&live.fields), None);
        }
    } else {
        draft.changes = diff::differences(info.fields, &draft.compared, &live.fields);
        let immutable: Vec<String> = draft
            .changes
            .iter()
            .filter(|change| {
                field_of(info, change.field).is_some_and(|field| field.change == Change::Immutable)
            })
            .map(|change| format!("`{}`", change.field))
            .collect();
        (draft.action, draft.reason) = if draft.changes.is_empty() {
            (Action::NoOp, Reason::SameAsLive)
        } else if immutable.is_empty() {
            (Action::Update, Reason::FieldsDiffer)
        } else {
            (Action::Replace, Reason::ImmutableFieldDiffers(immutable))
        };
    }
    only_observe(draft);
}

fn absent(draft: &mut Draft<'_>) {
    if draft.desired.ensure == Ensure::Absent {
        (draft.action, draft.reason) = (Action::NoOp, Reason::AlreadyAbsent);
    } else {
        let info = draft.desired.kind.info();
        draft.changes = diff::whole(info.fields, None, Some(&draft.desired.fields));
        (draft.action, draft.reason) = (Action::Create, Reason::NotOnCloud);
    }
    only_observe(draft);
}

/// `mode: observe` compares and reports; it never writes.
fn only_observe(draft: &mut Draft<'_>) {
    if draft.desired.mode == Mode::Observe && draft.action != Action::NoOp {
        draft.action = Action::NoOp;
        draft.reason = Reason::ObserveOnly;
    }
}

fn account_error(snapshot: &Snapshot, account: &str) -> String {
    match snapshot.accounts.get(account) {
        Some(AccountReading::Unreadable(error)) => error.to_string(),
        Some(AccountReading::Mismatch { declared, found }) => {
            format!("the credentials belong to account {found}, not to {declared}")
        }
        Some(AccountReading::NoCredentials { why, .. }) => why.clone(),
        Some(AccountReading::Readable { .. }) | None => "it was not read".to_owned(),
    }
}

/// Makes up the calls and what they risk.
pub(super) fn finish(mut draft: Draft<'_>) -> Step {
    let info = draft.desired.kind.info();
    let calls = calls(&draft).and_then(|phases| match draft.account {
        Some(account) => draft
            .desired
            .kind
            .known_there(account, &phases)
            .map(|()| phases),
        None => Ok(phases),
    });
    let side_effects = side_effects(&draft);
    let (phases, impossible) = match (draft.impossible.take(), calls) {
        (Some(why), _) | (None, Err(why)) => (Vec::new(), Some(why)),
        (None, Ok(phases)) => (phases, None),
    };
    follow(&mut draft, &phases);
    let before = draft.live.map(|live| Arc::clone(&live.fields));
    let leaves = phases.last().and_then(|phase| phase.leaves.clone());
    let after = match draft.action {
        Action::Delete => None,
        Action::Create => Some(Arc::new(draft.desired.fields.clone())),
        Action::Disable => leaves.map(Arc::new),
        Action::Update | Action::Replace | Action::NoOp | Action::Blocked | Action::Unreadable => {
            let merged = || before.as_ref().map(|live| put_over(live, &draft.compared));
            leaves.map(Arc::new).or_else(merged)
        }
    };
    let mut step = Step {
        address: draft.desired.address.clone(),
        cloud: crate::clouds::cloud_of(info.name)
            .map_or(crate::model::CloudId(""), |cloud| cloud.id),
        identity: draft.desired.identity.clone(),
        action: draft.action,
        reason: draft.reason,
        blocked: None,
        error: draft.error,
        risks: guard::risks(info, draft.action, &draft.changes, &side_effects),
        changes: draft.changes,
        before,
        after,
        facts: draft
            .live
            .map(|live| live.facts.clone())
            .or_else(|| draft.absent.cloned())
            .unwrap_or_default(),
        side_effects,
        phases,
        needs: draft.desired.needs.clone(),
        after_removal_of: draft.after_removal_of,
        releases: draft.releases,
        owner: draft.desired.owner.clone(),
        origin: draft.desired.origin.clone(),
    };
    if let Some(why) = impossible {
        guard::block(&mut step, BlockedBy::Impossible, why);
    }
    step
}

/// Fields that nobody asked to change and the calls change all the same are shown like the others.
fn follow(draft: &mut Draft<'_>, phases: &[PhaseWrites]) {
    let (Action::Update | Action::Replace, Some(live)) = (draft.action, draft.live) else {
        return;
    };
    let Some(leaves) = phases.last().and_then(|phase| phase.leaves.as_ref()) else {
        return;
    };
    let table = draft.desired.kind.info().fields;
    for mut change in diff::whole(table, Some(&live.fields), Some(leaves)) {
        if draft
            .changes
            .iter()
            .all(|known| known.field != change.field)
        {
            let place = draft.desired.places.get(change.field);
            change.line = place.map(|place| place.line);
            draft.changes.push(change);
        }
    }
    let place = |change: &FieldChange| table.iter().position(|field| field.name == change.field);
    draft.changes.sort_by_key(place);
}

fn calls(draft: &Draft<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
    let kind = draft.desired.kind;
    let identity = draft.desired.identity.as_str();
    let nothing = Facts::new();
    match (draft.action, draft.live) {
        (Action::Create, _) => {
            needed_for_create(draft, &draft.desired.fields)?;
            kind.writes(Intent::Create {
                identity,
                fields: &draft.desired.fields,
                facts: draft.absent.unwrap_or(&nothing),
            })
        }
        (Action::Update, Some(live)) => {
            let changed: Vec<String> = draft
                .changes
                .iter()
                .map(|change| change.field.to_owned())
                .collect();
            kind.writes(Intent::Update {
                identity,
                desired: &draft.desired.fields,
                live,
                changed: &changed,
            })
        }
        (Action::Replace, Some(live)) => {
            let fields = draft.fields_made();
            needed_for_create(draft, &fields)?;
            let mut phases = removal(draft, live)?;
            phases.extend(kind.writes(Intent::Create {
                identity,
                fields: &fields,
                facts: &live.facts,
            })?);
            Ok(phases)
        }
        (Action::Delete, Some(live)) => removal(draft, live),
        (Action::Disable, Some(live)) => kind.writes(Intent::Remove { identity, live }),
        (
            Action::Update
            | Action::Replace
            | Action::Delete
            | Action::Disable
            | Action::NoOp
            | Action::Blocked
            | Action::Unreadable,
            _,
        ) => Ok(Vec::new()),
    }
}

/// What goes with its parent needs no call of its own; after the parent is removed, it is looked
/// whether it is gone.
fn removal(draft: &Draft<'_>, live: &Live) -> Result<Vec<PhaseWrites>, Impossible> {
    match draft.desired.kind.info().removal {
        Removal::WithParent(_) => Ok(vec![PhaseWrites {
            phase: Phase::Remove,
            calls: Vec::new(),
            leaves: None,
        }]),
        Removal::Delete | Removal::Disable => draft.desired.kind.writes(Intent::Remove {
            identity: &draft.desired.identity,
            live,
        }),
    }
}

fn needed_for_create(draft: &Draft<'_>, fields: &Fields) -> Result<(), Impossible> {
    let missing: Vec<String> = draft
        .desired
        .kind
        .info()
        .fields
        .iter()
        .filter(|field| field.need != Need::Optional && !fields.contains_key(field.name))
        .map(|field| format!("`{}`", field.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "it is not on the cloud, and creating it needs {}, which the manifest leaves out",
        missing.join(", ")
    ))
}

fn side_effects(draft: &Draft<'_>) -> Vec<crate::provider::SideEffect> {
    let kind = draft.desired.kind;
    let identity = draft.desired.identity.as_str();
    let nothing = Facts::new();
    match (draft.action, draft.live) {
        (Action::Create, _) => kind.side_effects(Intent::Create {
            identity,
            fields: &draft.desired.fields,
            facts: draft.absent.unwrap_or(&nothing),
        }),
        (Action::Replace, Some(live)) => {
            let mut effects = kind.side_effects(Intent::Remove { identity, live });
            effects.extend(kind.side_effects(Intent::Create {
                identity,
                fields: &draft.fields_made(),
                facts: &live.facts,
            }));
            effects
        }
        (Action::Update, Some(live)) => {
            let changed: Vec<String> = draft
                .changes
                .iter()
                .map(|change| change.field.to_owned())
                .collect();
            kind.side_effects(Intent::Update {
                identity,
                desired: &draft.desired.fields,
                live,
                changed: &changed,
            })
        }
        (Action::Delete | Action::Disable, Some(live)) => {
            kind.side_effects(Intent::Remove { identity, live })
        }
        (
            Action::Update
            | Action::Replace
            | Action::Delete
            | Action::Disable
            | Action::NoOp
            | Action::Blocked
            | Action::Unreadable,
            _,
        ) => Vec::new(),
    }
}

/// As [`merged`], in the same memory when nothing changes: most objects of most plans are as they
/// should be.
fn put_over(below: &Arc<Fields>, above: &Fields) -> Arc<Fields> {
    let is_there = |(name, value): (&String, &Value)| below.get(name) == Some(value);
    if above.iter().all(is_there) {
        Arc::clone(below)
    } else {
        Arc::new(merged(below, above))
    }
}
