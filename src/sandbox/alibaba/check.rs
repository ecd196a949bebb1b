//! What values the OIDC provider actions accept: apis/alibaba.md §3.1 (parameters).
//!
//! The codes are UNCONFIRMED guesses after the RAM naming scheme; clients match by prefix.

use url::Url;

use super::answer::{Refusal, Result, refusal};
use super::asked::Asked;
use super::state::{Algorithm, Settings};

/// Characters of a provider name: apis/alibaba.md §3.1.
const NAME_CHARACTERS_MAX: usize = 128;
/// Characters of an issuer URL: apis/alibaba.md §3.1.
const ISSUER_CHARACTERS_MAX: usize = 255;
/// Characters of a description: apis/alibaba.md §3.1.
const DESCRIPTION_CHARACTERS_MAX: usize = 256;
/// Hours, 1 to 168: apis/alibaba.md §3.1.
const ISSUANCE_LIMIT_HOURS: std::ops::RangeInclusive<i64> = 1..=168;

/// 400 `InvalidParameter.<name>`.
pub(super) fn invalid(name: &str, why: &str) -> Refusal {
    refusal(
        400,
        format!("InvalidParameter.{name}"),
        format!("The parameter {name} is invalid: {why}."),
    )
}

/// The name of an OIDC provider.
pub(super) fn provider_name(asked: &Asked) -> Result<String> {
    name_in(asked, "OIDCProviderName")
}

/// The name of a SAML provider, by the same rule. The code for a missing one is confirmed:
/// apis/alibaba.md §11.13.
pub(super) fn saml_provider_name(asked: &Asked) -> Result<String> {
    if asked.text("SAMLProviderName").is_empty() {
        return Err(refusal(
            400,
            "MissingSAMLProviderName",
            "The parameter SAMLProviderName is missing.",
        ));
    }
    name_in(asked, "SAMLProviderName")
}

/// Letters, digits and `.-_`, which may be neither first nor last.
fn name_in(asked: &Asked, parameter: &str) -> Result<String> {
    let name = asked.text(parameter);
    let specials = ['.', '-', '_'];
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.len())
        && !name.starts_with(specials)
        && !name.ends_with(specials)
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || specials.contains(&c));
    if fits {
        Ok(name.to_owned())
    } else {
        Err(invalid(
            parameter,
            "1 to 128 letters, digits, `.`, `-` and `_`, the last three not at the ends",
        ))
    }
}

/// An https URL without query, fragment and user info.
pub(super) fn issuer_url(asked: &Asked) -> Result<String> {
    let issuer = asked.text("IssuerUrl");
    let fits = issuer.starts_with("https://")
        && issuer.chars().count() <= ISSUER_CHARACTERS_MAX
        && !issuer.contains(['?', '#', '@'])
        && !issuer.contains(char::is_whitespace)
        && Url::parse(issuer).is_ok_and(|url| url.has_host());
    if fits {
        Ok(issuer.to_owned())
    } else {
        Err(invalid(
            "IssuerUrl",
            "an https URL of at most 255 characters without query, fragment and user info",
        ))
    }
}

/// One client id; `parameter` names where it stood.
pub(super) fn client_id(text: &str, parameter: &str, settings: &Settings) -> Result<()> {
    let specials = ['.', '-', '_', ':', '/'];
    let fits = (1..=settings.client_id_characters).contains(&text.len())
        && !text.starts_with(specials)
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || specials.contains(&c));
    if fits {
        Ok(())
    } else {
        Err(invalid(
            parameter,
            "letters, digits, `.`, `-`, `_`, `:` and `/`, beginning with a letter or digit",
        ))
    }
}

/// One fingerprint; `parameter` names where it stood. Hexadecimal is not asked for
/// (apis/alibaba.md §4.1).
pub(super) fn fingerprint(text: &str, parameter: &str, settings: &Settings) -> Result<()> {
    let fits = (1..=settings.fingerprint_characters).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits {
        Ok(())
    } else {
        Err(invalid(parameter, "letters and digits only"))
    }
}

/// The client ids of a comma list, within their quota.
pub(super) fn client_ids(list: &str, settings: &Settings) -> Result<Vec<String>> {
    let ids = elements(list);
    ids.iter()
        .try_for_each(|id| client_id(id, "ClientIds", settings))?;
    within(ids.len(), settings.client_id_quota, "OIDCProvider.ClientId")?;
    Ok(ids)
}

/// The fingerprints of a comma list, within their quota.
pub(super) fn fingerprints(list: &str, settings: &Settings) -> Result<Vec<String>> {
    let fingerprints = elements(list);
    fingerprints
        .iter()
        .try_for_each(|text| fingerprint(text, "Fingerprints", settings))?;
    let quota = settings.fingerprint_quota;
    within(fingerprints.len(), quota, "OIDCProvider.Fingerprint")?;
    Ok(fingerprints)
}

/// 409 `LimitExceeded.<of>` when `count` is above `quota`.
pub(super) fn within(count: usize, quota: usize, of: &str) -> Result<()> {
    if count <= quota {
        return Ok(());
    }
    Err(refusal(
        409,
        format!("LimitExceeded.{of}"),
        format!("The number of {of} exceeds its limit of {quota}."),
    ))
}

/// At most 256 characters.
pub(super) fn description(text: &str) -> Result<String> {
    if text.chars().count() > DESCRIPTION_CHARACTERS_MAX {
        return Err(invalid("Description", "at most 256 characters"));
    }
    Ok(text.to_owned())
}

/// How requests to the identity provider are signed, if given: apis/alibaba.md §3.3.
pub(super) fn algorithm(asked: &Asked, settings: &Settings) -> Result<Option<Algorithm>> {
    let given = asked.given("AuthnSignAlgo");
    match given.filter(|_| settings.knows_authn_sign_algo) {
        None => Ok(None),
        Some("rsa-sha1") => Ok(Some(Algorithm::RsaSha1)),
        Some("rsa-sha256") => Ok(Some(Algorithm::RsaSha256)),
        Some(_) => Err(invalid("AuthnSignAlgo", "rsa-sha1 or rsa-sha256")),
    }
}

/// Hours a token may be old, if given.
pub(super) fn issuance_limit_hours(asked: &Asked) -> Result<Option<i64>> {
    match asked.whole("IssuanceLimitTime")? {
        Some(hours) if !ISSUANCE_LIMIT_HOURS.contains(&hours) => {
            Err(invalid("IssuanceLimitTime", "1 to 168 hours"))
        }
        hours => Ok(hours),
    }
}

/// An empty list has no elements. A value given twice counts once: UNCONFIRMED.
fn elements(list: &str) -> Vec<String> {
    let mut elements: Vec<String> = Vec::new();
    if list.is_empty() {
        return elements;
    }
    for element in list.split(',') {
        if !elements.iter().any(|known| known == element) {
            elements.push(element.to_owned());
        }
    }
    elements
}
