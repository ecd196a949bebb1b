//! Changes that would shut out: `idform` itself, or the people of an account. They are told as side
//! effects, and what would cut `idform` off needs the consent of `may-break-sign-in`.
//!
//! Known is what the snapshot and the manifests say: the role that the credentials belong to (where
//! the account was asked who it is), the roles and providers that an Account's credentials name,
//! and the providers that those roles trust. What lies outside of the manifests is not seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{Desired, World};
use crate::federation::trust;
use crate::model::{Account, Address, Value};
use crate::observe::{AccountReading, Snapshot};
use crate::provider::{Effect, Form, Live, Observation, SideEffect};

use super::{Action, Risk, Step};

/// Adds what is to be said to the steps it is about.
pub(super) fn tell(world: &World, snapshot: &Snapshot, steps: &mut BTreeMap<Address, Step>) {
    for account in world.accounts.values() {
        own_identity(account, world, snapshot, steps);
        last_way(account, world, steps);
    }
}

/// Who `idform` is in an account: names of roles and providers in the cloud, and numbers of roles.
#[derive(Default)]
struct Own {
    roles: BTreeSet<String>,
    providers: BTreeSet<String>,
}

fn own(account: &Account, snapshot: &Snapshot) -> Own {
    let mut own = Own::default();
    if let Some(AccountReading::Readable { caller_role, .. }) = snapshot.accounts.get(&account.name)
    {
        own.roles.extend(caller_role.clone());
    }
    // ARNs end in the name; where the bare name is written, it is its own end.
    let name = |text: &String| text.rsplit('/').next().unwrap_or(text).to_owned();
    if let Some(identity) = &account.credentials.web_identity {
        own.roles.extend(identity.role.iter().map(name));
        own.providers.insert(name(&identity.provider));
    }
    if let Some(assumed) = &account.credentials.assume_role {
        own.roles.insert(name(&assumed.role));
    }
    own
}

fn own_identity(
    account: &Account,
    world: &World,
    snapshot: &Snapshot,
    steps: &mut BTreeMap<Address, Step>,
) {
    let mut own = own(account, snapshot);
    let mut roles: BTreeSet<&Address> = BTreeSet::new();
    for desired in world.of_account(&account.name) {
        let Some(Observation::Present(live)) = snapshot.objects.get(&desired.address) else {
            continue;
        };
        if let Some(trusted) = trusted_by(desired, live).filter(|_| is_own(&own, desired, live)) {
            roles.insert(&desired.address);
            own.providers.extend(trusted);
        }
    }
    for desired in world.of_account(&account.name) {
        let Some(step) = steps.get_mut(&desired.address) else {
            continue;
        };
        let is_role = roles.contains(&desired.address);
        let whole = own.providers.iter().any(|name| is_part_of(desired, name));
        if (is_role || whole) && cuts(step) {
            let what = if is_role {
                "the role that idform itself runs as"
            } else {
                "the identity provider through which idform itself gets in"
            };
            step.side_effects.push(SideEffect {
                text: format!("this is {what}: after the change it may not get in again"),
                switches_sign_in: false,
            });
            step.risks.insert(Risk::MayBreakSignIn);
        }
    }
}

/// The providers that a role trusts as it lives; [`None`] for what is no role.
fn trusted_by(desired: &Desired, live: &Live) -> Option<Vec<String>> {
    let fields = desired.kind.info().fields.iter();
    let mut forms = fields.filter_map(|field| Some((field.name, field.form.trust()?)));
    let (name, form) = forms.next()?;
    let facts = trust::facts(form.grammar, live.fields.get(name)?);
    Some(
        facts
            .allowing()
            .map(|one| one.provider.name.clone())
            .collect(),
    )
}

/// Whether a role is one that `idform` runs as: by its name, or by the number that some clouds
/// answer with.
fn is_own(own: &Own, role: &Desired, live: &Live) -> bool {
    let number = live.raw.get("RoleId").and_then(Value::as_str);
    own.roles.contains(&role.identity) || number.is_some_and(|number| own.roles.contains(number))
}

/// Whether an object is a provider of this name in the cloud, or a part of it.
fn is_part_of(desired: &Desired, provider: &str) -> bool {
    let mut fields = desired.kind.info().fields.iter();
    let is_role = fields.any(|field| matches!(field.form, Form::Trust(_)));
    let identity = desired.identity.as_str();
    let rest = identity.strip_prefix(provider);
    !is_role && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a change takes something away from whoever gets in by the object.
fn cuts(step: &Step) -> bool {
    let grave = [Risk::MayBreakSignIn, Risk::SwitchesSignIn, Risk::Destroys];
    let loses_rights = step.changes.iter().any(|change| {
        let removed =
            matches!(&change.detail, super::Detail::Items { removed, .. } if !removed.is_empty());
        change.field == "policies" && removed
    });
    step.is_change() && (loses_rights || grave.iter().any(|risk| step.risks.contains(risk)))
}

/// Tells of the steps that switch off the last identity provider through which people sign in.
fn last_way(account: &Account, world: &World, steps: &mut BTreeMap<Address, Step>) {
    let mut ending: Vec<Address> = Vec::new();
    for desired in world.of_account(&account.name) {
        let fields = desired.kind.info().fields.iter();
        let mut switches = fields
            .filter(|field| field.effect == Effect::Switches && matches!(field.form, Form::Flag));
        let switch = switches.next();
        let (Some(switch), Some(step)) = (switch, steps.get(&desired.address)) else {
            continue;
        };
        let is_on = |fields: Option<&crate::model::Fields>| {
            fields.and_then(|fields| fields.get(switch.name)) == Some(&Value::Bool(true))
        };
        let was_on = is_on(step.before.as_deref());
        let stays_on = match step.action {
            Action::Delete | Action::Disable => false,
            Action::Create => {
                let after = step
                    .after
                    .as_deref()
                    .and_then(|after| after.get(switch.name));
                after != Some(&Value::Bool(false))
            }
            Action::Update | Action::Replace => is_on(step.after.as_deref()),
            Action::NoOp | Action::Blocked | Action::Unreadable => was_on,
        };
        if stays_on {
            return;
        }
        if was_on {
            ending.push(desired.address.clone());
        }
    }
    for address in ending {
        if let Some(step) = steps.get_mut(&address) {
            step.side_effects.push(SideEffect {
                text: "no identity provider that these manifests know is left through which people sign in to the account".to_owned(),
                switches_sign_in: true,
            });
        }
    }
}
