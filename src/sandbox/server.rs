//! The running sandbox: one loopback listener for each cloud, HTTP/1.1 with kept connections.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::ConnectInfo;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::connection::{Breaker, Listener};
use super::credentials;
use super::emulator::{Emulator, emulators};
use super::exchange::{BODY_LIMIT_BYTES, Served, Shared, exchange, lock};
use super::fault::{Fault, Faults};
use super::throttle::Throttle;
use super::wire::Request;

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
    /// The first cloud's port, the others take the next ones; any free ports when 0.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: None,
            faults: Vec::new(),
            latency: Duration::ZERO,
            clock_offset_seconds: 0,
            throttle_per_second: None,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
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
            stopping: CancellationToken::new(),
        });
        let abandon = CancellationToken::new();
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX as usize));
        // Bind all before serving any: a port in use must not leave half a sandbox behind.
        let mut bound = Vec::new();
        for (index, emulator) in (0_u16..).zip(emulators(options.folder.as_deref())) {
            let port = match options.port {
                0 => 0,
                first => first
                    .checked_add(index)
                    .ok_or(SandboxError::Port(options.port))?,
            };
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

    /// Ends all faults.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
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
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stopping.cancel();
        self.abandon.cancel();
        for running in self.clouds.values() {
            running.task.abort();
        }
    }
}

async fn serve(listener: Listener, served: Arc<Served>, in_flight: Arc<Semaphore>) {
    let stopping = served.shared.stopping.clone();
    let router = Router::new().fallback(
        move |ConnectInfo(breaker): ConnectInfo<Breaker>, request: axum::extract::Request| {
            let served = Arc::clone(&served);
            let in_flight = Arc::clone(&in_flight);
            async move {
                // On a task of its own: a client that gives up does not stop a cloud.
                let work = tokio::spawn(async move {
                    let _permit = in_flight.acquire_owned().await;
                    receive(served, request, breaker).await
                });
                work.await.unwrap_or_else(|_| refused(500))
            }
        },
    );
    let service = router.into_make_service_with_connect_info::<Breaker>();
    // `axum::serve` never returns an error; it retries `accept` by itself.
    let _ = axum::serve(listener, service)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await;
}

async fn receive(
    served: Arc<Served>,
    request: axum::extract::Request,
    breaker: Breaker,
) -> axum::response::Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT_BYTES).await else {
        return refused(413);
    };
    let request = Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect(),
        body: body.to_vec(),
    };
    exchange(served, request, breaker).await
}

fn refused(status: u16) -> axum::response::Response {
    let mut response = axum::response::Response::new(axum::body::Body::empty());
    if let Ok(status) = axum::http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    response
}

#[cfg(test)]
mod tests;
