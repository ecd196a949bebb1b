//! SAML providers: one list and a read for each, partial updates.

use serde_json::json;

use super::*;
use crate::clouds::testing::{calls, create, failure, fields, reply, update};

const KIND: &SamlProvider = &SamlProvider;

fn answer() -> Value {
    json!({
        "Name": "ci", "Description": "CI", "SAMLMetadata": encode("<a/>"),
        "CreateTime": "2026-01-02 11:04:05", "ModifyTime": "2026-01-02 11:04:05",
    })
}

fn list(names: &[&str]) -> Answer {
    let set: Vec<Value> = names
        .iter()
        .map(|name| json!({"Name": name, "Description": ""}))
        .collect();
    reply(json!({"TotalCount": set.len(), "SAMLProviderSet": set}))
}

fn one(body: Value) -> Observation {
    let mut observed = KIND.observe(Scope::One("ci"), &[reply(body)]);
    assert!(matches!(observed.others, Listing::NotRead));
    observed.wanted.remove("ci").unwrap()
}

fn live() -> Live {
    let Observation::Present(live) = one(answer()) else {
        panic!("not there");
    };
    live
}

#[test]
fn an_account_is_a_list_and_a_read_for_each_wanted() {
    let wanted = ["a".to_owned(), "b".to_owned()];
    let reads = KIND.reads(Scope::Account(&wanted));
    let shown: Vec<_> = reads
        .iter()
        .map(|Read(call)| (call.name, call.params["Name"].as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("ListSAMLProviders", None),
            ("GetSAMLProvider", Some("a")),
            ("GetSAMLProvider", Some("b")),
        ]
    );
    assert_eq!(KIND.reads(Scope::One("a")), reads[1..2]);
    assert_eq!(KIND.reads(Scope::Account(&[])).len(), 1);
}

#[test]
fn the_list_tells_the_others_and_each_answer_its_own() {
    let wanted: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).into();
    let observed = KIND.observe(
        Scope::Account(&wanted),
        &[
            list(&["a", "foreign", "TencentReservedSSO-z"]),
            reply(answer()),
            failure(ErrorClass::NotFound),
            failure(ErrorClass::Denied),
        ],
    );
    let words: Vec<_> = observed
        .wanted
        .values()
        .map(|observation| match observation {
            Observation::Present(_) => "present",
            Observation::Absent(_) => "absent",
            Observation::Unreadable(error) => error.class.word(),
        })
        .collect();
    assert_eq!(words, ["present", "absent", "denied", "protocol"]);
    let Listing::Names(names) = observed.others else {
        panic!("no names");
    };
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(names, ["TencentReservedSSO-z", "foreign"]);
    // Without a list nobody knows who else is there, and each answer still counts.
    for broken in [
        failure(ErrorClass::Denied),
        reply(json!({"TotalCount": 0})),
        reply(json!(null)),
    ] {
        let observed = KIND.observe(Scope::Account(&wanted[..1]), &[broken, reply(answer())]);
        assert!(matches!(observed.others, Listing::NotRead));
        assert!(matches!(observed.wanted["a"], Observation::Present(_)));
    }
}

#[test]
fn live_fields_are_canonical() {
    let expected = json!({"metadata": "<a/>", "description": "CI"});
    assert_eq!(*live().fields, fields(&expected));
    for odd in [
        json!({}),
        json!(null),
        json!({"SAMLMetadata": ""}),
        json!({"SAMLMetadata": 5}),
    ] {
        assert!(matches!(one(odd), Observation::Unreadable(_)));
    }
}

#[test]
fn a_create_needs_a_description_and_takes_the_name() {
    for (desired, description) in [
        (json!({"metadata": "<a/>"}), "ci"),
        (json!({"metadata": "<a/>", "description": "CI"}), "CI"),
    ] {
        let phases = create(KIND, &desired).unwrap();
        let params = json!({
            "Name": "ci", "Description": description, "SAMLMetadataDocument": encode("<a/>"),
        });
        assert_eq!(calls(&phases), [("CreateSAMLProvider", params)]);
        let leaves = json!({"metadata": "<a/>", "description": description});
        assert_eq!(phases[0].leaves, Some(fields(&leaves)));
        assert_eq!(phases[0].calls[0].again, Again::ConflictIsDone);
    }
    create(KIND, &json!({"description": "CI"})).unwrap_err();
}

#[test]
fn an_update_sends_only_what_changes() {
    for (desired, params) in [
        (
            json!({"metadata": "<b/>", "description": "CI"}),
            json!({"Name": "ci", "SAMLMetadataDocument": encode("<b/>")}),
        ),
        (
            json!({"description": "other"}),
            json!({"Name": "ci", "Description": "other"}),
        ),
    ] {
        let phases = update(KIND, &desired, &live()).unwrap();
        assert_eq!(calls(&phases), [("UpdateSAMLProvider", params)]);
        let mut leaves = Fields::clone(&live().fields);
        leaves.extend(fields(&desired));
        assert_eq!(phases[0].leaves, Some(leaves));
    }
    assert!(
        update(KIND, &json!({"description": "CI"}), &live())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_removal_deletes() {
    let live = live();
    let phases = KIND
        .writes(Intent::Remove {
            identity: "ci",
            live: &live,
        })
        .unwrap();
    assert_eq!(
        calls(&phases),
        [("DeleteSAMLProvider", json!({"Name": "ci"}))]
    );
    assert_eq!(phases[0].calls[0].again, Again::NotFoundIsDone);
    assert_eq!(phases[0].leaves, None);
}
