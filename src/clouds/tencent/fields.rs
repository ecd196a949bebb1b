//! What the kinds of Tencent Cloud have in common: rules and base64; and the two OIDC kinds: keys,
//! the rotation switch.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use serde_json::Map;

use crate::clouds::wire;
use crate::federation::jwks;
use crate::model::{Account, Code, Fields, KindName, Value};
use crate::provider::{
    Again, Call, Change, Clear, Effect, Field, Finding, Form, Impossible, Need, TextRule, Write,
    field,
};

/// A call that changes something, and when it may be sent again.
pub(super) fn write(name: &'static str, params: Value, again: Again) -> Write {
    Write {
        call: Call::rpc("cam", name, params),
        again,
    }
}

/// Issuers and endpoints. No maximum is documented (UNCONFIRMED: 255, apis/tencent.md §3.0).
pub(super) const URL: TextRule = TextRule {
    min: 9,
    max: 255,
    allowed: "an https:// URL without '?', '#' and '@'",
    check: wire::is_https_url,
};

/// Client ids. Documented for user OIDC; that role OIDC takes the same is UNCONFIRMED (§3.0).
pub(super) const CLIENT_ID: TextRule = TextRule {
    min: 1,
    max: 64,
    allowed: "letters, digits and '.', '-', '_', ':', '/', the first a letter or digit",
    check: wire::is_client_id,
};

/// Nobody documents a limit; a request may have 10 MB (§1.3), and side files have 1 MiB.
const KEYS_CHARACTERS: usize = 1024 * 1024;
/// Newer documentation says RSA; that others are refused is UNCONFIRMED (apis/tencent.md §3.0).
const KEY_TYPES: &[&str] = &["RSA"];

/// Names of identity providers for roles. The pattern is undocumented (UNCONFIRMED): the subset of
/// all names seen (§3.0).
pub(super) const PROVIDER_NAME: TextRule = TextRule {
    min: 1,
    max: 128,
    allowed: "letters, digits, '-' and '_'",
    check: |text| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    },
};

/// Identity providers for roles that the vendor's Identity Center deploys (§3.0).
pub(super) const VENDOR_MANAGED: &[&str] = &["TencentReservedSSO-*"];

/// Longest description in characters; documented for user OIDC, UNCONFIRMED for the others (§3.0).
const DESCRIPTION_CHARACTERS: usize = 255;

/// A text field: its name in manifests and on the wire.
pub(super) type Names = (&'static str, &'static str);

/// Takes base64 with padding and without, and with stray bits at the end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The row of `issuer`.
pub(super) const ISSUER: Field = Field {
    name: "issuer",
    cloud_name: "IdentityUrl",
    form: Form::Text(URL),
    need: Need::ForCreate,
    clear: Clear::Refused("an OIDC identity provider without an issuer accepts nobody"),
    change: Change::InPlace,
    effect: Effect::Accepts,
    doc: "The issuer, byte for byte as in its discovery document and in the `iss` of its tokens.",
    source: "apis/tencent.md §3.0",
};

/// The row of `keys`.
pub(super) const KEYS: Field = Field {
    name: "keys",
    cloud_name: "IdentityKey",
    form: Form::Keys {
        max_characters: KEYS_CHARACTERS,
        key_types: KEY_TYPES,
    },
    need: Need::ForCreate,
    clear: Clear::Refused("Tencent Cloud requires the issuer's keys"),
    change: Change::InPlace,
    effect: Effect::Accepts,
    doc: "The issuer's public signing keys (RSA), stored as a copy of its JWKS. With `autoRotateKeys: true` they are used to create only: Tencent Cloud replaces them by itself afterwards.",
    source: "apis/tencent.md §3.0",
};

/// The row of `autoRotateKeys`.
pub(super) const AUTO_ROTATE_KEYS: Field = Field {
    name: "autoRotateKeys",
    cloud_name: "AutoRotateKey",
    form: Form::Flag,
    need: Need::Optional,
    clear: Clear::Refused("a switch is true or false"),
    change: Change::InPlace,
    effect: Effect::Accepts,
    doc: "Whether Tencent Cloud fetches new keys from the issuer by itself. Known on the china site only.",
    source: "apis/tencent.md §3.0",
};

/// The row of `description`.
pub(super) const DESCRIPTION: Field = Field {
    name: "description",
    cloud_name: "Description",
    form: Form::Text(field::text(1, DESCRIPTION_CHARACTERS)),
    need: Need::Optional,
    clear: Clear::Text,
    change: Change::InPlace,
    effect: Effect::Cosmetic,
    doc: "Free text for people.",
    source: "apis/tencent.md §3.0",
};

/// Role OIDC and SAML providers share one name space and one quota; UNCONFIRMED, guessed from the
/// error `InvalidParameter.IdentityNameInUse` that both have (§10).
pub(super) const PROVIDER_NAME_SPACE: KindName = KindName("TencentOidcProvider");

/// Finds `autoRotateKeys: true` on a site that does not know it: the gateway would refuse the whole
/// request as `UnknownParameter`.
pub(super) fn check_site(fields: &Fields, account: &Account, findings: &mut Vec<Finding>) {
    if rotates(fields) == Some(true) && account.site.as_deref() == Some("international") {
        findings.push(Finding {
            field: "autoRotateKeys",
            code: Code::UnsupportedBySite,
            title: "the international site of Tencent Cloud does not know `autoRotateKeys`"
                .to_owned(),
            help: "drop `autoRotateKeys` and keep the keys current with `idform lock`".to_owned(),
        });
    }
}

/// What the fields say of automatic rotation.
fn rotates(fields: &Fields) -> Option<bool> {
    fields.get("autoRotateKeys").and_then(Value::as_bool)
}

/// `keys` decide only at creation when the cloud then rotates them.
pub(super) fn not_compared(desired: &Fields) -> &'static [&'static str] {
    match rotates(desired) {
        Some(true) => &["keys"],
        Some(false) | None => &[],
    }
}

/// The value of `AutoRotateKey` to send, if any. A site that does not know the member refuses
/// requests that hold it, and one that knows it takes omission as 0: so it is sent when it is to be
/// on, or when the live object shows that the site knows it.
fn rotation_to_send(desired: &Fields, raw: &Value) -> Option<Value> {
    let live = wire::number(raw, "AutoRotateKey");
    match rotates(desired) {
        Some(true) => Some(1.into()),
        Some(false) => live.map(|_| 0.into()),
        None => live.map(Value::from),
    }
}

/// What base64 text stands for; its alphabet and padding vary (§3.0). [`None`] when it is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    LENIENT.decode(plain).ok()
}

/// The canonical form of a live key set, which travels as base64 of the JWKS text. What is no
/// base64 is kept as it is and so differs from every key set.
pub(super) fn live_keys(raw: &Value) -> Option<Value> {
    let text = wire::text(raw, "IdentityKey").filter(|text| !text.is_empty())?;
    let decoded = decode(&text).and_then(|bytes| String::from_utf8(bytes).ok());
    Some(jwks::canonical_live(decoded.as_deref().unwrap_or(&text)))
}

/// A canonical key set as it is sent: padded standard base64 of the JWKS.
fn encode_keys(keys: &Value) -> Value {
    Value::String(STANDARD.encode(keys.to_string()))
}

/// Which keys a whole-object write sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeysFrom {
    /// The manifest's when it has any, else the live ones.
    Desired,
    /// The live ones, as their text was read: they did not change, or the cloud rotates them and
    /// the manifest's are older.
    Live,
}

impl KeysFrom {
    /// For an update in place of the fields named in `changed`.
    pub(super) fn for_update(desired: &Fields, changed: &[String]) -> Self {
        let differ = changed.iter().any(|name| name == "keys");
        if differ && rotates(desired) != Some(true) {
            Self::Desired
        } else {
            Self::Live
        }
    }
}

/// `IdentityKey` as it is sent, and the canonical keys that it leaves behind.
///
/// # Errors
/// There are no keys on either side.
fn keys_to_send(
    from: KeysFrom,
    desired: &Fields,
    raw: &Value,
) -> Result<(Value, Value), Impossible> {
    let desired = desired
        .get("keys")
        .filter(|keys| !keys.is_null())
        .map(|keys| (encode_keys(keys), keys.clone()));
    let live = live_keys(raw).map(|keys| (wire::text_or_empty(raw, "IdentityKey"), keys));
    match from {
        KeysFrom::Desired => desired.or(live),
        KeysFrom::Live => live.or(desired),
    }
    .ok_or_else(|| missing("keys"))
}

/// A required text: the manifest's, else the live one.
///
/// # Errors
/// Neither has it.
fn required_text(
    desired: &Fields,
    name: &str,
    raw: &Value,
    cloud_name: &str,
) -> Result<String, Impossible> {
    desired
        .get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .or_else(|| wire::text(raw, cloud_name))
        .filter(|text| !text.is_empty())
        .ok_or_else(|| missing(name))
}

/// The description: the manifest's (null clears), else the live one.
fn description(desired: &Fields, raw: &Value) -> String {
    match desired.get("description") {
        Some(text) => text.as_str().unwrap_or_default().to_owned(),
        None => wire::text(raw, "Description").unwrap_or_default(),
    }
}

/// The canonical form of what both kinds have, and of the texts in `names`.
pub(super) fn live_fields(raw: &Value, names: &[Names]) -> Fields {
    let mut live = Fields::new();
    for (name, cloud_name) in names.iter().chain(&[("description", "Description")]) {
        live.insert((*name).to_owned(), wire::text_or_empty(raw, cloud_name));
    }
    if let Some(keys) = live_keys(raw) {
        live.insert("keys".to_owned(), keys);
    }
    let rotates = wire::number(raw, "AutoRotateKey") == Some(1);
    live.insert("autoRotateKeys".to_owned(), rotates.into());
    live
}

/// What both kinds send of a whole object, with the required texts in `names`, and the canonical
/// fields that it leaves behind. What is not managed is sent back as it was read.
///
/// # Errors
/// Something required is neither managed nor live.
pub(super) fn whole_object(
    desired: &Fields,
    raw: &Value,
    names: &[Names],
    keys: KeysFrom,
) -> Result<(Value, Fields), Impossible> {
    let mut params = Map::new();
    let mut leaves = Fields::new();
    for (name, cloud_name) in names {
        let text = required_text(desired, name, raw, cloud_name)?;
        params.insert((*cloud_name).to_owned(), text.clone().into());
        leaves.insert((*name).to_owned(), text.into());
    }
    let (identity_key, keys) = keys_to_send(keys, desired, raw)?;
    params.insert("IdentityKey".to_owned(), identity_key);
    leaves.insert("keys".to_owned(), keys);
    let description = description(desired, raw);
    // "1 to 255 characters if given" (§3.0): an empty one is said by leaving it out.
    if !description.is_empty() {
        params.insert("Description".to_owned(), description.clone().into());
    }
    leaves.insert("description".to_owned(), description.into());
    let rotation = rotation_to_send(desired, raw);
    let rotates = rotation == Some(1.into());
    leaves.insert("autoRotateKeys".to_owned(), rotates.into());
    if let Some(rotation) = rotation {
        params.insert("AutoRotateKey".to_owned(), rotation);
    }
    Ok((Value::Object(params), leaves))
}

fn missing(name: &str) -> Impossible {
    format!(
        "Tencent Cloud takes the whole object at once and needs `{name}`, which neither the manifest nor the live object has"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn live_keys_are_read_in_every_spelling() {
        let set = json!({"keys": [{"kty": "RSA", "kid": "k>?1", "n": "AQ", "e": "AQAB"}]});
        let canonical = jwks::canonical_live(&set.to_string());
        let padded = STANDARD.encode(format!("  {set}\n"));
        let broken = padded.replace(
            'e', "
e
 ",
        );
        for text in [
            padded.clone(),
            padded.trim_end_matches('=').to_owned(),
            padded.replace('+', "-").replace('/', "_"),
            broken,
        ] {
            let raw = json!({"IdentityKey": text});
            assert_eq!(live_keys(&raw), Some(canonical.clone()), "{text}");
        }
        for (raw, expected) in [
            (json!({}), None),
            (json!({"IdentityKey": null}), None),
            (json!({"IdentityKey": ""}), None),
            (json!({"IdentityKey": 7}), None),
            (json!({"IdentityKey": "!"}), Some(json!("!"))),
            (json!({"IdentityKey": "bm8="}), Some(json!("no"))),
        ] {
            assert_eq!(live_keys(&raw), expected, "{raw}");
        }
    }

    #[test]
    fn keys_survive_the_way_to_the_wire_and_back() {
        let keys = json!({"keys": [{"e": "AQAB", "kid": "ü", "kty": "RSA", "n": "-_-_"}]});
        let raw = json!({"IdentityKey": encode_keys(&keys)});
        assert_eq!(live_keys(&raw), Some(keys));
    }

    #[test]
    fn the_rotation_switch_is_sent_only_where_the_site_knows_it() {
        let fields = |value: Value| Fields::from([("autoRotateKeys".to_owned(), value)]);
        for (desired, raw, expected) in [
            (fields(true.into()), json!({}), Some(1)),
            (fields(true.into()), json!({"AutoRotateKey": 0}), Some(1)),
            (fields(false.into()), json!({}), None),
            (fields(false.into()), json!({"AutoRotateKey": null}), None),
            (fields(false.into()), json!({"AutoRotateKey": 1}), Some(0)),
            (Fields::new(), json!(null), None),
            (Fields::new(), json!({"AutoRotateKey": 1}), Some(1)),
            (Fields::new(), json!({"AutoRotateKey": "1"}), Some(1)),
        ] {
            assert_eq!(
                rotation_to_send(&desired, &raw),
                expected.map(Value::from),
                "{desired:?} over {raw}"
            );
        }
    }
}
