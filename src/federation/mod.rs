//! The subject matter, pure: issuers, key sets, certificates, SAML metadata, mappings, trust
//! policies. Canonical forms and meaningful differences live here, never inside a cloud.

pub mod certificate;
mod curve;
pub mod jwks;
pub mod mapping;
pub mod saml_metadata;
pub mod trust;

/// What others wrote, for a message: control characters and directional overrides are escaped.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let is_plain =
                !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let (plain, escaped) = if is_plain {
                (Some(c), None)
            } else {
                (None, Some(c.escape_unicode()))
            };
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}
