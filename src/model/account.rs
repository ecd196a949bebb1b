//! An account: where to reconcile, never a secret.

use super::{CloudId, Span};

/// What an `Account` document says.
#[derive(Debug, Clone)]
pub struct Account {
    /// `metadata.name`; the first part of every address in it.
    pub name: String,
    /// Which cloud.
    pub cloud: CloudId,
    /// The account's number at the cloud. Given, it is checked with the cloud before anything else.
    pub account_id: Option<String>,
    /// Tencent Cloud only: `china` or `international`. [`None`] elsewhere.
    pub site: Option<String>,
    /// Huawei Cloud: which IAM host.
    pub region: Option<String>,
    /// Where the credentials come from.
    pub credentials: CredentialSource,
    /// Client-side budget: no window of one second holds more requests than this.
    pub requests_per_second: u32,
    /// What to do about providers that nobody declared.
    pub unmanaged: UnmanagedRule,
    /// Where the document begins.
    pub origin: Span,
}

/// Which credentials an account is read and written with; only names of places, no secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialSource {
    /// A named profile of the vendor's own CLI or SDK files.
    pub profile: Option<String>,
    /// Put before the name of every variable of the cloud's own chain.
    pub env_prefix: String,
}

/// How providers that no manifest declares are treated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnmanagedRule {
    /// `Some(true)`: always report; `Some(false)`: never; [`None`]: where a list is read anyway.
    pub report: Option<bool>,
    /// Names in the cloud that are left out, with `*` globs.
    pub ignore: Vec<String>,
}
