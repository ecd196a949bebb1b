use serde_json::json;

use super::*;
use crate::clouds::tencent::fields::live_keys;
use crate::clouds::testing::{account, calls, create, failure, fields, reply, update};
use crate::provider::Phase;

const KIND: &OidcProvider = &OidcProvider;

/// `{"keys":[{"kid":"a",…}]}` in base64, and the same with kid `b`.
const KEYS_A: &str =
    "eyJrZXlzIjpbeyJraWQiOiJhIiwia3R5IjoiUlNBIiwibiI6IkFRIiwiZSI6IkFRQUIiLCJ4NXQiOiJ6In1dfQ==";

fn keys(kid: &str) -> Value {
    json!({"keys": [{"e": "AQAB", "kid": kid, "kty": "RSA", "n": "AQ"}]})
}

fn answer() -> Value {
    json!({
        "ProviderType": 11, "Name": "ci", "IdentityUrl": "https://idp.example.com",
        "IdentityKey": KEYS_A, "ClientId": ["b", "a"], "Description": "CI", "Status": 11,
        "RequestId": "R-1",
    })
}

fn observed(body: Value) -> Observation {
    let mut observed = KIND.observe(Scope::One("ci"), &[reply(body)]);
    observed.wanted.remove("ci").unwrap()
}

fn live(body: Value) -> Live {
    let Observation::Present(live) = observed(body) else {
        panic!("not there");
    };
    live
}

#[test]
fn every_wanted_provider_is_described_by_its_name() {
    let wanted = ["a".to_owned(), "b".to_owned()];
    let reads = KIND.reads(Scope::Account(&wanted));
    let names: Vec<_> = reads
        .iter()
        .map(|Read(call)| (call.name, call.params["Name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        names,
        [("DescribeOIDCConfig", "a"), ("DescribeOIDCConfig", "b")]
    );
    assert_eq!(KIND.reads(Scope::One("a")), reads[..1]);
    assert_eq!(KIND.reads(Scope::Account(&[])), []);
}

#[test]
fn answers_belong_to_the_names_in_order() {
    let wanted = [
        "a".to_owned(),
        "b".to_owned(),
        "c".to_owned(),
        "d".to_owned(),
    ];
    let observed = KIND.observe(
        Scope::Account(&wanted),
        &[
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
    assert!(matches!(observed.others, Listing::NotRead));
}

#[test]
fn live_fields_are_canonical() {
    assert_eq!(
        *live(answer()).fields,
        fields(&json!({
            "issuer": "https://idp.example.com", "clientIds": ["a", "b"], "keys": keys("a"),
            "description": "CI", "autoRotateKeys": false,
        }))
    );
    let sparse = json!({
        "IdentityUrl": "https://idp.example.com", "IdentityKey": null, "ClientId": null,
        "Description": null, "AutoRotateKey": 1, "Unknown": {},
    });
    assert_eq!(
        *live(sparse).fields,
        fields(&json!({
            "issuer": "https://idp.example.com", "clientIds": [], "description": "",
            "autoRotateKeys": true,
        }))
    );
    for odd in [
        json!({}),
        json!(null),
        json!([]),
        json!({"IdentityUrl": ""}),
        json!({"IdentityUrl": 5}),
    ] {
        assert!(matches!(observed(odd), Observation::Unreadable(_)));
    }
}

#[test]
fn a_create_sends_what_the_manifest_says() {
    let phases = create(
        KIND,
        &json!({"issuer": "https://a.example", "clientIds": ["x"], "keys": keys("a")}),
    )
    .unwrap();
    let [(name, params)] = &calls(&phases)[..] else {
        panic!("one call");
    };
    assert_eq!(*name, "CreateOIDCConfig");
    assert_eq!(live_keys(params), Some(keys("a")));
    let members: Vec<_> = params.as_object().unwrap().keys().collect();
    assert_eq!(members, ["ClientId", "IdentityKey", "IdentityUrl", "Name"]);
    assert_eq!(phases[0].phase, Phase::Write);
    assert_eq!(phases[0].calls[0].again, Again::ConflictIsDone);
    assert_eq!(
        phases[0].leaves,
        Some(fields(&json!({
            "issuer": "https://a.example", "clientIds": ["x"], "keys": keys("a"),
            "description": "", "autoRotateKeys": false,
        })))
    );
    for lacking in [
        json!({"clientIds": ["x"], "keys": keys("a")}),
        json!({"issuer": "https://a.example", "keys": keys("a")}),
        json!({"issuer": "https://a.example", "clientIds": [], "keys": keys("a")}),
        json!({"issuer": "https://a.example", "clientIds": ["x"]}),
    ] {
        create(KIND, &lacking).unwrap_err();
    }
}

#[test]
fn an_update_sends_back_what_is_not_managed() {
    let whole = |rotation: Value| {
        let mut body = answer();
        body["AutoRotateKey"] = rotation;
        live(body)
    };
    for (desired, live, expected_keys, rest) in [
        // Not managed: the very text that was read, and no member that the site may not know.
        (
            json!({"description": "new"}),
            live(answer()),
            KEYS_A.into(),
            json!({"Name": "ci", "IdentityUrl": "https://idp.example.com", "ClientId": ["a", "b"], "Description": "new"}),
        ),
        // Cleared by leaving it out.
        (
            json!({"description": null}),
            live(answer()),
            KEYS_A.into(),
            json!({"Name": "ci", "IdentityUrl": "https://idp.example.com", "ClientId": ["a", "b"]}),
        ),
        // Omitted, the switch would fall back to 0.
        (
            json!({"clientIds": ["c"]}),
            whole(1.into()),
            KEYS_A.into(),
            json!({"Name": "ci", "IdentityUrl": "https://idp.example.com", "ClientId": ["c"], "Description": "CI", "AutoRotateKey": 1}),
        ),
        (
            json!({"autoRotateKeys": false}),
            whole(1.into()),
            KEYS_A.into(),
            json!({"Name": "ci", "IdentityUrl": "https://idp.example.com", "ClientId": ["a", "b"], "Description": "CI", "AutoRotateKey": 0}),
        ),
        // The cloud rotates: the manifest's keys are older than the live ones.
        (
            json!({"autoRotateKeys": true, "keys": keys("b")}),
            whole(0.into()),
            KEYS_A.into(),
            json!({"Name": "ci", "IdentityUrl": "https://idp.example.com", "ClientId": ["a", "b"], "Description": "CI", "AutoRotateKey": 1}),
        ),
        (
            json!({"keys": keys("b")}),
            live(answer()),
            keys("b"),
            json!({"Name": "ci", "IdentityUrl": "https://idp.example.com", "ClientId": ["a", "b"], "Description": "CI"}),
        ),
    ] {
        let phases = update(KIND, &desired, &live).unwrap();
        let mut calls = calls(&phases);
        let (name, mut params) = calls.pop().unwrap();
        assert!(calls.is_empty());
        assert_eq!(name, "UpdateOIDCConfig");
        if expected_keys.is_string() {
            assert_eq!(params["IdentityKey"], expected_keys, "{desired}");
        } else {
            assert_eq!(live_keys(&params), Some(expected_keys), "{desired}");
        }
        params.as_object_mut().unwrap().remove("IdentityKey");
        assert_eq!(params, rest, "{desired}");
        // What it leaves is what a read of the sent object tells.
        let leaves = phases[0].leaves.clone().unwrap();
        let mut sent = phases[0].calls[0].call.params.clone();
        sent["Status"] = 11.into();
        assert_eq!(leaves, *self::live(sent).fields, "{desired}");
    }
}

#[test]
fn a_removal_deletes_and_may_find_nothing() {
    let phases = KIND
        .writes(Intent::Remove {
            identity: "ci",
            live: &live(answer()),
        })
        .unwrap();
    assert_eq!(
        calls(&phases),
        [("DeleteOIDCConfig", json!({"Name": "ci"}))]
    );
    assert_eq!(phases[0].phase, Phase::Remove);
    assert_eq!(phases[0].calls[0].again, Again::NotFoundIsDone);
    assert_eq!(phases[0].leaves, None);
}

#[test]
fn rotation_is_refused_where_the_site_does_not_know_it() {
    for (site, rotates, found) in [
        (Some("international"), true, 1),
        (Some("international"), false, 0),
        (Some("china"), true, 0),
        (None, true, 0),
    ] {
        let mut findings = Vec::new();
        let desired = fields(&json!({ "autoRotateKeys": rotates }));
        KIND.check(&desired, &account("tencent", site), &mut findings);
        assert_eq!(findings.len(), found, "{site:?} {rotates}");
    }
}

#[test]
fn names_are_of_the_safe_subset() {
    let Naming::Named(rule) = INFO.naming else {
        panic!("named");
    };
    for good in ["okta", "Azure_AD", "cls-7a9vyodw"] {
        assert!((rule.check)(good), "{good}");
    }
    for bad in ["a b", "a/b", "é"] {
        assert!(!(rule.check)(bad), "{bad}");
    }
}
