use serde_json::json;

use super::*;
use crate::clouds::testing::{calls, create, failure, fields, reply, update};
use crate::model::Value;
use crate::provider::{ErrorClass, Live, Phase};

fn policy(subject: &str) -> Value {
    json!({"Version": "1", "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": "acs:ram::1234567890123456:oidc-provider/ci"},
        "Condition": {"StringEquals": {"oidc:sub": subject}},
    }]})
}

fn role_answer(text: &str) -> Answer {
    reply(json!({"Role": {
        "RoleName": "ci",
        "AssumeRolePolicyDocument": text,
        "MaxSessionDuration": 3600,
        "IsServiceLinkedRole": false,
    }}))
}

fn policies_answer() -> Answer {
    reply(json!({"Policies": {"Policy": [
        {"PolicyType": "System", "PolicyName": "ReadOnlyAccess"},
        {"PolicyType": "Custom", "PolicyName": "deploy"},
    ]}}))
}

fn list_answer() -> Answer {
    reply(json!({"IsTruncated": false, "Roles": {"Role": [
        {"RoleName": "ci", "Tags": {"Tag": [{"TagKey": "team", "TagValue": "platform"}]}},
        {"RoleName": "other", "Description": "x", "MaxSessionDuration": 7200},
    ]}}))
}

fn live() -> Live {
    let wanted = ["ci".to_owned()];
    // Printed as the service prints it.
    let text = serde_json::to_string_pretty(&policy("a")).unwrap();
    let answers = [list_answer(), role_answer(&text), policies_answer()];
    let mut observed = Role.observe(Scope::Account(&wanted), &answers);
    match observed.wanted.remove("ci") {
        Some(Observation::Present(live)) => live,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_role_is_put_together_of_three_answers() {
    assert_eq!(
        *live().fields,
        fields(&json!({
            "trust": policy("a"),
            "description": "",
            "maxSessionDurationSeconds": 3600,
            "policies": ["Custom/deploy", "System/ReadOnlyAccess"],
            "tags": {"team": "platform"},
        }))
    );
    let names: Vec<&str> = Role
        .reads(Scope::Account(&["a".to_owned(), "b".to_owned()]))
        .iter()
        .map(|read| read.0.name)
        .collect();
    assert_eq!(names, [LIST, GET, LIST_POLICIES, GET, LIST_POLICIES]);
    let reads = Role.reads(Scope::One("ci"));
    assert_eq!(reads[0].0.params["ResourceNames"], r#"["ci"]"#);
    let tags = reply(json!({"TagResources": [
        {"ResourceName": "ci", "TagKey": "k", "TagValue": "v"},
        {"ResourceName": "another", "TagKey": "x", "TagValue": "y"},
    ]}));
    let answers = [tags, role_answer("{}"), policies_answer()];
    let observed = Role.observe(Scope::One("ci"), &answers);
    let Some(Observation::Present(live)) = observed.wanted.get("ci") else {
        panic!("{observed:?}");
    };
    assert_eq!(live.fields["tags"], json!({"k": "v"}));
    assert!(matches!(observed.others, Listing::NotRead));
}

#[test]
fn what_could_not_be_read_is_not_absent() {
    let wanted = ["ci".to_owned()];
    let truncated = reply(json!({"IsTruncated": true, "Roles": {"Role": []}}));
    let not_found = || failure(ErrorClass::NotFound);
    for (answers, expected) in [
        (vec![list_answer(), not_found(), not_found()], "absent"),
        (
            vec![failure(ErrorClass::Denied), not_found(), not_found()],
            "absent",
        ),
        (
            vec![
                failure(ErrorClass::Denied),
                role_answer("{}"),
                policies_answer(),
            ],
            "unreadable",
        ),
        (
            vec![truncated, role_answer("{}"), policies_answer()],
            "unreadable",
        ),
        (
            vec![
                list_answer(),
                failure(ErrorClass::Denied),
                policies_answer(),
            ],
            "unreadable",
        ),
        (
            vec![list_answer(), role_answer("{}"), not_found()],
            "unreadable",
        ),
        (
            vec![list_answer(), reply(json!({"Role": {}})), policies_answer()],
            "unreadable",
        ),
        (vec![list_answer(), role_answer("{}")], "unreadable"),
        (vec![], "unreadable"),
    ] {
        let observed = Role.observe(Scope::Account(&wanted), &answers);
        let told = match &observed.wanted["ci"] {
            Observation::Present(_) => "present",
            Observation::Absent(_) => "absent",
            Observation::Unreadable(_) => "unreadable",
        };
        assert_eq!(told, expected, "{answers:?}");
    }
}

#[test]
fn a_role_is_made_and_then_given_its_policies() {
    let desired = json!({
        "trust": policy("a"),
        "description": "",
        "policies": ["Custom/deploy", "System/ReadOnlyAccess"],
        "tags": {"team": "platform"},
    });
    let phases = create(&Role, &desired).unwrap();
    let attach =
        |kind: &str, name: &str| json!({"PolicyType": kind, "PolicyName": name, "RoleName": "ci"});
    assert_eq!(
        calls(&phases),
        [
            (
                "CreateRole",
                json!({
                    "RoleName": "ci",
                    "AssumeRolePolicyDocument": policy("a").to_string(),
                    "Tag": r#"[{"Key":"team","Value":"platform"}]"#,
                })
            ),
            ("AttachPolicyToRole", attach("Custom", "deploy")),
            ("AttachPolicyToRole", attach("System", "ReadOnlyAccess")),
        ]
    );
    create(&Role, &json!({})).unwrap_err();
}

#[test]
fn updates_add_before_they_remove() {
    let desired = json!({
        "trust": policy("b"),
        "description": "x",
        "maxSessionDurationSeconds": 7200,
        "policies": ["System/AdministratorAccess", "System/ReadOnlyAccess"],
        "tags": {"stage": "test"},
    });
    let phases = update(&Role, &desired, &live()).unwrap();
    assert_eq!(
        calls(&phases),
        [
            (
                "UpdateRole",
                json!({
                    "RoleName": "ci",
                    "NewAssumeRolePolicyDocument": policy("b").to_string(),
                    "NewDescription": "x",
                    "NewMaxSessionDuration": 7200,
                })
            ),
            (
                "AttachPolicyToRole",
                json!({"PolicyType": "System", "PolicyName": "AdministratorAccess", "RoleName": "ci"})
            ),
            (
                "DetachPolicyFromRole",
                json!({"PolicyType": "Custom", "PolicyName": "deploy", "RoleName": "ci"})
            ),
            (
                "TagResources",
                json!({
                    "ResourceType": "role",
                    "ResourceNames": r#"["ci"]"#,
                    "Tag": r#"[{"Key":"stage","Value":"test"}]"#,
                })
            ),
            (
                "UntagResources",
                json!({
                    "ResourceType": "role",
                    "ResourceNames": r#"["ci"]"#,
                    "TagKeys": r#"["team"]"#,
                })
            ),
        ]
    );
    let only = update(&Role, &json!({"tags": {}}), &live()).unwrap();
    assert_eq!(calls(&only).len(), 1);
}

#[test]
fn a_role_lets_go_of_its_policies_before_it_goes() {
    let live = live();
    let phases = Role
        .writes(Intent::Remove {
            identity: "ci",
            live: &live,
        })
        .unwrap();
    let names: Vec<&str> = calls(&phases).iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["DetachPolicyFromRole", "DetachPolicyFromRole", "DeleteRole"]
    );
    assert_eq!(phases[0].phase, Phase::Remove);
}

#[test]
fn names_of_policies_have_a_type() {
    for good in ["System/ReadOnlyAccess", "Custom/a-1"] {
        assert!(is_policy(good), "{good}");
    }
    for bad in [
        "ReadOnlyAccess",
        "system/X",
        "Custom/",
        "Custom/a b",
        "Custom/a/b",
    ] {
        assert!(!is_policy(bad), "{bad}");
    }
}
