//! The names of identity providers for roles: OIDC and SAML providers share one name space, one
//! quota and the vendor's reserved prefix (apis/tencent.md §10.12, §10.13).

use super::answer::{Refusal, Result, refusal};
use super::check;
use super::parameters::Given;
use super::state::{Account, Role};

/// Names deployed by the vendor's Identity Center: apis/tencent.md §3.0.
const VENDOR_PREFIX: &str = "TencentReservedSSO-";

/// The name of a provider that is to be made.
pub(super) fn to_create(given: &Given) -> Result<String> {
    let name = check::provider_name(given)?;
    if name.starts_with(VENDOR_PREFIX) {
        // UNCONFIRMED: only update and delete are documented, see §3.0.
        return Err(refusal(
            "InvalidParameterValue.NameError",
            "The name is reserved.",
        ));
    }
    Ok(name)
}

/// Refuses a name that is taken, by a provider of either protocol, and one too many of them.
/// That they share names and quota is UNCONFIRMED: apis/tencent.md §3.2.
pub(super) fn room_for(name: &str, state: &Account) -> Result<()> {
    if state.oidc_providers.contains_key(name) || state.saml_providers.contains_key(name) {
        return Err(refusal(
            "InvalidParameter.IdentityNameInUse",
            "The identity provider name is already in use.",
        ));
    }
    if state.provider_count() >= state.settings.identity_provider_quota {
        return Err(refusal(
            "LimitExceeded.IdentityFull",
            "The number of identity providers has reached its limit.",
        ));
    }
    Ok(())
}

/// Refuses to change or delete what the vendor's Identity Center has deployed.
pub(super) fn refuse_vendor_managed(name: &str) -> Result<()> {
    if name.starts_with(VENDOR_PREFIX) {
        return Err(refusal(
            "FailedOperation.CICIdentityForbidden",
            "The identity provider is managed by Identity Center.",
        ));
    }
    Ok(())
}

/// Refuses to delete a provider that roles trust, where the account is set so; `kind` is that of
/// its resource name. UNCONFIRMED either way, and so is the code: apis/tencent.md §10.16.
pub(super) fn refuse_trusted(kind: &str, name: &str, state: &Account) -> Result<()> {
    let ending = format!(":{kind}/{name}\"");
    let is_trusted = |role: &Role| role.trust_policy().to_string().contains(&ending);
    if !state.settings.trusted_provider_deletable && state.roles.values().any(is_trusted) {
        return Err(refusal(
            "FailedOperation",
            "A role trusts the identity provider.",
        ));
    }
    Ok(())
}

/// There is no provider of this name and protocol.
pub(super) fn absent() -> Refusal {
    refusal(
        "ResourceNotFound.IdentityNotExist",
        "The identity provider does not exist.",
    )
}
