//! What the vendors' Terraform providers were measured doing, and what must be impossible here.
//! (That a failed read is never taken for absent or unchanged is shown for every kind in
//! `contract.rs`.)

use serde_json::json;

use idform::apply::Outcome;
use idform::net::Patience;
use idform::plan::{Action, Detail};

use crate::support::{ACCOUNTS, ALIBABA, Clouds, HUAWEI, document};

fn mapping() -> String {
    let spec = json!({"rules": [{
        "local": [{"user": {"name": "{0}"}}, {"group": {"name": "readers"}}],
        "remote": [{"type": "sub"}],
    }]});
    document("HuaweiMapping", "m", "huawei-prod", &spec)
}

fn provider(spec: &serde_json::Value) -> String {
    document("AlibabaOidcProvider", "ci", "alibaba-prod", spec)
}

fn spec() -> serde_json::Value {
    json!({
        "issuer": "https://ci.acme.example",
        "clientIds": ["b", "a", "c"],
        "fingerprints": ["902ef2deeb3c5b13ea4c3d5193629309e231ae55"],
    })
}

#[test]
fn a_mapping_changed_by_hand_to_the_admin_group_is_seen() {
    let clouds = Clouds::new();
    clouds.apply(&[ACCOUNTS, &mapping()]);
    clouds.edit("huawei", HUAWEI, |state| {
        state["mappings"]["m"]["rules"][0]["local"][1]["group"]["name"] = "admin".into();
    });
    let plan = clouds.plan(&[ACCOUNTS, &mapping()]);
    assert_eq!(plan.steps[0].action, Action::Update);
    let Detail::Document { before, after } = &plan.steps[0].changes[0].detail else {
        panic!("rules are shown as a document");
    };
    assert!(before.contains("admin") && after.contains("readers"));
}

#[test]
fn groups_and_regular_expressions_in_rules_survive_a_round_trip() {
    let clouds = Clouds::new();
    let spec = json!({"rules": [{
        "local": [{"groups": "[\"admin\",\"manager\"]"}, {"unknown": {"kept": true}}],
        "remote": [{"type": "mail", "any_one_of": [".*@example\\.com$"], "regex": true}],
    }]});
    let text = document("HuaweiMapping", "m", "huawei-prod", &spec);
    let report = clouds.apply(&[ACCOUNTS, &text]);
    if report.outcomes[0].outcome == Outcome::Done {
        let state = clouds.state("huawei", HUAWEI);
        assert_eq!(
            state["mappings"]["m"]["rules"], spec["rules"],
            "nothing dropped"
        );
    } else {
        // The emulator may refuse the unknown member, as the real service may; it must not vanish.
        assert_eq!(clouds.state("huawei", HUAWEI)["mappings"]["m"], json!(null));
    }
}

#[test]
fn an_object_deleted_outside_is_planned_as_a_create() {
    let clouds = Clouds::new();
    clouds.apply(&[ACCOUNTS, &provider(&spec())]);
    clouds.edit("alibaba", ALIBABA, |state| {
        state["oidc_providers"] = json!({});
    });
    let plan = clouds.plan(&[ACCOUNTS, &provider(&spec())]);
    assert_eq!(plan.steps[0].action, Action::Create);
}

#[test]
fn a_rename_is_never_planned_in_place() {
    let clouds = Clouds::new();
    clouds.apply(&[ACCOUNTS, &provider(&spec())]);
    let mut renamed = spec();
    renamed["name"] = "new-name".into();
    // Alone, the old provider is in the way: the cloud takes each issuer once.
    let plan = clouds.plan(&[ACCOUNTS, &provider(&renamed)]);
    assert_eq!(plan.steps[0].action, Action::Blocked);
    let blocked = plan.steps[0].blocked.as_ref().expect("a reason");
    assert_eq!(blocked.needed, Action::Create);
    assert!(blocked.reason.contains("ci"), "{}", blocked.reason);
    assert_eq!(plan.unmanaged[0].cloud_name, "ci");

    // With the old one declared absent, it goes first and the new one comes after.
    let mut old: serde_json::Value = serde_json::from_str(&provider(&spec())).expect("JSON");
    old["metadata"]["name"] = "old".into();
    old["spec"]["name"] = "ci".into();
    old["lifecycle"] = json!({"ensure": "absent"});
    let texts = [ACCOUNTS, &provider(&renamed), &old.to_string()];
    let plan = clouds.plan(&texts);
    let actions: Vec<Action> = plan.steps.iter().map(|step| step.action).collect();
    assert_eq!(actions, [Action::Create, Action::Delete]);
    for outcome in clouds.apply_plan(&texts, plan).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done);
    }
}

#[test]
fn a_create_costs_a_look_a_write_and_a_look_and_no_sleep() {
    let clouds = Clouds::new();
    clouds.apply(&[ACCOUNTS, &provider(&spec())]);
    let actions: Vec<String> = clouds.seen().into_iter().map(|seen| seen.action).collect();
    assert_eq!(
        actions,
        [
            "GetCallerIdentity",
            "ListOIDCProviders",
            "GetOIDCProvider",
            "CreateOIDCProvider",
            "GetOIDCProvider"
        ]
    );
}

#[test]
fn a_throttled_call_does_not_wait_for_minutes() {
    let patience = Patience::default();
    assert!(patience.first_wait.as_millis() <= 500);
    assert!(patience.longest_wait.as_secs() <= 5);
}

#[test]
fn the_order_of_audiences_is_no_change() {
    let clouds = Clouds::new();
    clouds.apply(&[ACCOUNTS, &provider(&spec())]);
    let mut other = spec();
    other["clientIds"] = json!(["c", "b", "a", "b"]);
    let plan = clouds.plan(&[ACCOUNTS, &provider(&other)]);
    assert_eq!(
        plan.steps[0].action,
        Action::NoOp,
        "{:#?}",
        plan.steps[0].changes
    );
}

#[test]
fn a_hundred_providers_are_one_list_call() {
    let clouds = Clouds::new();
    let texts: Vec<String> = (0..100)
        .map(|n| {
            let mut spec = spec();
            spec["issuer"] = format!("https://ci-{n}.acme.example").into();
            document(
                "AlibabaOidcProvider",
                &format!("ci-{n}"),
                "alibaba-prod",
                &spec,
            )
        })
        .collect();
    let mut all = vec![ACCOUNTS];
    all.extend(texts.iter().map(String::as_str));
    clouds.plan(&all);
    assert_eq!(clouds.count("ListOIDCProviders"), 1);
    assert_eq!(clouds.count("GetOIDCProvider"), 0);
    assert_eq!(clouds.seen().len(), 2, "who am I, and the list");
}

#[test]
fn huawei_providers_and_mappings_are_one_call_each() {
    let clouds = Clouds::new();
    let mut texts = vec![ACCOUNTS.to_owned()];
    for n in 0..5 {
        let spec = json!({"enabled": true});
        texts.push(document(
            "HuaweiIdentityProvider",
            &format!("p-{n}"),
            "huawei-prod",
            &spec,
        ));
        texts.push(mapping().replace("\"m\"", &format!("\"m-{n}\"")));
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    clouds.plan(&texts);
    assert_eq!(clouds.count("KeystoneListIdentityProviders"), 1);
    assert_eq!(clouds.count("KeystoneListMappings"), 1);
    assert_eq!(clouds.seen().len(), 3, "{:?}", clouds.seen());
}
