//! What proves who asks, kept until shortly before its end; got anew by one caller at a time.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use crate::clouds::source::Keys;
use crate::model::Secret;
use crate::provider::{ErrorClass, ProviderError};

/// It is renewed when it has fewer seconds left, so that it outlives the call it signs.
const RENEW_SECONDS: i64 = 300;

/// What proves who asks: keys that sign or, at one cloud, a token that is sent along.
pub(in crate::clouds) trait Proof: Clone + From<Keys> + Send + Sync {
    /// What tells one from another.
    fn mark(&self) -> &str;

    /// Unix seconds when it stops working, where that is known.
    fn ends(&self) -> Option<i64>;

    /// What nobody may see of it.
    fn secrets(&self) -> Vec<&Secret>;

    /// Whether it can be used for some time yet.
    fn lasts(&self, now: i64) -> bool {
        self.ends().is_none_or(|ends| ends - now > RENEW_SECONDS)
    }

    /// Whether it can be used at all.
    fn works(&self, now: i64) -> bool {
        self.ends().is_none_or(|ends| ends > now)
    }
}

impl Proof for Keys {
    fn mark(&self) -> &str {
        &self.id
    }

    fn ends(&self) -> Option<i64> {
        self.ends
    }

    fn secrets(&self) -> Vec<&Secret> {
        std::iter::once(&self.secret).chain(&self.token).collect()
    }
}

/// What came of an attempt holds for so many seconds, even if it did not come to much: other calls
/// of the same run would fare no better, wait for it one after the other and, where it was refused,
/// bring the user's lock nearer (apis/huawei.md §7.3).
const HOLDS_SECONDS: u64 = 30;

/// The proof in use.
pub(super) struct Kept<P> {
    last: Mutex<Attempt<P>>,
    /// How many attempts have ended.
    attempts: AtomicU64,
}

/// What came of the last attempt to get one.
struct Attempt<P> {
    /// Unix seconds.
    at: i64,
    /// What is in use, also when no new one could be got.
    proof: Option<P>,
    /// Why no new one could be got.
    failed: Option<ProviderError>,
}

impl<P: Proof> Attempt<P> {
    /// What serves without another attempt.
    fn serves(&self, now: i64) -> Option<Result<P, ProviderError>> {
        let is_new = self.at.abs_diff(now) < HOLDS_SECONDS;
        match (&self.proof, &self.failed) {
            (Some(proof), _) if proof.lasts(now) => Some(Ok(proof.clone())),
            (Some(proof), None) if is_new => Some(Ok(proof.clone())),
            (Some(proof), Some(_)) if is_new && proof.works(now) => Some(Ok(proof.clone())),
            (_, Some(error)) if is_new && is_final(&error.class) => Some(Err(error.clone())),
            _ => None,
        }
    }
}

fn is_final(class: &ErrorClass) -> bool {
    matches!(class, ErrorClass::Auth | ErrorClass::Denied)
}

impl<P: Proof> Kept<P> {
    pub(super) fn new() -> Self {
        Self {
            last: Mutex::new(Attempt {
                at: i64::MIN,
                proof: None,
                failed: None,
            }),
            attempts: AtomicU64::new(0),
        }
    }

    /// Whether there is one to be used; waits for one that is being got.
    pub(super) async fn is_there(&self, now: i64) -> bool {
        matches!(self.last.lock().await.serves(now), Some(Ok(_)))
    }

    /// The one in use while it lasts, else what `fresh` gets. Whoever asks meanwhile waits and takes
    /// the same. When no new one can be got, the old one serves until its very end.
    pub(super) async fn proof(
        &self,
        now: i64,
        fresh: impl Future<Output = Result<P, ProviderError>> + Send,
    ) -> Result<P, ProviderError> {
        let before = self.attempts.load(Ordering::Relaxed);
        let mut last = self.last.lock().await;
        if let Some(served) = last.serves(now) {
            return served;
        }
        let has_waited = self.attempts.load(Ordering::Relaxed) != before;
        if let Some(error) = last.failed.as_ref().filter(|_| has_waited) {
            return Err(error.clone());
        }
        let got = fresh.await.map_err(before_call);
        self.attempts.fetch_add(1, Ordering::Relaxed);
        last.at = now;
        match got {
            Ok(proof) => {
                last.failed = None;
                Ok(last.proof.insert(proof).clone())
            }
            Err(error) => {
                last.failed = Some(error.clone());
                let old = last.proof.as_ref().filter(|proof| proof.works(now));
                let old = old.cloned().ok_or_else(|| error.clone())?;
                tracing::warn!(error = %error, "keys could not be renewed; the old ones still last");
                Ok(old)
            }
        }
    }

    /// Drops the one that the cloud no longer takes; a newer one, which another call got meanwhile,
    /// stays.
    pub(super) async fn forget(&self, mark: &str) {
        let mut last = self.last.lock().await;
        if last
            .proof
            .as_ref()
            .is_some_and(|proof| proof.mark() == mark)
        {
            last.proof = None;
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

    #[test]
    fn keys_are_renewed_before_their_end() {
        let ends = keys("a", 1000);
        assert!(ends.lasts(1000 - RENEW_SECONDS - 1) && !ends.lasts(1000 - RENEW_SECONDS));
        assert!(ends.works(999) && !ends.works(1000));
        let stays = Keys { ends: None, ..ends };
        assert!(stays.lasts(i64::MAX) && stays.works(i64::MAX));
    }

    #[tokio::test]
    async fn keys_are_kept_renewed_and_forgotten() {
        let kept = Kept::new();
        let got = async |now, fresh: Result<Keys, ProviderError>| {
            let keys = kept.proof(now, async { fresh }).await;
            keys.map(|keys| keys.id).map_err(|error| error.class)
        };
        assert_eq!(got(0, Ok(keys("a", 1000))).await.as_deref(), Ok("a"));
        assert_eq!(got(699, Ok(keys("b", 2000))).await.as_deref(), Ok("a"));
        assert_eq!(got(700, Err(failed())).await.as_deref(), Ok("a"));
        // That it failed holds for a while, in which the old ones serve without another attempt.
        assert_eq!(got(729, Ok(keys("b", 2000))).await.as_deref(), Ok("a"));
        assert!(kept.is_there(729).await && !kept.is_there(730).await);
        // An exchange that fails never reads as an object that is not there.
        assert_eq!(got(1000, Err(failed())).await, Err(ErrorClass::Auth));
        assert_eq!(got(1030, Ok(keys("b", 2000))).await.as_deref(), Ok("b"));
        kept.forget("a").await;
        assert_eq!(got(1030, Err(failed())).await.as_deref(), Ok("b"));
        kept.forget("b").await;
        assert_eq!(got(1030, Ok(keys("c", 2000))).await.as_deref(), Ok("c"));
    }

    #[tokio::test]
    async fn a_refusal_holds_for_all_and_what_may_pass_does_not() {
        let kept = Kept::<Keys>::new();
        let times = std::sync::atomic::AtomicUsize::new(0);
        let refused = |class: ErrorClass| {
            times.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async {
                tokio::task::yield_now().await;
                Err(ProviderError::new(class, "X", "no"))
            }
        };
        let asked = async |now, class: ErrorClass| {
            let fresh = async { refused(class).await };
            kept.proof(now, fresh).await.unwrap_err().class
        };
        for _ in 0..3 {
            let class = asked(1, ErrorClass::NoAnswer).await;
            assert_eq!(class, ErrorClass::Unreachable);
        }
        assert_eq!(times.swap(0, std::sync::atomic::Ordering::Relaxed), 3);
        // Who waited for an attempt has made it.
        let (one, two) = (ErrorClass::NoAnswer, ErrorClass::NoAnswer);
        let both = tokio::join!(asked(2, one), asked(2, two));
        assert_eq!(both.0, both.1);
        assert_eq!(times.swap(0, std::sync::atomic::Ordering::Relaxed), 1);
        let both = tokio::join!(asked(2, ErrorClass::Auth), asked(2, ErrorClass::Auth));
        assert_eq!(both, (ErrorClass::Auth, ErrorClass::Auth));
        assert_eq!(asked(31, ErrorClass::Auth).await, ErrorClass::Auth);
        assert_eq!(times.swap(0, std::sync::atomic::Ordering::Relaxed), 1);
        asked(32, ErrorClass::Auth).await;
        assert_eq!(times.into_inner(), 1);
    }

    /// What just came is not judged by a clock that may be off.
    #[tokio::test]
    async fn new_keys_that_seem_to_have_ended_serve_for_a_while() {
        let kept = Kept::new();
        let got = async |now, id: &str| {
            let keys = kept.proof(now, async { Ok(keys(id, 1000)) }).await;
            keys.unwrap().id
        };
        assert_eq!(got(90_000, "a").await, "a");
        assert_eq!(got(90_029, "b").await, "a");
        // The clock has been set by the cloud's answer.
        assert_eq!(got(500, "b").await, "a");
        assert_eq!(got(90_030, "b").await, "b");
    }

    #[tokio::test]
    async fn callers_side_by_side_share_one_exchange() {
        let kept = Kept::new();
        let times = std::sync::atomic::AtomicUsize::new(0);
        let fresh = || async {
            times.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(keys("a", 1000))
        };
        let (one, two) = tokio::join!(kept.proof(0, fresh()), kept.proof(0, fresh()));
        assert_eq!((one.unwrap().id, two.unwrap().id), ("a".into(), "a".into()));
        assert_eq!(times.into_inner(), 1);
    }
}
