//! User SSO, one for each account: apis/alibaba.md §3.4. It always exists and cannot be deleted.

use serde_json::json;

use super::answer::{Fields, Result};
use super::state::UserSso;
use super::{Call, check, metadata};

/// Characters of a domain name.
const DOMAIN_CHARACTERS_MAX: usize = 253;

/// The settings.
#[expect(
    clippy::unnecessary_wraps,
    reason = "stands in the table of actions, which may all refuse"
)]
pub(super) fn get(call: &mut Call<'_>) -> Result {
    Ok(shown(call))
}

/// Sets what is given. What is not falls back to its default or stays, as the account's settings
/// say; metadata that was given once stays in both cases (UNCONFIRMED).
pub(super) fn set(call: &mut Call<'_>) -> Result {
    let asked = &call.asked;
    let before = &call.state.user_sso;
    let kept = if call.state.settings.user_sso_resets_omitted {
        UserSso::default()
    } else {
        before.clone()
    };
    let metadata_document = match asked.given("MetadataDocument") {
        None | Some("") => before.metadata_document.clone(),
        Some(encoded) => metadata::accept(encoded, "MetadataDocument", &call.state.settings)?,
    };
    let auxiliary_domain = asked
        .given("AuxiliaryDomain")
        .map_or(kept.auxiliary_domain, str::to_owned);
    let is_domain = auxiliary_domain.len() <= DOMAIN_CHARACTERS_MAX
        && !auxiliary_domain.contains(|c: char| c.is_whitespace() || "/@:".contains(c));
    if !is_domain {
        return Err(check::invalid("AuxiliaryDomain", "a domain name"));
    }
    let sso_enabled = asked.flag("SsoEnabled")?.unwrap_or(kept.sso_enabled);
    if sso_enabled && metadata_document.is_empty() {
        // UNCONFIRMED: the page only says that metadata is what sign-in goes by.
        return Err(check::invalid("MetadataDocument", "needed to enable SSO"));
    }
    call.state.user_sso = UserSso {
        metadata_document,
        sso_enabled,
        auxiliary_domain,
        sso_login_with_domain: asked
            .flag("SsoLoginWithDomain")?
            .unwrap_or(kept.sso_login_with_domain),
        authn_sign_algo: check::algorithm(asked, &call.state.settings)?
            .unwrap_or(kept.authn_sign_algo),
    };
    Ok(shown(call))
}

fn shown(call: &Call<'_>) -> Fields {
    let sso = &call.state.user_sso;
    let mut object = json!({
        "MetadataDocument": metadata::shown(&sso.metadata_document),
        "SsoEnabled": sso.sso_enabled,
        "AuxiliaryDomain": sso.auxiliary_domain,
        "SsoLoginWithDomain": sso.sso_login_with_domain,
        "AuthnSignAlgo": sso.authn_sign_algo,
    });
    if let Some(members) = object.as_object_mut() {
        if !call.state.settings.knows_authn_sign_algo {
            members.remove("AuthnSignAlgo");
        }
        if call.state.settings.omit_empty_fields {
            members.retain(|_, value| value.as_str() != Some(""));
        }
    }
    Fields::from_iter([("UserSsoSettings".to_owned(), object)])
}
