//! `TencentRole`: a CAM role with its trust policy, attached policies and tags
//! (apis/tencent.md §3.6). Named; each wanted role is asked for by name, with what is attached to it.
//!
//! There is no single update: every field has a call of its own.

use std::collections::BTreeSet;

use serde_json::{Map, json};

use super::fields;
use crate::clouds::wire;
use crate::federation::trust::{self, ProviderKind};
use crate::model::{Account, Fields, KindName, Value};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, ErrorClass, Facts, Field, Form, Impossible, Intent,
    KindInfo, Listing, Live, Naming, Need, Observation, Observed, Phase, PhaseWrites,
    ProviderError, Read, Removal, Reply, ResourceKind, Samples, Scope, TextRule, TrustForm, Write,
    field,
};

/// The kind.
pub(super) struct Role;

const GET: &str = "GetRole";
const LIST: &str = "DescribeRoleList";
const LIST_POLICIES: &str = "ListAttachedRolePolicies";
/// Known on the china site only (§3.0).
const SET_DURATION: &str = "UpdateRoleSessionDuration";

/// Roles or policies on a page: the most that is allowed (§3.6).
const PAGE_ITEMS: u32 = 200;
/// Bytes, not characters (§3.0).
const DESCRIPTION_BYTES: usize = 300;
/// Attached policies; the limit is UNCONFIRMED.
const POLICIES: usize = 200;
/// Tags of one role; UNCONFIRMED.
const TAGS: usize = 50;

static INFO: KindInfo = KindInfo {
    name: KindName("TencentRole"),
    doc: "A CAM role: what those it trusts may do. Policies that others attached stay as they are unless `policies` is managed.",
    source: "apis/tencent.md §3.6",
    fields: FIELDS,
    naming: Naming::Named(TextRule {
        min: 1,
        max: 128,
        allowed: "letters, digits and '+', '=', ',', '.', '@', '-', '_'",
        check: |text| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@-_".contains(&byte))
        },
    }),
    removal: Removal::Delete,
    cannot_list: None,
    cloud_managed: &["TencentCloudSSO-*"],
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

static FIELDS: &[Field] = &[
    Field {
        name: "trust",
        cloud_name: "PolicyDocument",
        form: Form::Trust(TrustForm {
            grammar: &trust::CAM,
            providers: &[
                ("TencentOidcProvider", ProviderKind::Oidc),
                ("TencentSamlProvider", ProviderKind::Saml),
            ],
            saml_audiences,
        }),
        need: Need::ForCreate,
        clear: Clear::Refused("a role has a trust policy; to take it from everybody, delete it"),
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "Who may take the role. Subjects are whole texts: Tencent Cloud has no patterns that could hold one.",
        source: "apis/tencent.md §4",
    },
    Field {
        name: "description",
        cloud_name: "Description",
        form: Form::Text(TextRule {
            min: 1,
            max: DESCRIPTION_BYTES,
            allowed: "at most 300 bytes in UTF-8",
            check: |text| text.len() <= DESCRIPTION_BYTES,
        }),
        need: Need::Optional,
        clear: Clear::Text,
        change: Change::InPlace,
        effect: Effect::Cosmetic,
        doc: "Free text for people.",
        source: "apis/tencent.md §3.0",
    },
    Field {
        name: "consoleLogin",
        cloud_name: "ConsoleLogin",
        form: Form::Flag,
        need: Need::Optional,
        clear: Clear::Refused("a switch is true or false"),
        change: Change::InPlace,
        effect: Effect::Switches,
        doc: "Whether holders of the role may sign in to the console with it.",
        source: "apis/tencent.md §3.6",
    },
    Field {
        name: "sessionDurationSeconds",
        cloud_name: "SessionDuration",
        form: Form::Integer {
            min: 0,
            max: 43_200,
            unit: "seconds",
        },
        need: Need::Optional,
        clear: Clear::Refused("there is always a limit"),
        change: Change::InPlace,
        effect: Effect::Longer,
        doc: "How long a session may last. The international site has no call that changes it: there it is decided when the role is created.",
        source: "apis/tencent.md §3.6",
    },
    Field {
        name: "policies",
        cloud_name: "AttachRolePolicy",
        form: Form::TextSet {
            item: TextRule {
                min: 1,
                max: 128,
                allowed: "the name of a policy, without spaces",
                check: |text| !text.contains(char::is_whitespace),
            },
            max_items: POLICIES,
        },
        need: Need::Optional,
        clear: Clear::Set,
        change: Change::InPlace,
        effect: Effect::Accepts,
        doc: "The names of the policies attached to the role, all of them.",
        source: "apis/tencent.md §3.6",
    },
    Field {
        name: "tags",
        cloud_name: "Tags",
        form: Form::Tags {
            key: field::text(1, 128),
            value: field::text(0, 256),
            max_items: TAGS,
        },
        need: Need::Optional,
        clear: Clear::Mapping,
        change: Change::InPlace,
        effect: Effect::Cosmetic,
        doc: "The tags of the role, all of them.",
        source: "apis/tencent.md §3.6",
    },
];

/// The international site had another address before, and assertions may still be made for that
/// (§4.2).
fn saml_audiences(site: Option<&str>) -> &'static [&'static str] {
    match site {
        Some("international") => &[
            "https://intl.cloud.tencent.com/login/saml",
            "https://www.tencentcloud.com/login/saml",
        ],
        Some(_) | None => &["https://cloud.tencent.com/login/saml"],
    }
}

impl ResourceKind for Role {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn reports_unmanaged(&self) -> bool {
        false
    }

    fn known_there(&self, account: &Account, phases: &[PhaseWrites]) -> Result<(), Impossible> {
        let mut calls = phases.iter().flat_map(|phase| &phase.calls);
        let sets = calls.any(|write| write.call.name == SET_DURATION);
        if sets && account.site.as_deref() == Some("international") {
            return Err(
                "the international site of Tencent Cloud has no call that changes `sessionDurationSeconds` of a role; drop the field to keep what is there, or delete the role and let it be made anew"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn reads(&self, scope: Scope<'_>) -> Vec<Read> {
        if let Scope::Account([]) = scope {
            let params = json!({ "Page": 1, "Rp": PAGE_ITEMS });
            return vec![Read(Call::rpc("cam", LIST, params))];
        }
        let of_role = |name: &str| {
            [
                Call::rpc("cam", GET, json!({ "RoleName": name })),
                Call::rpc(
                    "cam",
                    LIST_POLICIES,
                    json!({ "RoleName": name, "Page": 1, "Rp": PAGE_ITEMS }),
                ),
            ]
        };
        scope.identities().flat_map(of_role).map(Read).collect()
    }

    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed {
        let wanted = scope.identities().enumerate().map(|(index, name)| {
            let observation = observe_role(answers, 2 * index);
            (name.to_owned(), observation)
        });
        let others = match (scope, answers.first()) {
            (Scope::Account([]), Some(Ok(reply))) if is_whole(reply) => {
                let mine = entries(reply).filter(|role| !belongs_to_a_service(role));
                let names = mine.filter_map(|role| wire::text(role, "RoleName"));
                Listing::Names(names.collect())
            }
            (Scope::Account(_) | Scope::One(_), _) => Listing::NotRead,
        };
        Observed {
            wanted: wanted.collect(),
            others,
        }
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
                // Whether a role takes its policies along is UNCONFIRMED (§3.6).
                let mut calls: Vec<Write> = wire::texts(live.fields.get("policies"))
                    .into_iter()
                    .map(|policy| detach(identity, policy))
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

/// Roles of cloud services, which nobody else may change (§3.6).
fn belongs_to_a_service(role: &Value) -> bool {
    matches!(
        wire::text(role, "RoleType").as_deref(),
        Some("system" | "service_linked")
    )
}

fn observe_role(answers: &[Answer], at: usize) -> Observation {
    let role = match fields::answer(answers, at, GET) {
        Ok(reply) => reply,
        Err(error) if error.class == ErrorClass::NotFound => {
            return Observation::Absent(Facts::new());
        }
        Err(error) => return Observation::Unreadable(error),
    };
    let policies = match fields::answer(answers, at + 1, LIST_POLICIES) {
        Ok(reply) if is_whole(&reply) => reply,
        Ok(reply) => {
            let what = "the list of attached policies is not whole";
            return Observation::Unreadable(malformed(LIST_POLICIES, what, reply));
        }
        Err(error) => return Observation::Unreadable(error),
    };
    let info = role.body.get("RoleInfo").cloned().unwrap_or_default();
    let Some(mut fields) = plain_fields(&info) else {
        let what = "the answer holds no trust policy";
        return Observation::Unreadable(malformed(GET, what, role));
    };
    let names: BTreeSet<String> = entries(&policies)
        .filter_map(|policy| wire::text(policy, "PolicyName"))
        .collect();
    let names = names.into_iter().map(Value::from).collect();
    fields.insert("policies".to_owned(), names);
    Observation::Present(Live {
        fields,
        raw: info,
        facts: Facts::new(),
    })
}

/// What a role shows by itself; [`None`] without a trust policy, which every role has.
fn plain_fields(raw: &Value) -> Option<Fields> {
    let document = wire::text(raw, "PolicyDocument").filter(|text| !text.is_empty())?;
    let tags = raw.get("Tags").and_then(Value::as_array);
    let tags: Map<String, Value> = tags
        .into_iter()
        .flatten()
        .filter_map(|tag| Some((wire::text(tag, "Key")?, wire::text_or_empty(tag, "Value"))))
        .collect();
    let console_login = wire::number(raw, "ConsoleLogin") == Some(1);
    let mut live = Fields::from([
        ("trust".to_owned(), wire::document(document)),
        (
            "description".to_owned(),
            wire::text_or_empty(raw, "Description"),
        ),
        ("consoleLogin".to_owned(), console_login.into()),
        ("tags".to_owned(), Value::Object(tags)),
    ]);
    if let Some(seconds) = wire::number(raw, "SessionDuration") {
        live.insert("sessionDurationSeconds".to_owned(), seconds.into());
    }
    Some(live)
}

/// The entries of all pages.
fn entries(reply: &Reply) -> impl Iterator<Item = &Value> {
    reply
        .pages()
        .filter_map(|page| page.get("List")?.as_array())
        .flatten()
}

/// Whether each page holds a list, and all together as many as the cloud counts. A list that is left
/// out is an empty one only where the cloud counts none: an answer of another shape tells nothing.
fn is_whole(reply: &Reply) -> bool {
    let holds_list = |page: &Value| match &page["List"] {
        Value::Array(_) => true,
        Value::Null => wire::number(page, "TotalNum") == Some(0),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => false,
    };
    if !reply.pages().all(holds_list) {
        return false;
    }
    let total = wire::number(&reply.body, "TotalNum");
    let count = i64::try_from(entries(reply).count()).unwrap_or(i64::MAX);
    total.is_none_or(|total| count >= total)
}

fn create(name: &str, fields: &Fields) -> Result<Vec<Write>, Impossible> {
    let Some(policy) = fields.get("trust") else {
        return Err("a role is created with a trust policy, and the manifest has none".to_owned());
    };
    let mut params = Map::from_iter([
        ("RoleName".to_owned(), name.into()),
        ("PolicyDocument".to_owned(), policy.to_string().into()),
    ]);
    let description = fields.get("description").and_then(Value::as_str);
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        params.insert("Description".to_owned(), text.into());
    }
    if let Some(on) = fields.get("consoleLogin").and_then(Value::as_bool) {
        params.insert("ConsoleLogin".to_owned(), u8::from(on).into());
    }
    if let Some(seconds) = fields.get("sessionDurationSeconds") {
        params.insert("SessionDuration".to_owned(), seconds.clone());
    }
    let tags = wire::pairs(fields.get("tags"));
    if !tags.is_empty() {
        params.insert("Tags".to_owned(), tag_list(tags));
    }
    let mut calls = vec![write(
        "CreateRole",
        Value::Object(params),
        Again::ConflictIsDone,
    )];
    let policies = wire::texts(fields.get("policies"));
    calls.extend(policies.into_iter().map(|policy| attach(name, policy)));
    Ok(calls)
}

fn update(name: &str, desired: &Fields, live: &Live, changed: &[String]) -> Vec<Write> {
    let differs = |field: &str| changed.iter().any(|name| name == field);
    let value = |field: &str| desired.get(field).filter(|_| differs(field));
    let mut calls = Vec::new();
    let mut one = |action: &'static str, parameter: &str, value: Value| {
        let params = json!({ "RoleName": name, parameter: value });
        calls.push(write(action, params, Again::Same));
    };
    if let Some(policy) = value("trust") {
        let text = policy.to_string().into();
        one("UpdateAssumeRolePolicy", "PolicyDocument", text);
    }
    if let Some(text) = value("description") {
        let text = text.as_str().unwrap_or_default().into();
        one("UpdateRoleDescription", "Description", text);
    }
    if let Some(on) = value("consoleLogin").and_then(Value::as_bool) {
        one(
            "UpdateRoleConsoleLogin",
            "ConsoleLogin",
            u8::from(on).into(),
        );
    }
    if let Some(seconds) = value("sessionDurationSeconds") {
        one(SET_DURATION, "SessionDuration", seconds.clone());
    }
    if differs("policies") {
        let wanted: BTreeSet<&str> = wire::texts(desired.get("policies")).into_iter().collect();
        let held: BTreeSet<&str> = wire::texts(live.fields.get("policies"))
            .into_iter()
            .collect();
        // Attached before detached: whoever holds the role is never without.
        calls.extend(wanted.difference(&held).map(|policy| attach(name, policy)));
        calls.extend(held.difference(&wanted).map(|policy| detach(name, policy)));
    }
    if differs("tags") {
        let (set, removed) = wire::pair_changes(live.fields.get("tags"), desired.get("tags"));
        if !set.is_empty() {
            let params = json!({ "RoleName": name, "Tags": tag_list(set) });
            calls.push(write("TagRole", params, Again::Same));
        }
        if !removed.is_empty() {
            let params = json!({ "RoleName": name, "TagKeys": removed });
            calls.push(write("UntagRole", params, Again::Same));
        }
    }
    calls
}

fn tag_list(tags: Vec<(&str, &str)>) -> Value {
    tags.into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

fn attach(role: &str, policy: &str) -> Write {
    let params = json!({ "AttachRoleName": role, "PolicyName": policy });
    write("AttachRolePolicy", params, Again::PresenceIsDone)
}

fn detach(role: &str, policy: &str) -> Write {
    let params = json!({ "DetachRoleName": role, "PolicyName": policy });
    write("DetachRolePolicy", params, Again::NotFoundIsDone)
}

fn write(name: &'static str, params: Value, again: Again) -> Write {
    Write {
        call: Call::rpc("cam", name, params),
        again,
    }
}

fn malformed(call: &'static str, what: &str, reply: Reply) -> ProviderError {
    fields::malformed(call, what, reply.request_id)
}

#[cfg(test)]
mod tests;
