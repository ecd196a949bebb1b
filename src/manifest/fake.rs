//! A cloud for the tests of this room: one kind with every form of field, one singleton.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CloudId, KindName, Value};
use crate::provider::{
    Answer, Change, Clear, Cloud, CloudClient, ConnectError, Connection, Effect, Field, Form,
    Impossible, Intent, KindInfo, Link, Listing, Naming, Need, Observed, PhaseWrites, Read,
    Removal, ResourceKind, Samples, Scope, TextRule,
};

pub(super) static CLOUDS: &[&Cloud] = &[&NIMBUS, &CIRRUS];

static NIMBUS: Cloud = cloud("nimbus", &["home", "abroad"], &[&Provider, &Sign]);
static CIRRUS: Cloud = cloud("cirrus", &[], &[]);

const fn cloud(
    id: &'static str,
    sites: &'static [&'static str],
    kinds: &'static [&'static dyn ResourceKind],
) -> Cloud {
    Cloud {
        id: CloudId(id),
        title: "A cloud of the tests",
        sites,
        requests_per_second: 10,
        requests_per_second_limit: 20,
        account_id: TextRule {
            min: 5,
            max: 16,
            allowed: "digits",
            check: |text| text.chars().all(|c| c.is_ascii_digit()),
        },
        sample_account_id: "0000000000",
        key_variables: crate::provider::KeyVariables {
            id: "FAKE_ID",
            secret: "FAKE_SECRET",
        },
        credentials: crate::provider::CredentialRules {
            provider: NAME,
            web_role: NAME,
            web_role_needed: true,
            assumes: crate::provider::Assumes::Role(NAME),
            session_name: NAME,
            duration_seconds: (900, 3600),
            external_id: None,
            chain: &["nowhere"],
        },
        endpoint_variable: "IDFORM_NIMBUS_ENDPOINT",
        kinds,
        identity: || unreachable!("the tests of this room call nobody"),
        account_of: |_| None,
        caller_role: |_| None,
        rights: &RIGHTS,
        connect,
    }
}

fn connect(_: &Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError> {
    Err(ConnectError::Missing { looked: Vec::new() })
}

const NAME: TextRule = TextRule {
    min: 1,
    max: 16,
    allowed: "letters, digits and `-`",
    check: |text| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
};

const fn field(name: &'static str, form: Form, clear: Clear) -> Field {
    Field {
        name,
        cloud_name: "CloudName",
        form,
        need: Need::Optional,
        clear,
        change: Change::InPlace,
        effect: Effect::Cosmetic,
        doc: "A field of the tests.",
        source: "tests",
    }
}

static PROVIDER: KindInfo = KindInfo {
    name: KindName("NimbusProvider"),
    doc: "A provider of the tests.",
    source: "tests",
    fields: &[
        Field {
            change: Change::Immutable,
            need: Need::ForCreate,
            ..field(
                "issuer",
                Form::Text(TextRule {
                    min: 1,
                    max: 40,
                    allowed: "an https URL",
                    check: |text| text.starts_with("https://"),
                }),
                Clear::Refused("a provider without issuer accepts nobody"),
            )
        },
        field(
            "clientIds",
            Form::TextSet {
                item: NAME,
                max_items: 3,
            },
            Clear::Set,
        ),
        field(
            "fingerprints",
            Form::Fingerprints { max_items: 2 },
            Clear::Refused("the last fingerprint cannot be removed"),
        ),
        field(
            "keys",
            Form::Keys {
                max_characters: 2000,
                key_types: &["RSA"],
            },
            Clear::Refused("keys can only be replaced"),
        ),
        field(
            "metadata",
            Form::Metadata { max_bytes: 4000 },
            Clear::Refused("metadata can only be replaced"),
        ),
        field(
            "description",
            Form::Text(crate::provider::field::text(0, 20)),
            Clear::Text,
        ),
        field(
            "issuanceLimitHours",
            Form::Integer {
                min: 1,
                max: 168,
                unit: "hours",
            },
            Clear::Refused("the cloud has no value for none"),
        ),
        field("enabled", Form::Flag, Clear::Refused("it is on or off")),
        field(
            "responseMode",
            Form::Choice(&["form_post", "fragment"]),
            Clear::Refused("one of the two is needed"),
        ),
        field(
            "parent",
            Form::Reference {
                kind: "NimbusProvider",
                link: Link::Refers,
            },
            Clear::Refused("it always has one"),
        ),
        field(
            "rules",
            Form::Json {
                grammar: crate::provider::JsonGrammar::MappingRules,
                shape: "a list of rules",
                check: |value| match value.as_array() {
                    None => vec![(String::new(), "must be a list".to_owned())],
                    Some(rules) => rules
                        .iter()
                        .enumerate()
                        .filter(|(_, rule)| rule.get("local").is_none())
                        .map(|(index, _)| (format!("[{index}].local"), "`local` is missing".into()))
                        .collect(),
                },
                canonical: Value::clone,
            },
            Clear::Refused("a mapping has rules"),
        ),
    ],
    naming: Naming::Named(NAME),
    removal: Removal::Delete,
    cannot_list: None,
    cloud_managed: &[],
    create_switches_sign_in: false,
    waits: None,
    excludes: None,
};

static SIGN: KindInfo = KindInfo {
    name: KindName("NimbusSignIn"),
    doc: "The sign-in of an account of the tests.",
    source: "tests",
    fields: &[Field {
        need: Need::Always,
        ..field("enabled", Form::Flag, Clear::Refused("it is on or off"))
    }],
    naming: Naming::Singleton,
    removal: Removal::Disable,
    cannot_list: Some("there is one"),
    cloud_managed: &[],
    create_switches_sign_in: true,
    waits: None,
    excludes: None,
};

struct Provider;
struct Sign;

impl ResourceKind for Provider {
    fn info(&self) -> &'static KindInfo {
        &PROVIDER
    }
    fn reads(&self, _: Scope<'_>) -> Vec<Read> {
        Vec::new()
    }
    fn observe(&self, _: Scope<'_>, _: &[Answer]) -> Observed {
        nothing()
    }
    fn writes(&self, _: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        Ok(Vec::new())
    }
    fn samples(&self) -> Samples {
        no_samples()
    }
}

impl ResourceKind for Sign {
    fn info(&self) -> &'static KindInfo {
        &SIGN
    }
    fn reads(&self, _: Scope<'_>) -> Vec<Read> {
        Vec::new()
    }
    fn observe(&self, _: Scope<'_>, _: &[Answer]) -> Observed {
        nothing()
    }
    fn writes(&self, _: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible> {
        Ok(Vec::new())
    }
    fn samples(&self) -> Samples {
        no_samples()
    }
}

fn nothing() -> Observed {
    Observed {
        wanted: BTreeMap::new(),
        others: Listing::NotRead,
    }
}

fn no_samples() -> Samples {
    Samples {
        minimal: Value::Null,
        full: Value::Null,
        changed: Value::Null,
    }
}

static RIGHTS: crate::provider::rights::Rights = crate::provider::rights::Rights {
    always: &[],
    kinds: &[],
    permission: str::to_owned,
    document: |_| serde_json::Value::Null,
    note: "",
};
