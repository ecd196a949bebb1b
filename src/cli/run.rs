//! What the commands that look at manifests or clouds have in common: load, connect, survey.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::compile::{World, compile};
use crate::manifest::{AllowedEnv, Manifests};
use crate::model::{Account, CredentialSource, Diagnostic, Diagnostics};
use crate::net::http::{Http, HttpOptions};
use crate::net::{Patience, Reader, Writer};
use crate::observe::live::{self, Readers};
use crate::plan::{Plan, findings};
use crate::provider::{Cloud, Connection, Surroundings};
use crate::sandbox::{self, Sandbox};
use crate::view::progress::Progress;

use super::{args, rim};

/// Manifests, read and compiled.
pub(super) struct Loaded {
    pub(super) manifests: Manifests,
    pub(super) world: World,
    pub(super) diagnostics: Diagnostics,
}

/// Reads and checks everything offline.
pub(super) fn load(wanted: &args::Manifests) -> Result<Loaded> {
    let stdin = if wanted.paths.iter().any(|path| path == Path::new("-")) {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("read manifests from standard input")?;
        Some(text)
    } else {
        None
    };
    let mut allowed = AllowedEnv::default();
    for name in &wanted.env {
        allowed.allow(name, std::env::var(name).ok());
    }
    let (mut manifests, mut diagnostics) =
        crate::manifest::load(&wanted.paths, stdin, crate::clouds::CLOUDS, &allowed);
    let world = compile(&manifests, &mut diagnostics);
    // From here on the world and the texts are enough, and the documents are the larger half.
    manifests.documents = Vec::new();
    Ok(Loaded {
        manifests,
        world,
        diagnostics,
    })
}

/// The clouds, reachable.
pub(super) struct Connected {
    readers: Readers,
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
    pub(super) async fn new(world: &World, wanted: &args::Clouds) -> Result<Self> {
        let sandbox = match &wanted.sandbox {
            Some(folder) => Some(
                Sandbox::start(sandbox::Options {
                    folder: Some(folder.clone()),
                    ..sandbox::Options::default()
                })
                .await
                .context("start the sandbox")?,
            ),
            None => None,
        };
        let http = Http::new(HttpOptions {
            timeout: wanted.timeout,
        });
        let gate = Arc::new(Semaphore::new(usize::from(wanted.parallelism)));
        let real = rim::surroundings();
        let mut readers = Readers::new();
        for account in live::accounts(world) {
            let cloud = crate::clouds::cloud(account.cloud)
                .context("this is a bug: an account of a cloud that is not registered")?;
            let endpoint = match &sandbox {
                Some(sandbox) => sandbox.base_url(cloud.id.0),
                None => endpoint(cloud)?,
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
            let reader = client.map(|client| {
                Reader::new(
                    &account.name,
                    client,
                    account.requests_per_second,
                    Arc::clone(&gate),
                    Patience::default(),
                )
            });
            readers.insert(account.name.clone(), reader);
        }
        Ok(Self { readers, sandbox })
    }

    /// Reads the clouds and plans.
    pub(super) async fn survey(&self, world: &World, progress: &Progress) -> Survey {
        progress.reading(live::accounts(world).len());
        let snapshot = live::read(world, &self.readers, |account| progress.read(account)).await;
        progress.done();
        let plan = crate::plan::make(world, &snapshot);
        Survey {
            findings: findings(world, &snapshot, &plan),
            plan,
        }
    }

    /// The right to write, for `apply` alone.
    pub(super) fn writers(&self) -> BTreeMap<String, Writer> {
        self.readers
            .iter()
            .filter_map(|(name, reader)| Some((name.clone(), reader.as_ref().ok()?.writer())))
            .collect()
    }

    /// Ends the sandbox, if there is one, after the requests in flight.
    pub(super) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// The operator's base URL for a cloud. Plain http only for loopback, so that a typing slip cannot
/// send signed requests in the clear.
fn endpoint(cloud: &Cloud) -> Result<Option<String>> {
    let name = cloud.endpoint_variable;
    let Some(text) = rim::var(name) else {
        return Ok(None);
    };
    let url = url::Url::parse(&text).with_context(|| format!("{name} is no URL"))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(domain)) => domain == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => bail!("{name}: plain http is accepted for loopback addresses only"),
        scheme => bail!("{name}: `{scheme}` is no scheme for an endpoint; write https://…"),
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
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
            .set_tencent_site(&number, site)
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
