//! What values the actions accept: apis/tencent.md §3.0 (table of constraints) and §10.9.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use url::Url;

use super::answer::{Refusal, Result, refusal};
use super::parameters::Given;
use super::state::Settings;

/// Characters of a user OIDC client id: apis/tencent.md §3.0.
const CLIENT_ID_CHARACTERS_MAX: usize = 64;
/// Characters of a description: apis/tencent.md §3.0; UNCONFIRMED for named providers.
const DESCRIPTION_CHARACTERS_MAX: usize = 255;
/// Characters of `MappingFiled`: apis/tencent.md §3.0.
const MAPPING_CHARACTERS_MAX: usize = 255;
/// Characters of a provider name. UNCONFIRMED: apis/tencent.md §3.0.
const NAME_CHARACTERS_MAX: usize = 128;
/// Characters of an issuer URL. UNCONFIRMED: apis/tencent.md §3.0.
const URL_CHARACTERS_MAX: usize = 255;

/// Standard alphabet, padded or not: a vendor sample leaves padding out (apis/tencent.md §3.0).
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A value outside what its parameter allows, where no code of its own is listed.
pub(super) fn invalid(parameter: &str, why: &str) -> Refusal {
    refusal(
        "InvalidParameter",
        format!("The parameter `{parameter}` is invalid: {why}."),
    )
}

/// `https`, a standard URL, without query, fragment and user info: apis/tencent.md §3.0.
pub(super) fn url(given: &Given, name: &str) -> Result<String> {
    let text = given.text(name);
    let standard = text.starts_with("https://")
        && !text.contains(['?', '#', '@'])
        && !text.contains(char::is_whitespace)
        && text.chars().count() <= URL_CHARACTERS_MAX
        && Url::parse(text).is_ok_and(|url| url.has_host());
    if standard {
        Ok(text.to_owned())
    } else {
        Err(refusal(
            "InvalidParameterValue.IdentityUrlError",
            format!("`{name}` must be an https URL without query, fragment and user info."),
        ))
    }
}

/// Base64 of a JWKS document with at least one usable key; `code` differs between the user and
/// the role variant (apis/tencent.md §3.0, the latter UNCONFIRMED).
pub(super) fn identity_key(
    given: &Given,
    settings: &Settings,
    code: &'static str,
) -> Result<String> {
    let text = given.text("IdentityKey");
    let refused = |why: &str| Err(refusal(code, format!("`IdentityKey` {why}.")));
    let Ok(document) = BASE64.decode(text) else {
        return refused("is not standard base64");
    };
    let Ok(document) = serde_json::from_slice::<Value>(&document) else {
        return refused("does not hold a JSON document");
    };
    match document.get("keys").and_then(Value::as_array) {
        Some(keys) if !keys.is_empty() => {
            if keys.iter().all(|key| is_usable(key, settings)) {
                Ok(text.to_owned())
            } else {
                refused("holds a key that is not an RSA public key")
            }
        }
        Some(_) | None => refused("holds no `keys`"),
    }
}

fn is_usable(key: &Value, settings: &Settings) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = text("kty");
    let is_number = |name: &str| {
        BASE64_URL
            .decode(text(name))
            .is_ok_and(|number| !number.is_empty())
    };
    settings.key_types.iter().any(|known| known == kind)
        && (kind != "RSA" || (is_number("n") && is_number("e")))
}

/// One client id: letters, digits and `.-_:/`, which may not come first (apis/tencent.md §3.0).
pub(super) fn client_id(text: &str) -> Result<()> {
    let specials = ['.', '-', '_', ':', '/'];
    let fits = (1..=CLIENT_ID_CHARACTERS_MAX).contains(&text.len())
        && !text.starts_with(specials)
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || specials.contains(&c));
    if fits {
        Ok(())
    } else {
        Err(invalid(
            "ClientId",
            "1 to 64 letters, digits, `.`, `-`, `_`, `:` and `/`, beginning with a letter or digit",
        ))
    }
}

/// The user OIDC description: 1 to 255 characters if given (apis/tencent.md §3.0).
pub(super) fn user_description(given: &Given, settings: &Settings) -> Result<String> {
    if given.given_text("Description") == Some("") && !settings.empty_description_allowed {
        return Err(invalid("Description", "1 to 255 characters if given"));
    }
    description(given)
}

/// The description that `CreateSAMLProvider` requires. Whether it may be empty is UNCONFIRMED:
/// apis/tencent.md §3.3.
pub(super) fn required_description(given: &Given, settings: &Settings) -> Result<String> {
    if given.text("Description").is_empty() && !settings.empty_description_allowed {
        return Err(invalid("Description", "1 to 255 characters"));
    }
    description(given)
}

/// A description of at most 255 characters; empty when not given.
pub(super) fn description(given: &Given) -> Result<String> {
    let text = given.text("Description");
    if text.chars().count() > DESCRIPTION_CHARACTERS_MAX {
        return Err(invalid("Description", "at most 255 characters"));
    }
    Ok(text.to_owned())
}

/// `AutoRotateKey`: leaving it out means 0, also on an update (apis/tencent.md §3.0).
pub(super) fn auto_rotate_key(given: &Given) -> Result<i64> {
    match given.whole("AutoRotateKey").unwrap_or(0) {
        flag @ (0 | 1) => Ok(flag),
        _ => Err(invalid("AutoRotateKey", "0 or 1")),
    }
}

/// `MappingFiled`: letters, digits, Chinese characters and `@&_[]-` (apis/tencent.md §3.0).
pub(super) fn mapping(given: &Given) -> Result<String> {
    let text = given.text("MappingFiled");
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || "@&\u{ff06}_[]-".contains(c)
            || ('\u{4e00}'..='\u{9fff}').contains(&c)
    };
    if (1..=MAPPING_CHARACTERS_MAX).contains(&text.chars().count()) && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(invalid(
            "MappingFiled",
            "1 to 255 letters, digits, Chinese characters and `@`, `&`, `_`, `[`, `]`, `-`",
        ))
    }
}

/// `openid` is always among the scopes; none given means it alone (apis/tencent.md §3.0, §10.11).
pub(super) fn scopes(given: &Given) -> Result<Vec<String>> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in given.texts("Scope") {
        if !["openid", "email", "profile"].contains(&scope.as_str()) {
            return Err(invalid(
                "Scope",
                "a list of `openid`, `email` and `profile`",
            ));
        }
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    Ok(scopes)
}

/// One of a few words.
pub(super) fn one_of(given: &Given, name: &str, words: &[&str]) -> Result<String> {
    let text = given.text(name);
    if words.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(invalid(name, &format!("one of {}", words.join(", "))))
    }
}

/// A provider name. The pattern is UNCONFIRMED: apis/tencent.md §3.0.
pub(super) fn provider_name(given: &Given) -> Result<String> {
    let text = given.text("Name");
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(refusal(
            "InvalidParameterValue.NameError",
            "`Name` must be 1 to 128 letters, digits, `_` and `-`.",
        ))
    }
}

/// Base64 of an identity provider's metadata. How deeply the cloud looks is UNCONFIRMED:
/// apis/tencent.md §3.3.
pub(super) fn saml_metadata(text: &str) -> Result<String> {
    let xml = BASE64.decode(text).ok();
    let xml = xml.and_then(|bytes| String::from_utf8(bytes).ok());
    let is_metadata = xml.is_some_and(|xml| {
        xml.trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with('<')
            && xml.contains("EntityDescriptor")
            && xml.contains("IDPSSODescriptor")
    });
    if is_metadata {
        Ok(text.to_owned())
    } else {
        Err(refusal(
            "InvalidParameterValue.MetadataError",
            "The metadata document is not base64 of an identity provider's metadata XML.",
        ))
    }
}
