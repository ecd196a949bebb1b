//! What an Alibaba Cloud account holds, as its state file shows it: wire field names, lists as
//! lists.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// One account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Account {
    pub(super) settings: Settings,
    /// OIDC providers by name: apis/alibaba.md §3.1.
    pub(super) oidc_providers: BTreeMap<String, OidcProvider>,
    /// SAML providers by name: apis/alibaba.md §3.3.
    pub(super) saml_providers: BTreeMap<String, SamlProvider>,
    /// User SSO; always there: apis/alibaba.md §3.4.
    pub(super) user_sso: UserSso,
    /// Roles by name: apis/alibaba.md §3.5.
    pub(super) roles: BTreeMap<String, Role>,
    /// Names of the account's own policies; there is no action here that makes one.
    pub(super) custom_policies: BTreeSet<String>,
}

impl Account {
    /// A role, its trust policy included, whether or not a fresh one is visible yet.
    pub(super) fn find_role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }
}

/// Switches for what differs between accounts or is not confirmed about the cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches in a file that people edit"
)]
pub(super) struct Settings {
    /// What the permanent test key stands for: apis/alibaba.md §6, `IdentityType`.
    pub(super) identity: Identity,
    /// Actions refused for want of permission; `*` stands for any run of characters.
    pub(super) deny_actions: Vec<String>,
    /// Whether temporary credentials have run out.
    pub(super) temporary_credentials_expired: bool,
    /// How many reads a fresh object stays invisible.
    pub(super) read_lag_reads: u32,
    /// OIDC providers in the account: apis/alibaba.md §3.1, quotas.
    pub(super) oidc_provider_quota: usize,
    /// Client ids of one provider: 50, or 20 before spring 2025 (apis/alibaba.md §3.1).
    pub(super) client_id_quota: usize,
    /// Fingerprints of one provider: apis/alibaba.md §3.1.
    pub(super) fingerprint_quota: usize,
    /// Characters of a client id: 128, on older pages 64 (apis/alibaba.md §3.1).
    pub(super) client_id_characters: usize,
    /// Characters of a fingerprint: 128, on older pages 40 (apis/alibaba.md §3.1).
    pub(super) fingerprint_characters: usize,
    /// What an empty `ClientIds` on an update does. UNCONFIRMED: apis/alibaba.md §3.1.
    pub(super) empty_client_ids: OnEmpty,
    /// What an empty `NewDescription` does. UNCONFIRMED: apis/alibaba.md §3.1.
    pub(super) empty_description: OnEmpty,
    /// Whether the last fingerprint may be removed; observed not to (apis/alibaba.md §3.1).
    pub(super) last_fingerprint_removable: bool,
    /// SAML providers in the account: apis/alibaba.md §3.3.
    pub(super) saml_provider_quota: usize,
    /// Signing certificates in metadata, as documented in 2021: apis/alibaba.md §3.3.
    pub(super) signing_certificate_quota: usize,
    /// Bytes of metadata before base64. UNCONFIRMED: apis/alibaba.md §3.3.
    pub(super) metadata_bytes: usize,
    /// Which of the two observed codes says that a SAML provider is not there: with `Error` at the
    /// end or without (apis/alibaba.md §3.3).
    pub(super) saml_not_found_ends_in_error: bool,
    /// Whether the account knows `AuthnSignAlgo`, a later addition (apis/alibaba.md §3.3).
    pub(super) knows_authn_sign_algo: bool,
    /// Whether a setting of user SSO that is left out falls back to its default. UNCONFIRMED:
    /// apis/alibaba.md §3.4.
    pub(super) user_sso_resets_omitted: bool,
    /// Items on one page of a list at most, below what the caller asks for.
    pub(super) list_page_items: usize,
    /// Whether each page begins with the last item of the one before (pages of two and more).
    pub(super) list_pages_overlap: bool,
    /// Whether the last page has a `Marker` too, as one official sample shows
    /// (apis/alibaba.md §1.6).
    pub(super) marker_on_last_page: bool,
    /// Which certificate of an issuer's chain must be registered. UNCONFIRMED: apis/alibaba.md
    /// §4.2.
    pub(super) fingerprint_match: FingerprintMatch,
    /// Roles in the account: apis/alibaba.md §3.5, quotas.
    pub(super) role_quota: usize,
    /// System policies of one role: apis/alibaba.md §3.5, quotas.
    pub(super) role_system_policy_quota: usize,
    /// Custom policies of one role: 10, or 5 on pages of 2021 (apis/alibaba.md §3.5).
    pub(super) role_custom_policy_quota: usize,
    /// Whether a trust policy may only name providers that exist in the account. UNCONFIRMED:
    /// apis/alibaba.md §3.5.
    pub(super) missing_principal_refused: bool,
    /// Whether empty texts are left out of answers (apis/alibaba.md §3.1: "may be `""`/absent").
    pub(super) omit_empty_fields: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            identity: Identity::RamUser,
            deny_actions: Vec::new(),
            temporary_credentials_expired: false,
            read_lag_reads: 0,
            oidc_provider_quota: 100,
            client_id_quota: 50,
            fingerprint_quota: 5,
            client_id_characters: 128,
            fingerprint_characters: 128,
            empty_client_ids: OnEmpty::Ignored,
            empty_description: OnEmpty::Clears,
            last_fingerprint_removable: false,
            saml_provider_quota: 100,
            signing_certificate_quota: 2,
            metadata_bytes: 100 * 1024,
            saml_not_found_ends_in_error: false,
            knows_authn_sign_algo: true,
            user_sso_resets_omitted: true,
            list_page_items: 1000,
            role_quota: 1000,
            role_system_policy_quota: 20,
            role_custom_policy_quota: 10,
            missing_principal_refused: false,
            list_pages_overlap: false,
            marker_on_last_page: false,
            fingerprint_match: FingerprintMatch::Any,
            omit_empty_fields: false,
        }
    }
}

/// Which certificate's fingerprint must be registered. UNCONFIRMED: apis/alibaba.md §4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FingerprintMatch {
    /// Any of the presented chain, or the root it ends in.
    Any,
    /// The last of those that the server presents.
    Topmost,
}

/// Who holds the permanent key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Identity {
    RamUser,
    Account,
}

/// What a parameter does that was sent empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OnEmpty {
    /// As if it had not been sent.
    Ignored,
    /// The request fails.
    Refused,
    /// The field becomes empty.
    Clears,
}

/// An OIDC provider; its name is the key it is kept under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OidcProvider {
    pub(super) issuer_url: String,
    #[serde(default)]
    pub(super) client_ids: Vec<String>,
    #[serde(default)]
    pub(super) fingerprints: Vec<String>,
    #[serde(default)]
    pub(super) description: String,
    /// Hours.
    #[serde(default = "default_issuance_limit_hours")]
    pub(super) issuance_limit_time: i64,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default)]
    pub(super) create_date: String,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default)]
    pub(super) update_date: String,
    /// Reads that still miss this object; not a field of the cloud.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) sandbox_reads_until_visible: u32,
}

/// A SAML provider; its name is the key it is kept under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct SamlProvider {
    /// Base64 without line breaks.
    #[serde(rename = "EncodedSAMLMetadataDocument")]
    pub(super) document: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) authn_sign_algo: Algorithm,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default)]
    pub(super) create_date: String,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default)]
    pub(super) update_date: String,
    /// Reads that still miss this object; not a field of the cloud.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) sandbox_reads_until_visible: u32,
}

/// A role; its name is the key it is kept under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "named as the cloud names them")]
pub(super) struct Role {
    #[serde(rename = "RoleId")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) description: String,
    /// The trust policy, as the text that was sent.
    pub(super) assume_role_policy_document: String,
    /// Seconds.
    #[serde(default = "default_session_seconds")]
    pub(super) max_session_duration: i64,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default)]
    pub(super) create_date: String,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default)]
    pub(super) update_date: String,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    /// In the order in which they were attached.
    #[serde(default)]
    pub(super) attached_policies: Vec<Attachment>,
    /// Reads that still miss this object; not a field of the cloud.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) sandbox_reads_until_visible: u32,
}

/// How requests to the identity provider are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    #[default]
    #[serde(rename = "rsa-sha1")]
    RsaSha1,
    #[serde(rename = "rsa-sha256")]
    RsaSha256,
}

/// The settings of user SSO, with the defaults of apis/alibaba.md §3.4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct UserSso {
    /// Base64 without line breaks; empty when there is none.
    pub(super) metadata_document: String,
    pub(super) sso_enabled: bool,
    pub(super) auxiliary_domain: String,
    pub(super) sso_login_with_domain: bool,
    pub(super) authn_sign_algo: Algorithm,
}

impl Default for UserSso {
    fn default() -> Self {
        Self {
            metadata_document: String::new(),
            sso_enabled: false,
            auxiliary_domain: String::new(),
            sso_login_with_domain: true,
            authn_sign_algo: Algorithm::RsaSha1,
        }
    }
}

impl Role {
    /// The trust policy as a document; null for one that somebody broke in the file.
    pub(super) fn trust_policy(&self) -> serde_json::Value {
        serde_json::from_str(&self.assume_role_policy_document).unwrap_or_default()
    }

    /// Whether the policy is attached.
    pub(super) fn has_attached(&self, policy_type: PolicyType, name: &str) -> bool {
        self.attached_policies
            .iter()
            .any(|held| held.policy_type == policy_type && held.policy_name == name)
    }
}

/// One policy of a role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Attachment {
    pub(super) policy_type: PolicyType,
    pub(super) policy_name: String,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    #[serde(default)]
    pub(super) attach_date: String,
}

/// Whose policy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PolicyType {
    /// Alibaba Cloud's.
    System,
    /// The account's.
    Custom,
}

/// Seconds a session may last when nothing is said: apis/alibaba.md §3.5.
const fn default_session_seconds() -> i64 {
    3600
}

/// Hours a token may be old when nothing is said: apis/alibaba.md §3.1.
pub(super) const fn default_issuance_limit_hours() -> i64 {
    12
}

/// Counts one read of a fresh object and says whether it still misses it.
pub(super) fn misses(reads_until_visible: &mut u32) -> bool {
    let missed = *reads_until_visible > 0;
    *reads_until_visible = reads_until_visible.saturating_sub(1);
    missed
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
