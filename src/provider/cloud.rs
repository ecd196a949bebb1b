//! A cloud as the engine knows it, and the one seam that waits.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Answer, Call, CredentialRules, ProviderError, Read, Reply, ResourceKind, Surroundings,
    TextRule, rights,
};
use crate::model::{Account, CloudId, Value};
use crate::net::http::{Answered, Http};
use crate::net::limit::Limit;

/// One cloud: names, limits, kinds, and how to reach it.
pub struct Cloud {
    /// As manifests spell it.
    pub id: CloudId,
    /// As people call it.
    pub title: &'static str,
    /// Sites an account may belong to, the default first; empty where a cloud has none.
    pub sites: &'static [&'static str],
    /// The default of `requestsPerSecond`, below the documented limit.
    pub requests_per_second: u32,
    /// The documented limit of requests in one second.
    pub requests_per_second_limit: u32,
    /// The form of an account id.
    pub account_id: TextRule,
    /// An account id as documentation shows it; the sandbox invents others after its form.
    pub sample_account_id: &'static str,
    /// The variables that hold a permanent key in the vendor's own chain.
    pub key_variables: KeyVariables,
    /// How credentials are declared and found.
    pub credentials: CredentialRules,
    /// The operator's variable for another endpoint.
    pub endpoint_variable: &'static str,
    /// The kinds, in the order of the documentation.
    pub kinds: &'static [&'static dyn ResourceKind],
    /// Asks who the credentials belong to.
    pub identity: fn() -> Read,
    /// Reads the account id out of the answer to `identity`.
    pub account_of: fn(&Value) -> Option<String>,
    /// Reads out of the answer to `identity` which role the credentials are a session of, by name
    /// or by number.
    pub caller_role: fn(&Value) -> Option<String>,
    /// What an HTTP answer to a signed call means: success, or the cloud's own error. Pure; public
    /// so that hostile answers reach it without a network.
    pub sort_answer: fn(&Call, &Answered) -> Answer,
    /// The rights that the kinds need.
    pub rights: &'static rights::Rights,
    /// Finds credentials and makes a client; no request is sent.
    pub connect: fn(&Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError>,
}

/// Names of environment variables, without an account's prefix.
#[derive(Debug, Clone, Copy)]
pub struct KeyVariables {
    /// The key's id.
    pub id: &'static str,
    /// The key's secret.
    pub secret: &'static str,
}

/// What a client is made of.
pub struct Connection<'a> {
    /// The account as declared.
    pub account: &'a Account,
    /// Environment and files that credentials may come from.
    pub surroundings: &'a Surroundings,
    /// The operator's base URL instead of the cloud's own hosts.
    pub endpoint: Option<&'a str>,
    /// The shared HTTP client.
    pub http: Http,
}

/// Why no client could be made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// Nothing was found in any place of the chain.
    #[error("no credentials found")]
    Missing {
        /// Where they were looked for, in order.
        looked: Vec<String>,
    },
    /// A source was found but cannot be used.
    #[error("{source_name}: {why}")]
    Unusable {
        /// Which source.
        source_name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The one seam that waits.
#[async_trait]
pub trait CloudClient: Send + Sync {
    /// Sends one call once: signs it for `now_unix_seconds`, sends it, sorts the answer.
    async fn send(&self, call: &Call, now_unix_seconds: i64) -> Answer;

    /// The call that fetches the page after this one; [`None`] when it was the last.
    fn next_page(&self, call: &Call, reply: &Reply) -> Option<Call>;

    /// Drops cached tokens, so that the next call gets new ones. True when there was one to drop.
    async fn refresh(&self) -> bool {
        false
    }

    /// The budget in which requests count that a client makes by itself, to sign in. Told once,
    /// before the first call.
    fn sign_in_within(&self, _limit: &Arc<Limit>) {}

    /// Whether a call could be signed at once. Waits for a sign-in that is under way.
    async fn is_signed_in(&self, _now_unix_seconds: i64) -> bool {
        true
    }

    /// Gets what calls are signed with, where it has to be got. [`Self::send`] does so by itself;
    /// called before, it keeps a call that counts already from waiting.
    ///
    /// # Errors
    /// Those of the requests that it takes.
    async fn sign_in(&self, _now_unix_seconds: i64) -> Result<(), ProviderError> {
        Ok(())
    }

    /// Whether there are credentials at all, where only a request can tell: the end of a chain may
    /// be the machine's own identity. Asked once, before the first call.
    ///
    /// # Errors
    /// [`ConnectError::Missing`] lists where they were looked for.
    async fn find_credentials(&self) -> Result<(), ConnectError> {
        Ok(())
    }

    /// Which source the credentials came from, in words, never the secret.
    fn credential_source(&self) -> &str;
}
