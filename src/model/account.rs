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
    /// Starts from a token of a CI system or a cluster instead of keys.
    pub web_identity: Option<WebIdentity>,
    /// Becomes another identity, from whichever the rest says.
    pub assume_role: Option<AssumeRole>,
}

/// Keyless sign-in: a token that somebody else issued is exchanged at the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// The identity provider that the cloud knows the issuer under: a name, an ARN, an id.
    pub provider: String,
    /// The role to become; [`None`] where the provider's rules alone decide.
    pub role: Option<String>,
    /// Where the token is.
    pub token: TokenPlace,
    /// What the session is called in the cloud's logs.
    pub session_name: Option<String>,
    /// How long keys last before they are renewed.
    pub duration_seconds: Option<u32>,
}

/// Where a token for keyless sign-in is; never the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// In a file, read again at each exchange.
    File(String),
    /// In an environment variable.
    Variable(String),
    /// Asked of GitHub Actions, for this audience.
    GitHub {
        /// The token's `aud`.
        audience: String,
    },
}

/// Another identity to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role; where a cloud has agencies, the agency's name.
    pub role: String,
    /// The account that gave the agency, by id or name; for agencies only.
    pub domain: Option<String>,
    /// What the session is called in the cloud's logs.
    pub session_name: Option<String>,
    /// How long keys last before they are renewed.
    pub duration_seconds: Option<u32>,
    /// A word that the role's owner asks for.
    pub external_id: Option<String>,
}

/// How providers that no manifest declares are treated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnmanagedRule {
    /// `Some(true)`: always report; `Some(false)`: never; [`None`]: where a list is read anyway.
    pub report: Option<bool>,
    /// Names in the cloud that are left out, with `*` globs.
    pub ignore: Vec<String>,
}
