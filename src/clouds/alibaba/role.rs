//! `AlibabaRole`: a RAM role with its trust policy, attached policies and tags
//! (apis/alibaba.md §3.5). Named; a list tells neither trust policies nor what is attached, so each
//! wanted role is asked for by name.
//!
//! Updates are partial. Policies and tags have calls of their own, which only add and only remove.

use std::collections::BTreeMap;

use serde_json::json;

use super::api::is_whole;
use crate::clouds::wire;
use crate::federation::trust::{self, ProviderKind};
use crate::model::{KindName, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, Field, Form, Impossible, Intent, KindInfo, Listing,
    Naming, Need, Observation, Observed, PhaseWrites, Read, Removal, ResourceKind, Samples, Scope,
    TextRule, TrustForm, Write, field,
};

mod observe;
mod writes;

use observe::{listed, observe_role, tags_of};
use writes::{create, detach, update, write};

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
        let phase = match intent {
            Intent::Create {
                identity, fields, ..
            } => PhaseWrites::write(create(identity, fields)?, fields.clone()),
            Intent::Update {
                identity,
                desired,
                live,
                changed,
            } => {
                let calls = update(identity, desired, live, changed);
                PhaseWrites::write(calls, merged(&live.fields, desired))
            }
            Intent::Remove { identity, live } => {
                // A role with policies is not deleted (§3.5).
                let mut calls: Vec<Write> = wire::texts(live.fields.get("policies"))
                    .into_iter()
                    .filter_map(|policy| detach(identity, policy))
                    .collect();
                let params = json!({ "RoleName": identity });
                calls.push(write("DeleteRole", params, Again::NotFoundIsDone));
                PhaseWrites::delete(calls)
            }
        };
        Ok(vec![phase])
    }

    fn samples(&self) -> Samples {
        super::samples::role()
    }
}

#[cfg(test)]
mod tests;
