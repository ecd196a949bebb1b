//! SAML 2.0 metadata of an identity provider, as a value: what it says, what is wrong with it, when
//! two documents mean the same, and how they differ.
//!
//! Read, never verified: whoever may write the manifest answers for the document, and the cloud
//! checks the provider's signatures with the certificates that stand in it.
//!
//! **What means nothing** (decided 2026-11): the XML declaration, the byte order mark, comments and
//! processing instructions, the order of attributes, namespace prefixes, white space between
//! elements and around texts, line breaks in certificates, a `WantAuthnRequestsSigned` that is false
//! as it is without, and the order of the keys for signing: whoever checks a signature tries them
//! all, and providers put the one in front that they sign with. Nor does the metadata's own signature
//! (`ds:Signature` in a descriptor) with the `ID` that it points to: no cloud checks either, and AD FS
//! and Entra make both anew for every download. Everything else counts, `validUntil` too.

use std::fmt;

mod canonical;
mod decode;
mod differences;
mod read;
mod xml;

pub use canonical::canonical;
pub use decode::{decode, decode_live, from_text};
pub use differences::{MetadataDifferences, differences};

use super::certificate::Certificate;
use super::visible;
use crate::model::Code;

/// Largest document that is read, in bytes; no provider's metadata comes near it. Clouds take less.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting of elements; real metadata has about ten. Checked before the XML reader runs.
pub const MAX_DEPTH: usize = 64;
/// Most nodes (elements, texts, comments) of a document.
pub const MAX_NODES: u32 = 100_000;

/// Namespace of metadata (saml-metadata-2.0-os §1.1).
const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Namespace of XML signatures, which also describe keys.
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Something that is wrong with a document. Never holds key material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// [`Code::InvalidMetadata`] or [`Code::PrivateKey`].
    pub code: Code,
    /// The line of the XML document, from 1, where the problem has one.
    pub line: Option<u32>,
    /// A sentence without the place; control characters in what others wrote are escaped.
    pub text: String,
}

impl Problem {
    fn new(text: impl Into<String>) -> Self {
        Self {
            code: Code::InvalidMetadata,
            line: None,
            text: text.into(),
        }
    }

    fn at(line: u32, text: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::new(text)
        }
    }

    fn private_key(line: Option<u32>, text: &str) -> Self {
        Self {
            code: Code::PrivateKey,
            line,
            text: text.to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    /// The sentence, with its line in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.text)
    }
}

/// What an identity provider's metadata says, by meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Who the provider is: the issuer of its assertions, byte for byte.
    pub entity_id: String,
    /// Where people are sent to sign in.
    pub sign_on: Vec<Endpoint>,
    /// Where people are sent to sign out.
    pub logout: Vec<Endpoint>,
    /// Forms of names that it can give.
    pub name_id_formats: Vec<String>,
    /// Its certificates, each once for each use.
    pub certificates: Vec<KeyCertificate>,
    /// Until when the metadata may be used (`validUntil`, the earlier of entity and role), as written.
    pub valid_until: Option<String>,
    /// Whether it wants signed requests (`WantAuthnRequestsSigned`).
    pub wants_signed_requests: bool,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The binding without its common prefix (`HTTP-POST`), another one whole.
    pub binding: String,
    /// The URL.
    pub location: String,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyUse {
    /// Assertions are signed with it.
    Signing,
    /// Messages to the provider are encrypted with it.
    Encryption,
    /// The document does not say: both.
    Both,
}

impl KeyUse {
    /// The words in outputs.
    pub fn words(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Encryption => "encryption",
            Self::Both => "signing and encryption",
        }
    }

    /// Whether assertions signed with such a key are accepted.
    pub fn signs(self) -> bool {
        matches!(self, Self::Signing | Self::Both)
    }
}

/// One certificate and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyCertificate {
    /// What for.
    pub key_use: KeyUse,
    /// The certificate.
    pub certificate: Certificate,
}

impl Summary {
    /// The certificates that assertions are checked with, each once.
    pub fn signing_certificates(&self) -> Vec<&Certificate> {
        let mut found: Vec<&Certificate> = self
            .certificates
            .iter()
            .filter(|key| key.key_use.signs())
            .map(|key| &key.certificate)
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// The summary as lines for people, in a fixed order; control characters are escaped.
    pub fn lines(&self) -> Vec<String> {
        differences::facts(self)
            .into_iter()
            .map(|fact| fact.text)
            .collect()
    }
}

/// Reads the metadata of one identity provider that a person gave.
///
/// # Errors
/// Everything that is wrong with it: no SAML 2.0 metadata, no or several identity providers, no
/// signing certificate, a certificate that is none, private key material. It is not usable then.
pub fn check(text: &str) -> Result<Summary, Vec<Problem>> {
    if let Some(problem) = xml::private_text(text) {
        return Err(vec![problem]);
    }
    let document = xml::parse(text).map_err(|problem| vec![problem])?;
    let private = xml::private_elements(&document);
    if !private.is_empty() {
        return Err(private);
    }
    let (summary, problems) = read::provider(&document);
    match summary {
        Some(summary) if problems.is_empty() => Ok(summary),
        Some(_) | None => Err(problems),
    }
}

/// What can be read of a document, whatever else is wrong with it: of one that a cloud holds.
/// [`None`] when it is no metadata or describes no identity provider.
pub fn summary(text: &str) -> Option<Summary> {
    read::provider(&xml::parse(text).ok()?).0
}

#[cfg(test)]
mod tests;
