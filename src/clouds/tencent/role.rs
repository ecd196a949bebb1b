//! `TencentRole`: a CAM role with its trust policy, attached policies and tags
//! (apis/tencent.md §3.6). Named; each wanted role is asked for by name, with what is attached to it.
//!
//! There is no single update: every field has a call of its own.

use serde_json::json;

use super::fields::write;
use crate::clouds::wire;
use crate::federation::trust::{self, ProviderKind};
use crate::model::{Account, KindName, merged};
use crate::provider::{
    Again, Answer, Call, Change, Clear, Effect, Field, Form, Impossible, Intent, KindInfo, Listing,
    Naming, Need, Observed, PhaseWrites, Read, Removal, ResourceKind, Samples, Scope, TextRule,
    TrustForm, Write, field,
};

mod observe;
mod writes;

use observe::{belongs_to_a_service, entries, is_whole, observe_role};
use writes::{create, detach, update};

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
            let of_role = answers.get(2 * index..).unwrap_or_default();
            let observation = observe_role(of_role);
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
                // Whether a role takes its policies along is UNCONFIRMED (§3.6).
                let mut calls: Vec<Write> = wire::texts(live.fields.get("policies"))
                    .into_iter()
                    .map(|policy| detach(identity, policy))
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
