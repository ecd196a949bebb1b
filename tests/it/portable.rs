//! Portable documents: each is what it stands for, neither more nor less, and lives its whole life on
//! all clouds at once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use idform::apply::Outcome;
use idform::compile::World;
use idform::observe::Snapshot;
use idform::plan::Action;

use crate::support::{ACCOUNTS, Clouds, compiled, document, make, root, world};

/// What a portable OIDC document says, before it is written down in one way or the other.
#[derive(Debug, Clone)]
pub(crate) struct Trusts {
    pub(crate) workforce: bool,
    pub(crate) client: &'static str,
    pub(crate) description: Option<&'static str>,
    pub(crate) keys: &'static str,
    pub(crate) fingerprints: bool,
    pub(crate) lifecycle: Value,
    /// By account: its fields of `set`.
    pub(crate) accounts: BTreeMap<&'static str, Map<String, Value>>,
    /// Turns the order of accounts and documents.
    pub(crate) turn: usize,
}

fn keys(name: &str) -> Value {
    let file = root().join(format!("tests/cases/keys/{name}.jwks.json"));
    let text = std::fs::read_to_string(file).expect("keys can be read");
    json!({"inline": serde_json::from_str::<Value>(&text).expect("keys are JSON")})
}

const FINGERPRINT: &str = "902ef2deeb3c5b13ea4c3d5193629309e231ae55";
const ISSUER: &str = "https://ci.acme.example";
const ENDPOINT: &str = "https://ci.acme.example/authorize";

fn rules(claim: &str) -> Value {
    json!([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": claim}]}])
}

/// The portable document, and the rest of its file.
pub(crate) fn portable(trusts: &Trusts) -> String {
    let mut spec = json!({
        "issuer": ISSUER,
        "use": if trusts.workforce { "workforce" } else { "workload" },
        "clientIds": [trusts.client],
        "keys": keys(trusts.keys),
    });
    if let Some(text) = trusts.description {
        spec["description"] = text.into();
    }
    if trusts.fingerprints {
        spec["fingerprints"] = json!([FINGERPRINT]);
    }
    if trusts.workforce {
        spec["authorizationEndpoint"] = ENDPOINT.into();
        spec["responseMode"] = "fragment".into();
        spec["scopes"] = json!(["openid"]);
    }
    let mut accounts: Vec<Value> = trusts
        .accounts
        .iter()
        .map(|(account, set)| json!({"account": account, "set": set}))
        .collect();
    let turn = trusts.turn % accounts.len().max(1);
    accounts.rotate_left(turn);
    spec["accounts"] = accounts.into();
    json!({
        "apiVersion": "idform/v1",
        "kind": "OidcProvider",
        "metadata": {"name": "ci", "owner": "@acme/platform"},
        "lifecycle": trusts.lifecycle,
        "spec": spec,
    })
    .to_string()
}

/// The same, object by object, as a person would write it.
fn native(trusts: &Trusts) -> Vec<String> {
    let mut texts = Vec::new();
    for (account, set) in &trusts.accounts {
        let mut write = |kind: &str, fields: Value| {
            let text = document(kind, "ci", account, &fields);
            let mut whole: Value = serde_json::from_str(&text).expect("JSON");
            whole["metadata"]["owner"] = "@acme/platform".into();
            whole["lifecycle"] = trusts.lifecycle.clone();
            texts.push(whole.to_string());
        };
        // What `set` has wins; a field that nobody gives is left out.
        let with = |fields: &[(&str, Value)], settable: &[&str]| {
            let mut spec = Map::new();
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                spec.insert((*name).to_owned(), value.clone());
            }
            for name in settable {
                if let Some(value) = set.get(*name) {
                    spec.insert((*name).to_owned(), value.clone());
                }
            }
            Value::Object(spec)
        };
        let issuer = ("issuer", json!(ISSUER));
        let keys = ("keys", keys(trusts.keys));
        let description = ("description", json!(trusts.description));
        let ids = ("clientIds", json!([trusts.client]));
        let id = ("clientId", json!(trusts.client));
        let console = [
            ("authorizationEndpoint", json!(ENDPOINT)),
            ("responseMode", json!("fragment")),
            ("scopes", json!(["openid"])),
        ];
        match *account {
            "tencent-prod" if trusts.workforce => {
                let mut fields = vec![issuer, keys, description, id, ("enabled", json!(true))];
                fields.extend(console);
                let settable = ["description", "clientId", "enabled", "mappingField"];
                write("TencentUserOidc", with(&fields, &settable));
            }
            "tencent-prod" => {
                let settable = ["name", "description", "clientIds"];
                let fields = [issuer, keys, description, ids];
                write("TencentOidcProvider", with(&fields, &settable));
            }
            "alibaba-prod" => {
                let fingerprints = if trusts.fingerprints {
                    json!([FINGERPRINT])
                } else {
                    Value::Null
                };
                let fields = [issuer, description, ids, ("fingerprints", fingerprints)];
                let settable = ["name", "description", "clientIds", "issuanceLimitHours"];
                write("AlibabaOidcProvider", with(&fields, &settable));
            }
            _ => {
                let name = set.get("name").and_then(Value::as_str).unwrap_or("ci");
                let fields = [
                    ("ssoType", json!("virtual_user_sso")),
                    ("enabled", json!(true)),
                    description,
                ];
                let settable = ["name", "enabled", "description"];
                write("HuaweiIdentityProvider", with(&fields, &settable));
                let mapping = format!("mapping_{name}");
                write(
                    "HuaweiMapping",
                    with(&[("name", json!(mapping))], &["rules"]),
                );
                let provider = ("identityProvider", json!("ci"));
                let fields = [
                    provider.clone(),
                    ("protocol", json!("oidc")),
                    ("mapping", json!("ci")),
                ];
                write("HuaweiProtocol", with(&fields, &[]));
                let mode = if trusts.workforce {
                    "program_console"
                } else {
                    "program"
                };
                let mut fields = vec![provider, ("accessMode", json!(mode)), issuer, keys, id];
                if trusts.workforce {
                    fields.extend(console);
                }
                write("HuaweiOidcConfig", with(&fields, &["clientId"]));
            }
        }
    }
    let turn = trusts.turn % texts.len().max(1);
    texts.rotate_left(turn);
    texts
}

fn set(account: &'static str, workforce: bool) -> impl Strategy<Value = Map<String, Value>> {
    let picks = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    picks.prop_map(move |(name, description, client, own)| {
        let mut set = Map::new();
        let mut say = |name: &str, value: Value| {
            set.insert(name.to_owned(), value);
        };
        let is_singleton = workforce && account == "tencent-prod";
        if name && !is_singleton {
            say("name", json!("Pipelines"));
        }
        if description {
            say("description", json!("its own"));
        }
        if client {
            if account == "huawei-prod" || is_singleton {
                say("clientId", json!("other.acme.example"));
            } else {
                say(
                    "clientIds",
                    json!(["other.acme.example", "third.acme.example"]),
                );
            }
        }
        match account {
            "huawei-prod" => {
                say("rules", rules(if own { "sub" } else { "email" }));
                if own {
                    say("enabled", json!(false));
                }
            }
            "alibaba-prod" if own => say("issuanceLimitHours", json!(2)),
            "tencent-prod" if is_singleton => {
                say("mappingField", json!("sub"));
                if own {
                    say("enabled", json!(false));
                }
            }
            _ => {}
        }
        set
    })
}

pub(crate) fn trusts() -> impl Strategy<Value = Trusts> {
    let lifecycles = prop::sample::select(vec![
        json!({}),
        json!({"mode": "observe"}),
        json!({"protect": true}),
        json!({"ensure": "absent"}),
    ]);
    let common = (
        prop::sample::select(vec!["sts.acme.example", "ci.acme.example"]),
        prop::sample::select(vec![None, Some("Pipelines")]),
        prop::sample::select(vec!["one", "two", "both"]),
        any::<bool>(),
    );
    let accounts =
        prop::sample::subsequence(vec!["tencent-prod", "alibaba-prod", "huawei-prod"], 1..=3);
    (any::<bool>(), common, lifecycles, accounts, any::<usize>()).prop_flat_map(
        |(workforce, common, lifecycle, accounts, turn)| {
            // Alibaba Cloud has no console sign-in through OIDC.
            let accounts: Vec<&str> = accounts
                .into_iter()
                .filter(|account| !workforce || *account != "alibaba-prod")
                .collect();
            let sets: Vec<_> = accounts
                .into_iter()
                .map(|account| set(account, workforce).prop_map(move |set| (account, set)))
                .collect();
            let (client, description, keys, fingerprints) = common;
            sets.prop_map(move |sets| Trusts {
                workforce,
                client,
                description,
                keys,
                fingerprints,
                lifecycle: lifecycle.clone(),
                accounts: sets.into_iter().collect(),
                turn,
            })
        },
    )
}

/// Everything that is wanted, but for where it stands.
fn wanted(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for (address, desired) in &world.objects {
        lines.push(format!(
            "{address} {} {:?} {:?} {} {:?} {:?} {:?} {:?}",
            desired.identity,
            desired.ensure,
            desired.mode,
            desired.protect,
            desired.owner,
            desired.fields,
            desired.needs,
            desired.references,
        ));
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_portable_document_is_what_it_stands_for(trusts in trusts()) {
        prop_assume!(!trusts.accounts.is_empty());
        let portable = portable(&trusts);
        let one = world(&[ACCOUNTS, &portable]);
        let native = native(&trusts);
        let mut texts: Vec<&str> = native.iter().map(String::as_str).collect();
        texts.push(ACCOUNTS);
        let many = world(&texts);
        prop_assert_eq!(wanted(&one), wanted(&many));
        let plans = [&one, &many].map(|world| make(world, &Snapshot::default()));
        prop_assert_eq!(plans[0].digest.to_string(), plans[1].digest.to_string());

        // The order of files, documents and accounts means nothing.
        let again = world(&[&self::portable(&Trusts { turn: 0, ..trusts }), ACCOUNTS]);
        prop_assert_eq!(wanted(&one), wanted(&again));
    }
}

#[test]
fn a_portable_document_lives_its_whole_life() {
    let clouds = Clouds::new();
    let rules = |claim: &str| Map::from_iter([("rules".to_owned(), self::rules(claim))]);
    let first = Trusts {
        workforce: false,
        client: "sts.acme.example",
        description: Some("Pipelines"),
        keys: "one",
        fingerprints: true,
        lifecycle: json!({}),
        accounts: BTreeMap::from([
            ("tencent-prod", Map::new()),
            ("alibaba-prod", Map::new()),
            ("huawei-prod", rules("sub")),
        ]),
        turn: 0,
    };
    let mut changed = first.clone();
    changed.keys = "both";
    changed.client = "ci.acme.example";
    changed.accounts.insert("huawei-prod", rules("email"));
    let gone = Trusts {
        lifecycle: json!({"ensure": "absent"}),
        ..changed.clone()
    };
    for (trusts, action, count) in [
        (&first, Action::Create, 6),
        // The provider on Huawei Cloud and its protocol stay as they are; the others change.
        (&changed, Action::Update, 4),
        (&gone, Action::Delete, 6),
    ] {
        let text = portable(trusts);
        let texts = [ACCOUNTS, text.as_str()];
        let plan = clouds.plan(&texts);
        let steps = plan.steps.iter().filter(|step| step.is_change());
        let actions: Vec<Action> = steps.map(|step| step.action).collect();
        assert_eq!(actions, vec![action; count], "{:#?}", plan.steps);
        for outcome in clouds.apply(&texts).outcomes {
            assert_eq!(outcome.outcome, Outcome::Done, "{outcome:#?}");
        }
        let left = clouds.plan(&texts);
        assert!(
            left.steps.iter().all(|step| step.action == Action::NoOp),
            "{:#?}",
            left.steps
        );
    }
}

#[test]
fn another_document_may_refer_to_what_a_portable_one_stands_for() {
    let trusts = Trusts {
        workforce: false,
        client: "sts.acme.example",
        description: None,
        keys: "one",
        fingerprints: false,
        lifecycle: json!({}),
        accounts: BTreeMap::from([(
            "huawei-prod",
            Map::from_iter([
                ("rules".to_owned(), rules("sub")),
                ("name".to_owned(), json!("CI")),
            ]),
        )]),
        turn: 0,
    };
    let spec = json!({"identityProvider": "ci", "protocol": "saml", "mapping": "ci"});
    let user = document("HuaweiProtocol", "second", "huawei-prod", &spec);
    let (world, found) = compiled(&[&user, &portable(&trusts), ACCOUNTS]);
    assert!(found.is_empty(), "{found:#?}");
    let second = world
        .objects
        .values()
        .find(|desired| desired.address.name == "second")
        .expect("it is declared");
    assert_eq!(second.identity, "CI/saml");
    let needs: Vec<String> = second.needs.iter().map(ToString::to_string).collect();
    assert_eq!(
        needs,
        [
            "huawei-prod/HuaweiIdentityProvider/ci",
            "huawei-prod/HuaweiMapping/ci"
        ]
    );
}

/// Metadata that every cloud takes: that of a native kind's samples.
fn metadata(which: &str) -> Value {
    let kind = idform::clouds::kind("TencentSamlProvider").expect("a kind");
    let samples = kind.samples();
    let sample = if which == "first" {
        samples.full
    } else {
        samples.changed
    };
    sample["metadata"].clone()
}

fn saml(purpose: &str, which: &str, lifecycle: &Value, accounts: &Value) -> String {
    json!({
        "apiVersion": "idform/v1",
        "kind": "SamlProvider",
        "metadata": {"name": "okta"},
        "lifecycle": lifecycle,
        "spec": {
            "use": purpose,
            "metadata": metadata(which),
            "description": "Staff",
            "accounts": accounts,
        },
    })
    .to_string()
}

/// On Huawei Cloud: with conversion rules, or as IAM users that exist.
fn saml_on_huawei(sso_type: &str) -> Vec<(&'static str, Value)> {
    let mut protocol = json!({"identityProvider": "okta", "protocol": "saml"});
    let provider = json!({"ssoType": sso_type, "enabled": true, "description": "Staff"});
    let mut objects = vec![("HuaweiIdentityProvider", provider)];
    if sso_type == "virtual_user_sso" {
        protocol["mapping"] = "okta".into();
        let mapping = json!({"name": "mapping_okta", "rules": rules("email")});
        objects.push(("HuaweiMapping", mapping));
    }
    objects.push(("HuaweiProtocol", protocol));
    let config = json!({"identityProvider": "okta", "metadata": metadata("first")});
    objects.push(("HuaweiSamlMetadata", config));
    objects
}

#[test]
fn a_saml_document_is_what_it_stands_for() {
    let virtual_user = json!({"rules": rules("email")});
    let iam_user = json!({"ssoType": "iam_user_sso"});
    let user_sso = json!({"metadata": metadata("first"), "enabled": true});
    let tencent_user = json!({"metadata": metadata("first"), "enabled": false});
    let provider = json!({"metadata": metadata("first"), "description": "Staff"});
    let own = json!({"name": "Okta", "metadata": metadata("second"), "description": "Staff"});
    for (purpose, account, set, objects) in [
        (
            "workforce",
            "tencent-prod",
            json!({"enabled": false}),
            vec![("TencentUserSaml", tencent_user)],
        ),
        (
            "workforce",
            "alibaba-prod",
            json!({}),
            vec![("AlibabaUserSso", user_sso)],
        ),
        (
            "workforce",
            "huawei-prod",
            iam_user,
            saml_on_huawei("iam_user_sso"),
        ),
        (
            "workload",
            "tencent-prod",
            json!({}),
            vec![("TencentSamlProvider", provider)],
        ),
        (
            "workload",
            "alibaba-prod",
            json!({"name": "Okta", "metadata": metadata("second")}),
            vec![("AlibabaSamlProvider", own)],
        ),
        (
            "workload",
            "huawei-prod",
            virtual_user,
            saml_on_huawei("virtual_user_sso"),
        ),
    ] {
        let accounts = json!([{"account": account, "set": set}]);
        let text = saml(purpose, "first", &json!({}), &accounts);
        let one = world(&[ACCOUNTS, &text]);
        let natives: Vec<String> = objects
            .iter()
            .map(|(kind, spec)| document(kind, "okta", account, spec))
            .collect();
        let mut texts: Vec<&str> = natives.iter().map(String::as_str).collect();
        texts.push(ACCOUNTS);
        assert_eq!(
            wanted(&one),
            wanted(&world(&texts)),
            "{purpose} in {account}"
        );
    }
}

#[test]
fn a_saml_document_lives_its_whole_life() {
    for (purpose, count, changed, last) in [
        // The settings of Alibaba Cloud always exist, and are switched off in the end.
        ("workforce", 6, 3, [Action::Delete, Action::Disable]),
        ("workload", 6, 3, [Action::Delete, Action::Delete]),
    ] {
        let clouds = Clouds::new();
        let accounts = json!([
            {"account": "tencent-prod"},
            {"account": "alibaba-prod"},
            {"account": "huawei-prod", "set": {"rules": rules("email")}},
        ]);
        let first = [Action::Create, Action::Update];
        let stages = [
            ("first", json!({}), first, count),
            ("second", json!({}), [Action::Update; 2], changed),
            ("second", json!({"ensure": "absent"}), last, count),
        ];
        for (which, lifecycle, actions, count) in stages {
            let text = saml(purpose, which, &lifecycle, &accounts);
            let texts = [ACCOUNTS, text.as_str()];
            let plan = clouds.plan(&texts);
            let steps: Vec<_> = plan.steps.iter().filter(|it| it.is_change()).collect();
            assert_eq!(steps.len(), count, "{purpose}: {:#?}", plan.steps);
            for step in steps {
                assert!(actions.contains(&step.action), "{purpose}: {step:#?}");
            }
            for outcome in clouds.apply(&texts).outcomes {
                assert_eq!(outcome.outcome, Outcome::Done, "{outcome:#?}");
            }
            let left = clouds.plan(&texts);
            let is_left = |action| action != Action::NoOp;
            assert!(
                !left.steps.iter().any(|step| is_left(step.action)),
                "{:#?}",
                left.steps
            );
        }
    }
}
