//! One request's way through the sandbox: log, faults, throttle, cloud, faults again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::connection::Breaker;
use super::emulator::Emulator;
use super::fault::{FaultKind, Faults};
use super::server::Seen;
use super::throttle::Throttle;
use super::wire::{Request, Response};

/// Larger bodies are refused unread, bytes. Above every cloud's own limit (10 MB on Tencent
/// Cloud), so that the clouds' own refusals can be seen.
pub(crate) const BODY_LIMIT_BYTES: usize = 12 * 1024 * 1024;

/// What all requests of a sandbox share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) started: Instant,
    pub(crate) latency: Duration,
    pub(crate) clock_offset_seconds: i64,
    pub(crate) throttle_per_second: Option<u32>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) seen: Mutex<Vec<Seen>>,
    /// Told when the faults are cleared: held requests go on.
    pub(crate) cleared: watch::Sender<()>,
    /// Temporary keys and tokens that a fault let run out before their time.
    pub(crate) run_out: Mutex<BTreeSet<String>>,
    /// Cancelled when the sandbox stops: stalled requests give up.
    pub(crate) stopping: CancellationToken,
}

/// One cloud behind its listener.
pub(crate) struct Served {
    pub(crate) emulator: Arc<dyn Emulator>,
    pub(crate) throttle: Throttle,
    pub(crate) shared: Arc<Shared>,
}

/// What leaves: an answer, or nothing at all.
enum Outcome {
    Answer(Response),
    Cut(Response),
    Silence,
}

/// Takes one request through and turns the outcome into HTTP.
pub(crate) async fn exchange(
    served: Arc<Served>,
    request: Request,
    breaker: Breaker,
) -> axum::response::Response {
    let shared = &served.shared;
    let action = served.emulator.action(&request);
    let account = served.emulator.account(&request);
    let arrival = shared.arrived(served.emulator.cloud(), account, &action);
    let now = shared.now();
    let outcome = attempt(&served, &action, request).await;
    let status = match &outcome {
        Outcome::Answer(response) | Outcome::Cut(response) => response.status,
        Outcome::Silence => 0,
    };
    shared.answered(arrival, status);
    match outcome {
        Outcome::Answer(response) => http(response, now),
        Outcome::Cut(response) => {
            breaker.close_after_body(response.body.len() / 2);
            http(response, now)
        }
        Outcome::Silence => {
            breaker.close();
            axum::response::Response::new(Body::empty())
        }
    }
}

async fn attempt(served: &Arc<Served>, action: &str, request: Request) -> Outcome {
    let shared = &served.shared;
    let emulator = &served.emulator;
    // Before the fault is met, so that it cannot be cleared in between.
    let mut cleared = shared.cleared.subscribe();
    let verdict = lock(&shared.faults).judge(emulator.cloud(), action);
    // A stop ends the wait, not the request.
    tokio::select! {
        () = tokio::time::sleep(shared.latency + verdict.wait) => {}
        () = shared.stopping.cancelled() => {}
    }
    let Some(kind) = verdict.kind else {
        return Outcome::Answer(process(served, action, request).await);
    };
    match kind {
        FaultKind::Throttle => Outcome::Answer(emulator.throttled(&request, None)),
        FaultKind::ThrottleWait(seconds) => {
            Outcome::Answer(emulator.throttled(&request, Some(seconds)))
        }
        FaultKind::Status(status) => Outcome::Answer(emulator.failed(&request, status)),
        FaultKind::StatusAfter(status) => {
            let _ = process(served, action, request.clone()).await;
            Outcome::Answer(emulator.failed(&request, status))
        }
        FaultKind::Deny => Outcome::Answer(emulator.failed(&request, 403)),
        FaultKind::Expire => {
            lock(&shared.run_out).extend(emulator.passing(&request));
            Outcome::Answer(process(served, action, request).await)
        }
        FaultKind::Drop => Outcome::Silence,
        FaultKind::DropAfter => {
            let _ = process(served, action, request).await;
            Outcome::Silence
        }
        FaultKind::Hold => {
            tokio::select! {
                _ = cleared.changed() => {}
                () = shared.stopping.cancelled() => {}
            }
            Outcome::Answer(process(served, action, request).await)
        }
        FaultKind::Stall => {
            shared.stopping.cancelled().await;
            Outcome::Silence
        }
        FaultKind::StallAfter => {
            let _ = process(served, action, request).await;
            shared.stopping.cancelled().await;
            Outcome::Silence
        }
        FaultKind::Html => Outcome::Answer(html(502)),
        FaultKind::HtmlOk => Outcome::Answer(html(200)),
        FaultKind::Cut => Outcome::Cut(process(served, action, request).await),
        FaultKind::Malformed => {
            let mut response = process(served, action, request).await;
            // Still half JSON: a reader must not get away with looking at the first bytes.
            response.body.truncate(response.body.len() / 2);
            response.body.extend_from_slice(b"\x00<<malformed>>");
            Outcome::Answer(response)
        }
        FaultKind::ContentType => {
            let mut response = process(served, action, request).await;
            response
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            response
                .headers
                .push(("content-type".to_owned(), "text/html".to_owned()));
            Outcome::Answer(response)
        }
        // Delays never decide; see `Faults::judge`.
        FaultKind::Delay(_) => Outcome::Answer(process(served, action, request).await),
    }
}

/// Throttles or executes. Off the async threads, because state files are read and written.
async fn process(served: &Arc<Served>, action: &str, request: Request) -> Response {
    let emulator = &served.emulator;
    let per_second = served
        .shared
        .throttle_per_second
        .unwrap_or_else(|| emulator.throttle_per_second());
    let account = emulator.account(&request).unwrap_or_default();
    let now = served.shared.now();
    if !served.throttle.admits(&account, action, per_second, now) {
        return emulator.throttled(&request, None);
    }
    let passing = emulator.passing(&request);
    if passing.is_some_and(|passing| lock(&served.shared.run_out).contains(&passing)) {
        return emulator.expired(&request);
    }
    let working = Arc::clone(served);
    let task = tokio::task::spawn_blocking(move || working.emulator.answer(&request, now));
    match task.await {
        Ok(response) => response,
        Err(error) => Response {
            status: 500,
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body: format!("the sandbox itself failed, this is a bug: {error}").into_bytes(),
        },
    }
}

impl Shared {
    /// The emulated clouds' time, Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        Timestamp::now()
            .as_second()
            .saturating_add(self.clock_offset_seconds)
    }

    /// Notes an arrival and says where, so that the status can be filled in.
    pub(crate) fn arrived(&self, cloud: &str, account: Option<String>, action: &str) -> usize {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut seen = lock(&self.seen);
        seen.push(Seen {
            millis,
            cloud: cloud.to_owned(),
            account,
            action: action.to_owned(),
            status: 0,
        });
        seen.len() - 1
    }

    /// Notes what an arrival was answered with.
    pub(crate) fn answered(&self, arrival: usize, status: u16) {
        if let Some(entry) = lock(&self.seen).get_mut(arrival) {
            entry.status = status;
        }
    }
}

fn html(status: u16) -> Response {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
    Response {
        status,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: page.as_bytes().to_vec(),
    }
}

/// The answer as HTTP, dated by the emulated clock.
pub(crate) fn http(response: Response, now_unix_seconds: i64) -> axum::response::Response {
    let mut answer = axum::response::Response::new(Body::from(response.body));
    *answer.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // The `Date` header is how a client with a wrong clock learns the time: it must be the
    // emulated clock's, not the machine's.
    let date = Timestamp::from_second(now_unix_seconds)
        .map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default();
    let stated = response
        .headers
        .into_iter()
        .chain([("date".to_owned(), date)]);
    for (name, value) in stated {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
