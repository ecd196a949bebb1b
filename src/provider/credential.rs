//! What an account may say of its credentials, cloud by cloud, as data for checks and documentation.

use super::TextRule;

/// How credentials are declared and found in one cloud.
pub struct CredentialRules {
    /// `webIdentity.provider`.
    pub provider: TextRule,
    /// `webIdentity.role`.
    pub web_role: TextRule,
    /// Whether a token is always exchanged for a role. Where it is not, the provider's own rules
    /// decide about the rights, and the account must say its `accountId`.
    pub web_role_needed: bool,
    /// What `assumeRole` becomes.
    pub assumes: Assumes,
    /// `sessionName`.
    pub session_name: TextRule,
    /// `durationSeconds`: least and most.
    pub duration_seconds: (u32, u32),
    /// `externalId`, where there is such a thing.
    pub external_id: Option<TextRule>,
    /// The places that are looked at, in order, without a profile or a token that is declared.
    pub chain: &'static [&'static str],
}

/// What another identity is called.
pub enum Assumes {
    /// A role, under `role`.
    Role(TextRule),
    /// An agency, under `agency`, that an account gave, under `domain` by id or name.
    Agency {
        /// Its name.
        agency: TextRule,
        /// The account that gave it.
        domain: TextRule,
    },
}
