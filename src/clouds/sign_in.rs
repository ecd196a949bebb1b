//! From credentials to what calls are signed with, alike for all clouds: begin, become the roles in
//! their order, keep what came of it until shortly before its end, then get it anew, one caller at a
//! time.
//!
//! What differs, a cloud writes as [`SignsIn`]: its requests, and how it reads their answers.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::credentials::{Credentials, Start};
use super::source::{Keys, Machine, Role, WebIdentity};
use super::token;
use crate::model::Secret;
use crate::net::http::Http;
use crate::net::limit::Limit;
use crate::provider::surroundings::ReadFile;
use crate::provider::{Answer, Call, CloudClient, ConnectError, ErrorClass, ProviderError, Reply};

/// It is renewed when it has fewer seconds left, so that it outlives the call it signs.
const RENEW_SECONDS: i64 = 300;

/// What proves who asks: keys that sign or, at one cloud, a token that is sent along.
pub(super) trait Proof: Clone + From<Keys> + Send + Sync {
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

/// An account's credentials, and what came of them.
pub(super) struct Keeper<P, O> {
    pub(super) credentials: Credentials<P, O>,
    /// Reads tokens, which change while a run lasts.
    pub(super) read: ReadFile,
    http: Http,
    kept: Kept<P>,
    /// Whether the machine gave the keys, where something else might have.
    is_machine: OnceLock<bool>,
    /// The account's budget, in which signing in counts as well.
    limit: OnceLock<Arc<Limit>>,
}

impl<P: Proof, O> Keeper<P, O> {
    /// Nothing is asked yet.
    pub(super) fn new(http: Http, read: ReadFile, credentials: Credentials<P, O>) -> Self {
        Self {
            credentials,
            http,
            read,
            kept: Kept::new(),
            is_machine: OnceLock::new(),
            limit: OnceLock::new(),
        }
    }

    /// Returns when the next request to the cloud may start by which the account signs in.
    pub(super) async fn turn(&self) {
        if let Some(limit) = self.limit.get() {
            limit.count().await;
        }
    }

    /// What was found and serves as it is: nothing can be got in its place.
    fn fixed(&self) -> Option<&P> {
        match &self.credentials.start {
            Start::Found(proof) if self.credentials.roles.is_empty() => Some(proof),
            Start::Found(_) | Start::WebIdentity(_) | Start::Machine(..) | Start::Own(_) => None,
        }
    }
}

/// What a cloud does in its own way. Each request to the cloud waits for its [`Keeper::turn`]; the
/// first one of `exchange` and the one of `assume` have it when they are called.
#[async_trait]
pub(super) trait SignsIn: Send + Sync {
    /// With what a login is renewed that ran out.
    const CLI: &'static str;

    /// What the cloud takes as proof.
    type Proof: Proof;
    /// What there is to begin with at this cloud only; [`std::convert::Infallible`] when nothing.
    type Own: Send + Sync;

    /// The account's keeper.
    fn keeper(&self) -> &Keeper<Self::Proof, Self::Own>;

    /// Sends one call once, signed with this proof for the given time; sorts the answer.
    async fn send_with(&self, call: &Call, proof: &Self::Proof, now: i64) -> Answer;

    /// The call that fetches the page after this one; [`None`] when it was the last.
    fn page_after(&self, call: &Call, reply: &Reply) -> Option<Call>;

    /// Name of the call that exchanges a token, for errors.
    fn exchange_name(&self, identity: &WebIdentity) -> &'static str;

    /// Exchanges a token for keys.
    async fn exchange(
        &self,
        identity: &WebIdentity,
        token: &Secret,
        now: i64,
    ) -> Result<Keys, ProviderError>;

    /// Becomes a role.
    async fn assume(
        &self,
        role: &Role,
        from: &Self::Proof,
        now: i64,
    ) -> Result<Keys, ProviderError>;

    /// Asks the machine's metadata service.
    async fn machine(&self, machine: &Machine) -> Result<Keys, ProviderError>;

    /// Begins in the cloud's own way.
    async fn begin(&self, own: &Self::Own, now: i64) -> Result<Self::Proof, ProviderError>;
}

/// What the next call is to be signed with.
///
/// # Errors
/// Those of the call that should have brought it; the next call itself was not sent.
pub(super) async fn proof<C: SignsIn>(client: &C, now: i64) -> Result<C::Proof, ProviderError> {
    let keeper = client.keeper();
    match keeper.fixed() {
        Some(proof) => found(client, proof, now),
        None => keeper.kept.proof(now, fresh(client, now)).await,
    }
}

/// What was found, as long as it lasts. What is got is not looked at like this: it is new, and if it
/// seems to have ended, this machine's clock is off, which the cloud's answer will tell.
fn found<C: SignsIn>(client: &C, proof: &C::Proof, now: i64) -> Result<C::Proof, ProviderError> {
    if proof.works(now) {
        return Ok(proof.clone());
    }
    let source = &client.keeper().credentials.source;
    let why = format!(
        "the login of {source} has run out; log in again with {}",
        C::CLI
    );
    Err(ProviderError::new(
        ErrorClass::TokenExpired,
        "sign-in",
        &why,
    ))
}

async fn fresh<C: SignsIn>(client: &C, now: i64) -> Result<C::Proof, ProviderError> {
    let keeper = client.keeper();
    let mut proof = match &keeper.credentials.start {
        Start::Found(proof) => found(client, proof, now)?,
        Start::WebIdentity(identity) => exchange(client, identity, now).await?.into(),
        Start::Machine(machine, None) => client.machine(machine).await?.into(),
        Start::Machine(machine, Some(own)) => machine_or(client, machine, own, now).await?,
        Start::Own(own) => client.begin(own, now).await?,
    };
    for role in &keeper.credentials.roles {
        keeper.turn().await;
        let keys = client.assume(role, &proof, now).await;
        proof = keys.map_err(|error| without_secrets(error, &proof))?.into();
    }
    let source = &keeper.credentials.source;
    tracing::info!(source, ends = proof.ends(), "signed in");
    Ok(proof)
}

/// The machine's role or, where there is none, the other. It stays with the one that gave keys first:
/// when that fails to renew them, the other would be somebody else in the middle of a run.
async fn machine_or<C: SignsIn>(
    client: &C,
    machine: &Machine,
    own: &C::Own,
    now: i64,
) -> Result<C::Proof, ProviderError> {
    let is_machine = &client.keeper().is_machine;
    if is_machine.get() != Some(&false) {
        match client.machine(machine).await {
            Err(error) if is_machine.get().is_none() && is_nobody_there(&error) => {}
            keys => {
                let keys = keys?;
                let _ = is_machine.set(true);
                return Ok(keys.into());
            }
        }
    }
    let proof = client.begin(own, now).await?;
    let _ = is_machine.set(false);
    Ok(proof)
}

async fn exchange<C: SignsIn>(
    client: &C,
    identity: &WebIdentity,
    now: i64,
) -> Result<Keys, ProviderError> {
    let Keeper { http, read, .. } = client.keeper();
    let name = client.exchange_name(identity);
    let token = token::web_token(http, read, &identity.token, name, now).await?;
    client.keeper().turn().await;
    let keys = client.exchange(identity, &token, now).await;
    keys.map_err(|error| token::without_token(error, &token))
}

/// Whether the machine has no identity. A metadata service that fails, refuses or answers nonsense
/// is there: what could not be read is not absent.
fn is_nobody_there(error: &ProviderError) -> bool {
    matches!(error.class, ErrorClass::Unreachable | ErrorClass::NotFound)
}

/// An error of a call, whose text may quote what the call was signed with.
fn without_secrets(error: ProviderError, proof: &impl Proof) -> ProviderError {
    let secrets = proof.secrets();
    secrets.into_iter().fold(error, token::without_token)
}

#[async_trait]
impl<C: SignsIn> CloudClient for C {
    async fn send(&self, call: &Call, now_unix_seconds: i64) -> Answer {
        let proof = proof(self, now_unix_seconds).await?;
        let answer = self.send_with(call, &proof, now_unix_seconds).await;
        let is_expired = |error: &ProviderError| error.class == ErrorClass::TokenExpired;
        if answer.as_ref().is_err_and(is_expired) {
            self.keeper().kept.forget(proof.mark()).await;
        }
        answer.map_err(|error| without_secrets(error, &proof))
    }

    fn next_page(&self, call: &Call, reply: &Reply) -> Option<Call> {
        self.page_after(call, reply)
    }

    /// What the cloud no longer took is forgotten already, where something else can be got.
    async fn refresh(&self) -> bool {
        self.keeper().fixed().is_none()
    }

    fn sign_in_within(&self, limit: &Arc<Limit>) {
        let _ = self.keeper().limit.set(Arc::clone(limit));
    }

    async fn is_signed_in(&self, now_unix_seconds: i64) -> bool {
        let keeper = self.keeper();
        keeper.fixed().is_some() || keeper.kept.is_there(now_unix_seconds).await
    }

    async fn sign_in(&self, now_unix_seconds: i64) -> Result<(), ProviderError> {
        proof(self, now_unix_seconds).await.map(drop)
    }

    /// Only the machine, at the end of the chain, has to be asked.
    async fn find_credentials(&self) -> Result<(), ConnectError> {
        let Start::Machine(machine, None) = &self.keeper().credentials.start else {
            return Ok(());
        };
        let Some(looked) = &machine.looked else {
            return Ok(());
        };
        match self.machine(machine).await {
            Err(error) if is_nobody_there(&error) => Err(ConnectError::Missing {
                looked: looked.clone(),
            }),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn credential_source(&self) -> &str {
        &self.keeper().credentials.source
    }
}

/// What came of an attempt holds for so many seconds, even if it did not come to much: other calls
/// of the same run would fare no better, wait for it one after the other and, where it was refused,
/// bring the user's lock nearer (apis/huawei.md §7.3).
const HOLDS_SECONDS: u64 = 30;

/// The proof in use.
struct Kept<P>(Mutex<Attempt<P>>);

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
    fn new() -> Self {
        Self(Mutex::new(Attempt {
            at: i64::MIN,
            proof: None,
            failed: None,
        }))
    }

    /// Whether there is one to be used; waits for one that is being got.
    async fn is_there(&self, now: i64) -> bool {
        matches!(self.0.lock().await.serves(now), Some(Ok(_)))
    }

    /// The one in use while it lasts, else what `fresh` gets. Whoever asks meanwhile waits and takes
    /// the same. When no new one can be got, the old one serves until its very end.
    async fn proof(
        &self,
        now: i64,
        fresh: impl Future<Output = Result<P, ProviderError>> + Send,
    ) -> Result<P, ProviderError> {
        let mut last = self.0.lock().await;
        if let Some(served) = last.serves(now) {
            return served;
        }
        let got = fresh.await.map_err(before_call);
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
    async fn forget(&self, mark: &str) {
        let mut last = self.0.lock().await;
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
            async { Err(ProviderError::new(class, "X", "no")) }
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

    #[test]
    fn an_error_loses_what_the_call_was_signed_with() {
        let keys = Keys {
            secret: Secret::new("canary-secret"),
            token: Some(Secret::new("canary-token-of-a-session")),
            ..keys("a", 1)
        };
        let said = "the token canary-token-of-a-session does not go with canary-secret";
        let error = ProviderError::new(ErrorClass::Auth, "X", said);
        let shown = without_secrets(error, &keys).to_string();
        assert!(!shown.contains("canary"), "{shown}");
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
