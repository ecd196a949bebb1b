//! The running sandbox: one loopback listener for each cloud, HTTP/1.1 with kept connections, and
//! one with TLS for the issuers.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::connection::Listener;
use super::credentials;
use super::emulator::{Emulator, emulators};
use super::exchange::{Served, Shared, lock};
use super::fault::{Fault, Faults};
use super::federated::outside::Outside;
use super::issuer::Issuers;
use super::throttle::Throttle;

mod http;
mod issuer;

use http::serve;
use issuer::Issuer;

/// How long `stop` waits for idle connections to notice before it cuts them.
const CLOSE_GRACE: Duration = Duration::from_millis(500);

/// Requests in flight at once, over all clouds; more wait. `stop` takes them all to know that
/// none is left.
const IN_FLIGHT_MAX: u32 = 4096;

/// How a sandbox is set up. The default keeps everything in memory on any free ports.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where state is kept, as `<folder>/<cloud>/<account>.json`; in memory when absent.
    pub folder: Option<PathBuf>,
    /// Where the issuers keep theirs when there is no folder for all; in memory when absent.
    pub issuer_folder: Option<PathBuf>,
    /// Faults in force from the start.
    pub faults: Vec<Fault>,
    /// A wait before each answer.
    pub latency: Duration,
    /// The emulated clouds' clock is the real one plus this many seconds.
    pub clock_offset_seconds: i64,
    /// Requests per second that an account may make of one action: each cloud's default when
    /// absent, without limit when 0.
    pub throttle_per_second: Option<u32>,
    /// The loopback address to listen on.
    pub listen: IpAddr,
    /// The first cloud's port, the others and the issuers take the next ones; any free ports
    /// when 0.
    pub port: u16,
    /// With a folder and any free ports: the issuers take the port they had last time, if it is
    /// free, since it is part of their names.
    pub keep_issuer_port: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: None,
            issuer_folder: None,
            faults: Vec::new(),
            latency: Duration::ZERO,
            clock_offset_seconds: 0,
            throttle_per_second: None,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            keep_issuer_port: false,
        }
    }
}

/// One request the sandbox received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Milliseconds since the sandbox started.
    pub millis: u64,
    /// Which cloud was called.
    pub cloud: String,
    /// The account the request claimed to come from.
    pub account: Option<String>,
    /// The documented name of the action.
    pub action: String,
    /// The HTTP status sent; 0 while unanswered and when nothing was ever sent.
    pub status: u16,
}

/// Why a sandbox cannot start or be changed.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The emulator accepts well-known test keys, so it must not be reachable from elsewhere.
    #[error("the sandbox listens on loopback only, not on {0}")]
    NotLoopback(IpAddr),
    /// The ports from the given one on do not suffice.
    #[error("port {0} leaves no room for one port per cloud")]
    Port(u16),
    /// A listener could not be opened.
    #[error("listen on {address} for {cloud}")]
    Listen {
        /// The cloud the listener was for.
        cloud: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The issuers' state or TLS set-up.
    #[error("start the sandbox's issuers: {0}")]
    Issuers(String),
    /// The sandbox does not serve this cloud.
    #[error("the sandbox has no cloud `{0}`")]
    Cloud(String),
    /// A switch could not be set.
    #[error("set `{setting}` of {cloud} account {account}: {reason}")]
    Setting {
        /// The cloud.
        cloud: String,
        /// The account.
        account: String,
        /// The switch.
        setting: String,
        /// Why not.
        reason: String,
    },
}

/// A running sandbox. Dropping it stops serving at once; [`Sandbox::stop`] lets requests finish.
pub struct Sandbox {
    shared: Arc<Shared>,
    clouds: BTreeMap<&'static str, Running>,
    issuer: Issuer,
    abandon: CancellationToken,
    in_flight: Arc<Semaphore>,
}

struct Running {
    emulator: Arc<dyn Emulator>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Opens one listener for each cloud and serves in the background of the current runtime.
    ///
    /// # Errors
    /// The address is not loopback or cannot be listened on.
    pub async fn start(options: Options) -> Result<Self, SandboxError> {
        if !options.listen.is_loopback() {
            return Err(SandboxError::NotLoopback(options.listen));
        }
        let mut faults = Faults::default();
        for fault in options.faults {
            faults.add(fault);
        }
        let shared = Arc::new(Shared {
            started: Instant::now(),
            latency: options.latency,
            clock_offset_seconds: options.clock_offset_seconds,
            throttle_per_second: options.throttle_per_second,
            faults: Mutex::new(faults),
            seen: Mutex::new(Vec::new()),
            cleared: watch::Sender::default(),
            run_out: Mutex::default(),
            stopping: CancellationToken::new(),
        });
        let abandon = CancellationToken::new();
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX as usize));
        // Bind all before serving any: a port in use must not leave half a sandbox behind.
        let issuers = Arc::new(Issuers::new(
            options
                .folder
                .as_deref()
                .or(options.issuer_folder.as_deref()),
        ));
        let outside = Outside::new(Arc::clone(&issuers));
        let port_after = |index| match options.port {
            0 => Ok(0),
            first => first
                .checked_add(index)
                .ok_or(SandboxError::Port(options.port)),
        };
        let mut bound = Vec::new();
        let emulators = emulators(options.folder.as_deref(), &outside);
        let clouds_count = u16::try_from(emulators.len()).unwrap_or(u16::MAX);
        for (index, emulator) in (0_u16..).zip(emulators) {
            let port = port_after(index)?;
            let cloud = emulator.cloud();
            let asked = SocketAddr::new(options.listen, port);
            let failed = |source| SandboxError::Listen {
                cloud,
                address: asked,
                source,
            };
            let listener = TcpListener::bind(asked).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            bound.push((emulator, listener, address));
        }
        let kept = options.keep_issuer_port && options.folder.is_some() && options.port == 0;
        let asked = SocketAddr::new(options.listen, port_after(clouds_count)?);
        let issuer = Issuer::start(issuers, asked, kept, &shared).await?;
        outside.open(issuer.address);
        let mut clouds = BTreeMap::new();
        for (emulator, listener, address) in bound {
            let served = Arc::new(Served {
                emulator: Arc::clone(&emulator),
                throttle: Throttle::default(),
                shared: Arc::clone(&shared),
            });
            let listener = Listener::new(listener, abandon.clone());
            let task = tokio::spawn(serve(listener, served, Arc::clone(&in_flight)));
            clouds.insert(
                emulator.cloud(),
                Running {
                    emulator,
                    address,
                    task,
                },
            );
        }
        Ok(Self {
            shared,
            clouds,
            issuer,
            abandon,
            in_flight,
        })
    }

    /// `http://127.0.0.1:PORT` of a cloud, without a final slash.
    pub fn base_url(&self, cloud: &str) -> Option<String> {
        self.clouds
            .get(cloud)
            .map(|running| format!("http://{}", running.address))
    }

    /// The issuers: what they publish, how they turn their keys over, the roots to trust.
    pub fn issuers(&self) -> &Issuers {
        &self.issuer.issuers
    }

    /// Where the issuers listen. They answer there as `localhost` with this port, and as
    /// [`STABLE_HOST`](super::issuer::STABLE_HOST) to whoever resolves that name to it.
    pub fn issuer_address(&self) -> SocketAddr {
        self.issuer.address
    }

    /// `https://localhost:PORT` of the issuers, without a final slash.
    pub fn issuer_url(&self) -> String {
        format!("https://localhost:{}", self.issuer.address.port())
    }

    /// The issuers, to be reached otherwise than through this sandbox.
    #[cfg(test)]
    pub(crate) fn issuers_shared(&self) -> Arc<Issuers> {
        Arc::clone(&self.issuer.issuers)
    }

    /// A cloud without its sockets.
    #[cfg(test)]
    pub(crate) fn emulator(&self, cloud: &str) -> Arc<dyn Emulator> {
        Arc::clone(&self.clouds[cloud].emulator)
    }

    /// The emulated time, Unix seconds.
    pub fn now(&self) -> i64 {
        self.shared.now()
    }

    /// `{"<cloud>": {url, account_id, key_id, secret}}` with each cloud's default account.
    pub fn describe(&self) -> Value {
        let clouds: Map<String, Value> = self
            .clouds
            .iter()
            .filter_map(|(cloud, running)| {
                let url = format!("http://{}", running.address);
                Some(((*cloud).to_owned(), credentials::described(cloud, &url)?))
            })
            .collect();
        Value::Object(clouds)
    }

    /// Every request so far, in the order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// Adds a fault behind those in force.
    pub fn inject(&self, fault: Fault) {
        lock(&self.shared.faults).add(fault);
    }

    /// Ends all faults. Keys that ran out stay so.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
        self.shared.cleared.send_replace(());
    }

    /// Sets one of the switches of an account's `settings`.
    ///
    /// # Errors
    /// No such cloud or switch, a value that does not fit, or a state file that cannot be written.
    pub fn set(
        &self,
        cloud: &str,
        account_id: &str,
        setting: &str,
        value: Value,
    ) -> Result<(), SandboxError> {
        let running = self
            .clouds
            .get(cloud)
            .ok_or_else(|| SandboxError::Cloud(cloud.to_owned()))?;
        running
            .emulator
            .set(account_id, setting, value)
            .map_err(|reason| SandboxError::Setting {
                cloud: cloud.to_owned(),
                account: account_id.to_owned(),
                setting: setting.to_owned(),
                reason,
            })
    }

    /// Takes no new connections, finishes requests in flight, gives up stalled ones.
    pub async fn stop(mut self) {
        self.shared.stopping.cancel();
        let _none_left = self.in_flight.acquire_many(IN_FLIGHT_MAX).await;
        let deadline = tokio::time::Instant::now() + CLOSE_GRACE;
        for task in self.clouds.values_mut().map(|running| &mut running.task) {
            // A connection that is open but silent would hold the server for ever.
            if tokio::time::timeout_at(deadline, &mut *task).await.is_err() {
                self.abandon.cancel();
                let _ = task.await;
            }
        }
        let issuer = &mut self.issuer.task;
        if tokio::time::timeout_at(deadline, &mut *issuer)
            .await
            .is_err()
        {
            issuer.abort();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stopping.cancel();
        self.abandon.cancel();
        for running in self.clouds.values() {
            running.task.abort();
        }
        self.issuer.task.abort();
    }
}

#[cfg(test)]
mod tests;
