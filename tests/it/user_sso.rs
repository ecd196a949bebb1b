//! The SAML kinds of Tencent Cloud and Huawei Cloud through the whole engine: from one way of user
//! SSO to the other, lists that tell names only, and a federation from its first call to its last.

use serde_json::{Value, json};

use idform::apply::Outcome;
use idform::plan::{Action, Plan};

use crate::support::{ACCOUNTS, Clouds, document};

const TENCENT: &str = "100000000001";

fn spec(kind: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut spec = idform::clouds::kind(kind)
        .expect("a kind")
        .samples()
        .minimal;
    change(&mut spec);
    spec
}

fn way(kind: &str, enabled: bool) -> String {
    let spec = spec(kind, |spec| spec["enabled"] = enabled.into());
    document(kind, "sso", "tencent-prod", &spec)
}

fn absent(text: &str) -> String {
    let mut document: Value = serde_json::from_str(text).expect("JSON");
    document["lifecycle"] = json!({"ensure": "absent"});
    document.to_string()
}

fn actions(plan: &Plan) -> Vec<(&'static str, Action)> {
    plan.steps
        .iter()
        .map(|step| (step.address.kind.0, step.action))
        .collect()
}

const OIDC: &str = "TencentUserOidc";
const SAML: &str = "TencentUserSaml";

fn statuses(clouds: &Clouds) -> (Value, Value) {
    let state = clouds.state("tencent", TENCENT);
    let status = |way: &str| state[way]["Status"].clone();
    (status("user_oidc"), status("user_saml"))
}

#[test]
fn one_way_of_user_sso_takes_over_from_the_other_in_one_run() {
    for (old, new) in [(SAML, OIDC), (OIDC, SAML)] {
        for gives_way in [way(old, false), absent(&way(old, true))] {
            let clouds = Clouds::new();
            clouds.apply(&[ACCOUNTS, &way(old, true)]);
            let texts = [ACCOUNTS, &way(new, true), &gives_way];
            let plan = clouds.plan(&texts);
            let step = |kind: &str| {
                let mut steps = plan.steps.iter();
                steps.find(|step| step.address.kind.0 == kind).expect("it")
            };
            assert_eq!(step(new).action, Action::Create);
            assert!(
                step(new)
                    .side_effects
                    .iter()
                    .any(|effect| effect.text.ends_with("off") && effect.switches_sign_in),
                "{:#?}",
                step(new).side_effects
            );
            assert!(step(old).needs.contains(&step(new).address));
            let report = clouds.apply(&texts);
            for outcome in &report.outcomes {
                assert_eq!(
                    outcome.outcome,
                    Outcome::Done,
                    "{old} to {new}: {report:#?}"
                );
            }
            // The cloud switched it off by itself; to switch user SSO off now would hit the new way.
            assert_eq!(clouds.count("DisableUserSSO"), 0);
            let (oidc, saml) = statuses(&clouds);
            let (on, off) = if new == OIDC {
                (oidc, saml)
            } else {
                (saml, oidc)
            };
            assert_eq!((on, off), (json!(11), json!(2)));
            let settled = clouds.plan(&texts);
            for (kind, action) in actions(&settled) {
                assert_eq!(action, Action::NoOp, "{kind}");
            }
        }
    }
}

#[test]
fn the_old_way_stays_when_the_new_one_cannot_be_made() {
    let clouds = Clouds::new();
    clouds.apply(&[ACCOUNTS, &way(SAML, true)]);
    clouds.fault("CreateUserOIDCConfig=deny");
    let texts = [ACCOUNTS, &way(OIDC, true), &way(SAML, false)];
    let report = clouds.apply(&texts);
    let outcomes: Vec<&str> = report
        .outcomes
        .iter()
        .map(|outcome| outcome.outcome.word())
        .collect();
    assert_eq!(outcomes, ["failed", "skipped"], "{report:#?}");
    assert_eq!(statuses(&clouds), (Value::Null, json!(11)));
}

#[test]
fn a_provider_that_nobody_declared_is_reported_by_its_name() {
    let clouds = Clouds::new();
    let provider = |name: &str| {
        let spec = spec("TencentSamlProvider", |_| ());
        document("TencentSamlProvider", name, "tencent-prod", &spec)
    };
    clouds.apply(&[ACCOUNTS, &provider("ours"), &provider("foreign")]);
    clouds.edit("tencent", TENCENT, |state| {
        let copy = state["saml_providers"]["ours"].clone();
        state["saml_providers"]["TencentReservedSSO-z1"] = copy;
    });
    let before = clouds.count("GetSAMLProvider");
    let plan = clouds.plan(&[ACCOUNTS, &provider("ours")]);
    let unmanaged: Vec<&str> = plan
        .unmanaged
        .iter()
        .map(|unmanaged| unmanaged.cloud_name.as_str())
        .collect();
    assert_eq!(unmanaged, ["foreign"]);
    let read = clouds.count("GetSAMLProvider") - before;
    assert_eq!(read, 1, "only what is declared is read by its name");
}

#[test]
fn metadata_changes_by_meaning_and_not_by_spelling() {
    let clouds = Clouds::new();
    let text = |change: fn(&str) -> String| {
        let spec = spec("TencentSamlProvider", |spec| {
            let document = spec["metadata"]["inline"].as_str().expect("a text");
            spec["metadata"]["inline"] = change(document).into();
        });
        document("TencentSamlProvider", "okta", "tencent-prod", &spec)
    };
    clouds.apply(&[ACCOUNTS, &text(str::to_owned)]);
    for same in [
        text(|document| document.replace("md:", "x:").replace(":md=", ":x=")),
        text(|document| document.replace("\n      ", "\n\t")),
        text(|document| {
            format!(
                "<!-- by hand -->\n{}",
                document.split_once('\n').expect("lines").1
            )
        }),
    ] {
        let plan = clouds.plan(&[ACCOUNTS, &same]);
        assert_eq!(actions(&plan), [("TencentSamlProvider", Action::NoOp)]);
    }
    let other = text(|document| document.replace("/saml/sso", "/saml/sso2"));
    let plan = clouds.plan(&[ACCOUNTS, &other]);
    assert_eq!(actions(&plan), [("TencentSamlProvider", Action::Update)]);
}

/// A whole SAML federation on Huawei Cloud.
fn federation(change: impl FnOnce(&mut Value)) -> [String; 4] {
    let of = |kind: &str, spec: &Value| document(kind, "corp", "huawei-prod", spec);
    let rules = json!([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "uid"}]}]);
    let mut metadata = spec("HuaweiSamlMetadata", |spec| {
        spec["identityProvider"] = "corp".into();
    });
    change(&mut metadata);
    [
        of("HuaweiIdentityProvider", &json!({"enabled": true})),
        of("HuaweiMapping", &json!({ "rules": rules })),
        of(
            "HuaweiProtocol",
            &json!({"identityProvider": "corp", "protocol": "saml", "mapping": "corp"}),
        ),
        of("HuaweiSamlMetadata", &metadata),
    ]
}

#[test]
fn a_saml_federation_on_huawei_cloud_lives_and_goes() {
    let clouds = Clouds::new();
    let with = |texts: &[String; 4]| {
        let all: Vec<&str> = std::iter::once(ACCOUNTS)
            .chain(texts.iter().map(String::as_str))
            .collect();
        let report = clouds.apply(&all);
        for outcome in &report.outcomes {
            assert_eq!(outcome.outcome, Outcome::Done, "{report:#?}");
        }
        for (kind, action) in actions(&clouds.plan(&all)) {
            assert_eq!(action, Action::NoOp, "{kind}");
        }
    };
    with(&federation(|_| ()));
    let seen = clouds.seen();
    let position = |action: &str| {
        let found = seen.iter().position(|seen| seen.action == action);
        found.unwrap_or_else(|| panic!("{action} was called"))
    };
    assert!(position("KeystoneCreateProtocol") < position("CreateMetadata"));
    assert!(
        position("CreateMetadata") < position("KeystoneUpdateIdentityProvider"),
        "nobody signs in before all of it is there"
    );
    let imports = || clouds.count("CreateMetadata");
    let before = imports();
    with(&federation(|metadata| {
        metadata["metadata"] = idform::clouds::kind("HuaweiSamlMetadata")
            .expect("a kind")
            .samples()
            .changed["metadata"]
            .clone();
    }));
    assert_eq!(imports(), before + 1, "one import over the one before");
    let gone = federation(|_| ()).map(|text| absent(&text));
    with(&gone);
}
