//! What `idform doctor` finds: for each account whether a run would work, and if not, the remedy.
//!
//! Pure: what was learnt comes in, findings go out. The asking is done by `cli/doctor.rs`, which can
//! read and nothing else; rights to write are therefore named, not tried.

use std::collections::BTreeSet;

use crate::compile::World;
use crate::lock::IssuerReport;
use crate::model::{Account, KindName};
use crate::provider::{Cloud, ConnectError, ErrorClass, ProviderError};

/// How far a clock may be off before it is told of, in seconds: the narrowest of the clouds' limits
/// is five minutes (apis/tencent.md §2.1), and what is off by one will be off by more.
const CLOCK_TOLERANCE_SECONDS: i64 = 60;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It works.
    Good,
    /// It works, and somebody should look.
    Attention,
    /// A run would fail.
    Bad,
    /// It could not be tried, because something before it is bad.
    Untried,
}

impl Health {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Bad => "bad",
            Self::Untried => "untried",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What: `credentials`, `account`, `clock`, `rights` …
    pub what: &'static str,
    /// Of which kind, for rights.
    pub kind: Option<KindName>,
    /// How it is.
    pub health: Health,
    /// What was found, one line.
    pub found: String,
    /// What to do, when something is to be done.
    pub remedy: Option<String>,
}

impl Check {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            kind: None,
            health: Health::Good,
            found: found.into(),
            remedy: None,
        }
    }

    fn not_good(what: &'static str, health: Health, found: String, remedy: String) -> Self {
        Self {
            health,
            remedy: Some(remedy),
            ..Self::good(what, found)
        }
    }
}

/// What was found of one account or issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its name.
    pub name: String,
    /// The cloud's id; empty for issuers.
    pub cloud: &'static str,
    /// What was looked at, in the order in which a run depends on it.
    pub checks: Vec<Check>,
}

impl Examined {
    /// The worst of its checks.
    pub fn health(&self) -> Health {
        let told = |check: &&Check| check.health != Health::Untried;
        let worst = self.checks.iter().filter(told).map(|check| check.health);
        worst.max().unwrap_or(Health::Good)
    }
}

/// What was learnt of one account.
pub struct Learnt<'a> {
    /// Where requests go, in words.
    pub endpoint: String,
    /// The source of the credentials, in words, or why there are none.
    pub credentials: Result<String, &'a ConnectError>,
    /// Whose they are, as the cloud says; [`None`] when nothing was asked.
    pub identity: Option<Result<Option<String>, ProviderError>>,
    /// How far the cloud's clock is ahead, in seconds.
    pub clock_offset_seconds: Option<i64>,
    /// For each kind, whether its objects can be read.
    pub rights: Vec<(KindName, Result<(), ProviderError>)>,
}

/// What is to be said of an account.
pub fn account(cloud: &'static Cloud, account: &Account, learnt: &Learnt<'_>) -> Examined {
    let mut checks = vec![
        Check::good("endpoint", learnt.endpoint.clone()),
        credentials(learnt),
        identity(account, learnt),
        clock(learnt),
    ];
    checks.extend(
        learnt
            .rights
            .iter()
            .map(|(kind, outcome)| right(cloud, *kind, outcome)),
    );
    Examined {
        name: account.name.clone(),
        cloud: cloud.id.0,
        checks,
    }
}

fn credentials(learnt: &Learnt<'_>) -> Check {
    match &learnt.credentials {
        Ok(source) => Check::good("credentials", source.clone()),
        Err(ConnectError::Missing { looked }) => Check::not_good(
            "credentials",
            Health::Bad,
            "none found".to_owned(),
            format!("set one of these: {}", looked.join("; ")),
        ),
        Err(error @ ConnectError::Unusable { .. }) => Check::not_good(
            "credentials",
            Health::Bad,
            error.to_string(),
            "mend this source, or name another under `credentials` of the Account".to_owned(),
        ),
    }
}

fn identity(account: &Account, learnt: &Learnt<'_>) -> Check {
    let found = match &learnt.identity {
        None => {
            return Check {
                health: Health::Untried,
                ..Check::good("account", "not asked")
            };
        }
        Some(Err(error)) => {
            let remedy = error
                .hint()
                .map_or_else(|| "mend the cause and ask again".to_owned(), str::to_owned);
            return Check::not_good("account", Health::Bad, error.to_string(), remedy);
        }
        Some(Ok(found)) => found,
    };
    match (found, &account.account_id) {
        (Some(found), Some(declared)) if found == declared => {
            Check::good("account", format!("{found}, as declared"))
        }
        (Some(found), Some(declared)) => Check::not_good(
            "account",
            Health::Bad,
            format!("the credentials belong to {found}; the manifest says {declared}"),
            "use that account's credentials, or correct `accountId`".to_owned(),
        ),
        (Some(found), None) => Check::not_good(
            "account",
            Health::Attention,
            format!("{found}; the manifest does not say which it should be"),
            format!(
                "write `accountId: \"{found}\"`, so that credentials of another account are refused"
            ),
        ),
        (None, _) => Check::not_good(
            "account",
            Health::Bad,
            "the cloud does not say whose the credentials are".to_owned(),
            "use credentials of this cloud's own account".to_owned(),
        ),
    }
}

fn clock(learnt: &Learnt<'_>) -> Check {
    match learnt.clock_offset_seconds {
        None => Check {
            health: Health::Untried,
            ..Check::good("clock", "no answer told the time")
        },
        Some(offset) if offset.abs() <= CLOCK_TOLERANCE_SECONDS => {
            Check::good("clock", "this machine's is right")
        }
        Some(offset) => Check::not_good(
            "clock",
            Health::Attention,
            format!(
                "this machine's is {} seconds {} the cloud's; a cloud that refuses it is asked again with its own time",
                offset.abs(),
                if offset > 0 { "behind" } else { "ahead of" }
            ),
            "set this machine's clock (NTP)".to_owned(),
        ),
    }
}

fn right(cloud: &'static Cloud, kind: KindName, outcome: &Result<(), ProviderError>) -> Check {
    let rights = |calls: &[&'static str]| {
        let names = calls.iter().map(|call| (cloud.rights.permission)(call));
        names.collect::<Vec<_>>().join(", ")
    };
    let calls = cloud.rights.of(kind.0);
    let check = match outcome {
        Ok(()) => Check::good("rights", "can be read"),
        Err(error) if error.class == ErrorClass::Denied => Check::not_good(
            "rights",
            Health::Bad,
            error.to_string(),
            calls.map_or_else(String::new, |calls| {
                format!("grant {}", rights(calls.reads))
            }),
        ),
        Err(error) => Check::not_good(
            "rights",
            Health::Bad,
            error.to_string(),
            error
                .hint()
                .map_or_else(|| "mend the cause and ask again".to_owned(), str::to_owned),
        ),
    };
    Check {
        kind: Some(kind),
        ..check
    }
}

/// What is to be said of an issuer: whether it can be asked, and whether the lock file is as it is.
/// The error is what was attempted, and what to do.
pub fn issuer(name: &str, told: Result<IssuerReport, (String, Option<String>)>) -> Examined {
    let checks = match told {
        Err((error, help)) => vec![
            Check::not_good(
                "issuer",
                Health::Bad,
                error,
                help.unwrap_or_else(|| "plans still work from the lock file".to_owned()),
            ),
            Check {
                health: Health::Untried,
                ..Check::good("lock", "not compared")
            },
        ],
        Ok(report) if report.is_behind => vec![
            Check::good("issuer", "publishes keys that can be used"),
            Check::not_good(
                "lock",
                Health::Attention,
                "idform.lock is not as the issuer is".to_owned(),
                "run `idform lock`, and review what it writes".to_owned(),
            ),
        ],
        Ok(_) => vec![
            Check::good("issuer", "publishes keys that can be used"),
            Check::good("lock", "idform.lock is as the issuer is"),
        ],
    };
    Examined {
        name: name.to_owned(),
        cloud: "",
        checks,
    }
}

/// Who runs a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Plans and detects drift.
    Plan,
    /// Plans and applies.
    Apply,
}

impl Role {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}

/// The permissions that the manifests' kinds of one cloud need, in order.
pub fn permissions(world: &World, cloud: &'static Cloud, role: Role) -> Vec<String> {
    let kinds: BTreeSet<KindName> = world.objects.keys().map(|address| address.kind).collect();
    let mut needed: BTreeSet<String> = BTreeSet::new();
    for kind in kinds {
        let Some(calls) = cloud.rights.of(kind.0) else {
            continue;
        };
        let writes = if role == Role::Apply {
            calls.writes
        } else {
            &[]
        };
        let all = calls.reads.iter().chain(writes);
        needed.extend(all.map(|call| (cloud.rights.permission)(call)));
    }
    if !needed.is_empty() {
        needed.extend(cloud.rights.always.iter().map(|right| (*right).to_owned()));
    }
    needed.into_iter().collect()
}
