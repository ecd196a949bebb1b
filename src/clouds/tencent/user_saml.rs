//! `TencentUserSaml`: how the sub-users of an account sign in to the console through SAML
//! (apis/tencent.md §3.4, §3.5). One for each account, without a name.
//!
//! There is no delete: a disabled record stays and is enabled again without a new document. A
//! document sent with `enable` is not taken to be applied (UNCONFIRMED, §3.4), so changing and
//! switching are calls of their own.

use serde_json::json;

use super::fields;
use super::saml::{METADATA, encode, live_metadata, metadata_to_send};
use super::user_sso::{
    ENABLED, OIDC, SAML, Status, removal, side_effects, wanted_enabled, with_enabled,
};
use crate::clouds::answers::came;
use crate::clouds::wire;
use crate::model::{Account, Code, Fields, KindName, Value};
use crate::provider::{
    Again, Answer, Change, Clear, Effect, ErrorClass, Excludes, Facts, Field, Finding, Form,
    Impossible, Intent, KindInfo, Live, Naming, Need, Observation, Observed, PhaseWrites, Read,
    Removal, ResourceKind, Samples, Scope, SideEffect, TextRule, Write,
};

/// The kind.
pub(super) struct UserSaml;

const UPDATE: &str = "UpdateUserSAMLConfig";

/// Longest auxiliary domain: that of a domain name. Nobody documents one (UNCONFIRMED, §3.4).
const DOMAIN_CHARACTERS: usize = 253;

static INFO: KindInfo = KindInfo {
    name: KindName("TencentUserSaml"),
    doc: "Console sign-in of an account's sub-users through a SAML identity provider. While it is enabled they cannot sign in with a password, and user OIDC is off.",
    source: "apis/tencent.md §3.4",
    fields: &[
        METADATA,
        Field {
            name: "auxiliaryDomain",
            cloud_name: "AuxiliaryDomain",
            form: Form::Text(TextRule {
                min: 1,
                max: DOMAIN_CHARACTERS,
                allowed: "a domain name: letters, digits, '-' and '.'",
                check: is_domain,
            }),
            need: Need::Optional,
            clear: Clear::Text,
            change: Change::InPlace,
            effect: Effect::Accepts,
            doc: "A suffix of the names in assertions that is left out to find the sub-user. Known on the china site only. That an empty one clears it is not documented.",
            source: "apis/tencent.md §3.4",
        },
        ENABLED,
    ],
    naming: Naming::Singleton,
    removal: Removal::Disable,
    cannot_list: None,
    cloud_managed: &[],
    create_switches_sign_in: true,
    waits: None,
    excludes: Some(Excludes {
        kind: KindName("TencentUserOidc"),
        switch: "enabled",
        why: "sub-users of an account sign in one way: enabling user OIDC disables user SAML, and enabling user SAML disables user OIDC",
    }),
};

fn is_domain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

impl ResourceKind for UserSaml {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn check(&self, fields: &Fields, account: &Account, findings: &mut Vec<Finding>) {
        // An empty one is simply not sent there.
        let domain = fields.get("auxiliaryDomain").and_then(Value::as_str);
        let is_given = domain.is_some_and(|domain| !domain.is_empty());
        if is_given && account.site.as_deref() == Some("international") {
            findings.push(Finding {
                field: "auxiliaryDomain",
                code: Code::UnsupportedBySite,
                title: "the international site of Tencent Cloud does not know `auxiliaryDomain`"
                    .to_owned(),
                help: "drop `auxiliaryDomain`, and let the identity provider send the names of \
                       sub-users without a domain"
                    .to_owned(),
            });
        }
    }

    fn reads(&self, _scope: Scope<'_>) -> Vec<Read> {
        // The second answer only tells what a change would switch off.
        vec![SAML.read(), OIDC.read()]
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let facts = OIDC.facts(answers.get(1));
        let observation = match came(SAML.describe, answers.first()) {
            Ok(reply) => read_record(reply.body.clone(), reply.request_id.as_deref(), facts),
            // Not among the documented codes, and clear enough.
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
            Intent::Remove { live, .. } => Ok(removal(live, switch(false))),
        }
    }

    fn side_effects(&self, intent: Intent<'_>) -> Vec<SideEffect> {
        side_effects(intent, &OIDC)
    }

    fn samples(&self) -> Samples {
        super::samples::user_saml()
    }
}

/// Reads the answer of `DescribeUserSAMLConfig`, which has no not-found code: "never set" reads as
/// status 0 (§3.4).
fn read_record(raw: Value, request_id: Option<&str>, facts: Facts) -> Observation {
    let metadata = live_metadata(&raw);
    let enabled = match SAML.status(&raw, metadata.is_some(), request_id) {
        Ok(Status::NeverSet) => return Observation::Absent(facts),
        Ok(Status::Off) => false,
        Ok(Status::On) => true,
        Err(error) => return Observation::Unreadable(error),
    };
    let mut live = Fields::from([(
        "auxiliaryDomain".to_owned(),
        wire::text_or_empty(&raw, "AuxiliaryDomain"),
    )]);
    if let Some(metadata) = metadata {
        live.insert("metadata".to_owned(), metadata);
    }
    Observation::Present(Live {
        fields: with_enabled(live, enabled).into(),
        raw,
        facts,
    })
}

fn create(fields: &Fields) -> Result<Vec<PhaseWrites>, Impossible> {
    SAML.check_creation(fields)?;
    let (params, leaves) = whole_record(fields, None)?;
    let create = fields::write("CreateUserSAMLConfig", params, Again::ConflictIsDone);
    Ok(vec![PhaseWrites::write(
        vec![create],
        with_enabled(leaves, true),
    )])
}

/// Nothing new is ever in force before it is whole, and nothing that is on its way out is changed
/// while it is in force: changed, then enabled; disabled, then changed.
fn update(
    desired: &Fields,
    live: &Live,
    changed: &[String],
) -> Result<Vec<PhaseWrites>, Impossible> {
    let wanted = wanted_enabled(desired, live);
    let mut leaves = Fields::clone(&live.fields);
    let mut calls = Vec::new();
    if changed.iter().any(|name| name != "enabled") {
        let (mut params, whole) = whole_record(desired, Some(live))?;
        params["Operate"] = "updateSAML".into();
        leaves = whole;
        calls.push(operate(params));
    }
    if changed.iter().any(|name| name == "enabled") {
        let place = if wanted { calls.len() } else { 0 };
        calls.insert(place, switch(wanted));
    }
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![PhaseWrites::write(
        calls,
        with_enabled(leaves, wanted),
    )])
}

/// Unlike `DisableUserSSO`, this leaves user OIDC alone (§3.5).
fn switch(on: bool) -> Write {
    let word = if on { "enable" } else { "disable" };
    operate(json!({ "Operate": word }))
}

fn operate(params: Value) -> Write {
    fields::write(UPDATE, params, Again::Same)
}

/// The document and the domain as they are sent, and the canonical fields that they leave behind.
/// Whether a domain that is left out stays is not documented, so the live one is sent back.
fn whole_record(desired: &Fields, live: Option<&Live>) -> Result<(Value, Fields), Impossible> {
    let metadata = metadata_to_send(desired, live.map(|live| &*live.fields))?;
    let known = live.and_then(|live| wire::text(&live.raw, "AuxiliaryDomain"));
    let domain = match desired.get("auxiliaryDomain") {
        Some(domain) => domain.as_str().unwrap_or_default(),
        None => known.as_deref().unwrap_or_default(),
    };
    let mut params = json!({ "SAMLMetadataDocument": encode(metadata) });
    // A site that does not know the member refuses requests that hold it (§3.0): an empty one is
    // sent only to clear one that is there.
    if !domain.is_empty() || known.as_deref().is_some_and(|known| !known.is_empty()) {
        params["AuxiliaryDomain"] = domain.into();
    }
    let leaves = Fields::from([
        ("metadata".to_owned(), metadata.into()),
        ("auxiliaryDomain".to_owned(), domain.into()),
    ]);
    Ok((params, leaves))
}

#[cfg(test)]
mod tests;
