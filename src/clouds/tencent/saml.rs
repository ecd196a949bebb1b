//! What the two SAML kinds of Tencent Cloud have in common: the provider's metadata, which travels
//! as base64 of the XML (apis/tencent.md §3.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::fields;
use crate::clouds::wire;
use crate::federation::saml_metadata::decode_live;
use crate::model::{Fields, Value};
use crate::provider::{Change, Clear, Effect, Field, Form, Impossible, Need};

/// Nobody documents a limit; a request may have 10 MB (§1.3), and side files have 1 MiB.
const METADATA_BYTES: usize = 1024 * 1024;

/// The row of `metadata`.
pub(super) const METADATA: Field = Field {
    name: "metadata",
    cloud_name: "SAMLMetadataDocument",
    form: Form::Metadata {
        max_bytes: METADATA_BYTES,
    },
    need: Need::ForCreate,
    clear: Clear::Refused("Tencent Cloud requires the identity provider's metadata"),
    change: Change::InPlace,
    effect: Effect::Accepts,
    doc: "The identity provider's SAML metadata: who it is, its certificates and where people sign in. Written as `SAMLMetadataDocument`, read as `SAMLMetadata`.",
    source: "apis/tencent.md §3.3",
};

/// The live document. What is no base64 is kept as it is and so differs from every metadata.
pub(super) fn live_metadata(raw: &Value) -> Option<Value> {
    let text = wire::text(raw, "SAMLMetadata").filter(|text| !text.is_empty())?;
    let decoded = fields::decode(&text).map(|bytes| decode_live(&bytes));
    Some(decoded.unwrap_or(text).into())
}

/// A document as it is sent.
pub(super) fn encode(metadata: &str) -> Value {
    Value::String(STANDARD.encode(metadata))
}

/// The document to send: the manifest's, else the live one.
///
/// # Errors
/// Neither has one.
pub(super) fn metadata_to_send<'a>(
    desired: &'a Fields,
    live: Option<&'a Fields>,
) -> Result<&'a str, Impossible> {
    [Some(desired), live]
        .into_iter()
        .flatten()
        .find_map(|fields| fields.get("metadata").and_then(Value::as_str))
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            "Tencent Cloud needs `metadata`, which neither the manifest nor the live object has"
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_survive_the_way_to_the_wire_and_back() {
        let document = "<EntityDescriptor>\n  ü\n</EntityDescriptor>";
        let sent = encode(document);
        let text = sent.as_str().unwrap();
        for text in [
            text.to_owned(),
            text.trim_end_matches('=').to_owned(),
            text.replace('+', "-").replace('/', "_"),
            format!("{}\n{}", &text[..10], &text[10..]),
        ] {
            let live = live_metadata(&json!({"SAMLMetadata": text}));
            assert_eq!(live, Some(document.into()), "{text}");
        }
        for (raw, expected) in [
            (json!({}), None),
            (json!({"SAMLMetadata": null}), None),
            (json!({"SAMLMetadata": ""}), None),
            (json!({"SAMLMetadata": "<x/>"}), Some(json!("<x/>"))),
        ] {
            assert_eq!(live_metadata(&raw), expected, "{raw}");
        }
    }
}
