//! `SamlProvider`: an identity provider whose assertions accounts on several clouds trust.
//!
//! Tencent Cloud and Alibaba Cloud tell sign-in as a user of the account, one for each account, from
//! roles that people take on; Huawei Cloud has the same four objects for both.

use super::{UNKNOWN_CLOUD, WORKFORCE, WORKLOAD, huawei_mapping, huawei_protocol, part, row};
use crate::model::{KindName, Value};
use crate::provider::portable::{Asked, Gap, Holding, Part, PortableKind, Source};
use crate::provider::{Clear, Effect, Field, Form, Need, field};

/// The kind.
pub(super) static KIND: PortableKind = PortableKind {
    name: KindName("SamlProvider"),
    doc: "A SAML identity provider and the accounts that trust its assertions, on any cloud. It \
          stands for each cloud's own objects, which appear in plans under their native addresses.",
    fields: FIELDS,
    uses: &[
        (
            WORKFORCE,
            "people sign in to the console as users of the account, and only so",
        ),
        (WORKLOAD, "people and programs take on roles that trust it"),
    ],
    same_by: "metadata",
    only_with: &[],
    stands_for,
};

static FIELDS: &[Field] = &[
    Field {
        need: Need::Always,
        ..row(
            "use",
            Form::Choice(&[WORKFORCE, WORKLOAD]),
            Clear::Refused("it decides which objects the document stands for"),
            "Who signs in: people as users of the account (workforce), or whoever takes on roles \
             (workload). Huawei Cloud has the same objects for both.",
        )
    },
    row(
        "metadata",
        Form::Metadata {
            max_bytes: 1024 * 1024,
        },
        Clear::Refused("a provider without metadata accepts nobody"),
        "The SAML 2.0 metadata of the identity provider: who it is, where people sign in, and the \
         certificates that its assertions are checked with.",
    ),
    Field {
        effect: Effect::Cosmetic,
        ..row(
            "description",
            Form::Text(field::text(0, 256)),
            Clear::Text,
            "Free text for people.",
        )
    },
];

const NO_TEXT: &str = "an account has one user SSO, and that has no text for people";

fn stands_for(asked: &Asked<'_>) -> Result<Holding, &'static Gap> {
    let metadata = ("metadata", Source::Common("metadata"));
    let description = ("description", Source::Common("description"));
    let enabled = ("enabled", Source::Default(Value::from(true)));
    let is_for_roles = asked.purpose == WORKLOAD;
    // By cloud: the kind of a role's provider, and that of the account's user SSO.
    let kind = match (asked.cloud.0, is_for_roles) {
        ("tencent", true) => "TencentSamlProvider",
        ("tencent", false) => "TencentUserSaml",
        ("alibaba", true) => "AlibabaSamlProvider",
        ("alibaba", false) => "AlibabaUserSso",
        ("huawei", _) => {
            return Ok(Holding {
                parts: huawei(asked),
                not_used: Vec::new(),
            });
        }
        _ => return Err(&UNKNOWN_CLOUD),
    };
    Ok(if is_for_roles {
        Holding {
            parts: vec![part(kind, vec![metadata, description])],
            not_used: Vec::new(),
        }
    } else {
        Holding {
            parts: vec![part(kind, vec![metadata, enabled])],
            not_used: vec![("description", NO_TEXT)],
        }
    })
}

/// Sign-in as an IAM user that exists has no conversion rules (apis/huawei.md §3.2, §3.4).
const IAM_USER: &str = "iam_user_sso";

fn huawei(asked: &Asked<'_>) -> Vec<Part> {
    let provider = part(
        "HuaweiIdentityProvider",
        vec![
            ("ssoType", Source::Default(Value::from("virtual_user_sso"))),
            ("enabled", Source::Default(Value::from(true))),
            ("description", Source::Common("description")),
        ],
    );
    let config = part(
        "HuaweiSamlMetadata",
        vec![
            (
                "identityProvider",
                Source::Sibling(KindName("HuaweiIdentityProvider")),
            ),
            ("metadata", Source::Common("metadata")),
        ],
    );
    let mut protocol = huawei_protocol("saml");
    if asked.set.get("ssoType").is_some_and(|it| it == IAM_USER) {
        protocol.fields.retain(|(name, _)| *name != "mapping");
        return vec![provider, protocol, config];
    }
    vec![provider, huawei_mapping(asked.name), protocol, config]
}
