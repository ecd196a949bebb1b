//! `TencentUserOidc`: how the sub-users of an account sign in to the console through OIDC
//! (apis/tencent.md §3.1, §3.5). One for each account, without a name.
//!
//! There is no delete: `DisableUserSSO` leaves a disabled record, which only another
//! `CreateUserOIDCConfig` enables again. Every write replaces the whole record.

use super::fields::{self, AUTO_ROTATE_KEYS, CLIENT_ID, DESCRIPTION, ISSUER, KEYS, KeysFrom};
use super::user_sso::{
    ENABLED, OIDC, SAML, Status, is_enabled, removal, side_effects, wanted_enabled, with_enabled,
};
use crate::clouds::answers::came;
use crate::clouds::wire;
use crate::model::{Account, Code, Fields, KindName, Value};
use crate::provider::{
    Again, Answer, Change, Clear, Effect, ErrorClass, Facts, Field, Finding, Form, Impossible,
    Intent, KindInfo, Live, Naming, Need, Observation, Observed, PhaseWrites, Read, Removal,
    ResourceKind, Samples, Scope, SideEffect, TextRule, Write,
};

/// The kind.
pub(super) struct UserOidc;

/// The claims that a token may be asked to hold (§3.0).
const SCOPES: &[&str] = &["openid", "email", "profile"];

/// The texts that every write needs.
const TEXTS: &[fields::Names] = &[
    ("issuer", "IdentityUrl"),
    ("clientId", "ClientId"),
    ("authorizationEndpoint", "AuthorizationEndpoint"),
    ("responseMode", "ResponseMode"),
    ("mappingField", "MappingFiled"),
];

/// Sent with every write; the only value that is taken (§3.0).
const RESPONSE_TYPE: &str = "id_token";

/// Characters besides letters and digits in the name of a claim. The documentation prints the
/// ampersand in full width, so both are taken (§3.0).
const CLAIM_SYMBOLS: &str = "@&＆_[]-";

static INFO: KindInfo = KindInfo {
    name: KindName("TencentUserOidc"),
    doc: "Console sign-in of an account's sub-users through an OIDC identity provider. While it is enabled they cannot sign in with a password, and user SAML is off.",
    source: "apis/tencent.md §3.1",
    fields: FIELDS,
    naming: Naming::Singleton,
    removal: Removal::Disable,
    cannot_list: None,
    cloud_managed: &[],
    create_switches_sign_in: true,
    waits: None,
    excludes: None,
};

static FIELDS: &[Field] = &[
    ISSUER,
    Field {
        name: "clientId",
        cloud_name: "ClientId",
        form: Form::Text(CLIENT_ID),
        need: Need::ForCreate,
        clear: Clear::Refused("tokens are accepted for one client, so there must be one"),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "The client that the issuer knows Tencent Cloud as; the `aud` of its tokens.",
        source: "apis/tencent.md §3.0",
    },
    Field {
        name: "authorizationEndpoint",
        cloud_name: "AuthorizationEndpoint",
        form: Form::Text(fields::URL),
        need: Need::ForCreate,
        clear: Clear::Refused("the console must know where to send people"),
        change: Change::InPlace,
        effect: Effect::MayBreak,
        doc: "Where people are sent to sign in, as in the issuer's discovery document.",
        source: "apis/tencent.md §3.1",
    },
    KEYS,
    Field {
        name: "responseMode",
        cloud_name: "ResponseMode",
        form: Form::Choice(&["form_post", "fragment"]),
        need: Need::ForCreate,
        clear: Clear::Refused("Tencent Cloud requires a response mode"),
        change: Change::InPlace,
        effect: Effect::MayBreak,
        doc: "How the issuer hands the token over.",
        source: "apis/tencent.md §3.1",
    },
    Field {
        name: "mappingField",
        // The misspelling is the real name on the wire (apis/tencent.md §3.0).
        cloud_name: "MappingFiled",
        form: Form::Text(TextRule {
            min: 1,
            max: 255,
            allowed: "letters, digits, Chinese characters and '@', '&', '_', '[', ']', '-'",
            check: is_claim,
        }),
        need: Need::ForCreate,
        clear: Clear::Refused("without it no token would belong to a sub-user"),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "The claim of the token that holds the sub-user's name, usually `sub` or `name`.",
        source: "apis/tencent.md §3.0",
    },
    Field {
        name: "scopes",
        cloud_name: "Scope",
        form: Form::TextSet {
            item: TextRule {
                min: 1,
                max: 7,
                allowed: "openid, email or profile",
                check: |text| SCOPES.contains(&text),
            },
            max_items: 3,
        },
        need: Need::Optional,
        clear: Clear::Refused("Tencent Cloud always asks for `openid`; write [openid]"),
        change: Change::InPlace,
        effect: Effect::MayBreak,
        doc: "What the token is asked to hold. Always with `openid`.",
        source: "apis/tencent.md §3.0",
    },
    DESCRIPTION,
    AUTO_ROTATE_KEYS,
    ENABLED,
];

fn is_claim(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_ascii_alphanumeric()
            || CLAIM_SYMBOLS.contains(c)
            || ('\u{4e00}'..='\u{9fff}').contains(&c)
    })
}

impl ResourceKind for UserOidc {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn check(&self, fields: &Fields, account: &Account, findings: &mut Vec<Finding>) {
        fields::check_site(fields, account, findings);
        let scopes = fields.get("scopes");
        if scopes.is_some_and(|set| !wire::texts(Some(set)).contains(&"openid")) {
            findings.push(Finding {
                field: "scopes",
                code: Code::InvalidValue,
                title: "`scopes` lacks `openid`".to_owned(),
                help: "add `openid`: Tencent Cloud always adds it, so the live set holds it"
                    .to_owned(),
            });
        }
    }

    fn reads(&self, _scope: Scope<'_>) -> Vec<Read> {
        // The second answer only tells what a change would switch off.
        vec![OIDC.read(), SAML.read()]
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let facts = SAML.facts(answers.get(1));
        let observation = match came(OIDC.describe, answers.first()) {
            Ok(reply) => read_record(reply.body.clone(), reply.request_id.as_deref(), facts),
            Err(error) if error.class == ErrorClass::NotFound => Observation::Absent(facts),
            Err(error) => Observation::Unreadable(error),
        };
        Observed::singleton(scope, &observation)
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        match intent {
            Intent::Create { fields, .. } => create(fields),
            Intent::Update {
                desired,
                live,
                changed,
                ..
            } => update(desired, live, changed),
            Intent::Remove { live, .. } => Ok(removal(live, disable())),
        }
    }

    fn side_effects(&self, intent: Intent<'_>) -> Vec<SideEffect> {
        side_effects(intent, &SAML)
    }

    fn not_compared(&self, desired: &Fields) -> &'static [&'static str] {
        fields::not_compared(desired)
    }

    fn samples(&self) -> Samples {
        super::samples::user_oidc()
    }
}

/// Reads the answer of `DescribeUserOIDCConfig`. "Never set" has two documented signs: an error,
/// and status 0 with empty fields (§3.1); which one comes is UNCONFIRMED, so both are taken.
fn read_record(raw: Value, request_id: Option<&str>, facts: Facts) -> Observation {
    let holds_something = ["IdentityUrl", "ClientId", "IdentityKey"]
        .iter()
        .any(|name| wire::text(&raw, name).is_some_and(|text| !text.is_empty()));
    let enabled = match OIDC.status(&raw, holds_something, request_id) {
        Ok(Status::NeverSet) => return Observation::Absent(facts),
        Ok(Status::Off) => false,
        Ok(Status::On) => true,
        Err(error) => return Observation::Unreadable(error),
    };
    let mut live = fields::live_fields(&raw, TEXTS);
    live.insert("scopes".to_owned(), live_scopes(&raw));
    live.insert("enabled".to_owned(), enabled.into());
    Observation::Present(Live {
        fields: live.into(),
        raw,
        facts,
    })
}

/// The live set, always with `openid`: it is asked for whether or not the answer lists it.
fn live_scopes(raw: &Value) -> Value {
    wire::set(wire::texts(raw.get("Scope")).into_iter().chain(["openid"]))
}

fn create(fields: &Fields) -> Result<Vec<PhaseWrites>, Impossible> {
    OIDC.check_creation(fields)?;
    let (params, leaves) = whole_record(fields, &Value::Null, KeysFrom::Desired)?;
    Ok(vec![PhaseWrites::write(vec![create_call(params)], leaves)])
}

fn update(
    desired: &Fields,
    live: &Live,
    changed: &[String],
) -> Result<Vec<PhaseWrites>, Impossible> {
    match (is_enabled(&live.fields), wanted_enabled(desired, live)) {
        // Whether an update enables a disabled record is UNCONFIRMED; a create does (§3.1). It is
        // a creation for the keys as well: those of a record that was off may be long outdated.
        (false, true) => {
            let (params, leaves) = whole_record(desired, &live.raw, KeysFrom::Desired)?;
            Ok(vec![PhaseWrites::write(vec![create_call(params)], leaves)])
        }
        (false, false) => Err(
            "the live record is disabled, and Tencent Cloud has no call that changes a disabled record without enabling it; write `enabled: true`, or drop the fields that differ"
                .to_owned(),
        ),
        (true, enabled) => {
            let mut calls = Vec::new();
            let mut leaves = Fields::clone(&live.fields);
            // Switching off alone needs no record, so a sparse one cannot stand in its way.
            if changed.iter().any(|name| name != "enabled") {
                let keys = KeysFrom::for_update(desired, changed);
                let (params, whole) = whole_record(desired, &live.raw, keys)?;
                leaves = whole;
                calls.push(fields::write("UpdateUserOIDCConfig", params, Again::Same));
            }
            if !enabled {
                calls.push(disable());
            }
            Ok(vec![PhaseWrites::write(calls, with_enabled(leaves, enabled))])
        }
    }
}

fn create_call(params: Value) -> Write {
    fields::write("CreateUserOIDCConfig", params, Again::ConflictIsDone)
}

/// Idempotent when it is off already (UNCONFIRMED, §3.1).
fn disable() -> Write {
    fields::write("DisableUserSSO", Value::Null, Again::Same)
}

/// The parameters of a create or update, which replace everything, and the canonical fields that
/// they leave behind (enabled). What is not managed is sent back as it was read.
fn whole_record(
    desired: &Fields,
    raw: &Value,
    keys: KeysFrom,
) -> Result<(Value, Fields), Impossible> {
    let (mut params, mut leaves) = fields::whole_object(desired, raw, TEXTS, keys)?;
    let scopes = match desired.get("scopes") {
        Some(scopes) => scopes.clone(),
        None => live_scopes(raw),
    };
    params["ResponseType"] = RESPONSE_TYPE.into();
    params["Scope"] = scopes.clone();
    leaves.insert("scopes".to_owned(), scopes);
    Ok((params, with_enabled(leaves, true)))
}

#[cfg(test)]
mod tests;
