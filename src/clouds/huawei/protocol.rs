//! `HuaweiProtocol`: `/v3/OS-FEDERATION/identity_providers/{idp}/protocols`, which ties an identity
//! provider to a mapping. Facts: `apis/huawei.md §3.4`.
//!
//! A protocol has no name of its own: its identity is `<provider>/<protocol>`. There is a list for
//! each provider, none for the account.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::model::{Fields, KindName, Value, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, ErrorClass, Field, Form, Impossible, Intent,
    KindInfo, Link, Listing, Live, Naming, Need, Observation, Observed, Phase, PhaseWrites,
    ProviderError, Read, Removal, ResourceKind, Samples, Scope,
};

use super::{from_one, listed, live_or_raw, observation, phase, samples, segment, shown};

/// The kind.
pub(super) struct Protocol;

/// The calls that read.
const LIST: &str = "KeystoneListProtocols";
const SHOW: &str = "KeystoneShowProtocol";

static INFO: KindInfo = KindInfo {
    name: KindName("HuaweiProtocol"),
    doc: "How an identity provider is spoken to, and the mapping that applies. A provider has one \
          protocol; another one means another object.",
    source: "apis/huawei.md §3.4",
    fields: &[
        Field {
            name: "identityProvider",
            cloud_name: "identity provider in the path",
            form: Form::Reference {
                kind: "HuaweiIdentityProvider",
                link: Link::PartOf,
            },
            need: Need::Always,
            clear: Clear::Refused("it is part of the protocol's identity"),
            change: Change::Immutable,
            effect: Effect::Structure,
            doc: "The provider that the protocol belongs to, and goes with.",
            source: "apis/huawei.md §3.4, §3.8",
        },
        Field {
            name: "protocol",
            cloud_name: "id",
            form: Form::Choice(&["oidc", "saml"]),
            need: Need::Always,
            clear: Clear::Refused("it is part of the protocol's identity"),
            change: Change::Immutable,
            effect: Effect::Structure,
            doc: "OpenID Connect or SAML. A provider with ssoType iam_user_sso takes saml only.",
            source: "apis/huawei.md §3.4",
        },
        Field {
            name: "mapping",
            cloud_name: "mapping_id",
            form: Form::Reference {
                kind: "HuaweiMapping",
                link: Link::TakesAlong,
            },
            // A provider with iam_user_sso has none, so a saml protocol can be made without.
            need: Need::Optional,
            clear: Clear::Refused("a protocol always has a mapping; name another one"),
            change: Change::InPlace,
            effect: Effect::Accepts,
            doc: "The mapping that names who signs in. Needed to create an oidc protocol; a \
                  provider with ssoType iam_user_sso has none. One mapping serves one provider: \
                  the cloud deletes it together with the provider.",
            source: "apis/huawei.md §3.4, §3.8",
        },
    ],
    naming: Naming::ByFields(&["identityProvider", "protocol"]),
    removal: Removal::Delete,
    cannot_list: Some("the cloud lists the protocols of one identity provider at a time"),
    cloud_managed: &[],
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

impl ResourceKind for Protocol {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        match scope {
            Scope::Account(wanted) => providers(wanted)
                .into_iter()
                .map(|provider| Read(Call::rest(LIST, "GET", list_path(provider), Value::Null)))
                .collect(),
            Scope::One(identity) => {
                vec![Read(Call::rest(SHOW, "GET", path(identity), Value::Null))]
            }
        }
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        match scope {
            Scope::Account(wanted) => observe_lists(wanted, answers),
            Scope::One(identity) => {
                let object = shown(SHOW, answers.first(), "protocol")
                    .map(|object| object.map(|object| placed(identity, &object)));
                from_one(identity, observation(SHOW, object, live_of))
            }
        }
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        match intent {
            Intent::Create {
                identity, fields, ..
            } => create(identity, fields),
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => update(identity, desired, live, changed),
            Intent::Remove { identity, .. } => {
                let call = Call::rest(
                    "KeystoneDeleteProtocol",
                    "DELETE",
                    path(identity),
                    Value::Null,
                );
                let again = Again::NotFoundIsDone;
                Ok(vec![phase(Phase::Remove, call, again, None)])
            }
        }
    }

    /// The cloud may take a second protocol, but its console and every reader look at the first one
    /// only (UNCONFIRMED, `apis/huawei.md §3.4`).
    fn rivals(&self, fields: &Fields, live: &BTreeMap<&str, &Fields>) -> Vec<(String, String)> {
        let same = |other: &Fields, field: &str| other.get(field) == fields.get(field);
        live.iter()
            .filter(|(_, other)| same(other, "identityProvider") && !same(other, "protocol"))
            .map(|(identity, _)| {
                (
                    (*identity).to_owned(),
                    "an identity provider has one protocol".to_owned(),
                )
            })
            .collect()
    }

    fn samples(&self) -> Samples {
        samples::protocol()
    }
}

/// Provider and protocol of an identity. A foreign provider's name may hold a slash, a protocol's
/// name has none.
fn parts(identity: &str) -> (&str, &str) {
    identity.rsplit_once('/').unwrap_or((identity, ""))
}

/// The distinct providers, in order.
fn providers(wanted: &[String]) -> BTreeSet<&str> {
    wanted.iter().map(|identity| parts(identity).0).collect()
}

fn list_path(provider: &str) -> String {
    format!(
        "/v3/OS-FEDERATION/identity_providers/{}/protocols",
        segment(provider)
    )
}

fn path(identity: &str) -> String {
    let (provider, protocol) = parts(identity);
    format!("{}/{}", list_path(provider), segment(protocol))
}

/// One list for each provider. Only a list that was read, or a provider that the cloud says it does
/// not have, makes a protocol absent; every other failure leaves it unreadable.
fn observe_lists(wanted: &[String], answers: &[Answer]) -> Observed {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let mut failed: BTreeMap<&str, ProviderError> = BTreeMap::new();
    let mut was_read = false;
    for (index, provider) in providers(wanted).into_iter().enumerate() {
        match listed(LIST, answers.get(index), "protocols") {
            Ok(protocols) => {
                was_read = true;
                for (protocol, object) in protocols {
                    let identity = format!("{provider}/{protocol}");
                    found.insert(identity.clone(), placed(&identity, &object));
                }
            }
            Err(error) if error.class == ErrorClass::NotFound => was_read = true,
            Err(error) => {
                failed.insert(provider, error);
            }
        }
    }
    let wanted = wanted
        .iter()
        .map(|identity| {
            let seen = match failed.get(parts(identity).0) {
                Some(error) => Observation::Unreadable(error.clone()),
                None => observation(LIST, Ok(found.remove(identity)), live_of),
            };
            (identity.clone(), seen)
        })
        .collect();
    let others = if was_read {
        let foreign = found
            .into_iter()
            .map(|(identity, object)| (identity, live_or_raw(object, live_of)));
        Listing::Complete(foreign.collect())
    } else {
        Listing::NotRead
    };
    Observed { wanted, others }
}

/// The cloud's object with its identity in it, which the cloud tells by the path alone.
fn placed(identity: &str, object: &Value) -> Value {
    json!({"identity": identity, "protocol": object})
}

fn live_of(placed: &Value) -> Result<Live, &'static str> {
    let (provider, protocol) = parts(placed["identity"].as_str().unwrap_or_default());
    let mut fields = Fields::from([
        ("identityProvider".to_owned(), json!(provider)),
        ("protocol".to_owned(), json!(protocol)),
    ]);
    match &placed["protocol"]["mapping_id"] {
        Value::String(mapping) if !mapping.is_empty() => {
            fields.insert("mapping".to_owned(), json!(mapping));
        }
        // Under iam_user_sso there is none.
        Value::Null | Value::String(_) => {}
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return Err("`mapping_id` is no text");
        }
    }
    Ok(Live {
        fields: fields.into(),
        raw: placed["protocol"].clone(),
        ..Live::default()
    })
}

fn create(identity: &str, fields: &Fields) -> Result<Vec<PhaseWrites>, Impossible> {
    let (provider, protocol) = parts(identity);
    let body = match fields.get("mapping") {
        Some(mapping) => json!({"protocol": {"mapping_id": mapping}}),
        None if protocol == "oidc" => {
            return Err("an oidc protocol cannot be created without `mapping`".to_owned());
        }
        None => json!({"protocol": {}}),
    };
    let known = Fields::from([
        ("identityProvider".to_owned(), json!(provider)),
        ("protocol".to_owned(), json!(protocol)),
    ]);
    Ok(vec![phase(
        Phase::Write,
        Call::rest("KeystoneCreateProtocol", "PUT", path(identity), body),
        Again::ConflictIsDone,
        Some(merged(&known, fields)),
    )])
}

fn update(
    identity: &str,
    desired: &Fields,
    live: &Live,
    changed: &[String],
) -> Result<Vec<PhaseWrites>, Impossible> {
    if changed.iter().any(|field| field != "mapping") {
        return Err("provider and protocol are the object's identity and cannot change".to_owned());
    }
    let Some(mapping) = desired.get("mapping").filter(|_| !changed.is_empty()) else {
        return Ok(Vec::new());
    };
    Ok(vec![phase(
        Phase::Write,
        Call::rest(
            "KeystoneUpdateProtocol",
            "PATCH",
            path(identity),
            json!({"protocol": {"mapping_id": mapping}}),
        ),
        Again::Same,
        Some(merged(&live.fields, desired)),
    )])
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
