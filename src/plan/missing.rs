//! What a change needs and nobody makes: objects that the manifests only observe and the cloud does
//! not have, and observed parts that would go with a replaced whole.

use std::collections::BTreeMap;

use crate::manifest::Mode;
use crate::model::{Address, KindName, Value};

use super::Action;
use super::cascade::referents;
use super::step::Draft;

/// An object that is only observed is not made here, so what refers to it or works only beside it
/// cannot be made before somebody else makes it.
pub(super) fn missing(drafts: &mut BTreeMap<Address, Draft<'_>>) {
    let missing: BTreeMap<(String, KindName, String), Address> = drafts
        .iter()
        .filter(|(_, draft)| is_missing(draft))
        .map(|(address, draft)| {
            let identity = draft.desired.identity.clone();
            let key = (address.account.clone(), address.kind, identity);
            (key, address.clone())
        })
        .collect();
    let mut found: Vec<(Address, String)> = Vec::new();
    for (address, draft) in drafts.iter() {
        let lacking = referents(draft.desired, &draft.desired.fields)
            .into_iter()
            .filter(|(field, ..)| writes(draft, field.name))
            .find_map(|(field, kind, identity)| {
                let target = missing.get(&(address.account.clone(), kind, identity))?;
                Some(format!("`{}` refers to {target}", field.name))
            })
            .or_else(|| {
                let partner = missing_partner(drafts, draft)?;
                Some(format!("it works only beside {partner}"))
            });
        if let Some(why) = lacking {
            let why = format!("{why}, which is not on the cloud and only observed");
            found.push((address.clone(), why));
        }
    }
    for (address, why) in found {
        if let Some(draft) = drafts.get_mut(&address) {
            draft.impossible.get_or_insert(why);
        }
    }
}

fn is_missing(draft: &Draft<'_>) -> bool {
    draft.desired.mode == Mode::Observe && draft.absent.is_some()
}

fn writes(draft: &Draft<'_>, field: &str) -> bool {
    match draft.action {
        Action::Create | Action::Replace => true,
        Action::Update => draft.changes.iter().any(|change| change.field == field),
        Action::Delete | Action::Disable | Action::NoOp | Action::Blocked | Action::Unreadable => {
            false
        }
    }
}

/// One of the objects that this one waits for though no field refers to them, when none of them is
/// there. Where none is declared, one may be there all the same.
fn missing_partner<'a>(
    drafts: &'a BTreeMap<Address, Draft<'_>>,
    draft: &'a Draft<'_>,
) -> Option<&'a Address> {
    let waits = draft.desired.kind.info().waits.as_ref()?;
    if !matches!(draft.action, Action::Create | Action::Replace) {
        return None;
    }
    let serves = |partner: &Draft<'_>| {
        waits.one_has.is_none_or(|(field, value)| {
            let found = partner.desired.fields.get(field).and_then(Value::as_str);
            found.is_none_or(|found| found == value)
        })
    };
    let mut partners = draft
        .desired
        .needs
        .iter()
        .filter(|need| need.kind == waits.kind)
        .filter_map(|need| Some((need, drafts.get(need)?)))
        .filter(|(_, partner)| serves(partner))
        .peekable();
    let (first, _) = *partners.peek()?;
    partners
        .all(|(_, partner)| is_missing(partner))
        .then_some(first)
}
