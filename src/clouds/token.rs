//! Temporary keys: kept until shortly before they end, got anew by one caller at a time; the tokens
//! they are exchanged for; requests to services of the machine itself.
//!
//! What the exchange is, each cloud says in its own folder.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Mutex;

use super::source::{Keys, WebToken, check_token};
use super::wire;
use crate::model::{Secret, Value};
use crate::net::http::{Answered, HeaderText, Http, Request};
use crate::net::limit::Limit;
use crate::provider::surroundings::ReadFile;
use crate::provider::{ErrorClass, ProviderError};

/// How long GitHub may take to issue a token.
const GITHUB_TIMEOUT: Duration = Duration::from_secs(10);

/// Temporary keys in use.
#[derive(Default)]
pub(super) struct Keeper {
    kept: Mutex<Option<Keys>>,
    /// The account's budget, in which signing in counts as well.
    limit: OnceLock<Arc<Limit>>,
}

impl Keeper {
    /// From here on [`Self::turn`] waits for this budget.
    pub(super) fn within(&self, limit: &Arc<Limit>) {
        let _ = self.limit.set(Arc::clone(limit));
    }

    /// Returns when the next request to the cloud may start by which the account signs in. Called
    /// before each.
    pub(super) async fn turn(&self) {
        if let Some(limit) = self.limit.get() {
            limit.count().await;
        }
    }

    /// Whether keys are kept that last; waits for those that are being got.
    pub(super) async fn has(&self, now: i64) -> bool {
        self.kept
            .lock()
            .await
            .as_ref()
            .is_some_and(|keys| keys.last(now))
    }

    /// The kept keys while they last, else what `fresh` gets. Whoever asks meanwhile waits and takes
    /// the same. When new ones cannot be got, the old ones serve until their very end.
    pub(super) async fn keys(
        &self,
        now: i64,
        fresh: impl Future<Output = Result<Keys, ProviderError>> + Send,
    ) -> Result<Keys, ProviderError> {
        let mut kept = self.kept.lock().await;
        if let Some(keys) = kept.as_ref().filter(|keys| keys.last(now)) {
            return Ok(keys.clone());
        }
        match fresh.await {
            Ok(keys) => Ok(kept.insert(keys).clone()),
            Err(error) => match kept.as_ref().filter(|keys| keys.work(now)) {
                Some(keys) => {
                    tracing::warn!(error = %error, "keys could not be renewed; the old ones still last");
                    Ok(keys.clone())
                }
                None => Err(before_call(error)),
            },
        }
    }

    /// Drops the keys that the cloud no longer takes; newer ones, which another call got meanwhile,
    /// stay.
    pub(super) async fn forget(&self, id: &str) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|keys| keys.id == id) {
            *kept = None;
        }
    }
}

/// An error of a call that had to come first. The call itself was never sent, so that its outcome
/// is not open, its object not what was not found, and asking for the same again of no use.
fn before_call(mut error: ProviderError) -> ProviderError {
    error.class = match error.class {
        ErrorClass::NotFound
        | ErrorClass::Conflict
        | ErrorClass::Invalid
        | ErrorClass::ReferentMissing
        | ErrorClass::TokenExpired => ErrorClass::Auth,
        ErrorClass::Unavailable | ErrorClass::NoAnswer | ErrorClass::Protocol => {
            ErrorClass::Unreachable
        }
        class @ (ErrorClass::Auth
        | ErrorClass::ClockSkewed { .. }
        | ErrorClass::Denied
        | ErrorClass::Quota
        | ErrorClass::Throttled { .. }
        | ErrorClass::Unreachable) => class,
    };
    error
}

/// The name of the role bound to a machine, as the metadata service of more than one cloud tells it:
/// the bare name as text.
///
/// # Errors
/// There is none.
pub(super) fn bound_role(
    answered: &Answered,
    service: &'static str,
) -> Result<String, ProviderError> {
    let text = String::from_utf8_lossy(&answered.body).trim().to_owned();
    // It becomes part of a path; a page of some proxy is no role's name.
    let is_name = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if answered.status != 200 || text.is_empty() || !is_name {
        let why = "no role is bound to this machine";
        return Err(ProviderError::new(ErrorClass::NotFound, service, why));
    }
    Ok(text)
}

/// An error of an exchange, without the token that its text may quote.
pub(super) fn without_token(mut error: ProviderError, token: &Secret) -> ProviderError {
    let text = token.expose();
    let parts = std::iter::once(text).chain(text.split('.'));
    for part in parts.filter(|part| part.len() > 8) {
        error.message = error.message.replace(part, "…");
    }
    // A message that was cut may end within the token.
    if let Some(start) = text.get(..12)
        && let Some(place) = error.message.find(start)
    {
        error.message.truncate(place);
        error.message.push('…');
    }
    error
}

/// Gets the token that is to be exchanged by `call`.
///
/// # Errors
/// It is not there, has not the form of one, or has run out; GitHub does not issue it.
pub(super) async fn web_token(
    http: &Http,
    read: &ReadFile,
    place: &WebToken,
    call: &'static str,
    now: i64,
) -> Result<Secret, ProviderError> {
    let refused = |why: String| ProviderError::new(ErrorClass::Auth, call, &why);
    match place {
        WebToken::Text(token) => {
            check_token(token.expose(), now)
                .map_err(|why| refused(format!("the token's variable: {why}")))?;
            Ok(token.clone())
        }
        WebToken::File(path) => {
            let shown = path.display();
            let text = match read(path) {
                None => return Err(refused(format!("there is no token file {shown}"))),
                Some(text) => {
                    text.map_err(|why| refused(format!("the token file {shown}: {why}")))?
                }
            };
            let token = Secret::new(text.trim());
            check_token(token.expose(), now)
                .map_err(|why| refused(format!("the token file {shown}: {why}")))?;
            Ok(token)
        }
        WebToken::GitHub { url, bearer } => {
            let bearer = Secret::new(format!("Bearer {}", bearer.expose()));
            let headers = vec![
                ("authorization", HeaderText::Secret(bearer)),
                ("accept", "application/json".into()),
            ];
            let what = "GitHub's token";
            let answered = ask(http, "GET", url, headers, "", GITHUB_TIMEOUT, what).await?;
            let body = whole(&answered, what)?;
            let text = wire::text(&body, "value").unwrap_or_default();
            let token = Secret::new(text);
            // Its end is not looked at: it is new, and this machine's clock may be off.
            check_token(token.expose(), i64::MIN)
                .map_err(|why| refused(format!("GitHub's answer: {why}")))?;
            Ok(token)
        }
    }
}

/// Sends one request that is not signed, to a service of the machine or its CI system. Its URL and
/// its answer are in no error.
pub(super) async fn ask(
    http: &Http,
    method: &'static str,
    url: &str,
    headers: Vec<(&'static str, HeaderText)>,
    body: &str,
    timeout: Duration,
    what: &'static str,
) -> Result<Answered, ProviderError> {
    let request = Request {
        method,
        url: url.to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
    };
    http.send_within(request, timeout)
        .await
        .map_err(|fault| ProviderError::new(ErrorClass::Unreachable, what, &fault.to_string()))
}

/// The JSON object of a successful answer.
///
/// # Errors
/// By status; nothing of the body is in them.
pub(super) fn whole(answered: &Answered, what: &'static str) -> Result<Value, ProviderError> {
    let class = match answered.status {
        200 | 201 => ErrorClass::Invalid,
        404 => ErrorClass::NotFound,
        429 => ErrorClass::Throttled {
            wait: wire::retry_after(answered),
        },
        500.. => ErrorClass::Unreachable,
        _ => ErrorClass::Auth,
    };
    let body = serde_json::from_slice::<Value>(&answered.body).ok();
    let why = match (&class, body) {
        (ErrorClass::Invalid, Some(body)) if body.is_object() => return Ok(body),
        (ErrorClass::Invalid, _) => "the answer is no JSON object",
        _ => "it was refused",
    };
    Err(ProviderError {
        status: Some(answered.status),
        ..ProviderError::new(class, what, why)
    })
}

/// An answer without usable keys in it.
pub(super) fn no_keys(call: &'static str) -> ProviderError {
    ProviderError::new(
        ErrorClass::Unreachable,
        call,
        "the answer holds no keys with an end",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(id: &str, ends: i64) -> Keys {
        Keys {
            id: id.to_owned(),
            secret: Secret::new("s"),
            token: None,
            ends: Some(ends),
        }
    }

    fn failed() -> ProviderError {
        ProviderError::new(ErrorClass::NotFound, "AssumeRole", "no such role")
    }

    #[tokio::test]
    async fn keys_are_kept_renewed_and_forgotten() {
        let keeper = Keeper::default();
        let got = async |now, fresh: Result<Keys, ProviderError>| {
            let keys = keeper.keys(now, async { fresh }).await;
            keys.map(|keys| keys.id).map_err(|error| error.class)
        };
        // An exchange that fails never reads as an object that is not there.
        assert_eq!(got(0, Err(failed())).await, Err(ErrorClass::Auth));
        assert_eq!(got(0, Ok(keys("a", 1000))).await.as_deref(), Ok("a"));
        assert_eq!(got(699, Ok(keys("b", 2000))).await.as_deref(), Ok("a"));
        assert_eq!(got(700, Err(failed())).await.as_deref(), Ok("a"));
        assert_eq!(got(1000, Err(failed())).await, Err(ErrorClass::Auth));
        assert_eq!(got(1000, Ok(keys("b", 2000))).await.as_deref(), Ok("b"));
        keeper.forget("a").await;
        assert_eq!(got(1000, Err(failed())).await.as_deref(), Ok("b"));
        keeper.forget("b").await;
        assert_eq!(got(1000, Ok(keys("c", 2000))).await.as_deref(), Ok("c"));
    }

    #[tokio::test]
    async fn callers_side_by_side_share_one_exchange() {
        let keeper = Keeper::default();
        let times = std::sync::atomic::AtomicUsize::new(0);
        let fresh = || async {
            times.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(keys("a", 1000))
        };
        let (one, two) = tokio::join!(keeper.keys(0, fresh()), keeper.keys(0, fresh()));
        assert_eq!((one.unwrap().id, two.unwrap().id), ("a".into(), "a".into()));
        assert_eq!(times.into_inner(), 1);
    }

    #[test]
    fn an_error_loses_the_token_it_quotes() {
        let token = Secret::new("eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOjF9xx.c2lnbmF0dXJl");
        for message in [
            "bad token eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOjF9xx.c2lnbmF0dXJl!",
            "bad claims eyJjYW5hcnkiOjF9xx",
            "cut off eyJhbGciOiJSUzI1Ni",
        ] {
            let error = ProviderError::new(ErrorClass::Auth, "X", message);
            let shown = without_token(error, &token).message;
            assert!(!shown.contains("eyJ") && shown.contains('…'), "{shown}");
        }
    }
}
