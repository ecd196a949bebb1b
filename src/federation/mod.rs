//! The subject matter, pure: issuers, key sets, certificates, SAML metadata, mappings, trust
//! policies. Canonical forms and meaningful differences live here, never inside a cloud.

pub mod certificate;
pub mod certificate_chain;
mod curve;
pub mod issuer;
pub mod jwks;
pub mod mapping;
pub mod saml_metadata;
mod strict;
pub mod subject;
pub mod trust;

/// JSON has no byte order mark, but real servers send one.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Foreign text as it can be shown: what cannot be seen, or moves what stands around it, is
/// escaped.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let is_plain = !c.is_control()
            && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if is_plain {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}
