//! Documents to desired objects: references resolved, doubles and cycles refused.
//!
//! Pure: what comes out depends on the documents alone, and not on their order.

pub mod capabilities;
mod exclusive;
mod locked;
mod lower;
pub mod portable;
mod resolve;
pub mod select;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use locked::FromLock;
pub use select::{Selection, Shard};

use crate::lock::Lock;
use crate::manifest::{Ensure, Manifests, Mode, Waiver};
use crate::model::{Account, Address, Diagnostics, Fields, KindName, Span};
use crate::provider::ResourceKind;

/// Where something stands in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The file as the person named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
}

/// One object as it is wanted.
#[derive(Clone)]
pub struct Desired {
    /// Who it is.
    pub address: Address,
    /// Its kind.
    pub kind: &'static dyn ResourceKind,
    /// Who it is in its cloud; empty for singletons.
    pub identity: String,
    /// Whether it shall exist.
    pub ensure: Ensure,
    /// Whether it may be written.
    pub mode: Mode,
    /// Whether changes that break or destroy are refused.
    pub protect: bool,
    /// Who answers for it.
    pub owner: Option<String>,
    /// `metadata.labels` of its document, which selections name.
    pub labels: BTreeMap<String, String>,
    /// The managed fields in canonical form; a field that is not here is not ours.
    pub fields: Fields,
    /// What it refers to and waits for.
    pub needs: BTreeSet<Address>,
    /// Fields that refer to managed objects.
    pub references: BTreeMap<String, Address>,
    /// What of it is taken from the lock.
    pub from_lock: Option<FromLock>,
    /// Where its document begins.
    pub origin: Origin,
    /// Where each managed field stands.
    pub places: BTreeMap<String, Place>,
    /// Its document's place.
    pub span: Span,
    /// Lints that shall not be told of it.
    pub waivers: Vec<Waiver>,
}

/// Where a field's value stands.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// The value.
    pub span: Span,
}

/// Everything that is wanted.
#[derive(Clone, Default)]
pub struct World {
    /// Accounts by name.
    pub accounts: BTreeMap<String, Arc<Account>>,
    /// Objects by address.
    pub objects: BTreeMap<Address, Desired>,
    /// What the manifests declare in the clouds, also where it is not selected.
    pub declared: select::Declared,
    /// Set when this is only a part of what the manifests declare; says which.
    pub partial: Option<String>,
}

impl World {
    /// The objects of one account, by address. Costs no more than there are: a company has hundreds
    /// of accounts.
    pub fn of_account<'w>(&'w self, account: &'w str) -> impl Iterator<Item = &'w Desired> {
        let first = Address {
            account: account.to_owned(),
            kind: KindName(""),
            name: String::new(),
        };
        let objects = self.objects.range(first..).map(|(_, desired)| desired);
        objects.take_while(move |desired| desired.address.account == account)
    }

    /// The issuers whose keys or chains are pinned, each with the objects that do. What shall be
    /// absent pins nothing.
    pub fn issuers(&self) -> BTreeMap<&str, Vec<&Desired>> {
        let mut issuers: BTreeMap<&str, Vec<&Desired>> = BTreeMap::new();
        for desired in self.objects.values() {
            if let Some(from_lock) = &desired.from_lock {
                issuers.entry(&from_lock.issuer).or_default().push(desired);
            }
        }
        issuers
    }
}

/// Compiles all documents, and takes them out of the manifests: their values move into the objects,
/// since thousands of key sets twice would be most of the memory of a plan. Values that come from
/// the issuer are taken from the lock; without one (it could not be read, or is about to be made)
/// they are left out and nothing is said. What is wrong goes to `diagnostics`, and the world is only
/// good for use when that holds no errors.
pub fn compile(
    manifests: &mut Manifests,
    lock: Option<&Lock>,
    diagnostics: &mut Diagnostics,
) -> World {
    let mut documents = std::mem::take(&mut manifests.documents);
    let manifests = &*manifests;
    let accounts = lower::accounts(manifests);
    let mut objects = lower::objects(manifests, &mut documents, &accounts, lock, diagnostics);
    resolve::references(manifests, &mut objects, diagnostics);
    trust::policies(manifests, &accounts, &mut objects, diagnostics);
    resolve::doubles(&accounts, &objects, diagnostics);
    resolve::waits(&mut objects);
    resolve::partners(&objects, diagnostics);
    exclusive::pairs(&accounts, &mut objects, diagnostics);
    resolve::removals(&objects, diagnostics);
    resolve::cycles(&objects, diagnostics);
    let objects: BTreeMap<Address, Desired> = objects
        .into_iter()
        .map(|(address, lowered)| (address, lowered.desired))
        .collect();
    let declared = objects
        .values()
        .map(|desired| {
            let Address { account, kind, .. } = &desired.address;
            (account.clone(), *kind, desired.identity.clone())
        })
        .collect();
    World {
        accounts,
        objects,
        declared,
        partial: None,
    }
}
