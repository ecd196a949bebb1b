//! `AlibabaUserSso`: how the RAM users of an account sign in, by SAML or with a password
//! (apis/alibaba.md §3.4). One for each account; it always exists, and nothing deletes it.
//!
//! One call sets all five parameters, and whether one that is left out falls back to its default is
//! documented nowhere: every write sends all that is known.

use serde_json::{Map, json};

use super::oidc_provider::write;
use super::saml;
use crate::clouds::answers::{came, malformed};
use crate::clouds::wire;
use crate::model::{Account, Fields, KindName, Value, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, Facts, Field, Finding, Form, Impossible, Intent,
    KindInfo, Live, Naming, Need, Observation, Observed, Phase, PhaseWrites, Read, Removal,
    ResourceKind, Samples, Scope, SideEffect, TextRule, Write,
};

/// The kind.
pub(super) struct UserSso;

const GET: &str = "GetUserSsoSettings";
const SET: &str = "SetUserSsoSettings";
/// The document's name in answers and parameters (§3.4).
const DOCUMENT: &str = "MetadataDocument";

static INFO: KindInfo = KindInfo {
    name: KindName("AlibabaUserSso"),
    doc: "User SSO of the account: while it is enabled, RAM users sign in to the console only through this SAML identity provider. The settings always exist, so the first write is an update.",
    source: "apis/alibaba.md §3.4",
    fields: FIELDS,
    naming: Naming::Singleton,
    removal: Removal::Disable,
    cannot_list: None,
    cloud_managed: &[],
    // Nothing creates it, but enabling it is the same: everybody signs in another way from then on.
    create_switches_sign_in: true,
    waits: None,
    excludes: None,
};

static FIELDS: &[Field] = &[
    saml::metadata_field(
        DOCUMENT,
        Need::Optional,
        "The SAML 2.0 metadata of the identity provider. Enabled with the wrong one, no RAM user can sign in to the console; the account's owner still can.",
        "apis/alibaba.md §3.4",
    ),
    Field {
        name: "enabled",
        cloud_name: "SsoEnabled",
        form: Form::Flag,
        need: Need::Optional,
        clear: Clear::Refused("a switch is true or false"),
        change: Change::InPlace,
        effect: Effect::Switches,
        doc: "Whether RAM users sign in through the identity provider, and only so. Off, the settings stay and password sign-in returns.",
        source: "apis/alibaba.md §3.4",
    },
    Field {
        name: "auxiliaryDomain",
        cloud_name: "AuxiliaryDomain",
        form: Form::Text(TextRule {
            min: 1,
            // Of a domain name; the cloud documents no limit of its own.
            max: 253,
            allowed: "a domain name",
            check: is_domain,
        }),
        need: Need::Optional,
        clear: Clear::Text,
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "A further domain that the names in assertions may end with.",
        source: "apis/alibaba.md §3.4",
    },
    Field {
        name: "loginWithDomain",
        cloud_name: "SsoLoginWithDomain",
        form: Form::Flag,
        need: Need::Optional,
        clear: Clear::Refused("a switch is true or false"),
        change: Change::InPlace,
        effect: Effect::MayBreak,
        doc: "Whether assertions must name people as user@domain (true, the cloud's default) or by the bare user name.",
        source: "apis/alibaba.md §3.4",
    },
    saml::algorithm_field("apis/alibaba.md §3.4"),
];

fn is_domain(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    })
}

impl ResourceKind for UserSso {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn check(&self, fields: &Fields, _account: &Account, findings: &mut Vec<Finding>) {
        saml::check(fields, findings);
    }

    fn reads(&self, _scope: Scope<'_>) -> Vec<Read> {
        vec![Read(Call::rpc("Ims", GET, Value::Null))]
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let observation = match came(GET, answers.first()) {
            Ok(reply) => match reply.body.get("UserSsoSettings") {
                Some(raw) if raw.is_object() => Observation::Present(read_settings(raw)),
                Some(_) | None => {
                    let what = "the answer holds no settings";
                    Observation::Unreadable(malformed(GET, what, reply.request_id.clone()))
                }
            },
            // There is no "not found": whatever went wrong, the settings exist.
            Err(error) => Observation::Unreadable(error),
        };
        Observed::singleton(scope, &observation)
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        let (phase, desired, live) = match intent {
            Intent::Create { .. } => {
                return Err("the settings always exist; this is a bug in idform".to_owned());
            }
            Intent::Update { desired, live, .. } => (Phase::Write, desired.clone(), live),
            Intent::Remove { live, .. } if is_enabled(&live.fields) => (
                Phase::Remove,
                Fields::from([("enabled".to_owned(), false.into())]),
                live,
            ),
            Intent::Remove { .. } => return Ok(Vec::new()),
        };
        let leaves = merged(&live.fields, &desired);
        if is_enabled(&leaves) && !leaves.contains_key("metadata") {
            return Err(
                "user SSO cannot be enabled without `metadata`: the account has none yet, and the manifest gives none"
                    .to_owned(),
            );
        }
        Ok(vec![PhaseWrites {
            phase,
            calls: vec![set(&desired, &leaves, live)],
            leaves: Some(leaves),
        }])
    }

    fn side_effects(&self, intent: Intent<'_>) -> Vec<SideEffect> {
        let (before, after) = match intent {
            Intent::Create { .. } => return Vec::new(),
            Intent::Update { desired, live, .. } => {
                let wanted = desired.get("enabled").and_then(Value::as_bool);
                let before = is_enabled(&live.fields);
                (before, wanted.unwrap_or(before))
            }
            Intent::Remove { live, .. } => (is_enabled(&live.fields), false),
        };
        let text = match (before, after) {
            (false, true) => {
                "RAM users can no longer sign in to the console with a password, only through the identity provider"
            }
            (true, false) => "RAM users sign in to the console with a password again",
            (true, true) | (false, false) => return Vec::new(),
        };
        vec![SideEffect {
            text: text.to_owned(),
            switches_sign_in: true,
        }]
    }

    fn samples(&self) -> Samples {
        super::samples::user_sso()
    }
}

fn read_settings(raw: &Value) -> Live {
    let mut fields = Fields::from([
        ("enabled".to_owned(), flag(raw, "SsoEnabled", false)),
        (
            "auxiliaryDomain".to_owned(),
            wire::text_or_empty(raw, "AuxiliaryDomain"),
        ),
        (
            "loginWithDomain".to_owned(),
            flag(raw, "SsoLoginWithDomain", true),
        ),
        ("authnSignAlgorithm".to_owned(), saml::live_algorithm(raw)),
    ]);
    if let Some(document) = saml::live_metadata(raw, DOCUMENT) {
        fields.insert("metadata".to_owned(), document);
    }
    Live {
        fields: fields.into(),
        raw: raw.clone(),
        facts: Facts::new(),
    }
}

/// A switch, also when it is spelt as a text; without it the documented default (§3.4).
fn flag(raw: &Value, member: &str, default: bool) -> Value {
    let on = match raw.get(member) {
        Some(Value::Bool(on)) => *on,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => true,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => false,
        Some(_) | None => default,
    };
    Value::Bool(on)
}

fn is_enabled(fields: &Fields) -> bool {
    fields.get("enabled") == Some(&Value::Bool(true))
}

/// The call that leaves these fields behind.
fn set(desired: &Fields, leaves: &Fields, live: &Live) -> Write {
    let mut params = Map::new();
    for (parameter, field) in [
        ("SsoEnabled", "enabled"),
        ("SsoLoginWithDomain", "loginWithDomain"),
        ("AuthnSignAlgo", "authnSignAlgorithm"),
    ] {
        if let Some(value) = leaves.get(field) {
            params.insert(parameter.to_owned(), value.clone());
        }
    }
    // What is not managed goes back byte for byte as it came.
    let document = match desired.get("metadata") {
        Some(document) => Some(saml::encoded(document)),
        None => wire::text(&live.raw, DOCUMENT).map(|same| {
            let same: String = same.split_ascii_whitespace().collect();
            same.into()
        }),
    };
    if let Some(document) = document.filter(|document| *document != json!("")) {
        params.insert(DOCUMENT.to_owned(), document);
    }
    // Sent empty only to clear it: that is UNCONFIRMED, and nothing else could (§3.4).
    let domain = leaves.get("auxiliaryDomain").and_then(Value::as_str);
    let domain = domain.unwrap_or_default();
    let had_one = wire::text(&live.raw, "AuxiliaryDomain").is_some_and(|old| !old.is_empty());
    if !domain.is_empty() || had_one {
        params.insert("AuxiliaryDomain".to_owned(), domain.into());
    }
    write(SET, Value::Object(params), Again::Same)
}

#[cfg(test)]
mod tests;
