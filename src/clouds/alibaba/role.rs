//! `AlibabaRole`: a RAM role with its trust policy, attached policies and tags
//! (apis/alibaba.md §3.5). Named; a list tells neither trust policies nor what is attached, so each
//! wanted role is asked for by name.
//!
//! Updates are partial. Policies and tags have calls of their own, which only add and only remove.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, json};

use super::api::is_whole;
use crate::clouds::wire;
use crate::federation::trust::{self, ProviderKind};
use crate::model::{Fields, KindName, Value};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, ErrorClass, Facts, Field, Form, Impossible, Intent,
    KindInfo, Listing, Live, Naming, Need, Observation, Observed, Phase, PhaseWrites,
    ProviderError, Read, Removal, Reply, ResourceKind, Samples, Scope, TextRule, TrustForm, Write,
    field,
};

/// The kind.
pub(super) struct Role;

const LIST: &str = "ListRoles";
const GET: &str = "GetRole";
const LIST_POLICIES: &str = "ListPoliciesForRole";
const LIST_TAGS: &str = "ListTagResources";

/// Roles on a page: the most that is allowed (§1.6).
const PAGE_ITEMS: u32 = 1000;
/// Tags of one role; RAM itself documents no number, UNCONFIRMED (§3.5).
const TAGS: usize = 20;
/// Attached policies: 20 of the cloud's and 10 of the account's, which may be raised, so that
/// only a number far beyond is refused here (§3.5, quotas).
const POLICIES: usize = 100;

static INFO: KindInfo = KindInfo {
    name: KindName("AlibabaRole"),
    doc: "A RAM role: what those it trusts may do. Policies that others attached stay as they are unless `policies` is managed.",
    source: "apis/alibaba.md §3.5",
    fields: FIELDS,
    naming: Naming::Named(TextRule {
        min: 1,
        max: 64,
        allowed: "letters, digits, '.' and '-'",
        check: |text| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        },
    }),
    removal: Removal::Delete,
    cannot_list: None,
    cloud_managed: &["AliyunServiceRoleFor*"],
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

static FIELDS: &[Field] = &[
    Field {
        name: "trust",
        cloud_name: "AssumeRolePolicyDocument",
        form: Form::Trust(TrustForm {
            grammar: &trust::RAM,
            providers: &[
                ("AlibabaOidcProvider", ProviderKind::Oidc),
                ("AlibabaSamlProvider", ProviderKind::Saml),
            ],
            // Which of the two recipients is right depends on the site, which is not known (§5.3).
            saml_audiences: |_| &[],
        }),
        need: Need::ForCreate,
        clear: Clear::Refused("a role has a trust policy; to take it from everybody, delete it"),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "Who may take the role. For SAML providers `audiences` are recipients: https://signin.aliyun.com/saml-role/sso on the China site, https://signin.alibabacloud.com/saml-role/sso on the International site.",
        source: "apis/alibaba.md §5",
    },
    Field {
        name: "description",
        cloud_name: "Description",
        form: Form::Text(field::text(1, 1024)),
        need: Need::Optional,
        clear: Clear::Text,
        change: Change::InPlace,
        effect: Effect::Cosmetic,
        doc: "Free text for people.",
        source: "apis/alibaba.md §3.5",
    },
    Field {
        name: "maxSessionDurationSeconds",
        cloud_name: "MaxSessionDuration",
        form: Form::Integer {
            min: 3600,
            max: 43_200,
            unit: "seconds",
        },
        need: Need::Optional,
        clear: Clear::Refused("there is always a limit; 3600 is the cloud's default"),
        change: Change::InPlace,
        effect: Effect::Longer,
        doc: "How long a session may last.",
        source: "apis/alibaba.md §3.5",
    },
    Field {
        name: "policies",
        cloud_name: "AttachPolicyToRole",
        form: Form::TextSet {
            item: TextRule {
                min: 8,
                max: 135,
                allowed: "System/NAME or Custom/NAME, the name of letters, digits and '-'",
                check: is_policy,
            },
            max_items: POLICIES,
        },
        need: Need::Optional,
        clear: Clear::Set,
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "The policies attached to the role, all of them: `System/NAME` for the cloud's, `Custom/NAME` for the account's own.",
        source: "apis/alibaba.md §3.5",
    },
    Field {
        name: "tags",
        cloud_name: "Tag",
        form: Form::Tags {
            key: TextRule {
                min: 1,
                max: 128,
                allowed: "no 'aliyun' or 'acs:' at the beginning, no 'http://' or 'https://'",
                check: |text| {
                    !(text.starts_with("aliyun")
                        || text.starts_with("acs:")
                        || text.contains("http://")
                        || text.contains("https://"))
                },
            },
            value: field::text(0, 256),
            max_items: TAGS,
        },
        need: Need::Optional,
        clear: Clear::Mapping,
        change: Change::InPlace,
        effect: Effect::Cosmetic,
        doc: "The tags of the role, all of them.",
        source: "apis/alibaba.md §3.5",
    },
];

fn is_policy(text: &str) -> bool {
    let name = text
        .strip_prefix("System/")
        .or_else(|| text.strip_prefix("Custom/"));
    name.is_some_and(|name| {
        (1..=128).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

impl ResourceKind for Role {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn reports_unmanaged(&self) -> bool {
        false
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        // Tags stand in the list of roles, or in one of their own; a role itself does not show them.
        let tags = match scope {
            Scope::Account(_) => Call::rpc("Ram", LIST, json!({ "MaxItems": PAGE_ITEMS })),
            Scope::One(name) => {
                let names = json!([name]).to_string();
                let params =
                    json!({ "ResourceType": "role", "ResourceNames": names, "PageSize": 100 });
                Call::rpc("Ram", LIST_TAGS, params)
            }
        };
        let of_role = scope.identities().flat_map(|name| {
            [GET, LIST_POLICIES].map(|call| Call::rpc("Ram", call, json!({ "RoleName": name })))
        });
        std::iter::once(tags).chain(of_role).map(Read).collect()
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let tags = tags_of(scope, answers.first());
        let wanted = scope.identities().enumerate().map(|(index, name)| {
            let of_role = answers.get(1 + 2 * index..).unwrap_or_default();
            let observation = observe_role(name, of_role, tags.as_ref());
            (name.to_owned(), observation)
        });
        let wanted: BTreeMap<String, Observation> = wanted.collect();
        let others = match (scope, answers.first()) {
            (Scope::Account(_), Some(Ok(reply))) if is_whole(reply, "Roles", "Role") => {
                Listing::Names(listed(reply, &wanted).into_keys().collect())
            }
            (Scope::Account(_) | Scope::One(_), _) => Listing::NotRead,
        };
        Observed { wanted, others }
    }

    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        let (phase, calls, leaves) = match intent {
            Intent::Create {
                identity, fields, ..
            } => (
                Phase::Write,
                create(identity, fields)?,
                Some(fields.clone()),
            ),
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => {
                let mut leaves = live.fields.clone();
                leaves.extend(desired.clone());
                (
                    Phase::Write,
                    update(identity, desired, live, changed),
                    Some(leaves),
                )
            }
            Intent::Remove { identity, live } => {
                // A role with policies is not deleted (§3.5).
                let mut calls: Vec<Write> = wire::texts(live.fields.get("policies"))
                    .into_iter()
                    .filter_map(|policy| detach(identity, policy))
                    .collect();
                let params = json!({ "RoleName": identity });
                calls.push(write("DeleteRole", params, Again::NotFoundIsDone));
                (Phase::Remove, calls, None)
            }
        };
        Ok(vec![PhaseWrites {
            phase,
            calls,
            leaves,
        }])
    }

    fn samples(&self) -> Samples {
        super::samples::role()
    }
}

/// Tags by role.
type Tags = BTreeMap<String, Map<String, Value>>;

/// The tags of all roles that were read, in the list of roles or in that of one role's tags.
fn tags_of(scope: Scope<'_>, answer: Option<&Answer>) -> Result<Tags, ProviderError> {
    let reply = match answer {
        Some(Ok(reply)) => reply,
        Some(Err(error)) => return Err(error.clone()),
        None => return Err(malformed(LIST, "no answer was kept", None)),
    };
    let mut found = Tags::new();
    match scope {
        Scope::Account(_) => {
            if !is_whole(reply, "Roles", "Role") {
                let what = "the list is not whole";
                return Err(malformed(LIST, what, reply.request_id.clone()));
            }
            for role in roles(reply) {
                if let Some(name) = wire::text(role, "RoleName") {
                    let tags = role.get("Tags").and_then(|tags| tags.get("Tag"));
                    let tags = tags.and_then(Value::as_array).into_iter().flatten();
                    found.insert(name, tags.filter_map(pair).collect());
                }
            }
        }
        Scope::One(name) => {
            let holds_list = |page: &Value| {
                let page = page.as_object();
                page.is_some_and(|page| page.get("TagResources").is_none_or(Value::is_array))
            };
            if !reply.pages().all(holds_list) {
                let what = "the answer holds no list of tags";
                return Err(malformed(LIST_TAGS, what, reply.request_id.clone()));
            }
            let pages = reply
                .pages()
                .filter_map(|page| page.get("TagResources")?.as_array());
            let tags = pages
                .flatten()
                .filter(|tag| wire::text(tag, "ResourceName").is_none_or(|of| of == name));
            found.insert(name.to_owned(), tags.filter_map(pair).collect());
        }
    }
    Ok(found)
}

fn pair(tag: &Value) -> Option<(String, Value)> {
    let key = wire::text(tag, "TagKey")?;
    Some((key, wire::text_or_empty(tag, "TagValue")))
}

fn roles(reply: &Reply) -> impl Iterator<Item = &Value> {
    reply
        .pages()
        .filter_map(|page| page.get("Roles")?.get("Role")?.as_array())
        .flatten()
}

/// The roles that nobody asked for: no more than their names and what is beside them.
fn listed(reply: &Reply, wanted: &BTreeMap<String, Observation>) -> BTreeMap<String, Live> {
    let named = roles(reply).filter_map(|role| Some((wire::text(role, "RoleName")?, role)));
    named
        .filter(|(name, _)| !wanted.contains_key(name))
        .map(|(name, role)| {
            let live = Live {
                fields: plain_fields(role),
                raw: role.clone(),
                facts: Facts::new(),
            };
            (name, live)
        })
        .collect()
}

fn observe_role(
    name: &str,
    answers: &[Answer],
    tags: Result<&Tags, &ProviderError>,
) -> Observation {
    let role = match answers.first() {
        Some(Ok(reply)) => reply,
        Some(Err(error)) if error.class == ErrorClass::NotFound => {
            return Observation::Absent(Facts::new());
        }
        Some(Err(error)) => return Observation::Unreadable(error.clone()),
        None => return Observation::Unreadable(malformed(GET, "no answer was kept", None)),
    };
    let policies = match answers.get(1) {
        Some(Ok(reply)) => policies(&reply.body),
        Some(Err(error)) => return Observation::Unreadable(error.clone()),
        None => {
            return Observation::Unreadable(malformed(LIST_POLICIES, "no answer was kept", None));
        }
    };
    let tags = match tags {
        Ok(tags) => tags.get(name).cloned().unwrap_or_default(),
        Err(error) => return Observation::Unreadable(error.clone()),
    };
    let Some((raw, document)) = role.body.get("Role").and_then(|raw| {
        let document = wire::text(raw, "AssumeRolePolicyDocument")?;
        Some((raw, document))
    }) else {
        let what = "the answer holds no role";
        return Observation::Unreadable(malformed(GET, what, role.request_id.clone()));
    };
    let mut fields = plain_fields(raw);
    fields.insert("trust".to_owned(), wire::document(document));
    fields.insert("policies".to_owned(), policies);
    fields.insert("tags".to_owned(), Value::Object(tags));
    Observation::Present(Live {
        fields,
        raw: raw.clone(),
        facts: Facts::new(),
    })
}

fn plain_fields(raw: &Value) -> Fields {
    let mut fields = Fields::from([(
        "description".to_owned(),
        wire::text_or_empty(raw, "Description"),
    )]);
    if let Some(seconds) = wire::number(raw, "MaxSessionDuration") {
        fields.insert("maxSessionDurationSeconds".to_owned(), seconds.into());
    }
    fields
}

fn policies(body: &Value) -> Value {
    let list = body.get("Policies").and_then(|list| list.get("Policy"));
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let names: BTreeSet<String> = list
        .filter_map(|policy| {
            let kind = wire::text(policy, "PolicyType")?;
            Some(format!("{kind}/{}", wire::text(policy, "PolicyName")?))
        })
        .collect();
    names.into_iter().map(Value::from).collect()
}

fn create(name: &str, fields: &Fields) -> Result<Vec<Write>, Impossible> {
    let Some(policy) = fields.get("trust") else {
        return Err("a role is created with a trust policy, and the manifest has none".to_owned());
    };
    let mut params = Map::from_iter([
        ("RoleName".to_owned(), name.into()),
        (
            "AssumeRolePolicyDocument".to_owned(),
            policy.to_string().into(),
        ),
    ]);
    // An empty one is no legal value here (§3.5).
    let description = fields.get("description").and_then(Value::as_str);
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        params.insert("Description".to_owned(), text.into());
    }
    if let Some(seconds) = fields.get("maxSessionDurationSeconds") {
        params.insert("MaxSessionDuration".to_owned(), seconds.clone());
    }
    let tags = wire::pairs(fields.get("tags"));
    if !tags.is_empty() {
        params.insert("Tag".to_owned(), tag_list(tags).into());
    }
    let mut calls = vec![write(
        "CreateRole",
        Value::Object(params),
        Again::ConflictIsDone,
    )];
    let policies = wire::texts(fields.get("policies"));
    calls.extend(
        policies
            .into_iter()
            .filter_map(|policy| attach(name, policy)),
    );
    Ok(calls)
}

fn update(name: &str, desired: &Fields, live: &Live, changed: &[String]) -> Vec<Write> {
    let differs = |field: &str| changed.iter().any(|name| name == field);
    let mut calls = Vec::new();
    let mut params = Map::new();
    if differs("trust")
        && let Some(policy) = desired.get("trust")
    {
        let text = policy.to_string();
        params.insert("NewAssumeRolePolicyDocument".to_owned(), text.into());
    }
    if differs("description") {
        // That an empty text clears is UNCONFIRMED, as for identity providers (§3.1).
        let text = desired.get("description").and_then(Value::as_str);
        params.insert("NewDescription".to_owned(), text.unwrap_or_default().into());
    }
    if differs("maxSessionDurationSeconds")
        && let Some(seconds) = desired.get("maxSessionDurationSeconds")
    {
        params.insert("NewMaxSessionDuration".to_owned(), seconds.clone());
    }
    if !params.is_empty() {
        params.insert("RoleName".to_owned(), name.into());
        calls.push(write("UpdateRole", Value::Object(params), Again::Same));
    }
    if differs("policies") {
        let wanted: BTreeSet<&str> = wire::texts(desired.get("policies")).into_iter().collect();
        let held: BTreeSet<&str> = wire::texts(live.fields.get("policies"))
            .into_iter()
            .collect();
        // Attached before detached: whoever holds the role is never without.
        let added = wanted.difference(&held);
        calls.extend(added.filter_map(|policy| attach(name, policy)));
        let removed = held.difference(&wanted);
        calls.extend(removed.filter_map(|policy| detach(name, policy)));
    }
    if differs("tags") {
        let (set, removed) = wire::pair_changes(live.fields.get("tags"), desired.get("tags"));
        let names = json!([name]).to_string();
        if !set.is_empty() {
            let params =
                json!({ "ResourceType": "role", "ResourceNames": names, "Tag": tag_list(set) });
            calls.push(write("TagResources", params, Again::Same));
        }
        if !removed.is_empty() {
            let keys = json!(removed).to_string();
            let params = json!({ "ResourceType": "role", "ResourceNames": names, "TagKeys": keys });
            calls.push(write("UntagResources", params, Again::Same));
        }
    }
    calls
}

/// `Tag` travels as a JSON text (§3.5).
fn tag_list(tags: Vec<(&str, &str)>) -> String {
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Value::Array(tags).to_string()
}

fn attach(role: &str, policy: &str) -> Option<Write> {
    let params = attachment(role, policy)?;
    Some(write("AttachPolicyToRole", params, Again::PresenceIsDone))
}

fn detach(role: &str, policy: &str) -> Option<Write> {
    let params = attachment(role, policy)?;
    Some(write("DetachPolicyFromRole", params, Again::NotFoundIsDone))
}

/// [`None`] for what has no type before its name, which neither side lets through.
fn attachment(role: &str, policy: &str) -> Option<Value> {
    let (kind, name) = policy.split_once('/')?;
    Some(json!({ "PolicyType": kind, "PolicyName": name, "RoleName": role }))
}

fn write(name: &'static str, params: Value, again: Again) -> Write {
    Write {
        call: Call::rpc("Ram", name, params),
        again,
    }
}

fn malformed(call: &'static str, what: &str, request_id: Option<String>) -> ProviderError {
    ProviderError {
        request_id,
        ..ProviderError::new(ErrorClass::Protocol, call, what)
    }
}

#[cfg(test)]
mod tests;
