//! Reads the clouds, accounts side by side, the fewest calls that answer.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::compile::World;
use crate::model::{Account, Address, KindName};
use crate::net::Reader;
use crate::provider::{
    Answer, ConnectError, ErrorClass, Listing, Live, Naming, Observation, Observed, ProviderError,
    Read, ResourceKind, Scope,
};

use super::{AccountReading, Snapshot};

/// How each account is reached, or why it is not.
pub type Readers = BTreeMap<String, Result<Reader, ConnectError>>;

/// Which lists are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// Those that declared objects need, and those of accounts that ask for them: for plans.
    AsNeeded,
    /// Every list that a cloud has, of every account that does not refuse: for drift.
    Every,
}

impl Lists {
    /// Whether all lists of the account are read.
    fn all_of(self, account: &Account) -> bool {
        match self {
            Self::AsNeeded => account.unmanaged.report == Some(true),
            Self::Every => account.unmanaged.report != Some(false),
        }
    }
}

/// The accounts that something is to be read of, for a plan.
pub fn accounts(world: &World) -> Vec<Arc<Account>> {
    accounts_with(world, Lists::AsNeeded)
}

/// The accounts that something is to be read of.
pub fn accounts_with(world: &World, lists: Lists) -> Vec<Arc<Account>> {
    let used: BTreeSet<&str> = world
        .objects
        .keys()
        .map(|address| address.account.as_str())
        .collect();
    let wanted =
        |account: &&Arc<Account>| used.contains(account.name.as_str()) || lists.all_of(account);
    world.accounts.values().filter(wanted).cloned().collect()
}

/// Reads every object of the world, for a plan. `told` hears each account's name when it has been
/// read.
pub async fn read(world: &World, readers: &Readers, told: impl FnMut(&str)) -> Snapshot {
    read_with(world, readers, Lists::AsNeeded, told).await
}

/// Reads every object of the world, and the lists that are asked for.
pub async fn read_with(
    world: &World,
    readers: &Readers,
    lists: Lists,
    mut told: impl FnMut(&str),
) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let mut works = Vec::new();
    for account in accounts_with(world, lists) {
        match readers.get(&account.name) {
            Some(Ok(reader)) => {
                let work = AccountWork {
                    account: Arc::clone(&account),
                    reader: reader.clone(),
                    kinds: kinds(world, &account, lists),
                    is_every_list_told: lists == Lists::Every && lists.all_of(&account),
                };
                works.push(work);
            }
            Some(Err(error)) => {
                snapshot
                    .accounts
                    .insert(account.name.clone(), no_credentials(error));
            }
            None => {}
        }
    }
    // Who will be kept waiting longest by its budget begins first.
    works.sort_by_cached_key(|work| Reverse(work.least_time()));
    let mut tasks = JoinSet::new();
    for work in works {
        tasks.spawn(async move { work.read().await });
    }
    while let Some(joined) = tasks.join_next().await {
        // A panic in a task is a bug; it surfaces here instead of as objects that seem unread.
        let part = match joined {
            Ok(part) => part,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        told(&part.account);
        snapshot.accounts.insert(part.account, part.reading);
        snapshot.objects.extend(part.objects);
        snapshot.others.extend(part.others);
        snapshot.unlisted.extend(part.unlisted);
    }
    snapshot
}

/// Reads one object freshly, just before or after a write.
pub async fn read_one(reader: &Reader, kind: &dyn ResourceKind, identity: &str) -> Observation {
    let scope = Scope::One(identity);
    let mut answers = Vec::new();
    for read in kind.reads(scope) {
        answers.push(reader.read(&read).await);
    }
    let mut observed = kind.observe(scope, &answers);
    observed
        .wanted
        .remove(identity)
        .unwrap_or_else(|| Observation::Unreadable(not_told(kind)))
}

fn not_told(kind: &dyn ResourceKind) -> ProviderError {
    ProviderError::new(
        ErrorClass::Protocol,
        kind.info().name.0,
        "the answers do not tell whether the object exists; this is a bug",
    )
}

/// What to say of an account without credentials.
pub fn no_credentials(error: &ConnectError) -> AccountReading {
    let looked = match error {
        ConnectError::Missing { looked } => looked.clone(),
        ConnectError::Unusable { .. } => Vec::new(),
    };
    AccountReading::NoCredentials {
        why: error.to_string(),
        looked,
    }
}

fn why_not_listed(failed: Option<&ProviderError>) -> String {
    failed.map_or_else(
        || "the list that the cloud gave is not whole".to_owned(),
        ToString::to_string,
    )
}

/// The wanted objects of one kind in one account: identity to address.
type Wanted = BTreeMap<String, Address>;

fn kinds(
    world: &World,
    account: &Account,
    lists: Lists,
) -> Vec<(&'static dyn ResourceKind, Wanted)> {
    let mut kinds: BTreeMap<KindName, (&'static dyn ResourceKind, Wanted)> = BTreeMap::new();
    for desired in world.of_account(&account.name) {
        let address = &desired.address;
        kinds
            .entry(address.kind)
            .or_insert_with(|| (desired.kind, Wanted::new()))
            .1
            .insert(desired.identity.clone(), address.clone());
    }
    if lists.all_of(account) {
        let all = crate::clouds::cloud(account.cloud).map_or(&[][..], |cloud| cloud.kinds);
        let reported = all.iter().filter(|kind| kind.reports_unmanaged());
        // A singleton has no list: it is asked for by itself, where every list is told.
        let is_told = |kind: &&&'static dyn ResourceKind| {
            lists == Lists::Every || !matches!(kind.info().naming, Naming::Singleton)
        };
        let listed = reported.filter(|kind| kind.info().cannot_list.is_none());
        for kind in listed.filter(is_told) {
            kinds
                .entry(kind.info().name)
                .or_insert_with(|| (*kind, Wanted::new()));
        }
    }
    kinds.into_values().collect()
}

struct AccountWork {
    account: Arc<Account>,
    reader: Reader,
    kinds: Vec<(&'static dyn ResourceKind, Wanted)>,
    /// Whether a list that was not given is told, and a singleton nobody declared looked for.
    is_every_list_told: bool,
}

struct AccountPart {
    account: String,
    reading: AccountReading,
    objects: BTreeMap<Address, Observation>,
    others: BTreeMap<(String, KindName), BTreeMap<String, Live>>,
    unlisted: BTreeMap<(String, KindName), String>,
}

impl AccountWork {
    /// How long its budget makes the account take, however fast it answers.
    fn least_time(&self) -> Duration {
        let reads = self.kinds.iter().map(|(kind, wanted)| {
            let identities = self.identities(*kind, wanted);
            kind.reads(Scope::Account(&identities)).len()
        });
        // One more asks who the credentials belong to.
        let requests = 1 + u32::try_from(reads.sum::<usize>()).unwrap_or(u32::MAX - 1);
        Duration::from_secs(requests.into()) / self.account.requests_per_second.max(1)
    }

    async fn read(self) -> AccountPart {
        let mut part = AccountPart {
            account: self.account.name.clone(),
            reading: AccountReading::Readable {
                account_id: None,
                caller_role: None,
                credentials: self.reader.credential_source().to_owned(),
            },
            objects: BTreeMap::new(),
            others: BTreeMap::new(),
            unlisted: BTreeMap::new(),
        };
        let begins = self.reader.begin().await;
        match (self.check_account().await, &mut part.reading) {
            (Ok(role), AccountReading::Readable { caller_role, .. }) => *caller_role = role,
            (Ok(_), _) => {}
            (Err(reading), place) => {
                *place = reading;
                return part;
            }
        }
        let kinds: Vec<Asked> = self
            .kinds
            .iter()
            .map(|(kind, wanted)| (*kind, self.identities(*kind, wanted)))
            .collect();
        // Asking comes first, and puts its requests before the gate.
        let (told, ()) = tokio::join!(ask(&self.reader, &kinds), async { drop(begins) });
        for ((kind, addresses), told) in self.kinds.iter().zip(told) {
            let mut observed = told.observed;
            for (identity, address) in addresses {
                let observation = observed
                    .wanted
                    .remove(identity)
                    .unwrap_or_else(|| Observation::Unreadable(not_told(*kind)));
                part.objects.insert(address.clone(), observation);
            }
            let place = (self.account.name.clone(), kind.info().name);
            match (observed.others, kind.info().naming) {
                (Listing::Complete(others), _) => {
                    if kind.reports_unmanaged() {
                        part.others.insert(place, others);
                    }
                }
                (Listing::Names(names), _) => {
                    let listed = names.into_iter().map(|name| (name, Live::default()));
                    part.others.insert(place, listed.collect());
                }
                (Listing::NotRead, Naming::Singleton) => match observed.wanted.remove("") {
                    Some(Observation::Present(live)) => {
                        part.others
                            .insert(place, BTreeMap::from([(String::new(), live)]));
                    }
                    Some(Observation::Unreadable(error)) => {
                        part.unlisted.insert(place, error.to_string());
                    }
                    Some(Observation::Absent(_)) | None => {}
                },
                (Listing::NotRead, Naming::Named(_) | Naming::ByFields(_)) => {
                    let listed = kind.reports_unmanaged() && kind.info().cannot_list.is_none();
                    if self.is_every_list_told && listed {
                        part.unlisted
                            .insert(place, why_not_listed(told.failed.as_ref()));
                    }
                }
            }
        }
        part
    }

    /// Who is asked for: the declared objects, and a singleton in any case where every list counts,
    /// since it is a list of at most one.
    fn identities(&self, kind: &dyn ResourceKind, wanted: &Wanted) -> Vec<String> {
        let is_singleton = matches!(kind.info().naming, Naming::Singleton);
        if self.is_every_list_told && is_singleton && wanted.is_empty() {
            return vec![String::new()];
        }
        wanted.keys().cloned().collect()
    }

    /// Whether the credentials belong to the declared account, before anything else is asked.
    async fn check_account(&self) -> Result<Option<String>, AccountReading> {
        check_account(&self.account, &self.reader).await
    }
}

/// Whether the credentials belong to the declared account; the role that they are a session of, if
/// they are one of a role and the account was asked.
///
/// # Errors
/// They do not, or nobody can tell.
pub async fn check_account(
    account: &Account,
    reader: &Reader,
) -> Result<Option<String>, AccountReading> {
    let found = reader.find_credentials().await;
    found.map_err(|error| no_credentials(&error))?;
    let Some(declared) = &account.account_id else {
        return Ok(None);
    };
    let Some(cloud) = crate::clouds::cloud(account.cloud) else {
        return Ok(None);
    };
    let reply = reader
        .read(&(cloud.identity)())
        .await
        .map_err(AccountReading::Unreadable)?;
    match (cloud.account_of)(&reply.body) {
        Some(found) if found == *declared => Ok((cloud.caller_role)(&reply.body)),
        found => Err(AccountReading::Mismatch {
            declared: declared.clone(),
            found: found.unwrap_or_else(|| "an account that the cloud does not name".to_owned()),
        }),
    }
}

/// A kind, and the identities that are asked for besides its list.
pub type Asked = (&'static dyn ResourceKind, Vec<String>);

/// What the reads of one kind told.
pub struct Told {
    /// The objects.
    pub observed: Observed,
    /// The first read that failed, when a list may be missing for it.
    pub failed: Option<ProviderError>,
}

/// Asks for kinds of one account, the fewest calls that answer; one result for each, in order.
pub async fn ask(reader: &Reader, kinds: &[Asked]) -> Vec<Told> {
    let reads: Vec<Vec<Read>> = kinds
        .iter()
        .map(|(kind, wanted)| kind.reads(Scope::Account(wanted)))
        .collect();
    // A list serves several objects, so that its calls are told under what selects them all.
    let mut told: Vec<(String, &Read)> = Vec::new();
    for ((kind, _), reads) in kinds.iter().zip(&reads) {
        let about = format!("{}/{}/*", reader.account(), kind.info().name);
        told.extend(reads.iter().map(|read| (about.clone(), read)));
    }
    let answers = answers(reader, told).await;
    kinds
        .iter()
        .zip(&reads)
        .map(|((kind, wanted), reads)| {
            let of_kind: Vec<Answer> = reads
                .iter()
                .map(|read| {
                    let found = answers.iter().find(|(sent, _)| sent == read);
                    found.map_or_else(|| Err(not_told(*kind)), |(_, answer)| answer.clone())
                })
                .collect();
            Told {
                observed: kind.observe(Scope::Account(wanted), &of_kind),
                failed: of_kind.into_iter().find_map(Result::err),
            }
        })
        .collect()
}

/// Sends each different read once, side by side; the account's budget orders them. Each comes with
/// what the logs call it after.
async fn answers(reader: &Reader, reads: Vec<(String, &Read)>) -> Vec<(Read, Answer)> {
    let mut unique: Vec<(String, Read)> = Vec::new();
    for (about, read) in reads {
        if unique.iter().all(|(_, known)| known != read) {
            unique.push((about, read.clone()));
        }
    }
    let mut tasks = JoinSet::new();
    for (index, (about, read)) in unique.into_iter().enumerate() {
        let reader = reader.about(&about);
        tasks.spawn(async move {
            let answer = reader.read(&read).await;
            (index, read, answer)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(index, ..)| *index);
    answers
        .into_iter()
        .map(|(_, read, answer)| (read, answer))
        .collect()
}
