//! `AlibabaOidcProvider`: an OIDC identity provider whose tokens roles are assumed with
//! (apis/alibaba.md §3.1). Named; one paged list reads all of them whole.
//!
//! Updates are partial. Fingerprints have calls of their own, one value each, and there must be one
//! to five of them at every moment.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::api::{PAGE_ITEMS, is_whole};
use super::fingerprints;
use crate::clouds::answers::{came, malformed};
use crate::clouds::wire;
use crate::model::{Fields, KindName, Value, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, ErrorClass, Facts, Field, Form, Impossible, Intent,
    KindInfo, Listing, Live, Naming, Need, Observation, Observed, PhaseWrites, ProviderError, Read,
    Removal, Reply, ResourceKind, Samples, Scope, TextRule, Write, field,
};

/// The kind.
pub(super) struct OidcProvider;

const LIST: &str = "ListOIDCProviders";
const GET: &str = "GetOIDCProvider";

/// Hours that the cloud takes when none are given (§3.1).
const DEFAULT_ISSUANCE_LIMIT_HOURS: i64 = 12;

static INFO: KindInfo = KindInfo {
    name: KindName("AlibabaOidcProvider"),
    doc: "An OIDC identity provider for roles: holders of its tokens assume a role that trusts it.",
    source: "apis/alibaba.md §3.1",
    fields: FIELDS,
    naming: Naming::Named(provider_name()),
    removal: Removal::Delete,
    cannot_list: None,
    cloud_managed: &[],
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

static FIELDS: &[Field] = &[
    Field {
        name: "issuer",
        cloud_name: "IssuerUrl",
        form: Form::Text(TextRule {
            min: 9,
            max: 255,
            allowed: "an https:// URL without '?', '#' and '@'",
            check: wire::is_https_url,
        }),
        need: Need::ForCreate,
        clear: Clear::Refused("an OIDC identity provider without an issuer accepts nobody"),
        change: Change::Immutable,
        effect: Effect::Accepts,
        doc: "The issuer, byte for byte as in its discovery document and in the `iss` of its tokens. An account has each issuer once.",
        source: "apis/alibaba.md §3.1",
    },
    Field {
        name: "clientIds",
        cloud_name: "ClientIds",
        form: Form::TextSet {
            item: TextRule {
                min: 1,
                max: 128,
                allowed: "letters, digits and '.', '-', '_', ':', '/', the first a letter or digit",
                check: wire::is_client_id,
            },
            max_items: 50,
        },
        need: Need::Optional,
        clear: Clear::Set,
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "The audiences that are accepted: the `aud` of a token must be one of them.",
        source: "apis/alibaba.md §3.1",
    },
    Field {
        name: "fingerprints",
        cloud_name: "Fingerprints",
        form: Form::Fingerprints {
            max_items: fingerprints::MOST,
        },
        need: Need::Optional,
        clear: Clear::Refused(
            "Alibaba Cloud keeps at least one fingerprint once there is one, and accepts no sign-in without a matching one",
        ),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "SHA-1 fingerprints of the certificates that the issuer's server presents, the topmost above all. A sign-in fails when none of them matches.",
        source: "apis/alibaba.md §4",
    },
    Field {
        name: "description",
        cloud_name: "Description",
        form: Form::Text(field::text(1, 256)),
        need: Need::Optional,
        clear: Clear::Text,
        change: Change::InPlace,
        effect: Effect::Cosmetic,
        doc: "Free text for people.",
        source: "apis/alibaba.md §3.1",
    },
    Field {
        name: "issuanceLimitHours",
        cloud_name: "IssuanceLimitTime",
        form: Form::Integer {
            min: 1,
            max: 168,
            unit: "hours",
        },
        need: Need::Optional,
        clear: Clear::Refused("there is always a limit; 12 is the cloud's default"),
        change: Change::InPlace,
        effect: Effect::Longer,
        doc: "How long ago a token may have been issued (its `iat`) and still be accepted.",
        source: "apis/alibaba.md §3.1",
    },
];

/// The rule for names of identity providers, OIDC and SAML alike (§3.1, §3.3).
pub(super) const fn provider_name() -> TextRule {
    TextRule {
        min: 1,
        max: 128,
        allowed: "letters, digits, '.', '-' and '_', a letter or digit at both ends",
        check: is_name,
    }
}

fn is_name(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|c| edge(c) || ".-_".contains(c))
}

impl ResourceKind for OidcProvider {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        let call = match scope {
            Scope::Account(_) => Call::rpc("Ims", LIST, json!({ "MaxItems": PAGE_ITEMS })),
            Scope::One(name) => Call::rpc("Ims", GET, json!({ "OIDCProviderName": name })),
        };
        vec![Read(call)]
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        match scope {
            Scope::Account(wanted) => observe_list(wanted, answers.first()),
            Scope::One(name) => Observed {
                wanted: BTreeMap::from([(name.to_owned(), observe_one(answers.first()))]),
                others: Listing::NotRead,
            },
        }
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        let phase = match intent {
            Intent::Create {
                identity, fields, ..
            } => {
                let (call, leaves) = create(identity, fields)?;
                PhaseWrites::write(vec![call], leaves)
            }
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => {
                let calls = update(identity, desired, live, changed)?;
                PhaseWrites::write(calls, merged(&live.fields, desired))
            }
            Intent::Remove { identity, .. } => {
                let params = json!({ "OIDCProviderName": identity });
                let call = write("DeleteOIDCProvider", params, Again::NotFoundIsDone);
                PhaseWrites::delete(vec![call])
            }
        };
        Ok(vec![phase])
    }

    /// An account has each issuer once: the cloud would answer `EntityAlreadyExists` (§3.1).
    fn rivals(&self, fields: &Fields, live: &BTreeMap<&str, &Fields>) -> Vec<(String, String)> {
        let Some(issuer) = fields.get("issuer") else {
            return Vec::new();
        };
        live.iter()
            .filter(|(_, other)| other.get("issuer") == Some(issuer))
            .map(|(name, _)| {
                let why = format!(
                    "the issuer is already registered under the name `{name}`, and Alibaba Cloud takes each issuer once in an account"
                );
                ((*name).to_owned(), why)
            })
            .collect()
    }

    fn samples(&self) -> Samples {
        super::samples::oidc_provider()
    }
}

fn observe_list(wanted: &[String], answer: Option<&Answer>) -> Observed {
    let reply = match came(LIST, answer) {
        Ok(reply) => reply,
        Err(error) => return all_unreadable(wanted, &error),
    };
    let mut found = BTreeMap::new();
    let mut is_whole = is_whole(reply, "OIDCProviders", "OIDCProvider");
    for item in items(reply) {
        match read_provider(item) {
            Some((name, live)) => {
                found.insert(name, live);
            }
            None => is_whole = false,
        }
    }
    let missing = || {
        let what = "the list is not whole, so what it lacks may still be there";
        malformed(LIST, what, reply.request_id.clone())
    };
    let wanted = wanted.iter().map(|name| {
        let observation = match found.remove(name) {
            Some(live) => Observation::Present(live),
            None if is_whole => Observation::Absent(Facts::new()),
            None => Observation::Unreadable(missing()),
        };
        (name.clone(), observation)
    });
    let wanted = wanted.collect();
    Observed {
        wanted,
        others: if is_whole {
            Listing::Complete(found)
        } else {
            Listing::NotRead
        },
    }
}

fn all_unreadable(wanted: &[String], error: &ProviderError) -> Observed {
    Observed {
        wanted: wanted
            .iter()
            .map(|name| (name.clone(), Observation::Unreadable(error.clone())))
            .collect(),
        others: Listing::NotRead,
    }
}

/// The entries of all pages. A missing wrapper and a missing or empty array are an empty list; that
/// is how the cloud writes one (§1.4).
fn items(reply: &Reply) -> impl Iterator<Item = &Value> {
    reply
        .pages()
        .filter_map(|page| page.get("OIDCProviders")?.get("OIDCProvider")?.as_array())
        .flatten()
}

fn observe_one(answer: Option<&Answer>) -> Observation {
    match came(GET, answer) {
        Ok(reply) => match reply.body.get("OIDCProvider").and_then(read_provider) {
            Some((_, live)) => Observation::Present(live),
            None => Observation::Unreadable(malformed(
                GET,
                "the answer holds no provider",
                reply.request_id.clone(),
            )),
        },
        Err(error) if error.class == ErrorClass::NotFound => Observation::Absent(Facts::new()),
        Err(error) => Observation::Unreadable(error),
    }
}

/// One `OIDCProvider` object, the same in every answer. [`None`] without name or issuer.
fn read_provider(raw: &Value) -> Option<(String, Live)> {
    let filled = |name| wire::text(raw, name).filter(|text| !text.is_empty());
    let name = filled("OIDCProviderName")?;
    let mut live = Fields::from([
        ("issuer".to_owned(), filled("IssuerUrl")?.into()),
        ("clientIds".to_owned(), wire::set(listed(raw, "ClientIds"))),
        ("fingerprints".to_owned(), fingerprints::canonical(raw)),
        (
            "description".to_owned(),
            wire::text_or_empty(raw, "Description"),
        ),
    ]);
    if let Some(hours) = wire::number(raw, "IssuanceLimitTime") {
        live.insert("issuanceLimitHours".to_owned(), hours.into());
    }
    let live = Live {
        fields: live.into(),
        raw: raw.clone(),
        facts: Facts::new(),
    };
    Some((name, live))
}

/// The elements of a comma list, as the cloud spells them. An empty text has none, not an empty one.
pub(super) fn listed<'a>(raw: &'a Value, name: &str) -> Vec<&'a str> {
    let text = raw.get(name).and_then(Value::as_str).unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .collect()
}

/// One write of this cloud.
pub(super) fn write(name: &'static str, params: Value, again: Again) -> Write {
    Write {
        call: Call::rpc("Ims", name, params),
        again,
    }
}

fn create(name: &str, fields: &Fields) -> Result<(Write, Fields), Impossible> {
    let Some(issuer) = fields.get("issuer").and_then(Value::as_str) else {
        return Err("a provider is created for an `issuer`, and the manifest has none".to_owned());
    };
    let client_ids = wire::texts(fields.get("clientIds"));
    let fingerprints = wire::texts(fields.get("fingerprints"));
    let description = fields.get("description").and_then(Value::as_str);
    let hours = fields.get("issuanceLimitHours").and_then(Value::as_i64);
    let mut params = Map::from_iter([
        ("OIDCProviderName".to_owned(), name.into()),
        ("IssuerUrl".to_owned(), issuer.into()),
    ]);
    // What is empty is left out: that an empty value is taken is documented nowhere.
    for (name, text) in [
        ("ClientIds", client_ids.join(",")),
        ("Fingerprints", fingerprints.join(",")),
        ("Description", description.unwrap_or_default().to_owned()),
    ] {
        if !text.is_empty() {
            params.insert(name.to_owned(), text.into());
        }
    }
    if let Some(hours) = hours {
        params.insert("IssuanceLimitTime".to_owned(), hours.into());
    }
    let leaves = [
        ("issuer", issuer.into()),
        ("clientIds", wire::set(client_ids)),
        ("fingerprints", wire::set(fingerprints)),
        ("description", description.unwrap_or_default().into()),
        (
            "issuanceLimitHours",
            hours.unwrap_or(DEFAULT_ISSUANCE_LIMIT_HOURS).into(),
        ),
    ];
    // A repeated create meets its own provider; the engine has looked before it creates.
    let call = write(
        "CreateOIDCProvider",
        Value::Object(params),
        Again::ConflictIsDone,
    );
    let leaves = leaves.map(|(name, value)| (name.to_owned(), value));
    Ok((call, leaves.into()))
}

fn update(
    name: &str,
    desired: &Fields,
    live: &Live,
    changed: &[String],
) -> Result<Vec<Write>, Impossible> {
    let differs = |field: &str| changed.iter().any(|name| name == field);
    if differs("issuer") {
        return Err("Alibaba Cloud cannot change the issuer of a provider".to_owned());
    }
    let mut calls = Vec::new();
    let mut params = Map::new();
    if differs("clientIds") {
        let wanted = wire::texts(desired.get("clientIds"));
        if wanted.is_empty() {
            // Whether an empty list clears is UNCONFIRMED; taking each one away does (§3.1).
            for client_id in listed(&live.raw, "ClientIds") {
                let params = json!({ "OIDCProviderName": name, "ClientId": client_id });
                let again = Again::NotFoundIsDone;
                calls.push(write("RemoveClientIdFromOIDCProvider", params, again));
            }
        } else {
            params.insert("ClientIds".to_owned(), wanted.join(",").into());
        }
    }
    if differs("description") {
        // That an empty text clears is UNCONFIRMED; Terraform sends it so (§3.1).
        let text = desired.get("description").and_then(Value::as_str);
        params.insert("NewDescription".to_owned(), text.unwrap_or_default().into());
    }
    if differs("issuanceLimitHours")
        && let Some(hours) = desired.get("issuanceLimitHours")
    {
        params.insert("IssuanceLimitTime".to_owned(), hours.clone());
    }
    if !params.is_empty() {
        params.insert("OIDCProviderName".to_owned(), name.into());
        calls.push(write(
            "UpdateOIDCProvider",
            Value::Object(params),
            Again::Same,
        ));
    }
    if differs("fingerprints") {
        let wanted = wire::texts(desired.get("fingerprints"));
        calls.extend(fingerprints::change(name, &wanted, &live.raw)?);
    }
    Ok(calls)
}

#[cfg(test)]
mod tests;
