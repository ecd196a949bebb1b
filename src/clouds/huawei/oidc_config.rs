//! `HuaweiOidcConfig`: `/v3.0/OS-FEDERATION/identity-providers/{idp}/openid-connect-config`, what a
//! provider's tokens are checked with. Facts: `apis/huawei.md §3.5`.
//!
//! POST makes it, PUT changes it, nothing deletes it: it goes with its provider. The four console
//! fields are never sent with `program`, and what the cloud may still show of them then is ignored.

use serde_json::{Map, json};

use crate::federation::jwks;
use crate::model::{Account, Code, Fields, KindName, Value, merged};
use crate::provider::field::text;
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, Field, Finding, Form, Impossible, Intent, KindInfo,
    Link, Listing, Live, Naming, Need, Observed, Phase, PhaseWrites, Read, Removal, ResourceKind,
    Samples, Scope, TextRule, Waits,
};

use super::{observation, phase, samples, segment, shown};

/// The kind.
pub(super) struct OidcConfig;

/// The call that reads.
const SHOW: &str = "ShowOpenIdConnectConfig";

/// Programs only.
const PROGRAM: &str = "program";
/// Programs and people in the console.
const PROGRAM_CONSOLE: &str = "program_console";

/// Most scopes (`apis/huawei.md §3.5`).
const MAX_SCOPES: usize = 10;
/// Most characters of all scopes together with the spaces between them (`apis/huawei.md §3.5`).
const SCOPE_CHARACTERS: usize = 255;

/// The fields that only sign-in to the console has; `response_type` goes with them unasked.
const CONSOLE_FIELDS: [&str; 3] = ["authorizationEndpoint", "scopes", "responseMode"];

const SCOPE: TextRule = TextRule {
    min: 1,
    max: SCOPE_CHARACTERS,
    allowed: "letters, digits, '_'",
    check: |text| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
};

/// Why nothing of it can be cleared.
const NO_CLEAR: Clear = Clear::Refused("the cloud cannot unset it; drop the key to leave it");

static INFO: KindInfo = KindInfo {
    name: KindName("HuaweiOidcConfig"),
    doc: "What the tokens of an identity provider with protocol oidc are checked with: issuer, \
          client id and keys; and for sign-in to the console, how people are sent to the issuer.",
    source: "apis/huawei.md §3.5",
    fields: &[
        Field {
            name: "identityProvider",
            cloud_name: "identity provider in the path",
            form: Form::Reference {
                kind: "HuaweiIdentityProvider",
                link: Link::PartOf,
            },
            need: Need::Always,
            clear: Clear::Refused("it is the configuration's identity"),
            change: Change::Immutable,
            effect: Effect::Structure,
            doc: "The provider that the configuration belongs to, and goes with.",
            source: "apis/huawei.md §3.5",
        },
        Field {
            name: "accessMode",
            cloud_name: "access_mode",
            form: Form::Choice(&[PROGRAM, PROGRAM_CONSOLE]),
            need: Need::ForCreate,
            clear: NO_CLEAR,
            change: Change::InPlace,
            effect: Effect::Switches,
            doc: "Whether the provider serves programs only (program), or programs and sign-in to \
                  the console (program_console). The latter needs authorizationEndpoint, scopes \
                  and responseMode, the former takes none of them.",
            source: "apis/huawei.md §3.5",
        },
        Field {
            name: "issuer",
            cloud_name: "idp_url",
            form: Form::Text(text(10, 255)),
            need: Need::ForCreate,
            clear: NO_CLEAR,
            change: Change::InPlace,
            effect: Effect::Accepts,
            doc: "The issuer, 10 to 255 characters; must equal `iss` of the tokens exactly, a \
                  slash at the end included.",
            source: "apis/huawei.md §3.5",
        },
        Field {
            name: "clientId",
            cloud_name: "client_id",
            form: Form::Text(text(5, 255)),
            need: Need::ForCreate,
            clear: NO_CLEAR,
            change: Change::InPlace,
            effect: Effect::Accepts,
            doc: "The one audience accepted (`aud` of the tokens), 5 to 255 characters.",
            source: "apis/huawei.md §3.5",
        },
        Field {
            name: "keys",
            cloud_name: "signing_key",
            form: Form::Keys {
                max_characters: 30_000,
                // Documented are the members of RSA keys (apis/huawei.md §3.5).
                key_types: &["RSA"],
            },
            need: Need::ForCreate,
            clear: NO_CLEAR,
            change: Change::InPlace,
            effect: Effect::Accepts,
            doc: "The issuer's public keys, at most 30000 characters of JSON. The cloud stores \
                  them and never fetches them from the issuer.",
            source: "apis/huawei.md §3.5",
        },
        Field {
            name: "authorizationEndpoint",
            cloud_name: "authorization_endpoint",
            form: Form::Text(text(10, 255)),
            need: Need::Optional,
            clear: NO_CLEAR,
            change: Change::InPlace,
            effect: Effect::MayBreak,
            doc: "Where people are sent to sign in, 10 to 255 characters; program_console only.",
            source: "apis/huawei.md §3.5",
        },
        Field {
            name: "scopes",
            cloud_name: "scope",
            form: Form::TextSet {
                item: SCOPE,
                max_items: MAX_SCOPES,
            },
            need: Need::Optional,
            clear: NO_CLEAR,
            change: Change::InPlace,
            effect: Effect::MayBreak,
            doc: "What is asked of the issuer, 1 to 10 scopes with openid among them, together at \
                  most 255 characters; program_console only.",
            source: "apis/huawei.md §3.5",
        },
        Field {
            name: "responseMode",
            cloud_name: "response_mode",
            form: Form::Choice(&["form_post", "fragment"]),
            need: Need::Optional,
            clear: NO_CLEAR,
            change: Change::InPlace,
            effect: Effect::MayBreak,
            doc: "How the issuer sends the token back; program_console only.",
            source: "apis/huawei.md §3.5",
        },
    ],
    naming: Naming::ByFields(&["identityProvider"]),
    removal: Removal::WithParent("identityProvider"),
    cannot_list: Some("the cloud shows the configuration of one identity provider at a time"),
    cloud_managed: &[],
    create_switches_sign_in: false,
    waits: Some(Waits {
        kind: KindName("HuaweiProtocol"),
        same_field: "identityProvider",
        one_has: None,
    }),
    excludes: None,
};

impl ResourceKind for OidcConfig {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn check(&self, fields: &Fields, _account: &Account, findings: &mut Vec<Finding>) {
        if fields.get("accessMode").and_then(Value::as_str) == Some(PROGRAM) {
            for field in CONSOLE_FIELDS {
                if fields.contains_key(field) {
                    findings.push(Finding {
                        field,
                        code: Code::ConflictingFields,
                        title: format!("`{field}` does not go with accessMode `{PROGRAM}`"),
                        help: format!("drop `{field}`, or write accessMode: {PROGRAM_CONSOLE}"),
                    });
                }
            }
        }
        check_scopes(fields, findings);
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        scope
            .identities()
            .map(|identity| Read(Call::rest(SHOW, "GET", path(identity), Value::Null)))
            .collect()
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let wanted = scope
            .identities()
            .enumerate()
            .map(|(index, identity)| {
                let object = shown(SHOW, answers.get(index), "openid_connect_config")
                    .map(|object| object.map(|object| placed(identity, &object)));
                (identity.to_owned(), observation(SHOW, object, live_of))
            })
            .collect();
        Observed {
            wanted,
            others: Listing::NotRead,
        }
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        match intent {
            Intent::Create {
                identity, fields, ..
            } => {
                for field in ["accessMode", "issuer", "clientId", "keys"] {
                    if !fields.contains_key(field) {
                        return Err(format!("the configuration needs `{field}` to be created"));
                    }
                }
                let own = Fields::from([("identityProvider".to_owned(), json!(identity))]);
                let fields = merged(&own, fields);
                write(
                    identity,
                    fields,
                    "CreateOpenIdConnectConfig",
                    "POST",
                    Again::ConflictIsDone,
                )
            }
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => {
                if changed.is_empty() {
                    return Ok(Vec::new());
                }
                if changed.iter().any(|field| field == "identityProvider") {
                    return Err("a configuration cannot move to another provider".to_owned());
                }
                let mut fields = merged(&live.fields, desired);
                if desired.get("accessMode").and_then(Value::as_str) == Some(PROGRAM) {
                    for field in CONSOLE_FIELDS {
                        if !desired.contains_key(field) {
                            fields.remove(field);
                        }
                    }
                }
                write(
                    identity,
                    fields,
                    "UpdateOpenIdConnectConfig",
                    "PUT",
                    Again::Same,
                )
            }
            // No call deletes it; it goes with the provider.
            Intent::Remove { .. } => Ok(Vec::new()),
        }
    }

    fn samples(&self) -> Samples {
        samples::oidc_config()
    }
}

fn check_scopes(fields: &Fields, findings: &mut Vec<Finding>) {
    let Some(scopes) = fields.get("scopes").and_then(Value::as_array) else {
        return;
    };
    if !scopes.iter().any(|scope| scope == "openid") {
        findings.push(Finding {
            field: "scopes",
            code: Code::ValueOutOfRange,
            title: "`scopes` must hold `openid`".to_owned(),
            help: "add openid".to_owned(),
        });
    }
    let characters = joined(scopes).chars().count();
    if characters > SCOPE_CHARACTERS {
        findings.push(Finding {
            field: "scopes",
            code: Code::ValueOutOfRange,
            title: format!(
                "`scopes` has {characters} characters with the spaces between; the cloud takes \
                 {SCOPE_CHARACTERS}"
            ),
            help: "ask for fewer scopes".to_owned(),
        });
    }
}

fn path(identity: &str) -> String {
    format!(
        "/v3.0/OS-FEDERATION/identity-providers/{}/openid-connect-config",
        segment(identity)
    )
}

/// The cloud's object with its identity, which the cloud tells by the path alone.
fn placed(identity: &str, object: &Value) -> Value {
    json!({"identity": identity, "config": object})
}

fn live_of(placed: &Value) -> Result<Live, &'static str> {
    let config = &placed["config"];
    let mut fields = Fields::from([("identityProvider".to_owned(), placed["identity"].clone())]);
    let mut keep = |field: &str, value: Value| fields.insert(field.to_owned(), value);
    let text = |member: &str| config[member].as_str().filter(|text| !text.is_empty());
    let Some(mode) = text("access_mode") else {
        return Err("the configuration has no `access_mode`");
    };
    keep("accessMode", json!(mode));
    for (field, member) in [("issuer", "idp_url"), ("clientId", "client_id")] {
        if let Some(value) = text(member) {
            keep(field, json!(value));
        }
    }
    let keys = &config["signing_key"];
    if !keys.is_null() {
        // Documented is a text only; a set that came unwrapped is still the same set.
        let text = keys
            .as_str()
            .map_or_else(|| keys.to_string(), str::to_owned);
        keep("keys", jwks::canonical_live(&text));
    }
    if mode != PROGRAM {
        for (field, member) in [
            ("authorizationEndpoint", "authorization_endpoint"),
            ("responseMode", "response_mode"),
        ] {
            if let Some(value) = text(member) {
                keep(field, json!(value));
            }
        }
        if let Some(scope) = text("scope") {
            let mut scopes: Vec<&str> = scope.split_whitespace().collect();
            scopes.sort_unstable();
            scopes.dedup();
            keep("scopes", json!(scopes));
        }
    }
    Ok(Live {
        fields: fields.into(),
        raw: config.clone(),
        ..Live::default()
    })
}

/// One write with all that is known, which is always safe: the cloud merges what it gets.
fn write(
    identity: &str,
    fields: Fields,
    name: &'static str,
    method: &'static str,
    again: Again,
) -> Result<Vec<PhaseWrites>, Impossible> {
    let body = body(&fields)?;
    let call = Call::rest(
        name,
        method,
        path(identity),
        json!({ "openid_connect_config": body }),
    );
    Ok(vec![phase(Phase::Write, call, again, Some(fields))])
}

fn body(fields: &Fields) -> Result<Map<String, Value>, Impossible> {
    let mode = fields.get("accessMode").and_then(Value::as_str);
    let mut body = Map::new();
    for (field, member) in [
        ("accessMode", "access_mode"),
        ("issuer", "idp_url"),
        ("clientId", "client_id"),
    ] {
        if let Some(value) = fields.get(field) {
            body.insert(member.to_owned(), value.clone());
        }
    }
    if let Some(keys) = fields.get("keys") {
        // A text is what the cloud holds without being a key set; it goes back as it came.
        let text = keys
            .as_str()
            .map_or_else(|| keys.to_string(), str::to_owned);
        body.insert("signing_key".to_owned(), Value::String(text));
    }
    if mode != Some(PROGRAM_CONSOLE) {
        return match CONSOLE_FIELDS
            .iter()
            .find(|field| fields.contains_key(**field))
        {
            None => Ok(body),
            Some(field) => Err(format!(
                "`{field}` is for sign-in to the console, but the access mode is `{}`",
                mode.unwrap_or("not known")
            )),
        };
    }
    let [Some(endpoint), Some(scopes), Some(response_mode)] =
        CONSOLE_FIELDS.map(|field| fields.get(field))
    else {
        let missing: Vec<&str> = CONSOLE_FIELDS
            .into_iter()
            .filter(|field| !fields.contains_key(*field))
            .collect();
        return Err(format!(
            "the access mode `{PROGRAM_CONSOLE}` needs {} as well",
            missing.join(", ")
        ));
    };
    let scopes = scopes.as_array().map(Vec::as_slice).unwrap_or_default();
    body.insert("authorization_endpoint".to_owned(), endpoint.clone());
    body.insert("scope".to_owned(), json!(joined(scopes)));
    // The only one there is, and required.
    body.insert("response_type".to_owned(), json!("id_token"));
    body.insert("response_mode".to_owned(), response_mode.clone());
    Ok(body)
}

fn joined(scopes: &[Value]) -> String {
    scopes
        .iter()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
#[path = "oidc_config_tests.rs"]
mod tests;
