use serde_json::json;

use super::*;
use crate::clouds::testing::{calls, create, failure, fields, reply, update};
use crate::model::Value;
use crate::provider::{ErrorClass, Live, Observation};

fn policy(service: &str) -> Value {
    json!({"version": "2.0", "statement": [{
        "effect": "allow",
        "action": "name/sts:AssumeRole",
        "principal": {"service": service},
    }]})
}

fn info() -> Value {
    json!({
        "RoleId": "4611686018427000001",
        "RoleName": "ci",
        "PolicyDocument": policy("cvm.qcloud.com").to_string(),
        "Description": "CI",
        "ConsoleLogin": 1,
        "SessionDuration": null,
        "Tags": [{"Key": "team", "Value": "platform"}],
        "RoleType": "user",
        "IsSelected": 0,
    })
}

fn role_answer() -> Answer {
    reply(json!({"RoleInfo": info()}))
}

fn policies_answer(total: u32) -> Answer {
    reply(json!({"TotalNum": total, "List": [{"PolicyId": 2, "PolicyName": "ReadOnlyAccess"}]}))
}

fn live() -> Live {
    let observed = Role.observe(Scope::One("ci"), &[role_answer(), policies_answer(1)]);
    match observed.wanted.get("ci") {
        Some(Observation::Present(live)) => live.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_role_is_put_together_of_two_answers() {
    assert_eq!(
        *live().fields,
        fields(&json!({
            "trust": policy("cvm.qcloud.com"),
            "description": "CI",
            "consoleLogin": true,
            "policies": ["ReadOnlyAccess"],
            "tags": {"team": "platform"},
        }))
    );
    let wanted = ["a".to_owned(), "b".to_owned()];
    let reads = Role.reads(Scope::Account(&wanted));
    let names: Vec<&str> = reads.iter().map(|read| read.0.name).collect();
    assert_eq!(names, [GET, LIST_POLICIES, GET, LIST_POLICIES]);
}

#[test]
fn a_list_leaves_out_what_belongs_to_services() {
    let reads = Role.reads(Scope::Account(&[]));
    assert_eq!(reads.len(), 1);
    assert_eq!(reads[0].0.name, LIST);
    let mut service = info();
    service["RoleName"] = json!("CVM_QCSLinkedRole");
    service["RoleType"] = json!("service_linked");
    let answer = reply(json!({"TotalNum": 2, "List": [info(), service]}));
    let observed = Role.observe(Scope::Account(&[]), &[answer]);
    let Listing::Names(others) = observed.others else {
        panic!("a list was read");
    };
    assert_eq!(others.iter().collect::<Vec<_>>(), ["ci"]);
    let short = reply(json!({"TotalNum": 2, "List": [info()]}));
    let observed = Role.observe(Scope::Account(&[]), &[short]);
    assert!(matches!(observed.others, Listing::NotRead));
}

#[test]
fn what_could_not_be_read_is_not_absent() {
    let denied = || failure(ErrorClass::Denied);
    let not_found = || failure(ErrorClass::NotFound);
    for (answers, is_absent) in [
        (vec![not_found(), not_found()], true),
        (vec![denied(), policies_answer(1)], false),
        (vec![role_answer(), denied()], false),
        (vec![role_answer(), policies_answer(2)], false),
        (
            vec![reply(json!({"RoleInfo": {}})), policies_answer(1)],
            false,
        ),
        (vec![role_answer()], false),
    ] {
        let observed = Role.observe(Scope::One("ci"), &answers);
        match &observed.wanted["ci"] {
            Observation::Absent(_) => assert!(is_absent, "{answers:?}"),
            Observation::Unreadable(_) => assert!(!is_absent, "{answers:?}"),
            Observation::Present(live) => panic!("{live:?}"),
        }
    }
}

#[test]
fn a_role_is_made_and_then_given_its_policies() {
    let desired = json!({
        "trust": policy("scf.qcloud.com"),
        "description": "",
        "consoleLogin": false,
        "sessionDurationSeconds": 3600,
        "policies": ["ReadOnlyAccess"],
        "tags": {"team": "platform"},
    });
    assert_eq!(
        calls(&create(&Role, &desired).unwrap()),
        [
            (
                "CreateRole",
                json!({
                    "RoleName": "ci",
                    "PolicyDocument": policy("scf.qcloud.com").to_string(),
                    "ConsoleLogin": 0,
                    "SessionDuration": 3600,
                    "Tags": [{"Key": "team", "Value": "platform"}],
                })
            ),
            (
                "AttachRolePolicy",
                json!({"AttachRoleName": "ci", "PolicyName": "ReadOnlyAccess"})
            ),
        ]
    );
    create(&Role, &json!({})).unwrap_err();
}

#[test]
fn every_field_has_a_call_of_its_own() {
    let desired = json!({
        "trust": policy("scf.qcloud.com"),
        "description": "",
        "consoleLogin": false,
        "sessionDurationSeconds": 3600,
        "policies": ["AdministratorAccess"],
        "tags": {"stage": "test", "team": "delivery"},
    });
    let phases = update(&Role, &desired, &live()).unwrap();
    let names: Vec<&str> = calls(&phases).iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "UpdateAssumeRolePolicy",
            "UpdateRoleDescription",
            "UpdateRoleConsoleLogin",
            "UpdateRoleSessionDuration",
            "AttachRolePolicy",
            "DetachRolePolicy",
            "TagRole",
        ]
    );
    let only = update(&Role, &json!({"tags": {}}), &live()).unwrap();
    assert_eq!(
        calls(&only),
        [("UntagRole", json!({"RoleName": "ci", "TagKeys": ["team"]}))]
    );
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
    assert_eq!(names, ["DetachRolePolicy", "DeleteRole"]);
}
