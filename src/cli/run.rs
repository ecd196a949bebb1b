//! What the commands that look at manifests or clouds have in common: load, connect, survey.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::compile::portable::CATALOGUE;
use crate::compile::{Selection, World, compile};
use crate::lint::Scene;
use crate::lock::Lock;
use crate::lock::fetch::{FetchOptions, Fetched, Fetcher};
use crate::manifest::{AllowedEnv, Manifests};
use crate::model::{Account, CredentialSource, Diagnostic, Diagnostics};
use crate::net::http::Http;
use crate::net::{Access, Gate, Patience, Reader, Writer};
use crate::observe::Snapshot;
use crate::observe::live::{self, Lists, Readers};
use crate::plan::{Guards, Plan, findings};
use crate::provider::{Cloud, ConnectError, Connection, Surroundings};
use crate::sandbox::{self, Sandbox};
use crate::view::progress::Progress;

use super::config::Config;
use super::{args, lock_file, rim};

/// Manifests, read and compiled.
pub(super) struct Loaded {
    pub(super) manifests: Manifests,
    pub(super) world: World,
    /// [`None`] when there is one that cannot be read; the diagnostics say why.
    pub(super) lock: Option<Lock>,
    pub(super) diagnostics: Diagnostics,
}

impl Loaded {
    /// The part that the selection names; what of it fits nothing is told.
    pub(super) fn select(mut self, selection: &Selection) -> Self {
        // With broken manifests nobody knows what the others would have declared.
        if !self.diagnostics.has_errors() {
            for finding in self.world.unfitting(selection) {
                self.diagnostics.push(finding);
            }
        }
        self.world = self.world.select(selection);
        self
    }
}

/// Reads and checks everything offline.
pub(super) fn load(
    wanted: &args::Manifests,
    selection: &Selection,
    config: &Config,
) -> Result<Loaded> {
    let loaded = load_paths(&wanted.paths, stdin(wanted)?, wanted, config);
    Ok(loaded.select(selection))
}

/// As [`load`], of a saved plan's paths and selectors. What they fitted then may be gone: that is a
/// stale plan, and its digest tells.
pub(super) fn load_again(
    wanted: &args::Manifests,
    selection: &Selection,
    config: &Config,
) -> Result<Loaded> {
    let mut loaded = load_paths(&wanted.paths, stdin(wanted)?, wanted, config);
    loaded.world = loaded.world.select(selection);
    Ok(loaded)
}

/// The manifests on standard input, when they are among the paths.
pub(super) fn stdin(wanted: &args::Manifests) -> Result<Option<String>> {
    if wanted.paths.iter().all(|path| path != Path::new("-")) {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("read manifests from standard input")?;
    Ok(Some(text))
}

/// As [`load`], for these paths and everything in them.
pub(super) fn load_paths(
    paths: &[PathBuf],
    stdin: Option<String>,
    wanted: &args::Manifests,
    config: &Config,
) -> Loaded {
    load_with(paths, stdin, wanted, config, true)
}

/// As [`load_paths`], for the command that makes the lock: what is not locked yet is no mistake.
pub(super) fn load_to_lock(
    wanted: &args::Manifests,
    stdin: Option<String>,
    config: &Config,
) -> Loaded {
    load_with(&wanted.paths, stdin, wanted, config, false)
}

fn load_with(
    paths: &[PathBuf],
    stdin: Option<String>,
    wanted: &args::Manifests,
    config: &Config,
    pins: bool,
) -> Loaded {
    let mut allowed = AllowedEnv::default();
    for name in wanted.env.iter().chain(config.allowed_env()) {
        allowed.allow(name, std::env::var(name).ok());
    }
    let (mut manifests, mut diagnostics) = crate::manifest::load(paths, stdin, CATALOGUE, &allowed);
    let lock = lock_file::read(paths, &mut manifests.sources, &mut diagnostics);
    let world = compile(
        &mut manifests,
        lock.as_ref().filter(|_| pins),
        &mut diagnostics,
    );
    Loaded {
        manifests,
        world,
        lock,
        diagnostics,
    }
}

/// Adds what the lints say of manifests without errors. Without a day the answer is the same
/// tomorrow, as a plan's must be.
pub(super) fn lint(loaded: &mut Loaded, today: Option<Date>, config: &Config) -> Result<()> {
    if loaded.diagnostics.has_errors() {
        return Ok(());
    }
    let scene = Scene {
        world: &loaded.world,
        today,
    };
    for finding in crate::lint::check(&scene, &config.lints()?) {
        loaded.diagnostics.push(finding);
    }
    Ok(())
}

/// The clouds, reachable.
pub(super) struct Connected {
    accounts: BTreeMap<String, Result<Access, ConnectError>>,
    sandbox: Option<Sandbox>,
}

/// What the clouds hold, compared with what is wanted.
pub(super) struct Survey {
    pub(super) plan: Plan,
    pub(super) findings: Vec<Diagnostic>,
}

impl Connected {
    /// Finds credentials for every account that is to be read. No request is sent, but for the
    /// sandbox, which is started.
    pub(super) async fn new(world: &World, wanted: &args::Clouds, config: &Config) -> Result<Self> {
        Self::to(live::accounts(world), wanted, config).await
    }

    /// As [`Self::new`], for these accounts.
    pub(super) async fn to(
        reached: Vec<Arc<Account>>,
        wanted: &args::Clouds,
        config: &Config,
    ) -> Result<Self> {
        let sandbox = match &wanted.sandbox {
            Some(folder) => Some(start_sandbox(folder).await?),
            None => None,
        };
        let http = Http::new(config.http(wanted.timeout)?);
        let gate = Arc::new(Gate::new(usize::from(wanted.parallelism)));
        let real = rim::surroundings(config.allowed_tokens());
        let mut accounts = BTreeMap::new();
        for account in reached {
            let cloud = crate::clouds::cloud(account.cloud)
                .context("this is a bug: an account of a cloud that is not registered")?;
            let endpoint = match &sandbox {
                Some(sandbox) => sandbox.base_url(cloud.id.0),
                None => config.endpoint(cloud)?,
            };
            let emulated = sandbox
                .as_ref()
                .map(|sandbox| emulated(sandbox, cloud, &account))
                .transpose()?;
            let (account, surroundings) = match &emulated {
                Some((account, surroundings)) => (account, surroundings),
                None => (account.as_ref(), &real),
            };
            let client = (cloud.connect)(&Connection {
                account,
                surroundings,
                endpoint: endpoint.as_deref(),
                http: http.clone(),
            });
            let access = client.map(|client| {
                Access::new(
                    &account.name,
                    client,
                    account.requests_per_second,
                    Arc::clone(&gate),
                    Patience::default(),
                )
            });
            accounts.insert(account.name.clone(), access);
        }
        Ok(Self { accounts, sandbox })
    }

    /// Reads the clouds and plans.
    pub(super) async fn survey(
        &self,
        world: &World,
        guards: &Guards,
        progress: &Progress,
    ) -> Survey {
        progress.reading(live::accounts(world).len());
        let snapshot = live::read(world, &self.readers(), |account| progress.read(account)).await;
        progress.done();
        let plan = crate::plan::make(world, &snapshot, guards);
        Survey {
            findings: findings(world, &snapshot, &plan),
            plan,
        }
    }

    /// The right to read every account.
    pub(super) fn readers(&self) -> Readers {
        let reader = |access: &Result<Access, ConnectError>| match access {
            Ok(access) => Ok(access.reader()),
            Err(error) => Err(error.clone()),
        };
        self.accounts
            .iter()
            .map(|(name, access)| (name.clone(), reader(access)))
            .collect()
    }

    /// The right to write, for `apply` alone.
    pub(super) fn writers(&self) -> BTreeMap<String, Writer> {
        self.accounts
            .iter()
            .filter_map(|(name, access)| Some((name.clone(), access.as_ref().ok()?.writer())))
            .collect()
    }

    /// Ends the sandbox, if there is one, after the requests in flight.
    pub(super) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// The clouds, reachable for reading alone: what could write is dropped before this is made, and
/// nothing here leads back to it.
pub(super) struct ReadOnly {
    readers: Readers,
    lists: Lists,
    sandbox: Option<Sandbox>,
}

impl ReadOnly {
    /// As [`Connected::new`], for every account that has something to read.
    pub(super) async fn new(
        world: &World,
        lists: Lists,
        wanted: &args::Clouds,
        config: &Config,
    ) -> Result<Self> {
        let reached = live::accounts_with(world, lists);
        Ok(Self {
            lists,
            ..Self::to(reached, wanted, config).await?
        })
    }

    /// As [`Self::new`], for these accounts.
    pub(super) async fn to(
        reached: Vec<Arc<Account>>,
        wanted: &args::Clouds,
        config: &Config,
    ) -> Result<Self> {
        let connected = Connected::to(reached, wanted, config).await?;
        Ok(Self {
            readers: connected.readers(),
            lists: Lists::AsNeeded,
            sandbox: connected.sandbox,
        })
    }

    /// The right to read one account, or why there is none.
    pub(super) fn reader(&self, account: &str) -> Option<&Result<Reader, ConnectError>> {
        self.readers.get(account)
    }

    /// Where requests of a cloud go, in words.
    pub(super) fn endpoint(&self, cloud: &Cloud, config: &Config) -> Result<String> {
        let route = match config.proxy() {
            Some(proxy) => format!(", through the proxy {proxy}"),
            None => String::new(),
        };
        if self.sandbox.is_some() {
            return Ok("the built-in sandbox".to_owned());
        }
        Ok(match config.endpoint(cloud)? {
            Some(url) => format!("{url}, set by the operator{route}"),
            None => format!("the cloud's own hosts{route}"),
        })
    }

    /// Asks issuers what they publish; without any, not even the roots are read.
    pub(super) async fn ask_issuers(
        &self,
        issuers: &BTreeSet<String>,
        wanted: &args::Clouds,
        config: &Config,
    ) -> Result<Fetched> {
        if issuers.is_empty() {
            return Ok(Fetched::new());
        }
        let options = config.fetching(wanted.timeout, wanted.parallelism)?;
        let fetcher = Fetcher::new(self.fetching(options)?)
            .map_err(anyhow::Error::msg)
            .context("prepare to ask issuers")?;
        Ok(fetcher.all(issuers).await)
    }

    /// How issuers are asked: those of the sandbox too, if there is one.
    fn fetching(&self, options: FetchOptions) -> Result<FetchOptions> {
        match &self.sandbox {
            Some(sandbox) => with_issuers_of(sandbox, options),
            None => Ok(options),
        }
    }

    /// Reads the clouds.
    pub(super) async fn read(&self, world: &World, progress: &Progress) -> Snapshot {
        progress.reading(self.readers.len());
        let told = |account: &str| progress.read(account);
        let snapshot = live::read_with(world, &self.readers, self.lists, told).await;
        progress.done();
        snapshot
    }

    /// Ends the sandbox, if there is one, after the requests in flight.
    pub(super) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// The built-in emulators and issuers, with their state in this folder.
pub(super) async fn start_sandbox(folder: &Path) -> Result<Sandbox> {
    let options = sandbox::Options {
        folder: Some(folder.to_owned()),
        ..sandbox::Options::default()
    };
    Sandbox::start(options).await.context("start the sandbox")
}

/// Lets the sandbox's issuers be asked under their stable name, with their roots trusted.
pub(super) fn with_issuers_of(
    sandbox: &Sandbox,
    mut options: FetchOptions,
) -> Result<FetchOptions> {
    let roots = sandbox
        .issuers()
        .roots_pem(sandbox.now())
        .context("trust the sandbox's issuers")?;
    let address = sandbox.issuer_address();
    options.roots.push(b'\n');
    options.roots.extend_from_slice(roots.as_bytes());
    options.addresses = options.addresses.and(address.ip());
    let host = sandbox::issuer::STABLE_HOST.to_owned();
    options.resolve.insert(host, address);
    Ok(options)
}

/// The account as the sandbox knows it: test credentials by rule, no profile, a number of its own.
fn emulated(
    sandbox: &Sandbox,
    cloud: &Cloud,
    account: &Account,
) -> Result<(Account, Surroundings)> {
    let number = account
        .account_id
        .clone()
        .unwrap_or_else(|| invented_number(cloud, &account.name));
    if let Some(site) = &account.site {
        sandbox
            .set(cloud.id.0, &number, "site", site.as_str().into())
            .context("prepare the sandbox")?;
    }
    let keys = sandbox::credentials::permanent(cloud.id.0, &number)
        .context("this is a bug: the sandbox has no credentials for this cloud")?;
    let env = BTreeMap::from([
        (cloud.key_variables.id.to_owned(), keys.key_id),
        (cloud.key_variables.secret.to_owned(), keys.secret),
    ]);
    let account = Account {
        credentials: CredentialSource::default(),
        ..account.clone()
    };
    Ok((account, rim::only(env)))
}

/// A number for an account that does not say its own: that of the cloud's documentation, its last
/// digits made from the account's name, so that two accounts are two.
fn invented_number(cloud: &Cloud, name: &str) -> String {
    let hash = Sha256::digest(name.as_bytes());
    let digits: u32 = hash
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    let digits = format!("{:08}", digits % 100_000_000);
    let sample = cloud.sample_account_id;
    format!("{}{digits}", &sample[..sample.len() - digits.len()])
}

/// Runs what waits, on this thread: all waiting is for the network.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    Ok(runtime.block_on(work))
}
