//! From credentials to what calls are signed with, alike for all clouds: begin, become the roles in
//! their order, keep what came of it until shortly before its end, then get it anew, one caller at a
//! time.
//!
//! What differs, a cloud writes as [`SignsIn`]: its requests, and how it reads their answers.

mod kept;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use self::kept::Kept;
pub(super) use self::kept::Proof;
use super::credentials::{Credentials, Start};
use super::source::{Keys, Machine, Role, WebIdentity};
use super::token;
use crate::model::Secret;
use crate::net::http::Http;
use crate::net::limit::Limit;
use crate::provider::surroundings::ReadFile;
use crate::provider::{Answer, Call, CloudClient, ConnectError, ErrorClass, ProviderError, Reply};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_loses_what_the_call_was_signed_with() {
        let keys = Keys {
            secret: Secret::new("canary-secret"),
            token: Some(Secret::new("canary-token-of-a-session")),
            id: "a".to_owned(),
            ends: None,
        };
        let said = "the token canary-token-of-a-session does not go with canary-secret";
        let error = ProviderError::new(ErrorClass::Auth, "X", said);
        let shown = without_secrets(error, &keys).to_string();
        assert!(!shown.contains("canary"), "{shown}");
    }
}
