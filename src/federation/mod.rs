//! The subject matter, pure: issuers, key sets, certificates. Canonical forms and meaningful
//! differences live here, never inside a cloud.

pub mod certificate_chain;
mod curve;
pub mod issuer;
pub mod jwks;
mod strict;

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
