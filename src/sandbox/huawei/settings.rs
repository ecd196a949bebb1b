//! The switches of one emulated account, for what the documents leave open and for tests.
//!
//! Defaults are those of `apis/huawei.md §9` and `§10`: where two answers are possible, the one
//! that is harder for a client.

use serde::{Deserialize, Serialize};

/// The switches. In the state file a missing one has its default; an unknown one is an error, so
/// that a misspelt switch does not silently do nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of a file that people edit; enums would only rename true and false"
)]
pub struct Settings {
    /// Identity providers the account may hold (`§3.8`).
    pub quota_identity_providers: u32,
    /// Conversion rules over all mappings of the account (`§3.8`).
    pub quota_conversion_rules: u32,
    /// Conditions (`remote` entries) of one rule (`§3.3`).
    pub conditions_per_rule: u32,
    /// Longest `description` in characters; the length is a guess of `§3.2`.
    pub description_characters: u32,
    /// Longest SAML metadata in characters (`§3.6`).
    pub metadata_characters: u32,
    /// Take members nobody documented and drop them, instead of answering 400.
    pub ignore_unknown_members: bool,
    /// What becomes of a DELETE of a mapping that a protocol uses.
    pub delete_mapping_in_use: InUse,
    /// Which mapping the deletion of an identity provider takes along.
    pub delete_provider_takes: Takes,
    /// Status for a protocol that names an unknown mapping: 404, or 400 as Keystone has it.
    pub unknown_mapping_status: u16,
    /// Whether an identity provider may have both `saml` and `oidc`.
    pub allow_second_protocol: bool,
    /// List the protocols of an unknown identity provider as `[]` (Keystone) instead of 404.
    pub unknown_provider_lists_nothing: bool,
    /// What becomes of console fields sent under `access_mode: program`.
    pub console_fields_under_program: UnderProgram,
    /// Keep stored console fields when a PUT moves a config to `program`.
    pub console_fields_stay: bool,
    /// Refuse to create a config before the protocol `oidc` exists.
    pub config_needs_protocol: bool,
    /// Take scope words beside `openid`, `email` and `profile`.
    pub custom_scopes: bool,
    /// Require `signing_key` to hold a JSON object with a `keys` array.
    pub signing_key_checked: bool,
    /// Return `signing_key` with other spacing and key order than it was written with.
    pub signing_key_reserialised: bool,
    /// Put `error_code: null` and `error_msg: null` into `/v3` errors, as newer deployments do.
    pub error_nulls: bool,
    /// Let the gateway answer 429 on every path, with `APIGW.0308`.
    pub throttled_by_gateway: bool,
    /// Reads of a path, and of its list, that still get the answer from before a write to it.
    pub read_lag_reads: u32,
    /// Objects on one page of a list; 0 for all of them, as documented.
    pub page_size: u32,
    /// Actions answered 403, such as `iam:identityProviders:createIdentityProvider`; a `*` at
    /// the end stands for any rest.
    pub deny_actions: Vec<String>,
    /// Failed signatures in a row after which a key is locked for five minutes (the cloud: 5);
    /// 0 for never.
    pub lock_after_failures: u32,
    /// Seconds a token lives (`§2.1`: 24 hours).
    pub token_life_seconds: u32,
    /// Characters of an issued token, roughly; real ones are several thousand long.
    pub token_characters: u32,
    /// Tokens issued before this time (Unix seconds) are void, as after a change of password.
    pub tokens_void_before_unix_seconds: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quota_identity_providers: 10,
            quota_conversion_rules: 10,
            conditions_per_rule: 10,
            description_characters: 255,
            metadata_characters: 30_000,
            ignore_unknown_members: false,
            delete_mapping_in_use: InUse::Refuse,
            delete_provider_takes: Takes::BoundMapping,
            unknown_mapping_status: 404,
            allow_second_protocol: true,
            unknown_provider_lists_nothing: false,
            console_fields_under_program: UnderProgram::Refuse,
            console_fields_stay: false,
            config_needs_protocol: false,
            custom_scopes: true,
            signing_key_checked: true,
            signing_key_reserialised: false,
            error_nulls: false,
            throttled_by_gateway: false,
            read_lag_reads: 0,
            page_size: 0,
            deny_actions: Vec::new(),
            lock_after_failures: 0,
            token_life_seconds: 24 * 60 * 60,
            token_characters: 4_000,
            tokens_void_before_unix_seconds: 0,
        }
    }
}

impl Settings {
    /// Whether `action` is denied to everybody in this account.
    pub(super) fn denies(&self, action: &str) -> bool {
        self.deny_actions
            .iter()
            .any(|denied| match denied.strip_suffix('*') {
                Some(beginning) => action.starts_with(beginning),
                None => denied == action,
            })
    }
}

/// What becomes of a DELETE of a mapping that a protocol uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InUse {
    /// 409.
    Refuse,
    /// 204, and the protocol dangles.
    Delete,
}

/// Which mapping the deletion of an identity provider takes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// Those its protocols name, even where another identity provider uses them too.
    BoundMapping,
    /// The one called `mapping_<identity provider>`.
    NamedMapping,
    /// None.
    Nothing,
}

/// What becomes of console fields sent under `access_mode: program`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnderProgram {
    /// 400.
    Refuse,
    /// Taken and dropped.
    Ignore,
}
