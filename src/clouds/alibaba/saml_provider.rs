//! `AlibabaSamlProvider`: a SAML identity provider whose assertions roles are assumed with
//! (apis/alibaba.md §3.3). Named.
//!
//! The list has neither metadata nor algorithm, so each wanted provider is read by itself. Updates
//! are partial.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, json};

use super::api::{PAGE_ITEMS, is_whole};
use super::oidc_provider::{provider_name, write};
use super::saml;
use crate::clouds::answers::{came, malformed};
use crate::clouds::wire;
use crate::model::{Account, Fields, KindName, Value, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, ErrorClass, Facts, Field, Finding, Form,
    Impossible, Intent, KindInfo, Listing, Live, Naming, Need, Observation, Observed, PhaseWrites,
    Read, Removal, Reply, ResourceKind, Samples, Scope, Write, field,
};

/// The kind.
pub(super) struct SamlProvider;

const LIST: &str = "ListSAMLProviders";
const GET: &str = "GetSAMLProvider";
/// The document's name in answers and creates (§3.3).
const DOCUMENT: &str = "EncodedSAMLMetadataDocument";

static INFO: KindInfo = KindInfo {
    name: KindName("AlibabaSamlProvider"),
    doc: "A SAML identity provider for roles: people whom it vouches for assume a role that trusts it.",
    source: "apis/alibaba.md §3.3",
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
    saml::metadata_field(
        DOCUMENT,
        Need::ForCreate,
        "The SAML 2.0 metadata of the identity provider: who it is, where people sign in, and the certificates that its assertions are checked with.",
        "apis/alibaba.md §3.3",
    ),
    Field {
        name: "description",
        cloud_name: "Description",
        form: Form::Text(field::text(1, 256)),
        need: Need::Optional,
        clear: Clear::Text,
        change: Change::InPlace,
        effect: Effect::Cosmetic,
        doc: "Free text for people.",
        source: "apis/alibaba.md §3.3",
    },
    saml::algorithm_field("apis/alibaba.md §3.3"),
];

impl ResourceKind for SamlProvider {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn check(&self, fields: &Fields, _account: &Account, findings: &mut Vec<Finding>) {
        saml::check(fields, findings);
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        let get = |name: &str| Read(Call::rpc("Ims", GET, json!({ "SAMLProviderName": name })));
        match scope {
            Scope::Account(wanted) => {
                let list = Call::rpc("Ims", LIST, json!({ "MaxItems": PAGE_ITEMS }));
                std::iter::once(Read(list))
                    .chain(wanted.iter().map(|name| get(name)))
                    .collect()
            }
            Scope::One(name) => vec![get(name)],
        }
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let (list, gets) = match scope {
            Scope::Account(_) => (answers.first(), answers.get(1..).unwrap_or_default()),
            Scope::One(_) => (None, answers),
        };
        let wanted: BTreeMap<String, Observation> = scope
            .identities()
            .enumerate()
            .map(|(index, name)| (name.to_owned(), observe_one(gets.get(index))))
            .collect();
        let others = match list {
            Some(Ok(reply)) => listed(reply, &wanted),
            Some(Err(_)) | None => Listing::NotRead,
        };
        Observed { wanted, others }
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
                let call = update(identity, desired, live, changed);
                PhaseWrites::write(vec![call], merged(&live.fields, desired))
            }
            Intent::Remove { identity, .. } => {
                let params = json!({ "SAMLProviderName": identity });
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

/// The names of the listed providers nobody asked for: a list tells neither metadata nor algorithm.
fn listed(reply: &Reply, wanted: &BTreeMap<String, Observation>) -> Listing {
    let items = reply
        .pages()
        .filter_map(|page| page.get("SAMLProviders")?.get("SAMLProvider")?.as_array())
        .flatten();
    let mut found = BTreeSet::new();
    let mut is_whole = is_whole(reply, "SAMLProviders", "SAMLProvider");
    for item in items {
        match name_of(item) {
            Some(name) if wanted.contains_key(&name) => {}
            Some(name) => {
                found.insert(name);
            }
            None => is_whole = false,
        }
    }
    if is_whole {
        Listing::Names(found)
    } else {
        Listing::NotRead
    }
}

fn name_of(raw: &Value) -> Option<String> {
    wire::text(raw, "SAMLProviderName").filter(|name| !name.is_empty())
}

/// "Not there" has two spellings, `EntityNotExist.SAMLProvider` and `…ProviderError`; the client
/// sorts both by what they begin with (§3.3).
fn observe_one(answer: Option<&Answer>) -> Observation {
    match came(GET, answer) {
        Ok(reply) => match reply.body.get("SAMLProvider") {
            Some(raw) if name_of(raw).is_some() => Observation::Present(read_provider(raw)),
            Some(_) | None => {
                let what = "the answer holds no provider";
                Observation::Unreadable(malformed(GET, what, reply.request_id.clone()))
            }
        },
        Err(error) if error.class == ErrorClass::NotFound => Observation::Absent(Facts::new()),
        Err(error) => Observation::Unreadable(error),
    }
}

fn read_provider(raw: &Value) -> Live {
    let mut fields = Fields::from([
        (
            "description".to_owned(),
            wire::text_or_empty(raw, "Description"),
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

fn create(name: &str, fields: &Fields) -> Result<(Write, Fields), Impossible> {
    let Some(document) = fields.get("metadata") else {
        return Err(
            "a provider is created with its `metadata`, and the manifest has none".to_owned(),
        );
    };
    let description = fields.get("description").and_then(Value::as_str);
    let description = description.unwrap_or_default();
    let algorithm = fields.get("authnSignAlgorithm");
    let mut params = Map::from_iter([
        ("SAMLProviderName".to_owned(), name.into()),
        (DOCUMENT.to_owned(), saml::encoded(document)),
    ]);
    if !description.is_empty() {
        params.insert("Description".to_owned(), description.into());
    }
    if let Some(algorithm) = algorithm {
        params.insert("AuthnSignAlgo".to_owned(), algorithm.clone());
    }
    let leaves = Fields::from([
        ("metadata".to_owned(), document.clone()),
        ("description".to_owned(), description.into()),
        (
            "authnSignAlgorithm".to_owned(),
            algorithm
                .cloned()
                .unwrap_or_else(|| saml::DEFAULT_ALGORITHM.into()),
        ),
    ]);
    let params = Value::Object(params);
    let call = write("CreateSAMLProvider", params, Again::ConflictIsDone);
    Ok((call, leaves))
}

fn update(name: &str, desired: &Fields, live: &Live, changed: &[String]) -> Write {
    let differs = |field: &str| changed.iter().any(|name| name == field);
    let mut params = Map::from_iter([("SAMLProviderName".to_owned(), name.into())]);
    if differs("description") {
        // That an empty text clears is UNCONFIRMED; Terraform sends it so for OIDC (§3.1).
        let text = desired.get("description").and_then(Value::as_str);
        params.insert("NewDescription".to_owned(), text.unwrap_or_default().into());
    }
    let document = format!("New{DOCUMENT}");
    if differs("metadata") {
        let wanted = desired.get("metadata").unwrap_or(&Value::Null);
        params.insert(document, saml::encoded(wanted));
    } else if !differs("description") {
        // An update takes at least one of the two; the unchanged document goes along (§3.3).
        let same = wire::text(&live.raw, DOCUMENT).unwrap_or_default();
        let same: String = same.split_ascii_whitespace().collect();
        params.insert(document, same.into());
    }
    // Whether it falls back to its default when it is left out is documented nowhere, so it always
    // goes along where the cloud knows it.
    let algorithm = desired
        .get("authnSignAlgorithm")
        .or_else(|| live.raw.get("AuthnSignAlgo"));
    if let Some(algorithm) = algorithm.filter(|algorithm| algorithm.is_string()) {
        params.insert("AuthnSignAlgo".to_owned(), algorithm.clone());
    }
    write("UpdateSAMLProvider", Value::Object(params), Again::Same)
}

#[cfg(test)]
mod tests;
