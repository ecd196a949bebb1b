//! What stands in the way of a create: objects that the cloud does not take beside it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, KindName};
use crate::observe::Snapshot;
use crate::provider::Live;

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
        let mut live: BTreeMap<String, Live> = snapshot
            .others
            .get(&(account.clone(), kind))
            .cloned()
            .unwrap_or_default();
        let mut leaving: BTreeMap<String, Address> = BTreeMap::new();
        let mut coming: BTreeMap<String, Live> = BTreeMap::new();
        let mut made: BTreeMap<String, Address> = BTreeMap::new();
        for (address, draft) in drafts.range(&first..).take_while(|(at, _)| in_group(at)) {
            let identity = &draft.desired.identity;
            if matches!(draft.action, Action::Create | Action::Replace) {
                let fields = draft.fields_made();
                let will_be = Live {
                    fields,
                    ..Live::default()
                };
                coming.insert(identity.clone(), will_be);
                made.insert(identity.clone(), address.clone());
            }
            let Some(found) = draft.live else { continue };
            live.insert(identity.clone(), found.clone());
            if matches!(draft.action, Action::Delete | Action::Replace) {
                leaving.insert(identity.clone(), address.clone());
            }
        }
        for (_, draft) in drafts
            .range_mut(&first..)
            .take_while(|(at, _)| in_group(at))
        {
            if !matches!(draft.action, Action::Create | Action::Replace) {
                continue;
            }
            let fields = draft.fields_made();
            for (identity, why) in draft.desired.kind.rivals(&fields, &live) {
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
            for (identity, why) in draft.desired.kind.rivals(&fields, &coming) {
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
