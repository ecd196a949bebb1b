//! What `AlibabaSamlProvider` and `AlibabaUserSso` share: metadata on the wire, its limits, the
//! algorithm of the cloud's own requests (apis/alibaba.md §3.3, §3.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::clouds::wire;
use crate::federation::{certificate, saml_metadata};
use crate::model::{Code, Fields, Value};
use crate::provider::{Change, Clear, Effect, Field, Finding, Form, Need};

/// Largest metadata, in bytes before base64. UNCONFIRMED: the guess of §3.3.
const METADATA_BYTES: usize = 100 * 1024;

/// Most signing certificates of a provider, as documented in 2021 (§3.3).
const SIGNING_CERTIFICATES: usize = 2;

/// The algorithm when none is named, also by answers that do not know the member (§3.3).
pub(super) const DEFAULT_ALGORITHM: &str = "rsa-sha1";

/// The metadata of an identity provider.
pub(super) const fn metadata_field(
    cloud_name: &'static str,
    need: Need,
    doc: &'static str,
    source: &'static str,
) -> Field {
    Field {
        name: "metadata",
        cloud_name,
        form: Form::Metadata {
            max_bytes: METADATA_BYTES,
        },
        need,
        // That it can be erased again is documented nowhere (§3.4).
        clear: Clear::Refused("Alibaba Cloud has no way to take metadata away again"),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc,
        source,
    }
}

/// How the cloud signs its requests.
pub(super) const fn algorithm_field(source: &'static str) -> Field {
    Field {
        name: "authnSignAlgorithm",
        cloud_name: "AuthnSignAlgo",
        form: Form::Choice(&[DEFAULT_ALGORITHM, "rsa-sha256"]),
        need: Need::Optional,
        clear: Clear::Refused("there is always one; rsa-sha1 is the cloud's default"),
        change: Change::InPlace,
        effect: Effect::MayBreak,
        doc: "The algorithm with which Alibaba Cloud signs the requests that it sends to the identity provider.",
        source,
    }
}

/// The metadata as the cloud holds it. The base64 may be broken into lines (§3.3). [`None`] where
/// there is none; what is no base64 stays as it is, so that it differs from every document.
pub(super) fn live_metadata(raw: &Value, member: &str) -> Option<Value> {
    let text = wire::text(raw, member).filter(|text| !text.trim().is_empty())?;
    let document = match certificate::decode_base64(&text) {
        Some(bytes) => saml_metadata::decode_live(&bytes),
        None => text,
    };
    Some(Value::String(document))
}

/// The algorithm of a live object.
pub(super) fn live_algorithm(raw: &Value) -> Value {
    let named = wire::text(raw, "AuthnSignAlgo").filter(|name| !name.is_empty());
    Value::String(named.unwrap_or_else(|| DEFAULT_ALGORITHM.to_owned()))
}

/// A document as it is sent.
pub(super) fn encoded(document: &Value) -> Value {
    Value::String(STANDARD.encode(document.as_str().unwrap_or_default()))
}

/// What the cloud would refuse in metadata that is otherwise good.
pub(super) fn check(fields: &Fields, findings: &mut Vec<Finding>) {
    let Some(text) = fields.get("metadata").and_then(Value::as_str) else {
        return;
    };
    let Some(summary) = saml_metadata::summary(text) else {
        return;
    };
    let count = summary.signing_certificates().len();
    if count > SIGNING_CERTIFICATES {
        findings.push(Finding {
            field: "metadata",
            code: Code::ValueOutOfRange,
            title: format!(
                "`metadata` has {count} signing certificates, and Alibaba Cloud documents at most {SIGNING_CERTIFICATES}"
            ),
            help: "leave the certificate in use and the one that follows it".to_owned(),
        });
    }
}
