//! The contract between the engine and the clouds.
//!
//! A cloud is one [`Cloud`] entry; a kind is one [`ResourceKind`]: a table of fields and a few pure
//! functions that say what to ask, how to read the answers and which calls bring a change. The only
//! thing that waits is [`CloudClient::send`], one attempt of one call.

pub mod call;
mod change;
mod cloud;
pub mod credential;
pub mod error;
pub mod field;
mod kind;
mod observation;
pub mod portable;
pub mod rights;
pub mod surroundings;

pub use call::{Again, Answer, Call, Read, Reply, Route, Write};
pub use change::{Impossible, Intent, Phase, PhaseWrites, SideEffect};
pub use cloud::{Cloud, CloudClient, ConnectError, Connection, KeyVariables};
pub use credential::{Assumes, CredentialRules};
pub use error::{ErrorClass, ProviderError};
pub use field::{Change, Clear, Effect, Field, Form, JsonGrammar, Link, Need, TextRule, TrustForm};
pub use kind::{
    Excludes, Finding, KindInfo, Naming, Removal, ResourceKind, Samples, Waits, field_of,
};
pub use observation::{Facts, Listing, Live, Observation, Observed, Scope};
pub use portable::{Catalogue, PortableKind};
pub use surroundings::Surroundings;
