//! One account's conversation with its cloud: budget, retries of what is safe, corrected clock.
//!
//! The only retry layer. It decides by [`ErrorClass`] alone; what happens after a write whose
//! outcome is open is for `apply`, which can read the object.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::{SemaphorePermit, watch};
use tokio::time::Instant;

use crate::provider::{
    Answer, Call, CloudClient, ConnectError, ErrorClass, ProviderError, Read, Reply, Write,
};

use super::clock;
use super::gate::Gate;
use super::limit::Limit;

/// Most attempts at one call after transient failures.
const TRANSIENT_ATTEMPTS: usize = 4;
/// Most attempts while throttled: other programs share the account's limit for a while.
const THROTTLED_ATTEMPTS: usize = 10;
/// Longest wait that is honoured when the cloud asks for one.
const LONGEST_ASKED_WAIT: Duration = Duration::from_mins(1);
/// Most pages of one list; 100 pages of 100 are far beyond every quota.
const PAGES: usize = 100;

/// How long to wait between attempts when the cloud does not say.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Before the second attempt; each further wait is twice as long, with jitter.
    pub first_wait: Duration,
    /// The longest.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(5),
        }
    }
}

struct Session {
    account: String,
    client: Arc<dyn CloudClient>,
    limit: Arc<Limit>,
    /// Shared by all accounts of a run: how many requests may be under way at once.
    gate: Arc<Gate>,
    patience: Patience,
    /// Seconds to add to this machine's clock, learnt from the cloud.
    offset_seconds: AtomicI64,
    /// How far the cloud's clock was ahead of this machine's at the last answer; [`i64::MIN`] as
    /// long as none told the time.
    seen_offset_seconds: AtomicI64,
}

/// On whose behalf calls are made, for the logs: an object's address, or a selector of several.
type About = Option<Arc<str>>;

/// One account's conversation, from which the right to read and the right to write are given out.
#[derive(Clone)]
pub struct Access {
    session: Arc<Session>,
}

/// May read an account, and has no way to write nor to become what may.
#[derive(Clone)]
pub struct Reader {
    session: Arc<Session>,
    about: About,
}

/// May write an account.
#[derive(Clone)]
pub struct Writer {
    session: Arc<Session>,
    about: About,
}

impl Access {
    /// A conversation with the account's own budget, through the gate that all accounts share.
    pub fn new(
        account: &str,
        client: Arc<dyn CloudClient>,
        requests_per_second: u32,
        gate: Arc<Gate>,
        patience: Patience,
    ) -> Self {
        let limit = Arc::new(Limit::new(requests_per_second));
        client.sign_in_within(&limit);
        Self {
            session: Arc::new(Session {
                account: account.to_owned(),
                client,
                limit,
                gate,
                patience,
                offset_seconds: AtomicI64::new(0),
                seen_offset_seconds: AtomicI64::new(i64::MIN),
            }),
        }
    }

    /// The right to read.
    pub fn reader(&self) -> Reader {
        Reader {
            session: Arc::clone(&self.session),
            about: None,
        }
    }

    /// The right to write.
    pub fn writer(&self) -> Writer {
        Writer {
            session: Arc::clone(&self.session),
            about: None,
        }
    }
}

impl Reader {
    /// The same, on behalf of this address (or selector, where a call serves several) in the logs.
    #[must_use]
    pub fn about(&self, address: &str) -> Self {
        Self {
            session: Arc::clone(&self.session),
            about: Some(address.into()),
        }
    }

    /// The account's name in the manifests.
    pub fn account(&self) -> &str {
        &self.session.account
    }

    /// Where the credentials came from, in words.
    pub fn credential_source(&self) -> &str {
        self.session.client.credential_source()
    }

    /// How many seconds the cloud's clock is ahead of this machine's, by its last answer, to within
    /// the time of a request; [`None`] when no answer told the time.
    pub fn clock_offset_seconds(&self) -> Option<i64> {
        let offset = self.session.seen_offset_seconds.load(Ordering::Relaxed);
        (offset != i64::MIN).then_some(offset)
    }

    /// The account's turn to begin; to be dropped when its requests after the first stand before
    /// the gate.
    pub async fn begin(&self) -> Option<SemaphorePermit<'_>> {
        self.session.gate.begin().await
    }

    /// Whether there are credentials at all.
    ///
    /// # Errors
    /// Where they were looked for in vain.
    pub async fn find_credentials(&self) -> Result<(), ConnectError> {
        self.session.client.find_credentials().await
    }

    /// Reads, all pages of a list, trying again after what may pass.
    ///
    /// # Errors
    /// The last attempt's.
    pub async fn read(&self, read: &Read) -> Answer {
        let session = &self.session;
        let mut reply = session
            .attempts(&read.0, &self.about, is_worth_reading_again)
            .await?;
        let mut last = Reply {
            body: reply.body.clone(),
            ..Reply::default()
        };
        let mut call = read.0.clone();
        while let Some(next) = session.client.next_page(&call, &last) {
            if reply.more.len() + 1 >= PAGES {
                break;
            }
            last = session
                .attempts(&next, &self.about, is_worth_reading_again)
                .await?;
            reply.more.push(last.body.clone());
            reply.request_id.clone_from(&last.request_id);
            call = next;
        }
        Ok(reply)
    }
}

impl Writer {
    /// The reading half.
    pub fn reader(&self) -> Reader {
        Reader {
            session: Arc::clone(&self.session),
            about: self.about.clone(),
        }
    }

    /// The same, on behalf of this address in the logs.
    #[must_use]
    pub fn about(&self, address: &str) -> Self {
        Self {
            session: Arc::clone(&self.session),
            about: Some(address.into()),
        }
    }

    /// Whether a request of the account waits for its budget.
    pub fn is_held_up(&self) -> bool {
        self.session.limit.is_waited_for()
    }

    /// How many requests of all accounts wait for budgets, and when that changes.
    pub fn held_up(&self) -> watch::Receiver<usize> {
        self.session.gate.held_up()
    }

    /// Writes, trying again only after what certainly was not carried out.
    ///
    /// # Errors
    /// The last attempt's; its class tells whether the outcome is open.
    pub async fn write(&self, write: &Write) -> Answer {
        self.session
            .attempts(&write.call, &self.about, is_certainly_not_carried_out)
            .await
    }
}

fn is_worth_reading_again(class: &ErrorClass) -> bool {
    is_certainly_not_carried_out(class) || class.leaves_outcome_open()
}

fn is_certainly_not_carried_out(class: &ErrorClass) -> bool {
    matches!(
        class,
        ErrorClass::Throttled { .. } | ErrorClass::Unreachable
    )
}

impl Session {
    /// One call, as often as it is worth it. Every attempt counts against the budget and is signed
    /// anew.
    async fn attempts(&self, call: &Call, about: &About, worth: fn(&ErrorClass) -> bool) -> Answer {
        let mut waits = ExponentialBuilder::default()
            .with_min_delay(self.patience.first_wait)
            .with_max_delay(self.patience.longest_wait)
            .with_jitter()
            .without_max_times()
            .build();
        let (mut transient, mut throttled) = (1, 1);
        let (mut corrected, mut refreshed) = (false, false);
        let mut attempt = 0_usize;
        loop {
            attempt += 1;
            let (answer, took) = self.attempt(call).await;
            self.log(call, about, attempt, &answer, took);
            let error = match answer {
                Ok(reply) => {
                    if let Some(server) = reply.server_unix_seconds {
                        let offset = server - clock::unix_seconds();
                        self.seen_offset_seconds.store(offset, Ordering::Relaxed);
                    }
                    return Ok(reply);
                }
                Err(error) => error,
            };
            let wait = waits.next().unwrap_or(self.patience.longest_wait);
            match &error.class {
                ErrorClass::ClockSkewed {
                    server_unix_seconds: Some(server),
                } if !corrected => {
                    corrected = true;
                    let offset = server - clock::unix_seconds();
                    self.offset_seconds.store(offset, Ordering::Relaxed);
                    tracing::warn!(
                        account = self.account,
                        offset_seconds = offset,
                        "this machine's clock is off; going on with the cloud's time"
                    );
                }
                ErrorClass::TokenExpired if !refreshed && self.client.refresh().await => {
                    refreshed = true;
                }
                ErrorClass::Throttled { wait: asked } if throttled < THROTTLED_ATTEMPTS => {
                    throttled += 1;
                    let asked = asked.unwrap_or_default().min(LONGEST_ASKED_WAIT);
                    tokio::time::sleep(wait.max(asked)).await;
                }
                ErrorClass::Throttled { .. } => return Err(error),
                ErrorClass::TokenExpired => return Err(self.with_source(error)),
                // Something that had to come first: an exchange of tokens, a role to become.
                ErrorClass::Auth if error.call != call.name => return Err(self.with_source(error)),
                class @ (ErrorClass::Auth
                | ErrorClass::ClockSkewed { .. }
                | ErrorClass::Denied
                | ErrorClass::NotFound
                | ErrorClass::Conflict
                | ErrorClass::Invalid
                | ErrorClass::ReferentMissing
                | ErrorClass::Quota
                | ErrorClass::Unavailable
                | ErrorClass::Unreachable
                | ErrorClass::NoAnswer
                | ErrorClass::Protocol) => {
                    if !worth(class) || transient >= TRANSIENT_ATTEMPTS {
                        return Err(error);
                    }
                    transient += 1;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// One attempt, and how long it took without the waiting for budgets.
    async fn attempt(&self, call: &Call) -> (Answer, Duration) {
        if let Err(error) = self.sign_in().await {
            return (Err(error), Duration::ZERO);
        }
        let place = self.limit.start(&self.gate).await;
        let begun = Instant::now();
        let answer = self.client.send(call, self.now()).await;
        drop(place);
        (answer, begun.elapsed())
    }

    /// Signs in where that must come first. Before the call takes its place: one that counts
    /// already and then waits for keys would be sent together with those of the next second.
    async fn sign_in(&self) -> Result<(), ProviderError> {
        if self.client.is_signed_in(self.now()).await {
            return Ok(());
        }
        let _place = self.gate.place().await;
        self.client.sign_in(self.now()).await
    }

    /// The cloud's time as far as it is known, Unix seconds.
    fn now(&self) -> i64 {
        clock::unix_seconds() + self.offset_seconds.load(Ordering::Relaxed)
    }

    /// The error with where the credentials came from, so that the person knows which to renew.
    fn with_source(&self, mut error: ProviderError) -> ProviderError {
        let source = self.client.credential_source();
        if !error.message.contains(source) {
            let message = error.message.trim_end_matches('.');
            error.message = format!("{message} (credentials: {source})");
        }
        error
    }

    fn log(&self, call: &Call, about: &About, attempt: usize, answer: &Answer, took: Duration) {
        let (outcome, request_id) = match answer {
            Ok(reply) => ("ok", reply.request_id.as_deref()),
            Err(error) => (error.class.word(), error.request_id.as_deref()),
        };
        tracing::debug!(
            account = self.account,
            address = about.as_deref(),
            call = call.name,
            attempt,
            outcome,
            request_id,
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "call"
        );
    }
}
