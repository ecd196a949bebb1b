//! What one account holds, in the form of its state file.
//!
//! Objects are kept as JSON, not as types: a real account can hold nulls, missing fields and
//! members nobody documented, and the file must be able to say so (`apis/huawei.md §9`, items 25
//! and 26). What a client may *write* is checked in the files of the single calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::Settings;

/// The members of one stored object, without what follows from its place (`id`, `links`).
pub type Object = Map<String, Value>;

/// One account. Names are those of the wire, so that the file reads like the answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// How this account's cloud behaves where the documents leave a choice.
    pub settings: Settings,
    /// Identity providers by id.
    pub identity_providers: BTreeMap<String, Object>,
    /// Mappings by id.
    pub mappings: BTreeMap<String, Object>,
    /// Protocols by identity provider, then by protocol id.
    pub protocols: BTreeMap<String, BTreeMap<String, Object>>,
    /// OIDC configs by identity provider.
    pub openid_connect_configs: BTreeMap<String, Object>,
    /// SAML metadata by identity provider, then by protocol id.
    pub saml_metadata: BTreeMap<String, BTreeMap<String, Object>>,
    /// Agencies by name: no call here makes them, the file does.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub agencies: BTreeMap<String, Agency>,
    /// Failed signatures in a row, by access key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub signature_failures: BTreeMap<String, Failures>,
    /// Answers that reads still get after a write, by path: `settings.read_lag_reads`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stale_answers: BTreeMap<String, Stale>,
}

/// Who may act for this account (`§2.1`, agency token).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// The account whose users may take it.
    pub trust_domain_id: String,
}

/// Failed signatures of one access key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failures {
    /// How many in a row.
    pub count: u32,
    /// Unix seconds until which the key is locked; 0 when it is not.
    pub locked_until_unix_seconds: i64,
}

/// An answer from before a write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stale {
    /// How many more reads get it.
    pub reads_left: u32,
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: Value,
}

impl State {
    /// Conversion rules over all mappings, which is what the quota counts (`§3.8`).
    pub(super) fn rules(&self) -> usize {
        self.mappings.values().map(rules_of).sum()
    }
}

/// Conversion rules of one mapping.
pub(super) fn rules_of(mapping: &Object) -> usize {
    mapping
        .get("rules")
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}
