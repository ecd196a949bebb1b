//! What SAML metadata must be: apis/alibaba.md §3.3, §11.14. The codes are UNCONFIRMED guesses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node, ParsingOptions};

use super::answer::{Refusal, Result, refusal};
use super::check::invalid;
use super::state::Settings;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Characters of one line of base64 in answers: apis/alibaba.md §11.13.
const LINE_CHARACTERS: usize = 76;

/// Takes the document of a parameter and gives it back as it is kept: base64 without line breaks.
pub(super) fn accept(encoded: &str, parameter: &str, settings: &Settings) -> Result<String> {
    let refused = |why: &str| invalid(parameter, why);
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| refused("it is not base64"))?;
    if bytes.len() > settings.metadata_bytes {
        return Err(refused("it is too large"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| refused("it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let options = ParsingOptions {
        nodes_limit: 50_000,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|_| refused("it is not well-formed XML without a document type"))?;
    provider(&document, settings).map_err(|why| match why {
        Why::Invalid(why) => refused(why),
        Why::Refused(refusal) => refusal,
    })?;
    Ok(STANDARD.encode(bytes))
}

enum Why {
    Invalid(&'static str),
    Refused(Refusal),
}

fn provider(document: &Document<'_>, settings: &Settings) -> std::result::Result<(), Why> {
    let root = document.root_element();
    let is_metadata = root.has_tag_name((METADATA, "EntityDescriptor"))
        || root.has_tag_name((METADATA, "EntitiesDescriptor"));
    if !is_metadata {
        return Err(Why::Invalid("it is no SAML 2.0 metadata"));
    }
    let roles: Vec<Node<'_, '_>> = root
        .descendants()
        .filter(|node| node.has_tag_name((METADATA, "IDPSSODescriptor")))
        .collect();
    let [role] = roles.as_slice() else {
        return Err(Why::Invalid("it needs exactly one IDPSSODescriptor"));
    };
    let entity = role.parent_element();
    if entity.is_none_or(|entity| entity.attribute("entityID").unwrap_or_default().is_empty()) {
        return Err(Why::Invalid("its entity has no entityID"));
    }
    let mut certificates: Vec<Vec<u8>> = Vec::new();
    for key in role
        .children()
        .filter(|node| node.has_tag_name((METADATA, "KeyDescriptor")))
        .filter(|key| key.attribute("use") != Some("encryption"))
    {
        for element in key
            .descendants()
            .filter(|node| node.has_tag_name((SIGNATURE, "X509Certificate")))
        {
            let text: String = element
                .children()
                .filter_map(|child| child.text())
                .flat_map(str::split_whitespace)
                .collect();
            let Ok(der) = STANDARD.decode(text) else {
                return Err(Why::Invalid("a signing certificate is not base64"));
            };
            if der.first() != Some(&0x30) {
                return Err(Why::Invalid("a signing certificate is no certificate"));
            }
            if !certificates.contains(&der) {
                certificates.push(der);
            }
        }
    }
    if certificates.is_empty() {
        return Err(Why::Invalid("it has no signing certificate"));
    }
    let quota = settings.signing_certificate_quota;
    if certificates.len() > quota {
        return Err(Why::Refused(refusal(
            409,
            "LimitExceeded.SAMLProvider.Certificate",
            format!("The number of signing certificates exceeds its limit of {quota}."),
        )));
    }
    Ok(())
}

/// The document as an answer shows it: broken into lines, which clients must cope with.
pub(super) fn shown(kept: &str) -> String {
    let mut lines = Vec::new();
    let mut rest = kept;
    while rest.len() > LINE_CHARACTERS {
        // Base64 is ASCII; what somebody put into the file by hand need not be.
        let Some((line, more)) = rest.split_at_checked(LINE_CHARACTERS) else {
            break;
        };
        lines.push(line);
        rest = more;
    }
    lines.push(rest);
    lines.join("\n")
}
