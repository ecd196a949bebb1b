//! `TencentOidcProvider`: an OIDC identity provider whose tokens roles are assumed with
//! (apis/tencent.md §3.2). Named; there is no list, every wanted one is described by its name.
//!
//! Every write replaces the whole object.

use serde_json::json;

use super::fields::{
    self, AUTO_ROTATE_KEYS, CLIENT_ID, DESCRIPTION, ISSUER, KEYS, KeysFrom, write,
};
use crate::clouds::answers::{came, malformed};
use crate::clouds::wire;
use crate::model::{Account, Fields, KindName, Value};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, ErrorClass, Facts, Field, Finding, Form,
    Impossible, Intent, KindInfo, Listing, Live, Naming, Need, Observation, Observed, PhaseWrites,
    Read, Removal, ResourceKind, Samples, Scope,
};

/// The kind.
pub(super) struct OidcProvider;

const DESCRIBE: &str = "DescribeOIDCConfig";

/// Nobody documents how many client ids a provider may have (UNCONFIRMED, §3.0).
const CLIENT_IDS: usize = 100;

/// The texts that every write needs.
const TEXTS: &[fields::Names] = &[("issuer", "IdentityUrl")];

static INFO: KindInfo = KindInfo {
    name: KindName("TencentOidcProvider"),
    doc: "An OIDC identity provider for roles: holders of its tokens assume a role that trusts it.",
    source: "apis/tencent.md §3.2",
    fields: FIELDS,
    naming: Naming::Named(fields::PROVIDER_NAME),
    removal: Removal::Delete,
    cannot_list: Some(
        "Tencent Cloud has no call that lists the OIDC identity providers for roles; each is read by its name",
    ),
    cloud_managed: fields::VENDOR_MANAGED,
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

static FIELDS: &[Field] = &[
    ISSUER,
    Field {
        name: "clientIds",
        cloud_name: "ClientId",
        form: Form::TextSet {
            item: CLIENT_ID,
            max_items: CLIENT_IDS,
        },
        need: Need::ForCreate,
        clear: Clear::Refused("Tencent Cloud requires at least one client id"),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "The audiences that are accepted: the `aud` of a token must be one of them.",
        source: "apis/tencent.md §3.2",
    },
    KEYS,
    DESCRIPTION,
    AUTO_ROTATE_KEYS,
];

impl ResourceKind for OidcProvider {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn name_space(&self) -> KindName {
        fields::PROVIDER_NAME_SPACE
    }

    fn check(&self, fields: &Fields, account: &Account, findings: &mut Vec<Finding>) {
        fields::check_site(fields, account, findings);
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        scope
            .identities()
            .map(|name| Read(Call::rpc("cam", DESCRIBE, json!({ "Name": name }))))
            .collect()
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let wanted = scope.identities().enumerate().map(|(at, name)| {
            let observation = match came(DESCRIBE, answers.get(at)) {
                Ok(reply) => read_provider(reply.body.clone(), reply.request_id.clone()),
                Err(error) if error.class == ErrorClass::NotFound => {
                    Observation::Absent(Facts::new())
                }
                Err(error) => Observation::Unreadable(error),
            };
            (name.to_owned(), observation)
        });
        Observed {
            wanted: wanted.collect(),
            others: Listing::NotRead,
        }
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        let phase = match intent {
            Intent::Create {
                identity, fields, ..
            } => {
                let (params, leaves) =
                    whole_provider(identity, fields, &Value::Null, KeysFrom::Desired)?;
                let call = write("CreateOIDCConfig", params, Again::ConflictIsDone);
                PhaseWrites::write(vec![call], leaves)
            }
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => {
                let keys = KeysFrom::for_update(desired, changed);
                let (params, leaves) = whole_provider(identity, desired, &live.raw, keys)?;
                let call = write("UpdateOIDCConfig", params, Again::Same);
                PhaseWrites::write(vec![call], leaves)
            }
            Intent::Remove { identity, .. } => {
                let params = json!({ "Name": identity });
                let call = write("DeleteOIDCConfig", params, Again::NotFoundIsDone);
                PhaseWrites::delete(vec![call])
            }
        };
        Ok(vec![phase])
    }

    fn not_compared(&self, desired: &Fields) -> &'static [&'static str] {
        fields::not_compared(desired)
    }

    fn samples(&self) -> Samples {
        super::samples::oidc_provider()
    }
}

/// Reads the answer of `DescribeOIDCConfig`. One without an issuer is no provider and no "not
/// found" either.
fn read_provider(raw: Value, request_id: Option<String>) -> Observation {
    if wire::text(&raw, "IdentityUrl").is_none_or(|text| text.is_empty()) {
        let what = "the answer holds no issuer";
        return Observation::Unreadable(malformed(DESCRIBE, what, request_id));
    }
    let mut live = fields::live_fields(&raw, TEXTS);
    let client_ids = wire::set(wire::texts(raw.get("ClientId")));
    live.insert("clientIds".to_owned(), client_ids);
    Observation::Present(Live {
        fields: live.into(),
        raw,
        facts: Facts::new(),
    })
}

/// The parameters of a create or update, which replace everything, and the canonical fields that
/// they leave behind. What is not managed is sent back as it was read.
fn whole_provider(
    name: &str,
    desired: &Fields,
    raw: &Value,
    keys: KeysFrom,
) -> Result<(Value, Fields), Impossible> {
    let (mut params, mut leaves) = fields::whole_object(desired, raw, TEXTS, keys)?;
    let client_ids = wire::texts(desired.get("clientIds").or_else(|| raw.get("ClientId")));
    if client_ids.is_empty() {
        return Err("Tencent Cloud requires at least one client id in `clientIds`".to_owned());
    }
    let client_ids = wire::set(client_ids);
    params["Name"] = name.into();
    params["ClientId"] = client_ids.clone();
    leaves.insert("clientIds".to_owned(), client_ids);
    Ok((params, leaves))
}

#[cfg(test)]
mod tests;
