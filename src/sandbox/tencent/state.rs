//! What a Tencent Cloud account holds, as its state file shows it: wire field names and values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The record exists and is in force: apis/tencent.md §3.0.
pub(super) const ENABLED: u32 = 11;
/// The record is kept but not in force: apis/tencent.md §3.0.
pub(super) const DISABLED: u32 = 2;
/// Nothing was ever set: apis/tencent.md §3.0.
pub(super) const NEVER_SET: u32 = 0;

/// One account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Account {
    pub(super) settings: Settings,
    /// The one user OIDC record, with its status: apis/tencent.md §3.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_oidc: Option<UserOidc>,
    /// The one user SAML record, with its status: apis/tencent.md §3.4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_saml: Option<UserSaml>,
    /// Role OIDC providers by name: apis/tencent.md §3.2.
    pub(super) oidc_providers: BTreeMap<String, OidcProvider>,
    /// SAML providers for roles by name: apis/tencent.md §3.3.
    pub(super) saml_providers: BTreeMap<String, SamlProvider>,
    /// Roles by name: apis/tencent.md §3.6.
    pub(super) roles: BTreeMap<String, Role>,
    /// Ids of the account's own policies by name; there is no action here that makes one.
    pub(super) custom_policies: BTreeMap<String, i64>,
}

impl Account {
    /// A role, its trust policy included, whether or not a fresh one is visible yet.
    pub(super) fn find_role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name)
    }

    /// Named identity providers, which share one quota: apis/tencent.md §10.12.
    pub(super) fn provider_count(&self) -> usize {
        self.oidc_providers.len() + self.saml_providers.len()
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
    /// Which population the account belongs to; the international one does not know
    /// `AutoRotateKey` and `AuxiliaryDomain` (apis/tencent.md §3.0).
    pub(super) site: Site,
    /// Actions refused for want of permission; `*` stands for any run of characters.
    pub(super) deny_actions: Vec<String>,
    /// Whether temporary credentials have run out.
    pub(super) temporary_credentials_expired: bool,
    /// How many reads a fresh object stays invisible (apis/tencent.md §3.0, eventual consistency).
    pub(super) read_lag_reads: u32,
    /// How many named identity providers fit. UNCONFIRMED number: apis/tencent.md §3.0.
    pub(super) identity_provider_quota: usize,
    /// What `DescribeUserOIDCConfig` says before anything was set. UNCONFIRMED:
    /// apis/tencent.md §3.1.
    pub(super) never_set_reads_as: NeverSet,
    /// Whether `UpdateUserOIDCConfig` enables a disabled record. UNCONFIRMED:
    /// apis/tencent.md §3.1.
    pub(super) update_enables_user_oidc: bool,
    /// Whether enabling user SAML disables user OIDC. UNCONFIRMED: apis/tencent.md §3.5.
    pub(super) saml_disables_user_oidc: bool,
    /// What `Status` an enabled user SAML configuration reads as: 11, or 1 as the documentation of
    /// the international site says (apis/tencent.md §3.0).
    pub(super) user_saml_enabled_reads_as: u32,
    /// Whether a user OIDC `Description`, or that of a new SAML provider, may be sent empty; the
    /// documentation says 1 to 255 characters of the one (apis/tencent.md §3.0) and nothing of the
    /// other, UNCONFIRMED (§3.3).
    pub(super) empty_description_allowed: bool,
    /// Whether keys are read back with the base64 padding they were sent without. UNCONFIRMED:
    /// apis/tencent.md §3.0.
    pub(super) identity_key_padded_on_read: bool,
    /// What the cloud has fetched by itself for objects with `AutoRotateKey` 1: their next read
    /// stores and shows this base64 JWKS. UNCONFIRMED: apis/tencent.md §3.0.
    pub(super) auto_rotated_identity_key: Option<String>,
    /// How many roles fit. UNCONFIRMED number: apis/tencent.md §3.0.
    pub(super) role_quota: usize,
    /// How many policies one role may have. UNCONFIRMED number: apis/tencent.md §3.6.
    pub(super) role_attachment_quota: usize,
    /// Whether a role goes together with its attached policies. UNCONFIRMED: apis/tencent.md §3.6.
    pub(super) role_with_policies_deletable: bool,
    /// Whether `root` of a principal is read back as the account's uin (apis/tencent.md §4.3).
    pub(super) root_principal_reads_as_uin: bool,
    /// Whether `string_like` takes letters, digits, `-` and `_` only, as one practitioner reports
    /// (apis/tencent.md §4.1).
    pub(super) string_like_is_limited: bool,
    /// Whether a provider that a role trusts may be deleted. UNCONFIRMED: apis/tencent.md §10.16.
    pub(super) trusted_provider_deletable: bool,
    /// Key types accepted in a JWKS; others than RSA are UNCONFIRMED: apis/tencent.md §3.0.
    pub(super) key_types: Vec<String>,
    /// Whether STS refuses requests without `X-TC-Region`, as documented: apis/tencent.md §5.
    pub(super) sts_needs_region: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            site: Site::China,
            deny_actions: Vec::new(),
            temporary_credentials_expired: false,
            read_lag_reads: 0,
            identity_provider_quota: 100,
            never_set_reads_as: NeverSet::Error,
            update_enables_user_oidc: false,
            saml_disables_user_oidc: true,
            user_saml_enabled_reads_as: ENABLED,
            empty_description_allowed: false,
            identity_key_padded_on_read: false,
            auto_rotated_identity_key: None,
            role_quota: 1000,
            role_attachment_quota: 200,
            role_with_policies_deletable: true,
            root_principal_reads_as_uin: false,
            string_like_is_limited: true,
            trusted_provider_deletable: true,
            key_types: vec!["RSA".to_owned()],
            sts_needs_region: true,
        }
    }
}

/// The two separate populations of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Site {
    /// `cloud.tencent.com`.
    #[serde(alias = "cn")]
    China,
    /// `www.tencentcloud.com`.
    #[serde(alias = "intl")]
    International,
}

/// How a user OIDC configuration that was never set reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NeverSet {
    /// `ResourceNotFound.IdentityNotExist`.
    Error,
    /// `Status` 0 and empty fields.
    #[serde(rename = "status-0")]
    StatusZero,
}

/// User OIDC, `CreateUserOIDCConfig` and its kin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct UserOidc {
    pub(super) status: u32,
    pub(super) identity_url: String,
    pub(super) identity_key: String,
    pub(super) client_id: String,
    pub(super) authorization_endpoint: String,
    pub(super) response_type: String,
    pub(super) response_mode: String,
    /// Sic: the wire name is misspelled (apis/tencent.md §3.0).
    pub(super) mapping_filed: String,
    pub(super) scope: Vec<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) auto_rotate_key: i64,
    /// Reads that still miss this object; not a field of the cloud.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) sandbox_reads_until_visible: u32,
}

/// User SAML, `CreateUserSAMLConfig` and its kin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct UserSaml {
    pub(super) status: u32,
    #[serde(rename = "SAMLMetadataDocument")]
    pub(super) saml_metadata_document: String,
    #[serde(default)]
    pub(super) auxiliary_domain: String,
}

/// A role OIDC provider, `CreateOIDCConfig` and its kin; its name is the key it is kept under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OidcProvider {
    pub(super) identity_url: String,
    pub(super) identity_key: String,
    pub(super) client_id: Vec<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) auto_rotate_key: i64,
    /// Reads that still miss this object; not a field of the cloud.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) sandbox_reads_until_visible: u32,
}

/// A SAML provider for roles, `CreateSAMLProvider` and its kin; its name is the key it is kept
/// under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct SamlProvider {
    #[serde(default)]
    pub(super) description: String,
    #[serde(rename = "SAMLMetadataDocument")]
    pub(super) saml_metadata_document: String,
    #[serde(default)]
    pub(super) create_time: String,
    #[serde(default)]
    pub(super) modify_time: String,
    /// Reads that still miss this object; not a field of the cloud.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) sandbox_reads_until_visible: u32,
}

/// A role, `CreateRole` and its kin; its name is the key it is kept under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "named as the cloud names them")]
pub(super) struct Role {
    #[serde(rename = "RoleId")]
    pub(super) id: i64,
    /// The trust policy, as the text that was sent.
    pub(super) policy_document: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) add_time: String,
    #[serde(default)]
    pub(super) update_time: String,
    #[serde(default)]
    pub(super) console_login: i64,
    /// Seconds.
    #[serde(default)]
    pub(super) session_duration: Option<i64>,
    /// `user`, `system` or `service_linked`.
    #[serde(rename = "RoleType", default = "default_role_type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    /// Names, in the order in which they were attached.
    #[serde(default)]
    pub(super) attached_policies: Vec<String>,
    /// Reads that still miss this object; not a field of the cloud.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) sandbox_reads_until_visible: u32,
}

impl Role {
    /// The trust policy as a document; null for one that somebody broke in the file.
    pub(super) fn trust_policy(&self) -> serde_json::Value {
        serde_json::from_str(&self.policy_document).unwrap_or_default()
    }
}

fn default_role_type() -> String {
    "user".to_owned()
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
