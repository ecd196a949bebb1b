//! `OidcProvider`: an issuer whose tokens accounts on several clouds trust.
//!
//! For workloads every cloud has an object that checks tokens. For people in consoles Tencent Cloud
//! has one for each account, Huawei Cloud the same as for workloads in another mode, Alibaba Cloud
//! none.

use super::{UNKNOWN_CLOUD, WORKFORCE, WORKLOAD, huawei_mapping, huawei_protocol, part, row};
use crate::model::{KindName, Value};
use crate::provider::portable::{Asked, Gap, Holding, Part, PortableKind, Source};
use crate::provider::{Clear, Effect, Field, Form, Need, TextRule, field};

/// The kind.
pub(super) static KIND: PortableKind = PortableKind {
    name: KindName("OidcProvider"),
    doc: "An OIDC issuer and the accounts that trust its tokens, on any cloud. It stands for each \
          cloud's own objects, which appear in plans under their native addresses.",
    fields: FIELDS,
    uses: &[
        (
            WORKLOAD,
            "programs exchange tokens for short-lived credentials",
        ),
        (WORKFORCE, "people sign in to the console"),
    ],
    same_by: "issuer",
    only_with: &[
        ("authorizationEndpoint", WORKFORCE),
        ("responseMode", WORKFORCE),
        ("scopes", WORKFORCE),
    ],
    stands_for,
};

/// The loosest limits; each native table has its own.
const URL: TextRule = TextRule {
    min: 1,
    max: 255,
    allowed: "an https:// URL",
    check: |text| text.starts_with("https://"),
};

static FIELDS: &[Field] = &[
    row(
        "issuer",
        Form::Text(URL),
        Clear::Refused("a provider without an issuer accepts nobody"),
        "The issuer, byte for byte as in its discovery document and in the `iss` of its tokens.",
    ),
    Field {
        need: Need::Always,
        ..row(
            "use",
            Form::Choice(&[WORKLOAD, WORKFORCE]),
            Clear::Refused("it decides which objects the document stands for"),
            "Who signs in: programs that exchange tokens (workload), or people in the console \
             (workforce).",
        )
    },
    row(
        "clientIds",
        Form::TextSet {
            item: field::text(1, 255),
            max_items: 100,
        },
        Clear::Set,
        "The audiences that are accepted: the `aud` of a token must be one of them. For people, \
         and on Huawei Cloud, exactly one.",
    ),
    row(
        "keys",
        Form::Keys {
            max_characters: 1024 * 1024,
            key_types: &["RSA", "EC", "OKP"],
        },
        Clear::Refused("the clouds that keep keys cannot do without"),
        "The issuer's public signing keys. Tencent Cloud and Huawei Cloud check tokens with them; \
         Alibaba Cloud fetches keys from the issuer.",
    ),
    row(
        "fingerprints",
        Form::Fingerprints { max_items: 5 },
        Clear::Refused("Alibaba Cloud keeps at least one"),
        "SHA-1 fingerprints of the certificates that the issuer's server presents. Alibaba Cloud \
         fetches keys only from a server that has one of them; the others do not ask.",
    ),
    Field {
        effect: Effect::MayBreak,
        ..row(
            "authorizationEndpoint",
            Form::Text(URL),
            Clear::Refused("the console must know where to send people"),
            "Where people are sent to sign in, as in the issuer's discovery document. For \
             `use: workforce` only.",
        )
    },
    Field {
        effect: Effect::MayBreak,
        ..row(
            "responseMode",
            Form::Choice(&["form_post", "fragment"]),
            Clear::Refused("there is always one"),
            "How the issuer hands the token over. For `use: workforce` only.",
        )
    },
    Field {
        effect: Effect::MayBreak,
        ..row(
            "scopes",
            Form::TextSet {
                item: field::text(1, 255),
                max_items: 10,
            },
            Clear::Refused("`openid` is always asked for"),
            "What the token is asked to hold, `openid` among it. For `use: workforce` only.",
        )
    },
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

static NO_CONSOLE_ON_ALIBABA: Gap = Gap {
    field: "use",
    what: "console sign-in through OIDC",
    why: "an OIDC provider there serves programs that assume roles; people reach the console \
          through SAML only",
    instead: "take this account out, and let its people in through SAML: a SamlProvider with \
              `use: workforce` for users, or `use: workload` for roles",
    source: "apis/alibaba.md §3.4",
};

static ONE_CLIENT_ON_HUAWEI: Gap = Gap {
    field: "clientIds",
    what: "second client id for one identity provider",
    why: "its configuration holds one `client_id`, and only tokens with that `aud` are accepted",
    instead: "name the one this account shall accept in `set: {clientId: …}`, and declare a second \
              OidcProvider for the other",
    source: "apis/huawei.md §3.5",
};

static ONE_CLIENT_FOR_PEOPLE: Gap = Gap {
    field: "clientIds",
    what: "second client id for console sign-in",
    why: "an account has one user OIDC configuration, and that has one client",
    instead: "name the one that this account is known as in `set: {clientId: …}`",
    source: "apis/tencent.md §3.1",
};

/// The fields that only sign-in to a console has.
const CONSOLE_FIELDS: [&str; 3] = ["authorizationEndpoint", "responseMode", "scopes"];

const KEYS_SERVE: &str = "the keys are pinned, so the issuer's certificates are not looked at";
const ISSUER_SERVES: &str =
    "Alibaba Cloud fetches the keys from the issuer, whose certificates it pins";

fn stands_for(asked: &Asked<'_>) -> Result<Holding, &'static Gap> {
    let is_workload = asked.purpose == WORKLOAD;
    let no_fingerprints = ("fingerprints", KEYS_SERVE);
    let (parts, not_used) = match asked.cloud.0 {
        "tencent" if is_workload => {
            let fields = commons(&["issuer", "clientIds", "keys", "description"]);
            (vec![part("TencentOidcProvider", fields)], no_fingerprints)
        }
        "tencent" => {
            let mut fields = commons(&["issuer", "keys", "description"]);
            fields.extend(commons(&CONSOLE_FIELDS));
            let client = Source::Only("clientIds", &ONE_CLIENT_FOR_PEOPLE);
            fields.push(("clientId", client));
            fields.push(("enabled", Source::Default(Value::from(true))));
            (vec![part("TencentUserOidc", fields)], no_fingerprints)
        }
        "alibaba" if is_workload => {
            let fields = commons(&["issuer", "clientIds", "fingerprints", "description"]);
            let parts = vec![part("AlibabaOidcProvider", fields)];
            (parts, ("keys", ISSUER_SERVES))
        }
        "alibaba" => return Err(&NO_CONSOLE_ON_ALIBABA),
        "huawei" => (huawei(asked, is_workload), no_fingerprints),
        _ => return Err(&UNKNOWN_CLOUD),
    };
    Ok(Holding {
        parts,
        not_used: vec![not_used],
    })
}

/// Portable fields that native ones are called after.
fn commons(names: &[&'static str]) -> Vec<(&'static str, Source)> {
    let common = |name: &&'static str| (*name, Source::Common(name));
    names.iter().map(common).collect()
}

fn huawei(asked: &Asked<'_>, is_workload: bool) -> Vec<Part> {
    let provider = part(
        "HuaweiIdentityProvider",
        vec![
            // The other type is for SAML alone (apis/huawei.md §3.2).
            ("ssoType", Source::Fixed(Value::from("virtual_user_sso"))),
            ("enabled", Source::Default(Value::from(true))),
            ("description", Source::Common("description")),
        ],
    );
    let access_mode = if is_workload {
        "program"
    } else {
        "program_console"
    };
    let mut config = commons(&["issuer", "keys"]);
    config.extend([
        (
            "identityProvider",
            Source::Sibling(KindName("HuaweiIdentityProvider")),
        ),
        ("accessMode", Source::Fixed(Value::from(access_mode))),
        ("clientId", Source::Only("clientIds", &ONE_CLIENT_ON_HUAWEI)),
    ]);
    if !is_workload {
        config.extend(commons(&CONSOLE_FIELDS));
    }
    vec![
        provider,
        huawei_mapping(asked.name),
        huawei_protocol("oidc"),
        part("HuaweiOidcConfig", config),
    ]
}
