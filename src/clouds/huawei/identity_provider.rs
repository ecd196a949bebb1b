//! `HuaweiIdentityProvider`: `/v3/OS-FEDERATION/identity_providers`. Facts: `apis/huawei.md §3.2`.
//!
//! An enabled provider without protocol and mapping accepts nobody, or by the cloud's default rule
//! everybody as nobody; so it is made disabled and enabled when all that refers to it is done.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::model::{Fields, KindName, Value, merged};
use crate::provider::field::text;
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, Field, Form, Impossible, Intent, KindInfo, Live,
    Naming, Need, Observed, Phase, PhaseWrites, Read, Removal, ResourceKind, Samples, Scope,
    SideEffect,
};

use super::collection::Collection;
use super::{NAME, phase, samples, text_of};

/// The kind.
pub(super) struct IdentityProvider;

/// How they are read.
const PROVIDERS: Collection = Collection {
    list: "KeystoneListIdentityProviders",
    show: "KeystoneShowIdentityProvider",
    path: "/v3/OS-FEDERATION/identity_providers",
    many: "identity_providers",
    one: "identity_provider",
    live_of,
};

/// What an absent, null or empty `sso_type` means.
const VIRTUAL_USER: &str = "virtual_user_sso";
/// Sign-in as an existing IAM user; one such provider for each account.
const IAM_USER: &str = "iam_user_sso";

/// Longest description in characters. UNCONFIRMED, a guess: `apis/huawei.md §3.2`.
const DESCRIPTION_CHARACTERS: usize = 255;

static INFO: KindInfo = KindInfo {
    name: KindName("HuaweiIdentityProvider"),
    doc: "An identity provider that an account trusts. It works together with a HuaweiMapping, a \
          HuaweiProtocol and a HuaweiOidcConfig or HuaweiSamlMetadata. It is created disabled and \
          enabled when these are done. An account holds 10 by default.",
    source: "apis/huawei.md §3.2",
    fields: &[
        Field {
            name: "ssoType",
            cloud_name: "sso_type",
            form: Form::Choice(&[VIRTUAL_USER, IAM_USER]),
            need: Need::Optional,
            clear: Clear::Refused("the cloud always has one of the two types"),
            change: Change::Immutable,
            effect: Effect::Switches,
            doc: "Who a person is after signing in: a virtual user named by the mapping \
                  (virtual_user_sso, what the cloud takes when it is not given), or an IAM user \
                  that exists already (iam_user_sso, SAML only, one provider for each account). \
                  All providers of an account have the same type. Sent only when given: plain \
                  OpenStack Keystone does not know it.",
            source: "apis/huawei.md §3.2",
        },
        Field {
            name: "enabled",
            cloud_name: "enabled",
            form: Form::Flag,
            need: Need::Optional,
            clear: Clear::Refused("write false to disable the provider"),
            change: Change::InPlace,
            effect: Effect::Switches,
            doc: "Whether people can sign in through it; true when not given and it does not exist \
                  yet. Set to true last and to false first.",
            source: "apis/huawei.md §3.2, §3.8",
        },
        Field {
            name: "description",
            cloud_name: "description",
            form: Form::Text(text(0, DESCRIPTION_CHARACTERS)),
            need: Need::Optional,
            clear: Clear::Text,
            change: Change::InPlace,
            effect: Effect::Cosmetic,
            doc: "For people, up to 255 characters (the cloud publishes no limit).",
            source: "apis/huawei.md §3.2",
        },
    ],
    naming: Naming::Named(NAME),
    removal: Removal::Delete,
    cannot_list: None,
    cloud_managed: &[],
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

impl ResourceKind for IdentityProvider {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        PROVIDERS.reads(scope)
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        PROVIDERS.observe(scope, answers)
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        match intent {
            Intent::Create {
                identity, fields, ..
            } => Ok(create(identity, fields)),
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => update(identity, desired, live, changed),
            Intent::Remove { identity, live } => Ok(remove(identity, live)),
        }
    }

    fn side_effects(&self, intent: Intent<'_>) -> Vec<SideEffect> {
        match intent {
            Intent::Remove { .. } => vec![SideEffect {
                text: "the cloud deletes the provider's protocols, its OIDC configuration or SAML \
                       metadata, and the mapping that a protocol binds to it"
                    .to_owned(),
                switches_sign_in: false,
            }],
            Intent::Create { .. } | Intent::Update { .. } => Vec::new(),
        }
    }

    fn rivals(&self, fields: &Fields, live: &BTreeMap<&str, &Fields>) -> Vec<(String, String)> {
        let wanted = fields
            .get("ssoType")
            .and_then(Value::as_str)
            .unwrap_or(VIRTUAL_USER);
        live.iter()
            .filter_map(|(identity, other)| {
                let theirs = other.get("ssoType")?.as_str()?;
                let why = if theirs != wanted {
                    "all identity providers of an account have the same `ssoType`"
                } else if wanted == IAM_USER {
                    "an account has one identity provider with `iam_user_sso`"
                } else {
                    return None;
                };
                Some(((*identity).to_owned(), why.to_owned()))
            })
            .collect()
    }

    fn samples(&self) -> Samples {
        samples::identity_provider()
    }
}

fn live_of(object: &Value) -> Result<Live, &'static str> {
    let sso_type = match object["sso_type"].as_str() {
        None | Some("") => VIRTUAL_USER,
        Some(word) => word,
    };
    let enabled = match &object["enabled"] {
        Value::Bool(enabled) => *enabled,
        // The API's own default (`apis/huawei.md §3.2`).
        Value::Null => false,
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            return Err("`enabled` is neither true nor false");
        }
    };
    Ok(Live {
        fields: Fields::from([
            ("ssoType".to_owned(), json!(sso_type)),
            ("enabled".to_owned(), json!(enabled)),
            ("description".to_owned(), text_of(&object["description"])),
        ])
        .into(),
        raw: object.clone(),
        ..Live::default()
    })
}

fn create(identity: &str, fields: &Fields) -> Vec<PhaseWrites> {
    let mut body = Map::from_iter([("enabled".to_owned(), json!(false))]);
    for (field, member) in [("ssoType", "sso_type"), ("description", "description")] {
        if let Some(value) = fields.get(field) {
            body.insert(member.to_owned(), value.clone());
        }
    }
    let defaults = Fields::from([
        ("ssoType".to_owned(), json!(VIRTUAL_USER)),
        ("description".to_owned(), json!("")),
    ]);
    let mut leaves = merged(&defaults, fields);
    leaves.insert("enabled".to_owned(), json!(false));
    let mut phases = vec![phase(
        Phase::Write,
        Call::rest(
            "KeystoneCreateIdentityProvider",
            "PUT",
            PROVIDERS.path_of(identity),
            json!({ "identity_provider": body }),
        ),
        Again::ConflictIsDone,
        Some(leaves.clone()),
    )];
    if fields.get("enabled") != Some(&json!(false)) {
        phases.push(patch(
            identity,
            Phase::Activate,
            "enabled",
            &json!(true),
            &mut leaves,
        ));
    }
    phases
}

fn update(
    identity: &str,
    desired: &Fields,
    live: &Live,
    changed: &[String],
) -> Result<Vec<PhaseWrites>, Impossible> {
    let differs = |name: &str| changed.iter().any(|field| field == name);
    if differs("ssoType") {
        return Err("the cloud cannot change `ssoType` of an existing provider".to_owned());
    }
    let mut leaves = Fields::clone(&live.fields);
    let mut phases = Vec::new();
    let switched = desired.get("enabled").filter(|_| differs("enabled"));
    if switched == Some(&json!(false)) {
        phases.push(patch(
            identity,
            Phase::Quiesce,
            "enabled",
            &json!(false),
            &mut leaves,
        ));
    }
    if let Some(description) = desired
        .get("description")
        .filter(|_| differs("description"))
    {
        let description = text_of(description);
        phases.push(patch(
            identity,
            Phase::Write,
            "description",
            &description,
            &mut leaves,
        ));
    }
    if switched == Some(&json!(true)) {
        phases.push(patch(
            identity,
            Phase::Activate,
            "enabled",
            &json!(true),
            &mut leaves,
        ));
    }
    Ok(phases)
}

fn remove(identity: &str, live: &Live) -> Vec<PhaseWrites> {
    let mut leaves = Fields::clone(&live.fields);
    let mut phases = Vec::new();
    if live.fields.get("enabled") == Some(&json!(true)) {
        phases.push(patch(
            identity,
            Phase::Quiesce,
            "enabled",
            &json!(false),
            &mut leaves,
        ));
    }
    phases.push(phase(
        Phase::Remove,
        Call::rest(
            "KeystoneDeleteIdentityProvider",
            "DELETE",
            PROVIDERS.path_of(identity),
            Value::Null,
        ),
        Again::NotFoundIsDone,
        None,
    ));
    phases
}

/// A partial update of one field; manifest and cloud spell both of them the same.
fn patch(
    identity: &str,
    when: Phase,
    field: &'static str,
    value: &Value,
    leaves: &mut Fields,
) -> PhaseWrites {
    leaves.insert(field.to_owned(), value.clone());
    let call = Call::rest(
        "KeystoneUpdateIdentityProvider",
        "PATCH",
        PROVIDERS.path_of(identity),
        json!({ "identity_provider": { field: value } }),
    );
    phase(when, call, Again::Same, Some(leaves.clone()))
}

#[cfg(test)]
#[path = "identity_provider_tests.rs"]
mod tests;
