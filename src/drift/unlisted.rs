//! Which lists were not read, so that objects nobody declared may be hidden.

use super::Unlisted;
use crate::compile::World;
use crate::observe::{AccountReading, Snapshot};
use crate::provider::{Form, KindInfo, Link, ResourceKind};

/// Lists that the clouds did not give, and those that they do not have.
pub(super) fn unlisted(world: &World, snapshot: &Snapshot) -> Vec<Unlisted> {
    let mut unlisted: Vec<Unlisted> = snapshot
        .unlisted
        .iter()
        .map(|((account, kind), reason)| Unlisted {
            account: account.clone(),
            kind: *kind,
            reason: reason.clone(),
            by_design: false,
        })
        .collect();
    for (name, reading) in &snapshot.accounts {
        let Some(account) = world.accounts.get(name) else {
            continue;
        };
        let is_read = matches!(reading, AccountReading::Readable { .. });
        if !is_read || account.unmanaged.report == Some(false) {
            continue;
        }
        let kinds = crate::clouds::cloud(account.cloud).map_or(&[][..], |cloud| cloud.kinds);
        for info in kinds.iter().map(|kind| kind.info()) {
            if let Some(reason) = info.cannot_list
                && may_hide(world, name, info, kinds)
            {
                unlisted.push(Unlisted {
                    account: name.clone(),
                    kind: info.name,
                    reason: reason.to_owned(),
                    by_design: true,
                });
            }
        }
    }
    unlisted.sort_by(|left, right| {
        (left.by_design, &left.account, left.kind).cmp(&(
            right.by_design,
            &right.account,
            right.kind,
        ))
    });
    unlisted
}

/// Whether an account may have objects of a kind without a list that nobody hears of.
///
/// What is part of another object is found with it: where nobody declared the other one, that one is
/// reported. Where somebody did, its parts are hidden only when none of them is declared. One is
/// enough: the list of a provider's protocols is read for any of them, and of what only goes with the
/// provider (OIDC configuration, SAML metadata) it is the protocol that says which one counts.
fn may_hide(world: &World, account: &str, info: &KindInfo, kinds: &[&dyn ResourceKind]) -> bool {
    let Some(whole) = part_of(info) else {
        return true;
    };
    let is_like = |kind: &str| {
        let found = kinds.iter().map(|kind| kind.info());
        let mut like = found.filter(|it| part_of(it) == Some(whole) && it.removal == info.removal);
        like.any(|it| it.name.0 == kind)
    };
    let declared = || {
        let all = world.declared.iter();
        all.filter(|(at, _, _)| at == account)
    };
    let mut wholes = declared().filter(|(_, kind, _)| kind.0 == whole);
    wholes.any(|(_, _, whole)| {
        let belongs = |identity: &str| {
            let rest = identity.strip_prefix(whole.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !declared().any(|(_, kind, identity)| is_like(kind.0) && belongs(identity))
    })
}

/// The kind that objects of this one are part of.
fn part_of(info: &KindInfo) -> Option<&'static str> {
    info.fields.iter().find_map(|field| {
        let Form::Reference {
            kind,
            link: Link::PartOf,
        } = field.form
        else {
            return None;
        };
        Some(kind)
    })
}
