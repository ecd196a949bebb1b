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
            kept: Kept(Mutex::new(None)),
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
        Some(proof) => Ok(proof.clone()),
        None => keeper.kept.proof(now, fresh(client, now)).await,
    }
}

async fn fresh<C: SignsIn>(client: &C, now: i64) -> Result<C::Proof, ProviderError> {
    let keeper = client.keeper();
    let mut proof = match &keeper.credentials.start {
        Start::Found(proof) => proof.clone(),
        Start::WebIdentity(identity) => exchange(client, identity, now).await?.into(),
        Start::Machine(machine, None) => client.machine(machine).await?.into(),
        Start::Machine(machine, Some(own)) => machine_or(client, machine, own, now).await?,
        Start::Own(own) => client.begin(own, now).await?,
    };
    for role in &keeper.credentials.roles {
        keeper.turn().await;
        proof = client.assume(role, &proof, now).await?.into();
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

#[async_trait]
impl<C: SignsIn> CloudClient for C {
    async fn send(&self, call: &Call, now_unix_seconds: i64) -> Answer {
        let proof = proof(self, now_unix_seconds).await?;
        let answer = self.send_with(call, &proof, now_unix_seconds).await;
        let is_expired = |error: &ProviderError| error.class == ErrorClass::TokenExpired;
        if answer.as_ref().is_err_and(is_expired) {
            self.keeper().kept.forget(proof.mark()).await;
        }
        answer
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
        keeper.fixed().is_some() || keeper.kept.lasts(now_unix_seconds).await
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

/// The proof in use.
struct Kept<P>(Mutex<Option<P>>);

impl<P: Proof> Kept<P> {
    /// Whether there is one that lasts; waits for one that is being got.
    async fn lasts(&self, now: i64) -> bool {
        let kept = self.0.lock().await;
        kept.as_ref().is_some_and(|proof| proof.lasts(now))
    }

    /// The one in use while it lasts, else what `fresh` gets. Whoever asks meanwhile waits and takes
    /// the same. When no new one can be got, the old one serves until its very end.
    async fn proof(
        &self,
        now: i64,
        fresh: impl Future<Output = Result<P, ProviderError>> + Send,
    ) -> Result<P, ProviderError> {
        let mut kept = self.0.lock().await;
        if let Some(proof) = kept.as_ref().filter(|proof| proof.lasts(now)) {
            return Ok(proof.clone());
        }
        match fresh.await {
            Ok(proof) => Ok(kept.insert(proof).clone()),
            Err(error) => match kept.as_ref().filter(|proof| proof.works(now)) {
                Some(proof) => {
                    tracing::warn!(error = %error, "keys could not be renewed; the old ones still last");
                    Ok(proof.clone())
                }
                None => Err(before_call(error)),
            },
        }
    }

    /// Drops the one that the cloud no longer takes; a newer one, which another call got meanwhile,
    /// stays.
    async fn forget(&self, mark: &str) {
        let mut kept = self.0.lock().await;
        if kept.as_ref().is_some_and(|proof| proof.mark() == mark) {
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
        let kept = Kept(Mutex::new(None));
        let got = async |now, fresh: Result<Keys, ProviderError>| {
            let keys = kept.proof(now, async { fresh }).await;
            keys.map(|keys| keys.id).map_err(|error| error.class)
        };
        // An exchange that fails never reads as an object that is not there.
        assert_eq!(got(0, Err(failed())).await, Err(ErrorClass::Auth));
        assert_eq!(got(0, Ok(keys("a", 1000))).await.as_deref(), Ok("a"));
        assert_eq!(got(699, Ok(keys("b", 2000))).await.as_deref(), Ok("a"));
        assert_eq!(got(700, Err(failed())).await.as_deref(), Ok("a"));
        assert_eq!(got(1000, Err(failed())).await, Err(ErrorClass::Auth));
        assert_eq!(got(1000, Ok(keys("b", 2000))).await.as_deref(), Ok("b"));
        kept.forget("a").await;
        assert_eq!(got(1000, Err(failed())).await.as_deref(), Ok("b"));
        kept.forget("b").await;
        assert_eq!(got(1000, Ok(keys("c", 2000))).await.as_deref(), Ok("c"));
    }

    #[tokio::test]
    async fn callers_side_by_side_share_one_exchange() {
        let kept = Kept(Mutex::new(None));
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
