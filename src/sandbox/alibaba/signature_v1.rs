//! The legacy RPC signature, HMAC-SHA1 in parameters: apis/alibaba.md §2.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::{Result, refusal};
use super::asked::Asked;
use super::signature::{Claim, Expected, incomplete};
use super::signature_v3::canonical_query;
use crate::sandbox::digest::hmac_sha1;
use crate::sandbox::wire;

/// What the parameters claim, once the common ones are all there.
pub(super) fn claim(asked: &Asked) -> Result<Claim<'_>> {
    let mandatory = |name: &str| {
        asked
            .given(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                // The codes besides MissingAccessKeyId are UNCONFIRMED: apis/alibaba.md §2.4.
                refusal(
                    400,
                    format!("Missing{name}"),
                    format!("{name} is mandatory for this action."),
                )
            })
    };
    let claim = Claim {
        key_id: mandatory("AccessKeyId")?,
        date: mandatory("Timestamp")?,
        nonce: mandatory("SignatureNonce")?,
        token: asked.given("SecurityToken"),
        signature: mandatory("Signature")?,
    };
    if mandatory("SignatureMethod")? != "HMAC-SHA1" || mandatory("SignatureVersion")? != "1.0" {
        return Err(incomplete(
            "Only SignatureMethod HMAC-SHA1 with SignatureVersion 1.0 is served.",
        ));
    }
    Ok(claim)
}

/// The signature these parameters should carry.
pub(super) fn expected(method: &str, asked: &Asked, secret: &str) -> Expected {
    let string_to_sign = string_to_sign(method, asked);
    let key = format!("{secret}&");
    let signature = STANDARD.encode(hmac_sha1(key.as_bytes(), string_to_sign.as_bytes()));
    // Clients compare the end of this text with their own string: apis/alibaba.md §2.4.
    let mismatch = refusal(
        400,
        "SignatureDoesNotMatch",
        format!(
            "Specified signature is not matched with our calculation. server string to sign \
             is:{string_to_sign}"
        ),
    );
    Expected {
        signature,
        mismatch,
    }
}

/// Every parameter but the signature, encoded twice.
pub(super) fn string_to_sign(method: &str, asked: &Asked) -> String {
    let signed: Vec<_> = asked
        .parameters()
        .iter()
        .filter(|(name, _)| name != "Signature")
        .cloned()
        .collect();
    format!("{method}&%2F&{}", wire::encode(&canonical_query(&signed)))
}
