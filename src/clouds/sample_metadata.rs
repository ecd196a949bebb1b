//! SAML metadata for the samples of kinds: one identity provider before, while and after its
//! signing certificate is exchanged. Made for this program; the keys were thrown away.

use serde_json::json;

use crate::model::Value;

/// With the certificate that ends in 2032.
pub(super) const OLD: &str = include_str!("sample_metadata/old.xml");
/// With both certificates.
pub(super) const BOTH: &str = include_str!("sample_metadata/both.xml");
/// With the certificate that ends in 2037.
pub(super) const NEW: &str = include_str!("sample_metadata/new.xml");

/// A document as a manifest gives it.
pub(super) fn inline(document: &str) -> Value {
    json!({ "inline": document })
}
