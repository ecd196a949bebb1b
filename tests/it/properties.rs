//! What holds for every world: random manifests over random clouds.
//!
//! A world is made from a few bytes, so that proptest can make a failing one smaller: a zero is
//! always the plainest choice. What the clouds hold before is another world, applied first (or, in
//! the pure properties, taken for a snapshot).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use idform::apply::{Event, Failure, Outcome, Report};
use idform::compile::World;
use idform::manifest::{Ensure, Mode};
use idform::model::Address;
use idform::observe::{AccountReading, Snapshot};
use idform::plan::{Action, Graph, Plan, Step, diff};
use idform::provider::{ErrorClass, Facts, Live, Observation, ProviderError};

use crate::support::{ACCOUNTS, ALIBABA, Clouds, HUAWEI, TENCENT, compiled, root, world};

/// The bytes that a world is made from, read one after the other; after the last come zeros.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().copied().unwrap_or_default() % sides
    }

    /// True once in `sides` times.
    fn once_in(&mut self, sides: u8) -> bool {
        self.roll(sides) == 1
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.roll(u8::try_from(choices.len()).expect("few choices")))].clone()
    }

    fn some_of(&mut self, choices: &[&str], fewest: usize) -> Value {
        let mask = self.roll(1 << choices.len());
        let mut chosen: Vec<&str> = (0..choices.len())
            .filter(|at| mask & (1 << at) != 0)
            .map(|at| choices[at])
            .collect();
        let rest: Vec<&str> = choices
            .iter()
            .copied()
            .filter(|choice| !chosen.contains(choice))
            .collect();
        chosen.extend(rest.into_iter().take(fewest.saturating_sub(chosen.len())));
        json!(chosen)
    }
}

/// What a world may hold.
#[derive(Clone, Copy, PartialEq)]
enum Flavour {
    /// Everything is present, managed and complete: what the clouds hold before.
    Before,
    /// Fields left out, objects to go, observed, protected.
    Wanted,
}

const FINGERPRINTS: [&str; 3] = [
    "902ef2deeb3c5b13ea4c3d5193629309e231ae55",
    "06b25927c42a721631c1efd9431e648fa62e1e39",
    "df3c24f9bfd666761b268073fe06d1cc8d4f82a4",
];

fn keys(dice: &mut Dice<'_>) -> Value {
    let name = dice.of(&["one", "two", "both", "one-replaced"]);
    let file = root().join(format!("tests/cases/keys/{name}.jwks.json"));
    let text = std::fs::read_to_string(file).expect("keys can be read");
    let keys: Value = serde_json::from_str(&text).expect("keys are JSON");
    json!({ "inline": keys })
}

/// One document, and how it is to be.
struct Draft {
    kind: &'static str,
    name: &'static str,
    account: &'static str,
    spec: Value,
    /// Fields that may be left out when only an update is wanted.
    optional: Vec<&'static str>,
    absent: bool,
}

impl Draft {
    fn new(kind: &'static str, name: &'static str, account: &'static str, spec: Value) -> Self {
        Self {
            kind,
            name,
            account,
            spec,
            optional: Vec::new(),
            absent: false,
        }
    }

    fn text(mut self, dice: &mut Dice<'_>, flavour: Flavour) -> String {
        let mut lifecycle = json!({});
        if flavour == Flavour::Wanted {
            for field in &self.optional {
                if dice.once_in(4) {
                    self.spec.as_object_mut().expect("an object").remove(*field);
                }
            }
            if self.absent {
                lifecycle["ensure"] = "absent".into();
            }
            if dice.once_in(12) {
                lifecycle["mode"] = "observe".into();
            }
            if dice.once_in(12) {
                lifecycle["protect"] = true.into();
            }
            if dice.once_in(12) && !self.spec["description"].is_null() {
                lifecycle["ignore"] = json!(["description"]);
            }
        }
        // Portable kinds have accounts of their own.
        if !self.account.is_empty() {
            self.spec["account"] = self.account.into();
        }
        json!({
            "apiVersion": "idform/v1",
            "kind": self.kind,
            "metadata": {"name": self.name},
            "lifecycle": lifecycle,
            "spec": self.spec,
        })
        .to_string()
    }
}

fn describe(dice: &mut Dice<'_>, spec: &mut Value) {
    match dice.roll(4) {
        0 => {}
        1 => spec["description"] = Value::Null,
        2 => spec["description"] = "first".into(),
        _ => spec["description"] = "second".into(),
    }
}

/// Whether an object is declared, and whether it shall go.
fn fate(dice: &mut Dice<'_>, flavour: Flavour) -> Option<bool> {
    match (dice.roll(5), flavour) {
        (0 | 1, _) | (2, Flavour::Before) => Some(false),
        (2, Flavour::Wanted) => Some(true),
        _ => None,
    }
}

fn alibaba(dice: &mut Dice<'_>, flavour: Flavour, drafts: &mut Vec<Draft>) {
    // Before, each has an issuer of its own; wanted, they may want each other's.
    for (name, own) in [("ci", "a"), ("cd", "b"), ("ct", "c")] {
        let Some(absent) = fate(dice, flavour) else {
            continue;
        };
        let issuer = match flavour {
            Flavour::Before => own,
            Flavour::Wanted => dice.of(&[own, own, "a", "b", "d"]),
        };
        let mut spec = json!({
            "issuer": format!("https://{issuer}.acme.example"),
            "clientIds": dice.some_of(&["x", "y", "z"], 0),
            "fingerprints": dice.some_of(&FINGERPRINTS, 1),
            "issuanceLimitHours": dice.of(&[12, 1, 168]),
        });
        describe(dice, &mut spec);
        let mut draft = Draft::new("AlibabaOidcProvider", name, "alibaba-prod", spec);
        draft.optional = vec!["issuer", "clientIds", "fingerprints", "issuanceLimitHours"];
        draft.absent = absent;
        drafts.push(draft);
    }
}

fn metadata(dice: &mut Dice<'_>) -> Value {
    let name = dice.of(&["old", "both", "new", "moved"]);
    let file = root().join(format!("tests/cases/keys/idp-{name}.metadata.xml"));
    let text = std::fs::read_to_string(file).expect("metadata can be read");
    json!({ "inline": text })
}

fn alibaba_saml(dice: &mut Dice<'_>, flavour: Flavour, drafts: &mut Vec<Draft>) {
    if let Some(absent) = fate(dice, flavour) {
        let mut spec = json!({
            "metadata": metadata(dice),
            "authnSignAlgorithm": dice.of(&["rsa-sha1", "rsa-sha256"]),
        });
        describe(dice, &mut spec);
        let mut draft = Draft::new("AlibabaSamlProvider", "idp", "alibaba-prod", spec);
        draft.optional = vec!["metadata", "authnSignAlgorithm"];
        draft.absent = absent;
        drafts.push(draft);
    }
    if let Some(absent) = fate(dice, flavour) {
        let spec = json!({
            "metadata": metadata(dice),
            "enabled": dice.of(&[true, false]),
            "auxiliaryDomain": dice.of(&[json!("a.example"), json!("b.example"), Value::Null]),
            "loginWithDomain": dice.of(&[true, false]),
            "authnSignAlgorithm": dice.of(&["rsa-sha1", "rsa-sha256"]),
        });
        let mut draft = Draft::new("AlibabaUserSso", "sso", "alibaba-prod", spec);
        draft.optional = vec![
            "metadata",
            "enabled",
            "auxiliaryDomain",
            "loginWithDomain",
            "authnSignAlgorithm",
        ];
        draft.absent = absent;
        drafts.push(draft);
    }
}

fn tencent(dice: &mut Dice<'_>, flavour: Flavour, drafts: &mut Vec<Draft>) {
    for name in ["ci", "cd"] {
        let Some(absent) = fate(dice, flavour) else {
            continue;
        };
        let mut spec = json!({
            "issuer": dice.of(&["https://a.acme.example", "https://b.acme.example"]),
            "clientIds": dice.some_of(&["x", "y", "z"], 1),
            "keys": keys(dice),
            "autoRotateKeys": dice.once_in(3),
        });
        describe(dice, &mut spec);
        let mut draft = Draft::new("TencentOidcProvider", name, "tencent-prod", spec);
        draft.optional = vec!["issuer", "clientIds", "keys", "autoRotateKeys"];
        draft.absent = absent;
        drafts.push(draft);
    }
    if let Some(absent) = fate(dice, flavour) {
        let mut spec = json!({
            "issuer": dice.of(&["https://a.acme.example", "https://b.acme.example"]),
            "clientId": dice.of(&["x", "y"]),
            "authorizationEndpoint": "https://a.acme.example/authorize",
            "keys": keys(dice),
            "responseMode": dice.of(&["form_post", "fragment"]),
            "mappingField": dice.of(&["sub", "name"]),
            "scopes": dice.of(&[json!(["openid"]), json!(["openid", "email"])]),
            "autoRotateKeys": dice.once_in(3),
        });
        if flavour == Flavour::Wanted {
            spec["enabled"] = dice.of(&[true, false]).into();
        }
        describe(dice, &mut spec);
        let mut draft = Draft::new("TencentUserOidc", "sso", "tencent-prod", spec);
        draft.optional = vec![
            "issuer",
            "clientId",
            "keys",
            "scopes",
            "autoRotateKeys",
            "enabled",
        ];
        draft.absent = absent;
        drafts.push(draft);
    }
}

fn huawei(dice: &mut Dice<'_>, flavour: Flavour, drafts: &mut Vec<Draft>) {
    // An account has one type of provider at a time, and one provider with IAM users.
    let iam = dice.once_in(4);
    let sso_type = if iam {
        "iam_user_sso"
    } else {
        "virtual_user_sso"
    };
    let mut mappings = Vec::new();
    for name in ["m", "n"] {
        let Some(absent) = fate(dice, flavour) else {
            continue;
        };
        let group = dice.of(&["readers", "writers"]);
        let spec = json!({"rules": [{
            "local": [{"user": {"name": "{0}"}}, {"group": {"name": group}}],
            "remote": [{"type": "sub"}],
        }]});
        let mut draft = Draft::new("HuaweiMapping", name, "huawei-prod", spec);
        draft.optional = vec!["rules"];
        draft.absent = absent;
        drafts.push(draft);
        mappings.push((name, absent));
    }
    // `p` speaks SAML, so that its type may change; `q` speaks OIDC.
    for (name, protocol) in [("p", "saml"), ("q", "oidc")] {
        if iam && flavour == Flavour::Before && name == "q" {
            continue;
        }
        // What the clouds held before stays declared: an undeclared protocol would go with its
        // provider, and take the mapping along, which no plan can see without reading it.
        let absent = match fate(dice, flavour) {
            Some(absent) => absent,
            None if flavour == Flavour::Wanted => true,
            None => continue,
        } || iam && name == "q";
        let mut spec = json!({"enabled": dice.of(&[true, false]), "ssoType": sso_type});
        describe(dice, &mut spec);
        let mut draft = Draft::new("HuaweiIdentityProvider", name, "huawei-prod", spec);
        draft.optional = vec!["enabled", "ssoType"];
        draft.absent = absent;
        drafts.push(draft);
        let usable: Vec<&str> = mappings
            .iter()
            .filter(|(_, gone)| !gone)
            .map(|(name, _)| *name)
            .collect();
        let part_absent = absent || usable.is_empty() || dice.once_in(6);
        if flavour == Flavour::Wanted || !part_absent {
            let mut spec = json!({"identityProvider": name, "protocol": protocol});
            if !usable.is_empty() {
                spec["mapping"] = dice.of(&usable).into();
            }
            let mut draft = Draft::new("HuaweiProtocol", name, "huawei-prod", spec);
            if protocol == "oidc" {
                draft.optional = vec!["mapping"];
            }
            draft.absent = part_absent;
            drafts.push(draft);
        }
        if !iam && !dice.once_in(4) {
            drafts.push(config_of(name, absent, dice));
        }
    }
}

fn config_of(name: &'static str, absent: bool, dice: &mut Dice<'_>) -> Draft {
    let console = dice.once_in(3);
    let mut spec = json!({
        "identityProvider": name,
        "accessMode": "program",
        "issuer": dice.of(&["https://a.acme.example", "https://b.acme.example"]),
        "clientId": dice.of(&["client-x", "client-y"]),
        "keys": keys(dice),
    });
    if console {
        spec["accessMode"] = "program_console".into();
        spec["authorizationEndpoint"] = "https://a.acme.example/authorize".into();
        spec["scopes"] = dice.of(&[json!(["openid"]), json!(["openid", "email"])]);
        spec["responseMode"] = dice.of(&["form_post", "fragment"]).into();
    }
    let mut draft = Draft::new("HuaweiOidcConfig", name, "huawei-prod", spec);
    draft.optional = vec!["issuer", "clientId", "keys"];
    draft.absent = absent;
    draft
}

fn tencent_saml(dice: &mut Dice<'_>, flavour: Flavour, drafts: &mut Vec<Draft>) {
    if let Some(absent) = fate(dice, flavour) {
        let spec = json!({
            "metadata": metadata(dice),
            "description": dice.of(&["first", "second"]),
        });
        let mut draft = Draft::new("TencentSamlProvider", "idp", "tencent-prod", spec);
        draft.optional = vec!["metadata", "description"];
        draft.absent = absent;
        drafts.push(draft);
    }
    // The other way of user SSO would be switched off by it, which is a mistake in manifests.
    let other = drafts.iter().any(|draft| draft.kind == "TencentUserOidc");
    if let Some(absent) = fate(dice, flavour).filter(|_| !other) {
        let mut spec = json!({
            "metadata": metadata(dice),
            "auxiliaryDomain": dice.of(&["a.example", "b.example"]),
        });
        if flavour == Flavour::Wanted {
            spec["enabled"] = dice.of(&[true, false]).into();
        }
        let mut draft = Draft::new("TencentUserSaml", "sso", "tencent-prod", spec);
        draft.optional = vec!["metadata", "auxiliaryDomain", "enabled"];
        draft.absent = absent;
        drafts.push(draft);
    }
}

/// A trust policy in the short form that names a provider of the world, if there is one.
fn federated(dice: &mut Dice<'_>, drafts: &[Draft], kind: &str) -> Option<Value> {
    let names: Vec<&str> = drafts
        .iter()
        .filter(|draft| draft.kind == kind && !draft.absent)
        .map(|draft| draft.name)
        .collect();
    if names.is_empty() || !dice.once_in(2) {
        return None;
    }
    Some(json!({"federated": [{
        "provider": dice.of(&names),
        "audiences": dice.some_of(&["x", "y"], 1),
        "subjects": dice.some_of(&["repo:acme/app:*", "repo:acme/web:*"], 1),
    }]}))
}

fn roles(dice: &mut Dice<'_>, flavour: Flavour, drafts: &mut Vec<Draft>) {
    let tags = [
        json!({}),
        json!({"team": "a"}),
        json!({"team": "b", "x": "y"}),
    ];
    if let Some(absent) = fate(dice, flavour) {
        let mut spec = json!({
            "trust": {"policy": {"version": "2.0", "statement": [{
                "effect": "allow",
                "action": "name/sts:AssumeRole",
                "principal": {"service": dice.some_of(&["cvm.qcloud.com", "scf.qcloud.com"], 1)},
            }]}},
            "consoleLogin": dice.of(&[false, true]),
            "sessionDurationSeconds": dice.of(&[7200, 3600]),
            "policies": dice.some_of(&["ReadOnlyAccess", "QcloudCOSReadOnlyAccess"], 0),
            "tags": dice.of(&tags),
        });
        if let Some(trust) = federated(dice, drafts, "TencentOidcProvider") {
            spec["trust"] = trust;
        }
        describe(dice, &mut spec);
        let mut draft = Draft::new("TencentRole", "deploy", "tencent-prod", spec);
        draft.optional = vec![
            "trust",
            "consoleLogin",
            "sessionDurationSeconds",
            "policies",
            "tags",
        ];
        draft.absent = absent;
        drafts.push(draft);
    }
    if let Some(absent) = fate(dice, flavour) {
        let mut spec = json!({
            "trust": {"policy": {"Version": "1", "Statement": [{
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": dice.some_of(&["ecs.aliyuncs.com", "fc.aliyuncs.com"], 1)},
            }]}},
            "maxSessionDurationSeconds": dice.of(&[3600, 7200]),
            "policies": dice.some_of(&["System/ReadOnlyAccess", "System/AliyunOSSReadOnlyAccess"], 0),
            "tags": dice.of(&tags),
        });
        if let Some(trust) = federated(dice, drafts, "AlibabaOidcProvider") {
            spec["trust"] = trust;
        }
        describe(dice, &mut spec);
        let mut draft = Draft::new("AlibabaRole", "deploy", "alibaba-prod", spec);
        draft.optional = vec!["trust", "maxSessionDurationSeconds", "policies", "tags"];
        draft.absent = absent;
        drafts.push(draft);
    }
}

fn huawei_metadata(dice: &mut Dice<'_>, drafts: &mut Vec<Draft>) {
    let speaks_saml = drafts
        .iter()
        .any(|draft| draft.kind == "HuaweiProtocol" && draft.name == "p" && !draft.absent);
    if speaks_saml && !dice.once_in(4) {
        let spec = json!({"identityProvider": "p", "metadata": metadata(dice)});
        let mut draft = Draft::new("HuaweiSamlMetadata", "p", "huawei-prod", spec);
        draft.optional = vec!["metadata"];
        drafts.push(draft);
    }
}

/// Documents that stand for objects on several clouds.
fn portable(dice: &mut Dice<'_>, flavour: Flavour, drafts: &mut Vec<Draft>) {
    let accounts = |dice: &mut Dice<'_>| {
        let set = json!({"description": dice.of(&["here", "there"])});
        dice.of(&[
            json!([{"account": "alibaba-prod"}, {"account": "tencent-prod", "set": set}]),
            json!([{"account": "tencent-prod"}, {"account": "alibaba-prod", "set": set}]),
            json!([{"account": "alibaba-prod"}]),
            json!([{"account": "tencent-prod"}]),
        ])
    };
    if let Some(absent) = fate(dice, flavour) {
        let spec = json!({
            "issuer": "https://portable.acme.example",
            "use": "workload",
            "clientIds": dice.some_of(&["x", "y", "z"], 1),
            "keys": keys(dice),
            "fingerprints": dice.some_of(&FINGERPRINTS, 1),
            "description": dice.of(&["first", "second"]),
            "accounts": accounts(dice),
        });
        let mut draft = Draft::new("OidcProvider", "everywhere", "", spec);
        draft.absent = absent;
        drafts.push(draft);
    }
    if let Some(absent) = fate(dice, flavour) {
        let spec = json!({
            "use": "workload",
            "metadata": metadata(dice),
            "description": dice.of(&["first", "second"]),
            "accounts": accounts(dice),
        });
        let mut draft = Draft::new("SamlProvider", "everybody", "", spec);
        draft.absent = absent;
        drafts.push(draft);
    }
}

/// The documents of a random world.
fn texts(bytes: &[u8], flavour: Flavour) -> Vec<String> {
    let mut dice = Dice(bytes.iter());
    let mut drafts = Vec::new();
    alibaba(&mut dice, flavour, &mut drafts);
    tencent(&mut dice, flavour, &mut drafts);
    huawei(&mut dice, flavour, &mut drafts);
    alibaba_saml(&mut dice, flavour, &mut drafts);
    tencent_saml(&mut dice, flavour, &mut drafts);
    roles(&mut dice, flavour, &mut drafts);
    huawei_metadata(&mut dice, &mut drafts);
    portable(&mut dice, flavour, &mut drafts);
    let documents = drafts
        .into_iter()
        .map(|draft| draft.text(&mut dice, flavour));
    std::iter::once(ACCOUNTS.to_owned())
        .chain(documents)
        .collect()
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// The world of these texts; [`None`] when the random manifests do not go together.
fn valid(texts: &[String]) -> Option<World> {
    let (world, found) = compiled(&refs(texts));
    found.is_empty().then_some(world)
}

/// What reading would tell if the clouds held exactly `before`; some objects cannot be read.
fn snapshot(before: &World, wanted: &World, bytes: &[u8]) -> Snapshot {
    let mut dice = Dice(bytes.iter());
    let mut snapshot = Snapshot::default();
    for account in wanted.accounts.keys() {
        let readable = AccountReading::Readable {
            account_id: None,
            caller_role: None,
            credentials: "a test".to_owned(),
        };
        snapshot.accounts.insert(account.clone(), readable);
    }
    for (address, desired) in &wanted.objects {
        let live = before
            .objects
            .values()
            .find(|live| {
                live.address.account == address.account
                    && live.address.kind == address.kind
                    && live.identity == desired.identity
            })
            .map(|live| Live {
                fields: live.fields.clone().into(),
                ..Live::default()
            });
        let error = || ProviderError::new(ErrorClass::Denied, "Read", "denied by a test");
        let observation = match live {
            _ if dice.once_in(15) => Observation::Unreadable(error()),
            Some(live) => Observation::Present(live),
            None => Observation::Absent(Facts::new()),
        };
        snapshot.objects.insert(address.clone(), observation);
    }
    for (address, live) in &before.objects {
        let declared = wanted.objects.values().any(|desired| {
            desired.address.account == address.account
                && desired.address.kind == address.kind
                && desired.identity == live.identity
        });
        let has_list = !matches!(address.kind.0, "HuaweiOidcConfig" | "HuaweiSamlMetadata");
        if !declared && has_list {
            let others = snapshot
                .others
                .entry((address.account.clone(), address.kind))
                .or_default();
            let fields = live.fields.clone();
            others.insert(
                live.identity.clone(),
                Live {
                    fields: fields.into(),
                    ..Live::default()
                },
            );
        }
    }
    snapshot
}

/// Everything of a plan but where it is written down.
fn essence(plan: &Plan) -> String {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        step.origin.file = "".into();
        step.origin.line = 0;
        for change in &mut step.changes {
            change.line = None;
        }
    }
    format!("{plan:#?}")
}

fn by_address(plan: &Plan) -> BTreeMap<&Address, &Step> {
    plan.steps
        .iter()
        .map(|step| (&step.address, step))
        .collect()
}

/// `PROPTEST_CASES` asks for more.
fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(cases);
    ProptestConfig {
        cases,
        max_global_rejects: cases * 20,
        max_shrink_iters: 100,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/it/properties.seeds",
        ))),
        ..ProptestConfig::default()
    }
}

/// What a world is made from, shown on one line.
#[derive(Clone)]
struct Seed(Vec<u8>);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn bytes() -> impl Strategy<Value = Seed> {
    prop::collection::vec(any::<u8>(), 0..180).prop_map(Seed)
}

// Pure: no sandbox.
proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn nothing_differs_from_itself(before in bytes()) {
        if let Some(world) = valid(&texts(&before.0, Flavour::Before)) {
            for desired in world.objects.values() {
                let table = desired.kind.info().fields;
                prop_assert_eq!(diff::differences(table, &desired.fields, &desired.fields), vec![]);
                let whole = diff::whole(table, Some(&desired.fields), Some(&desired.fields));
                prop_assert_eq!(whole, vec![]);
            }
        }
    }

    #[test]
    fn a_plan_is_a_function_of_manifests_and_clouds(
        before in bytes(), wanted in bytes(), failing in bytes(),
        order in any::<prop::sample::Index>(), files in 1_usize..4,
    ) {
        let documents = texts(&wanted.0, Flavour::Wanted);
        let (Some(before), Some(world)) = (valid(&texts(&before.0, Flavour::Before)), valid(&documents)) else {
            return Err(TestCaseError::reject("the manifests do not go together"));
        };
        let snapshot = snapshot(&before, &world, &failing.0);
        let plan = crate::support::make(&world, &snapshot);
        prop_assert_eq!(essence(&plan), essence(&crate::support::make(&world, &snapshot)));

        // Another order, other files.
        let mut turned = documents.clone();
        turned.rotate_left(order.index(documents.len()));
        turned.reverse();
        let mut joined = vec![String::new(); files];
        for (at, text) in turned.iter().enumerate() {
            joined[at % files].push_str("---\n");
            joined[at % files].push_str(text);
            joined[at % files].push('\n');
        }
        let again = crate::support::make(&self::world(&refs(&joined)), &snapshot);
        prop_assert_eq!(plan.digest.to_string(), again.digest.to_string());
        prop_assert_eq!(essence(&plan), essence(&again));
    }

    #[test]
    fn the_order_of_a_plan_can_always_be_carried_out(
        before in bytes(), wanted in bytes(), failing in bytes(),
    ) {
        let (Some(before), Some(world)) = (
            valid(&texts(&before.0, Flavour::Before)),
            valid(&texts(&wanted.0, Flavour::Wanted)),
        ) else {
            return Err(TestCaseError::reject("the manifests do not go together"));
        };
        let plan = crate::support::make(&world, &snapshot(&before, &world, &failing.0));
        prop_assert!(Graph::of(&plan).is_acyclic(), "{:#?}", plan.steps);
        let steps = by_address(&plan);
        for step in plan.steps.iter().filter(|step| step.is_change()) {
            let desired = &world.objects[&step.address];
            prop_assert_eq!(desired.mode, Mode::Manage, "observed objects are never written");
            for need in step.needs.iter().chain(&step.after_removal_of) {
                let stopped = matches!(steps[need].action, Action::Blocked | Action::Unreadable);
                prop_assert!(!stopped, "{} waits for {}, which is stopped", step.address, need);
            }
            if matches!(step.action, Action::Delete | Action::Disable) {
                prop_assert_eq!(desired.ensure, Ensure::Absent);
            }
            if step.action == Action::Delete || step.action == Action::Replace {
                for user in steps.values().filter(|user| refers(user, step)) {
                    let lets_go = user.is_change()
                        && (user.action != Action::Update || user.releases.contains(&step.address));
                    prop_assert!(lets_go, "{} is removed from under {}", step.address, user.address);
                }
            }
        }
        for step in plan.steps.iter().filter(|step| step.blocked.is_some()) {
            let blocked = step.blocked.as_ref().expect("it is");
            prop_assert!(!blocked.reason.is_empty());
            prop_assert!(!matches!(blocked.needed, Action::Blocked | Action::NoOp));
        }
    }
}

/// Whether a live object refers to that of another step.
fn refers(user: &Step, target: &Step) -> bool {
    let Some(before) = &user.before else {
        return false;
    };
    let field = match target.address.kind.0 {
        "HuaweiIdentityProvider" => "identityProvider",
        "HuaweiMapping" => "mapping",
        _ => return false,
    };
    user.address.account == target.address.account
        && before.get(field).and_then(Value::as_str) == Some(target.identity.as_str())
}

/// A sandbox that holds a random world.
fn stage(before: &[String]) -> Clouds {
    let clouds = Clouds::new();
    let report = clouds.apply(&refs(before));
    for step in &report.outcomes {
        assert_eq!(step.outcome, Outcome::Done, "the world before: {step:#?}");
    }
    clouds
}

/// Names of the creates in a report that the cloud accepted, by object.
fn creates(report: &Report) -> BTreeMap<Address, usize> {
    let mut counts = BTreeMap::new();
    for step in &report.outcomes {
        let made = |call: &&idform::apply::CallRecord| {
            call.name.contains("Create") && call.error.is_none()
        };
        *counts.entry(step.address.clone()).or_default() += step.calls.iter().filter(made).count();
    }
    counts
}

/// After the plan was carried out nothing is left to do, but for what was blocked.
fn assert_finished(plan: &Plan, after: &Plan) -> Result<(), TestCaseError> {
    let first = by_address(plan);
    for step in &after.steps {
        let was_blocked = first[&step.address].blocked.is_some();
        let still = step.blocked.is_some() && was_blocked;
        prop_assert!(
            step.action == Action::NoOp || still,
            "left to do: {step:#?}"
        );
    }
    Ok(())
}

// Over a sandbox.
proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn after_apply_the_plan_is_empty(before in bytes(), wanted in bytes(), parallel: bool) {
        let (before, wanted) = (texts(&before.0, Flavour::Before), texts(&wanted.0, Flavour::Wanted));
        let (Some(_), Some(world)) = (valid(&before), valid(&wanted)) else {
            return Err(TestCaseError::reject("the manifests do not go together"));
        };
        let mut clouds = stage(&before);
        clouds.parallelism = if parallel { 8 } else { 1 };
        let plan = crate::support::make(&world, &clouds.read(&world));
        for step in &plan.steps {
            // A field that is not mentioned shows only where the change itself moves it.
            let mentioned = &world.objects[&step.address].fields;
            if step.action == Action::NoOp && world.objects[&step.address].ensure == Ensure::Present {
                for change in &step.changes {
                    prop_assert!(mentioned.contains_key(change.field), "{step:#?}");
                }
            }
        }
        let mut called: Vec<(Address, usize)> = Vec::new();
        let mut counts: BTreeMap<Address, usize> = BTreeMap::new();
        let report = clouds.carry_out(&world, plan.clone(), CancellationToken::new(), |event| {
            if let Event::Called { address, .. } = event {
                let count = counts.entry(address.clone()).or_default();
                called.push((address, *count));
                *count += 1;
            }
        });
        for step in &report.outcomes {
            prop_assert_eq!(&step.outcome, &Outcome::Done, "{:#?}", step);
        }
        in_order(&plan, &called)?;
        let after = crate::support::make(&world, &clouds.read(&world));
        assert_finished(&plan, &after)?;
        // What is not mentioned has its value as before.
        let now = by_address(&after);
        for step in plan.steps.iter().filter(|step| {
            step.is_change() && matches!(step.action, Action::Update | Action::Replace)
        }) {
            let (Some(old), Some(new)) = (&step.before, &now[&step.address].before) else {
                continue;
            };
            let mentioned = &world.objects[&step.address].fields;
            let shown: BTreeSet<&str> = step.changes.iter().map(|change| change.field).collect();
            for (field, value) in old.iter() {
                if !mentioned.contains_key(field) && !shown.contains(field.as_str()) {
                    prop_assert_eq!(new.get(field), Some(value), "{} of {}", field, step.address);
                }
            }
        }
    }

    #[test]
    fn a_failure_is_told_as_it_is_and_the_next_run_finishes(
        before in bytes(), wanted in bytes(), at in any::<prop::sample::Index>(),
        fault in prop::sample::select(vec![
            "deny", "drop", "drop-after", "cut", "status:500", "status-after:503", "throttle", "html",
        ]),
    ) {
        let (before, wanted) = (texts(&before.0, Flavour::Before), texts(&wanted.0, Flavour::Wanted));
        let (Some(_), Some(world)) = (valid(&before), valid(&wanted)) else {
            return Err(TestCaseError::reject("the manifests do not go together"));
        };
        let clouds = stage(&before);
        let plan = crate::support::make(&world, &clouds.read(&world));
        let writes: Vec<&str> = plan
            .steps
            .iter()
            .filter(|step| step.is_change())
            .flat_map(|step| step.phases.iter().flat_map(|phase| &phase.calls))
            .map(|write| write.call.name)
            .collect();
        if writes.is_empty() {
            return Ok(());
        }
        clouds.fault(&format!("{}={fault},times=1", writes[at.index(writes.len())]));
        let report = clouds.carry_out(&world, plan.clone(), CancellationToken::new(), |_| {});
        let failed: BTreeSet<&Address> = report
            .outcomes
            .iter()
            .filter(|step| matches!(step.outcome, Outcome::Failed(_)))
            .map(|step| &step.address)
            .collect();
        prop_assert!(failed.len() <= 1, "one fault fails one change: {report:#?}");
        if fault != "deny" {
            prop_assert!(failed.is_empty(), "what may be tried again is: {report:#?}");
        }
        let middle = crate::support::make(&world, &clouds.read(&world));
        let steps = by_address(&middle);
        for step in &report.outcomes {
            match &step.outcome {
                Outcome::Done => prop_assert!(
                    steps[&step.address].action == Action::NoOp,
                    "said to be done: {:#?}", steps[&step.address]
                ),
                Outcome::Skipped { because, .. } => prop_assert!(failed.contains(because)),
                Outcome::Failed(failure) => prop_assert!(
                    matches!(failure, Failure::Write(_)), "refused: {failure:?}"
                ),
                Outcome::Stale { .. } | Outcome::Cancelled => {
                    prop_assert!(false, "nobody else was there: {step:#?}");
                }
            }
        }
        clouds.sandbox().clear_faults();
        let rest = clouds.carry_out(&world, middle, CancellationToken::new(), |_| {});
        for step in &rest.outcomes {
            prop_assert_eq!(&step.outcome, &Outcome::Done, "{:#?}", step);
        }
        assert_finished(&plan, &crate::support::make(&world, &clouds.read(&world)))?;
        let (first, second) = (creates(&report), creates(&rest));
        for (address, count) in &first {
            let again = second.get(address).copied().unwrap_or_default();
            prop_assert!(count + again <= 1, "{address} was made {count} + {again} times");
        }
    }
}

/// Each call came after all calls of what its phase waits for.
fn in_order(plan: &Plan, called: &[(Address, usize)]) -> Result<(), TestCaseError> {
    let graph = Graph::of(plan);
    let place: BTreeMap<&(Address, usize), usize> = called
        .iter()
        .enumerate()
        .map(|(at, call)| (call, at))
        .collect();
    // The first and last place of a phase's calls in the order of sending.
    let span = |index| {
        let node = graph.node(index);
        let step = &plan.steps[node.step];
        let before: usize = step.phases[..node.phase]
            .iter()
            .map(|phase| phase.calls.len())
            .sum();
        let places: Vec<usize> = (before..before + step.phases[node.phase].calls.len())
            .filter_map(|count| place.get(&(step.address.clone(), count)).copied())
            .collect();
        Some((*places.first()?, *places.last()?))
    };
    for node in graph.nodes() {
        let Some((_, last)) = span(node) else {
            continue;
        };
        let mut behind: Vec<_> = graph.after(node).collect();
        let mut seen = BTreeSet::new();
        while let Some(next) = behind.pop() {
            if !seen.insert(next) {
                continue;
            }
            if let Some((first, _)) = span(next) {
                prop_assert!(
                    last < first,
                    "{:?} after {:?}",
                    graph.node(next),
                    graph.node(node)
                );
            }
            behind.extend(graph.after(next));
        }
    }
    Ok(())
}

#[test]
fn random_worlds_are_mostly_valid_and_not_empty() {
    let mut good = 0;
    for seed in 0_u64..100 {
        let bytes: Vec<u8> = (0_u64..180)
            .map(|at| {
                let mixed = (seed * 977 + at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                (mixed >> 40).to_le_bytes()[0]
            })
            .collect();
        if valid(&texts(&bytes, Flavour::Wanted)).is_some_and(|world| world.objects.len() > 2) {
            good += 1;
        }
    }
    assert!(good >= 60, "{good} of 100");
    assert!(
        [TENCENT, ALIBABA, HUAWEI]
            .iter()
            .all(|number| ACCOUNTS.contains(number))
    );
}
