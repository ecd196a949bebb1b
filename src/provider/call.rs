//! One request to a cloud, as data.

use serde::{Deserialize, Serialize};

use crate::model::Value;
use crate::model::intern::{Word, word};

use super::ProviderError;

/// How a call finds its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// One path for all; the action's name decides. `service` is the API family (`cam`, `Ims`).
    Rpc {
        /// The API family.
        #[serde(deserialize_with = "word")]
        service: Word,
    },
    /// Method and path decide.
    Rest {
        /// HTTP method, upper case.
        #[serde(deserialize_with = "word")]
        method: Word,
        /// Path below the host, segments not yet percent-encoded.
        path: String,
    },
}

/// What to do after the outcome of a write was unclear and a read showed that it is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// Sending it twice leaves the same as once.
    Same,
    /// Sending it twice answers "exists already", which then means done.
    ConflictIsDone,
    /// "Exists already" means done also at the first sending: it can only be this very thing.
    PresenceIsDone,
    /// Sending it twice answers "not found", which then means done.
    NotFoundIsDone,
}

/// One request, complete but for host, time and signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The documented action name; shown in plans, journals and errors.
    #[serde(deserialize_with = "word")]
    pub name: Word,
    /// Where it goes.
    pub route: Route,
    /// Parameters (RPC) or body (REST); null for none.
    pub params: Value,
}

impl Call {
    /// An RPC call.
    pub fn rpc(service: &'static str, name: &'static str, params: Value) -> Self {
        Self {
            name,
            route: Route::Rpc { service },
            params,
        }
    }

    /// A REST call.
    pub fn rest(name: &'static str, method: &'static str, path: String, body: Value) -> Self {
        Self {
            name,
            route: Route::Rest { method, path },
            params: body,
        }
    }

    /// `PUT /v3/…` or nothing, for the plan.
    pub fn target(&self) -> Option<String> {
        match &self.route {
            Route::Rpc { .. } => None,
            Route::Rest { method, path } => Some(format!("{method} {path}")),
        }
    }
}

/// A call that only reads. What may only read takes this type and so cannot write.
#[derive(Debug, Clone, PartialEq)]
pub struct Read(pub Call);

/// A call that changes something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// The request.
    pub call: Call,
    /// Whether it may be repeated once a read showed that it did not take effect.
    pub again: Again,
}

/// A successful answer. For a paged list, the pages' bodies in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// The body of the (first) answer.
    pub body: Value,
    /// Bodies of further pages.
    pub more: Vec<Value>,
    /// The cloud's request id (of the last page).
    pub request_id: Option<String>,
    /// The cloud's clock when it answered, Unix seconds.
    pub server_unix_seconds: Option<i64>,
}

impl Reply {
    /// All bodies, one for each page.
    pub fn pages(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.body).chain(&self.more)
    }
}

/// What came back.
pub type Answer = Result<Reply, ProviderError>;
