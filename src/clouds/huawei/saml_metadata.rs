//! `HuaweiSamlMetadata`: `/v3-ext/OS-FEDERATION/identity_providers/{idp}/protocols/saml/metadata`.
//! Facts: `apis/huawei.md §3.6`.
//!
//! One call imports, over whatever was there before; nothing changes a part of it and nothing takes
//! it away but the provider's own end.

use serde_json::json;

use crate::federation::saml_metadata::from_text;
use crate::model::{Account, Code, Fields, KindName, Value, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, ErrorClass, Facts, Field, Finding, Form,
    Impossible, Intent, KindInfo, Link, Listing, Live, Naming, Need, Observation, Observed, Phase,
    PhaseWrites, ProviderError, Read, Removal, ResourceKind, Samples, Scope, Waits,
};

use super::{account_of, phase, samples, segment, undocumented};
use crate::clouds::answers::came;

/// The kind.
pub(super) struct SamlMetadata;

/// The call that reads.
const SHOW: &str = "ShowMetadata";
/// The call that writes, the first time and every other.
const IMPORT: &str = "CreateMetadata";

/// The fact whose provider it is, which an import must say (`apis/huawei.md §3.6`).
const ACCOUNT: &str = "accountId";

/// Longest document in characters (`apis/huawei.md §3.6`).
const CHARACTERS: usize = 30_000;

/// The same in bytes, of which a character has up to four.
const BYTES: usize = 4 * CHARACTERS;

/// Where the account came from; it must be said, and says nothing (`apis/huawei.md §3.6`).
const ACCOUNT_TYPE: &str = "";

static INFO: KindInfo = KindInfo {
    name: KindName("HuaweiSamlMetadata"),
    doc: "The SAML metadata of an identity provider with protocol saml: who it is, its \
          certificates and where people sign in.",
    source: "apis/huawei.md §3.6",
    fields: &[
        Field {
            name: "identityProvider",
            cloud_name: "identity provider in the path",
            form: Form::Reference {
                kind: "HuaweiIdentityProvider",
                link: Link::PartOf,
            },
            need: Need::Always,
            clear: Clear::Refused("it is the metadata's identity"),
            change: Change::Immutable,
            effect: Effect::Structure,
            doc: "The provider that the metadata belongs to, and goes with.",
            source: "apis/huawei.md §3.6",
        },
        Field {
            name: "metadata",
            cloud_name: "metadata",
            form: Form::Metadata { max_bytes: BYTES },
            need: Need::ForCreate,
            clear: Clear::Refused("the cloud cannot unset it; it goes with the provider"),
            change: Change::InPlace,
            effect: Effect::Accepts,
            doc: "The document, at most 30000 characters. Written as `metadata`, read as `data`.",
            source: "apis/huawei.md §3.6",
        },
    ],
    naming: Naming::ByFields(&["identityProvider"]),
    removal: Removal::WithParent("identityProvider"),
    cannot_list: Some("the cloud shows the metadata of one identity provider at a time"),
    cloud_managed: &[],
    create_switches_sign_in: false,
    waits: Some(Waits {
        kind: KindName("HuaweiProtocol"),
        same_field: "identityProvider",
        // The path of the API names it (§3.6).
        one_has: Some(("protocol", "saml")),
    }),
    excludes: None,
};

impl ResourceKind for SamlMetadata {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn check(&self, fields: &Fields, _account: &Account, findings: &mut Vec<Finding>) {
        let metadata = fields.get("metadata").and_then(Value::as_str);
        let characters = metadata.map_or(0, |text| text.chars().count());
        if characters > CHARACTERS {
            findings.push(Finding {
                field: "metadata",
                code: Code::ValueOutOfRange,
                title: format!(
                    "`metadata` has {characters} characters; Huawei Cloud takes {CHARACTERS}"
                ),
                help: "drop what is not needed: its signature, descriptors of other roles, \
                       organization and contacts"
                    .to_owned(),
            });
        }
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        let mut reads: Vec<Read> = scope
            .identities()
            .map(|identity| Read(Call::rest(SHOW, "GET", path(identity), Value::Null)))
            .collect();
        if !reads.is_empty() {
            // An import says whose provider it is for.
            reads.push((super::CLOUD.identity)());
        }
        reads
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let shown = scope.identities().count();
        let account = account(answers.get(shown));
        let wanted = scope.identities().enumerate().map(|(at, identity)| {
            let observation = read_metadata(identity, answers.get(at), &account);
            (identity.to_owned(), observation)
        });
        Observed {
            wanted: wanted.collect(),
            others: Listing::NotRead,
        }
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        match intent {
            Intent::Create {
                identity,
                fields,
                facts,
            } => {
                let own = Fields::from([("identityProvider".to_owned(), json!(identity))]);
                import(identity, merged(&own, fields), facts)
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
                    return Err("metadata cannot move to another provider".to_owned());
                }
                import(identity, merged(&live.fields, desired), &live.facts)
            }
            // No call deletes it; it goes with the provider.
            Intent::Remove { .. } => Ok(Vec::new()),
        }
    }

    fn samples(&self) -> Samples {
        samples::saml_metadata()
    }

    /// The protocol that the path names.
    fn scenery(&self) -> Vec<(KindName, Value)> {
        vec![(KindName("HuaweiProtocol"), samples::saml_protocol())]
    }
}

fn path(identity: &str) -> String {
    format!(
        "/v3-ext/OS-FEDERATION/identity_providers/{}/protocols/saml/metadata",
        segment(identity)
    )
}

/// The account, as the caller's own credentials tell it.
fn account(answer: Option<&Answer>) -> Result<Facts, ProviderError> {
    let reply = came(super::IDENTITY, answer)?;
    match account_of(&reply.body) {
        Some(id) => Ok(Facts::from([(ACCOUNT.to_owned(), id.into())])),
        None => Err(undocumented(super::IDENTITY, "the answer names no account")),
    }
}

/// Reads the answer of [`SHOW`], which is flat. What is there names its account itself; what is not
/// there could not be imported without.
fn read_metadata(
    identity: &str,
    answer: Option<&Answer>,
    account: &Result<Facts, ProviderError>,
) -> Observation {
    let absent = || match account {
        Ok(facts) => Observation::Absent(facts.clone()),
        Err(error) => Observation::Unreadable(error.clone()),
    };
    let raw = match came(SHOW, answer) {
        Ok(reply) => &reply.body,
        // Not among the documented ones; a guess for what was never imported.
        Err(error) if error.class == ErrorClass::NotFound => return absent(),
        Err(error) => return Observation::Unreadable(error),
    };
    let data = match &raw["data"] {
        Value::String(data) if !data.is_empty() => from_text(data).unwrap_or_else(|_| data.clone()),
        Value::String(_) => return absent(),
        Value::Null if raw.get("data").is_some() => return absent(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return Observation::Unreadable(undocumented(SHOW, "the answer has no text `data`"));
        }
    };
    let facts = match raw["domain_id"].as_str().filter(|id| !id.is_empty()) {
        Some(id) => Facts::from([(ACCOUNT.to_owned(), id.into())]),
        None => account.clone().unwrap_or_default(),
    };
    Observation::Present(Live {
        fields: Fields::from([
            ("identityProvider".to_owned(), json!(identity)),
            ("metadata".to_owned(), json!(data)),
        ])
        .into(),
        raw: raw.clone(),
        facts,
    })
}

/// The one write there is.
fn import(identity: &str, fields: Fields, facts: &Facts) -> Result<Vec<PhaseWrites>, Impossible> {
    let metadata = fields
        .get("metadata")
        .ok_or_else(|| "an import needs `metadata`".to_owned())?;
    let account = facts.get(ACCOUNT).ok_or_else(|| {
        "the account's id, which an import must name, could not be read".to_owned()
    })?;
    let call = Call::rest(
        IMPORT,
        "POST",
        path(identity),
        json!({
            "domain_id": account,
            "xaccount_type": ACCOUNT_TYPE,
            "metadata": metadata,
        }),
    );
    Ok(vec![phase(Phase::Write, call, Again::Same, Some(fields))])
}

#[cfg(test)]
#[path = "saml_metadata_tests.rs"]
mod tests;
