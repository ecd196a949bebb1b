//! `TencentSamlProvider`: a SAML identity provider whose assertions roles are assumed with
//! (apis/tencent.md §3.3). Named; a list tells the names, each is read by its name.
//!
//! Updates are partial: only what changes is sent.

use serde_json::{Map, json};

use super::fields::{self, write};
use super::saml::{METADATA, encode, live_metadata, metadata_to_send};
use crate::clouds::answers::{came, malformed};
use crate::clouds::wire;
use crate::model::{Fields, KindName, Value, merged};
use crate::provider::{
    Again, Answer, Call, Clear, ErrorClass, Facts, Field, Impossible, Intent, KindInfo, Listing,
    Live, Naming, Observation, Observed, PhaseWrites, Read, Removal, ResourceKind, Samples, Scope,
};

/// The kind.
pub(super) struct SamlProvider;

const LIST: &str = "ListSAMLProviders";
const GET: &str = "GetSAMLProvider";

static INFO: KindInfo = KindInfo {
    name: KindName("TencentSamlProvider"),
    doc: "A SAML identity provider for roles: people it vouches for assume a role that trusts it.",
    source: "apis/tencent.md §3.3",
    fields: &[
        METADATA,
        Field {
            // A create requires it, and whether an empty one passes is UNCONFIRMED.
            clear: Clear::Refused("Tencent Cloud requires a description of a SAML provider"),
            doc: "Free text for people; where it is not given, a new provider gets its name.",
            source: "apis/tencent.md §3.3",
            ..fields::DESCRIPTION
        },
    ],
    naming: Naming::Named(fields::PROVIDER_NAME),
    removal: Removal::Delete,
    cannot_list: None,
    cloud_managed: fields::VENDOR_MANAGED,
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

impl ResourceKind for SamlProvider {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn name_space(&self) -> KindName {
        fields::PROVIDER_NAME_SPACE
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        let list = match scope {
            Scope::Account(_) => Some(Read(Call::rpc("cam", LIST, Value::Null))),
            Scope::One(_) => None,
        };
        let each = scope
            .identities()
            .map(|name| Read(Call::rpc("cam", GET, json!({ "Name": name }))));
        list.into_iter().chain(each).collect()
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let lists = usize::from(matches!(scope, Scope::Account(_)));
        let wanted = scope.identities().enumerate().map(|(at, name)| {
            let observation = match came(GET, answers.get(lists + at)) {
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
            others: match scope {
                Scope::Account(wanted) => read_list(wanted, answers.first()),
                Scope::One(_) => Listing::NotRead,
            },
        }
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        let phase = match intent {
            Intent::Create {
                identity, fields, ..
            } => {
                let (params, leaves) = new_provider(identity, fields)?;
                let call = write("CreateSAMLProvider", params, Again::ConflictIsDone);
                PhaseWrites::write(vec![call], leaves)
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
                let params = only_changed(identity, desired, changed);
                let leaves = merged(&live.fields, desired);
                let call = write("UpdateSAMLProvider", params, Again::Same);
                PhaseWrites::write(vec![call], leaves)
            }
            Intent::Remove { identity, .. } => {
                let params = json!({ "Name": identity });
                let call = write("DeleteSAMLProvider", params, Again::NotFoundIsDone);
                PhaseWrites::delete(vec![call])
            }
        };
        Ok(vec![phase])
    }

    fn samples(&self) -> Samples {
        super::samples::saml_provider()
    }
}

/// Reads the answer of `GetSAMLProvider`. One without metadata is no provider and no "not found"
/// either.
fn read_provider(raw: Value, request_id: Option<String>) -> Observation {
    let Some(metadata) = live_metadata(&raw) else {
        let what = "the answer holds no metadata";
        return Observation::Unreadable(malformed(GET, what, request_id));
    };
    Observation::Present(Live {
        fields: Fields::from([
            ("metadata".to_owned(), metadata),
            (
                "description".to_owned(),
                wire::text_or_empty(&raw, "Description"),
            ),
        ])
        .into(),
        raw,
        facts: Facts::new(),
    })
}

/// The names in the answer of `ListSAMLProviders` that nobody asked for. It has one page.
fn read_list(wanted: &[String], answer: Option<&Answer>) -> Listing {
    let Some(Ok(reply)) = answer else {
        return Listing::NotRead;
    };
    let Some(items) = reply.body["SAMLProviderSet"].as_array() else {
        return Listing::NotRead;
    };
    let names = items.iter().filter_map(|item| wire::text(item, "Name"));
    Listing::Names(names.filter(|name| !wanted.contains(name)).collect())
}

/// The parameters of a create, and the canonical fields that it leaves behind.
fn new_provider(name: &str, fields: &Fields) -> Result<(Value, Fields), Impossible> {
    let metadata = metadata_to_send(fields, None)?;
    let description = fields
        .get("description")
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .unwrap_or(name);
    let params = json!({
        "Name": name,
        "Description": description,
        "SAMLMetadataDocument": encode(metadata),
    });
    let leaves = Fields::from([
        ("metadata".to_owned(), metadata.into()),
        ("description".to_owned(), description.into()),
    ]);
    Ok((params, leaves))
}

/// The parameters of an update: what is left out stays as it is.
fn only_changed(name: &str, desired: &Fields, changed: &[String]) -> Value {
    let mut params = Map::from_iter([("Name".to_owned(), name.into())]);
    for field in changed {
        let Some(value) = desired.get(field) else {
            continue;
        };
        let (cloud_name, value) = match field.as_str() {
            "metadata" => (
                "SAMLMetadataDocument",
                encode(value.as_str().unwrap_or_default()),
            ),
            "description" => ("Description", value.clone()),
            _ => continue,
        };
        params.insert(cloud_name.to_owned(), value);
    }
    Value::Object(params)
}

#[cfg(test)]
mod tests;
