//! Ctrl-C and SIGTERM: what is under way is told first, and the second signal ends at once.
//!
//! One thread watches from the first [`listen`] on. Whoever listens is told; when nobody does (a
//! question is being asked, policies are being judged), a signal ends the program as it would have
//! by itself, with the exit code of an interruption.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Exit, last_words};

/// The run was interrupted while it only read.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; nothing was changed")]
pub(super) struct Interrupted;

/// Who is told of the next signal, and what is said then.
type Heard = Option<(CancellationToken, Option<&'static str>)>;

static LISTENER: Mutex<Heard> = Mutex::new(None);
static WATCHING: OnceLock<()> = OnceLock::new();

fn listener() -> MutexGuard<'static, Heard> {
    LISTENER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens until it is dropped.
pub(super) struct Listening {
    /// Cancelled by the first signal.
    pub(super) token: CancellationToken,
}

impl Drop for Listening {
    fn drop(&mut self) {
        *listener() = None;
    }
}

/// From here on the first signal cancels the token, after saying `word`.
pub(super) fn listen(word: Option<&'static str>) -> Listening {
    let token = CancellationToken::new();
    *listener() = Some((token.clone(), word));
    WATCHING.get_or_init(|| {
        if let Err(error) = watch() {
            tracing::warn!(error = format!("{error:#}"), "cannot watch for signals");
        }
    });
    Listening { token }
}

/// What `work` gives, unless a signal comes first; then it is dropped. Only for work that reads.
///
/// # Errors
/// [`Interrupted`].
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T> {
    let listening = listen(None);
    tokio::select! {
        biased;
        () = listening.token.cancelled() => Err(Interrupted.into()),
        done = work => Ok(done),
    }
}

fn watch() -> Result<()> {
    let (tell, hear) = mpsc::channel();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(hear_signals(&tell)),
                Err(error) => drop(tell.send(Err(error))),
            }
        })
        .context("start the thread")?;
    hear.recv().context("the thread ended")?.context("start")
}

async fn hear_signals(started: &mpsc::Sender<std::io::Result<()>>) {
    let signals = signal(SignalKind::interrupt())
        .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
    let (mut interrupt, mut terminate) = match signals {
        Ok(signals) => signals,
        Err(error) => return drop(started.send(Err(error))),
    };
    // Nobody waits any more when this fails.
    let _ = started.send(Ok(()));
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        match listener().as_ref() {
            Some((token, word)) if !token.is_cancelled() => {
                if let Some(word) = word {
                    tracing::warn!("{word}");
                }
                token.cancel();
            }
            _ => {
                last_words::speak();
                std::process::exit(Exit::Interrupted.code().into())
            }
        }
    }
}
