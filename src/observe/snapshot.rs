//! All that was read, as a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Address, KindName};
use crate::provider::{Live, Observation, ProviderError};

/// All that was read of all accounts.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// What is known of each account that was contacted.
    pub accounts: BTreeMap<String, AccountReading>,
    /// Each declared object of a contacted account.
    pub objects: BTreeMap<Address, Observation>,
    /// Live objects that no manifest declares, by account and kind, where a whole list was read.
    pub others: BTreeMap<(String, KindName), BTreeMap<String, Live>>,
    /// Lists that were asked for and not given, by account and kind, with the reason.
    pub unlisted: BTreeMap<(String, KindName), String>,
}

/// How reading an account went.
#[derive(Debug, Clone)]
pub enum AccountReading {
    /// It answers.
    Readable {
        /// Its number, when it was asked for.
        account_id: Option<String>,
        /// The role that the credentials are a session of, by name or by number as the cloud tells
        /// it; [`None`] for users, and where nobody asked.
        caller_role: Option<String>,
        /// Where the credentials came from, in words.
        credentials: String,
    },
    /// The credentials belong to another account.
    Mismatch {
        /// What the manifest says.
        declared: String,
        /// What the cloud says.
        found: String,
    },
    /// No credentials, or none that can be used.
    NoCredentials {
        /// One sentence.
        why: String,
        /// Where they were looked for.
        looked: Vec<String>,
    },
    /// It cannot be asked who it is.
    Unreadable(ProviderError),
}

/// A live object that no manifest declares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unmanaged {
    /// The account's name in the manifests.
    pub account: String,
    /// Its kind.
    pub kind: KindName,
    /// Its name in the cloud.
    pub cloud_name: String,
}
