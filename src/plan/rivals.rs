//! What stands in the way of a create: objects that the cloud does not take beside it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Fields, KindName};
use crate::observe::Snapshot;

use super::Action;
use super::step::Draft;

/// Objects that stand in the way of a create: wait for their removal, or say so. Those that are to be
/// made by the same plan are among them.
pub(super) fn rivals(snapshot: &Snapshot, drafts: &mut BTreeMap<Address, Draft<'_>>) {
    let mut groups: BTreeSet<(String, KindName)> = BTreeSet::new();
    for (address, draft) in drafts.iter() {
        if matches!(draft.action, Action::Create | Action::Replace) {
            groups.insert((address.account.clone(), address.kind));
        }
    }
    for (account, kind) in groups {
        let first = Address {
            account: account.clone(),
            kind,
            name: String::new(),
        };
        let in_group = |address: &Address| address.account == account && address.kind == kind;
        let others = snapshot.others.get(&(account.clone(), kind));
        let others = others.into_iter().flatten();
        let mut live: BTreeMap<&str, &Fields> = others
            .map(|(identity, other)| (identity.as_str(), &*other.fields))
            .collect();
        let mut leaving: BTreeMap<String, Address> = BTreeMap::new();
        let mut will_be: BTreeMap<&str, Fields> = BTreeMap::new();
        let mut made: BTreeMap<String, Address> = BTreeMap::new();
        for (address, draft) in drafts.range(&first..).take_while(|(at, _)| in_group(at)) {
            let desired = draft.desired;
            let identity = &desired.identity;
            if matches!(draft.action, Action::Create | Action::Replace) {
                will_be.insert(identity, draft.fields_made());
                made.insert(identity.clone(), address.clone());
            }
            let Some(found) = draft.live else { continue };
            live.insert(identity, &found.fields);
            if matches!(draft.action, Action::Delete | Action::Replace) {
                leaving.insert(identity.clone(), address.clone());
            }
        }
        let coming = will_be.iter();
        let coming: BTreeMap<&str, &Fields> = coming
            .map(|(identity, fields)| (*identity, fields))
            .collect();
        for (_, draft) in drafts
            .range_mut(&first..)
            .take_while(|(at, _)| in_group(at))
        {
            let Some(fields) = will_be.get(draft.desired.identity.as_str()) else {
                continue;
            };
            for (identity, why) in draft.desired.kind.rivals(fields, &live) {
                if identity == draft.desired.identity {
                    continue;
                }
                match leaving.get(&identity) {
                    Some(rival) => {
                        draft.after_removal_of.insert(rival.clone());
                    }
                    None => draft.impossible = Some(why),
                }
            }
            for (identity, why) in draft.desired.kind.rivals(fields, &coming) {
                if let Some(other) = made.get(&identity)
                    && identity != draft.desired.identity
                {
                    let why = format!("it and {other} cannot both be made: {why}");
                    draft.impossible.get_or_insert(why);
                }
            }
        }
    }
}
