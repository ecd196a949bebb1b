use serde_json::json;

use super::*;
use crate::clouds::tencent::fields::live_keys;
use crate::clouds::testing::{account, calls, create, facts, failure, fields, reply, update};
use crate::provider::{Listing, Phase};

const KIND: &UserOidc = &UserOidc;

/// `{"keys":[{"kid":"a",…}]}` in base64.
const KEYS_A: &str =
    "eyJrZXlzIjpbeyJraWQiOiJhIiwia3R5IjoiUlNBIiwibiI6IkFRIiwiZSI6IkFRQUIiLCJ4NXQiOiJ6In1dfQ==";

fn keys(kid: &str) -> Value {
    json!({"keys": [{"e": "AQAB", "kid": kid, "kty": "RSA", "n": "AQ"}]})
}

fn answer(status: i64) -> Value {
    json!({
        "ProviderType": 12, "IdentityUrl": "https://idp.example.com", "IdentityKey": KEYS_A,
        "ClientId": "client-1", "AuthorizationEndpoint": "https://idp.example.com/authorize",
        "ResponseType": "id_token", "ResponseMode": "form_post", "MappingFiled": "sub",
        "Scope": ["openid", "email"], "Description": "prod", "Status": status, "RequestId": "R-1",
    })
}

fn desired_whole() -> Value {
    json!({
        "issuer": "https://idp.example.com", "clientId": "client-1",
        "authorizationEndpoint": "https://idp.example.com/authorize", "keys": keys("a"),
        "responseMode": "form_post", "mappingField": "sub",
    })
}

fn observed(oidc: Answer, saml: Answer) -> Observation {
    let mut observed = KIND.observe(Scope::One(""), &[oidc, saml]);
    assert!(matches!(observed.others, Listing::NotRead));
    observed.wanted.remove("").unwrap()
}

fn saml(status: i64) -> Answer {
    reply(json!({"SAMLMetadata": "", "Status": status}))
}

fn live(body: Value) -> Live {
    let Observation::Present(live) = observed(reply(body), saml(0)) else {
        panic!("not there");
    };
    live
}

/// The parameters of the only call.
fn only_call(phases: &[PhaseWrites], expected: &str) -> Value {
    let mut calls = calls(phases);
    let (name, params) = calls.pop().unwrap();
    assert!(calls.is_empty(), "{calls:?}");
    assert_eq!(name, expected);
    params
}

#[test]
fn both_protocols_are_read() {
    let wanted = [String::new()];
    for scope in [Scope::One(""), Scope::Account(&wanted)] {
        let names: Vec<_> = KIND.reads(scope).iter().map(|read| read.0.name).collect();
        assert_eq!(names, ["DescribeUserOIDCConfig", "DescribeUserSAMLConfig"]);
        let observed = KIND.observe(scope, &[reply(answer(11)), saml(0)]);
        assert_eq!(observed.wanted.len(), 1);
    }
}

#[test]
fn every_status_has_its_meaning() {
    let nulls = |status: Value| {
        let mut body = answer(0);
        for value in body.as_object_mut().unwrap().values_mut() {
            *value = Value::Null;
        }
        body["Status"] = status;
        body
    };
    let with_status = |status: Value| {
        let mut body = answer(0);
        body["Status"] = status;
        body
    };
    for (oidc, expected) in [
        (failure(ErrorClass::NotFound), "absent"),
        (reply(answer(0)), "absent"),
        (reply(nulls(0.into())), "absent"),
        (reply(nulls(Value::Null)), "absent"),
        (reply(json!({"RequestId": "R"})), "absent"),
        (reply(answer(2)), "disabled"),
        (reply(nulls(2.into())), "disabled"),
        (reply(answer(11)), "enabled"),
        (reply(answer(1)), "enabled"),
        (reply(with_status("11".into())), "enabled"),
        (reply(with_status(7.into())), "protocol"),
        (reply(with_status(Value::Null)), "protocol"),
        (reply(with_status(json!([]))), "protocol"),
        (failure(ErrorClass::Denied), "denied"),
        (failure(ErrorClass::Unavailable), "unavailable"),
    ] {
        let word = match observed(oidc.clone(), saml(0)) {
            Observation::Absent(_) => "absent",
            Observation::Present(live) if is_enabled(&live.fields) => "enabled",
            Observation::Present(_) => "disabled",
            Observation::Unreadable(error) => error.class.word(),
        };
        assert_eq!(word, expected, "{oidc:?}");
    }
    assert!(matches!(
        KIND.observe(Scope::One(""), &[]).wanted[""],
        Observation::Unreadable(_)
    ));
}

#[test]
fn live_fields_are_canonical() {
    assert_eq!(
        *live(answer(11)).fields,
        fields(&json!({
            "issuer": "https://idp.example.com", "clientId": "client-1",
            "authorizationEndpoint": "https://idp.example.com/authorize", "keys": keys("a"),
            "responseMode": "form_post", "mappingField": "sub", "scopes": ["email", "openid"],
            "description": "prod", "autoRotateKeys": false, "enabled": true,
        }))
    );
    let sparse = json!({
        "IdentityUrl": "https://idp.example.com", "Status": 11, "Scope": null,
        "Description": null, "AutoRotateKey": 1,
    });
    let sparse = live(sparse).fields;
    assert_eq!(sparse["scopes"], json!(["openid"]));
    assert_eq!(sparse["description"], "");
    assert_eq!(sparse["autoRotateKeys"], true);
    assert!(!sparse.contains_key("keys"));
}

#[test]
fn facts_tell_whether_user_saml_is_on() {
    for (saml, expected) in [
        (saml(11), json!({"userSamlEnabled": true})),
        (saml(1), json!({"userSamlEnabled": true})),
        (saml(2), json!({"userSamlEnabled": false})),
        (saml(0), json!({"userSamlEnabled": false})),
        (
            reply(json!({"Status": null})),
            json!({"userSamlEnabled": false}),
        ),
        (
            failure(ErrorClass::NotFound),
            json!({"userSamlEnabled": false}),
        ),
        // Could not be read is not off.
        (failure(ErrorClass::Denied), json!({})),
    ] {
        for oidc in [reply(answer(0)), reply(answer(2))] {
            let told = match observed(oidc, saml.clone()) {
                Observation::Absent(facts) => facts,
                Observation::Present(live) => live.facts,
                Observation::Unreadable(error) => panic!("{error}"),
            };
            assert_eq!(told, facts(&expected));
        }
    }
}

#[test]
fn a_create_sends_everything() {
    let phases = create(KIND, &desired_whole()).unwrap();
    let mut params = only_call(&phases, "CreateUserOIDCConfig");
    assert_eq!(live_keys(&params), Some(keys("a")));
    params.as_object_mut().unwrap().remove("IdentityKey");
    assert_eq!(
        params,
        json!({
            "IdentityUrl": "https://idp.example.com", "ClientId": "client-1",
            "AuthorizationEndpoint": "https://idp.example.com/authorize",
            "ResponseType": "id_token", "ResponseMode": "form_post", "MappingFiled": "sub",
            "Scope": ["openid"],
        })
    );
    let leaves = phases[0].leaves.clone().unwrap();
    assert_eq!(leaves.len(), FIELDS.len());
    assert_eq!(leaves["enabled"], true);
    assert_eq!(leaves["autoRotateKeys"], false);

    let mut whole = desired_whole();
    whole["autoRotateKeys"] = true.into();
    whole["enabled"] = true.into();
    whole["scopes"] = json!(["openid", "profile"]);
    whole["description"] = "prod".into();
    let params = only_call(&create(KIND, &whole).unwrap(), "CreateUserOIDCConfig");
    assert_eq!(params["AutoRotateKey"], 1);
    assert_eq!(params["Scope"], json!(["openid", "profile"]));
    assert_eq!(params["Description"], "prod");
}

#[test]
fn a_create_that_cannot_be_says_why() {
    let mut off = desired_whole();
    off["enabled"] = false.into();
    assert!(create(KIND, &off).unwrap_err().contains("enabled: false"));
    for name in [
        "issuer",
        "clientId",
        "authorizationEndpoint",
        "keys",
        "responseMode",
        "mappingField",
    ] {
        let mut lacking = desired_whole();
        lacking.as_object_mut().unwrap().remove(name);
        assert!(create(KIND, &lacking).unwrap_err().contains(name));
    }
}

#[test]
fn updates_choose_their_calls_by_the_switch() {
    for (status, desired, expected) in [
        (
            11,
            json!({"clientId": "c2"}),
            Ok(&["UpdateUserOIDCConfig"][..]),
        ),
        (
            11,
            json!({"enabled": true, "description": null}),
            Ok(&["UpdateUserOIDCConfig"]),
        ),
        (11, json!({"enabled": false}), Ok(&["DisableUserSSO"])),
        (
            11,
            json!({"enabled": false, "mappingField": "name"}),
            Ok(&["UpdateUserOIDCConfig", "DisableUserSSO"]),
        ),
        (2, json!({"enabled": true}), Ok(&["CreateUserOIDCConfig"])),
        (
            2,
            json!({"enabled": true, "clientId": "c2"}),
            Ok(&["CreateUserOIDCConfig"]),
        ),
        (2, json!({"clientId": "c2"}), Err("disabled")),
        (
            2,
            json!({"enabled": false, "clientId": "c2"}),
            Err("disabled"),
        ),
    ] {
        let live = live(answer(status));
        match (update(KIND, &desired, &live), expected) {
            (Ok(phases), Ok(expected)) => {
                let names: Vec<_> = calls(&phases).iter().map(|(name, _)| *name).collect();
                assert_eq!(names, expected, "{status} {desired}");
                assert_eq!(phases.len(), 1);
                assert_eq!(phases[0].phase, Phase::Write);
                let mut leaves = Fields::clone(&live.fields);
                for (name, value) in fields(&desired) {
                    let value = if value.is_null() { "".into() } else { value };
                    leaves.insert(name, value);
                }
                assert_eq!(
                    phases[0].leaves.as_ref(),
                    Some(&leaves),
                    "{status} {desired}"
                );
            }
            (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
            (got, _) => panic!("{status} {desired}: {got:?}"),
        }
    }
}

#[test]
fn a_sparse_record_can_be_switched_off() {
    let sparse = live(json!({"Status": 11, "IdentityUrl": "https://idp.example.com"}));
    let phases = update(KIND, &json!({"enabled": false}), &sparse).unwrap();
    assert_eq!(only_call(&phases, "DisableUserSSO"), Value::Null);
    let why = update(KIND, &json!({"clientId": "c2"}), &sparse).unwrap_err();
    assert!(why.contains("authorizationEndpoint"), "{why}");
}

#[test]
fn an_update_sends_back_what_is_not_managed() {
    let with = |status: i64, rotation: Value| {
        let mut body = answer(status);
        body["AutoRotateKey"] = rotation;
        live(body)
    };
    for (desired, live, keys_sent, rotation) in [
        (
            json!({"clientId": "c2"}),
            live(answer(11)),
            keys("a"),
            Value::Null,
        ),
        (
            json!({"clientId": "c2"}),
            with(11, 1.into()),
            keys("a"),
            1.into(),
        ),
        (
            json!({"keys": keys("b")}),
            with(11, 0.into()),
            keys("b"),
            0.into(),
        ),
        (
            json!({"keys": keys("b"), "autoRotateKeys": true}),
            with(11, 0.into()),
            keys("a"),
            1.into(),
        ),
        (
            json!({"keys": keys("b"), "autoRotateKeys": false}),
            live(answer(11)),
            keys("b"),
            Value::Null,
        ),
        // Enabled again: a creation, so the manifest's keys count even if the cloud rotates.
        (
            json!({"enabled": true, "keys": keys("b"), "autoRotateKeys": true}),
            with(2, 1.into()),
            keys("b"),
            1.into(),
        ),
    ] {
        let phases = update(KIND, &desired, &live).unwrap();
        let (_, params) = calls(&phases).remove(0);
        assert_eq!(live_keys(&params), Some(keys_sent), "{desired}");
        let sent = params.get("AutoRotateKey").cloned().unwrap_or_default();
        assert_eq!(sent, rotation, "{desired}");
        assert_eq!(params["MappingFiled"], "sub");
        assert_eq!(params["Scope"], json!(["email", "openid"]));
        assert_eq!(params["Description"], "prod");
        assert_eq!(params["ResponseType"], "id_token");
        // What it leaves is what a read of the sent object tells.
        let mut sent = params.clone();
        sent["Status"] = 11.into();
        assert_eq!(
            phases[0].leaves.as_ref(),
            Some(&*self::live(sent).fields),
            "{desired}"
        );
    }
}

#[test]
fn a_removal_disables_once() {
    let remove = |live: &Live| KIND.writes(Intent::Remove { identity: "", live }).unwrap();
    let phases = remove(&live(answer(11)));
    assert_eq!(only_call(&phases, "DisableUserSSO"), Value::Null);
    assert_eq!(phases[0].phase, Phase::Remove);
    assert_eq!(phases[0].leaves.as_ref(), Some(&*live(answer(2)).fields));
    assert_eq!(remove(&live(answer(2))), []);
}

#[test]
fn side_effects_are_checked_against_what_is_live() {
    let on = facts(&json!({"userSamlEnabled": true}));
    let off = facts(&json!({"userSamlEnabled": false}));
    let unknown = Facts::new();
    let desired = fields(&desired_whole());
    let told = |intent: Intent<'_>| -> Vec<String> {
        let effects = KIND.side_effects(intent);
        assert!(effects.iter().all(|effect| effect.switches_sign_in));
        effects.into_iter().map(|effect| effect.text).collect()
    };
    let enabling = |facts: &Facts| {
        let by_create = told(Intent::Create {
            identity: "",
            fields: &desired,
            facts,
        });
        let disabled = Live {
            facts: facts.clone(),
            ..live(answer(2))
        };
        let by_update = told(Intent::Update {
            identity: "",
            desired: &fields(&json!({"enabled": true})),
            live: &disabled,
            changed: &["enabled".to_owned()],
        });
        assert_eq!(by_create, by_update);
        by_create
    };
    assert_eq!(enabling(&on), ["Tencent Cloud switches user SAML off"]);
    assert_eq!(
        enabling(&off),
        ["sub-users can no longer sign in to the console with a password"]
    );
    assert_eq!(enabling(&unknown).len(), 2);
    let back = ["sub-users sign in to the console with a password again"];
    let enabled = live(answer(11));
    assert_eq!(
        told(Intent::Remove {
            identity: "",
            live: &enabled
        }),
        back
    );
    for (desired, expected) in [
        (json!({"enabled": false}), &back[..]),
        (json!({"description": "x"}), &[]),
    ] {
        let effects = told(Intent::Update {
            identity: "",
            desired: &fields(&desired),
            live: &enabled,
            changed: &["enabled".to_owned()],
        });
        assert_eq!(effects, expected);
    }
    let disabled = live(answer(2));
    assert!(
        told(Intent::Remove {
            identity: "",
            live: &disabled
        })
        .is_empty()
    );
}

#[test]
fn findings_name_the_field() {
    for (desired, site, expected) in [
        (json!({"scopes": ["email"]}), "china", &["scopes"][..]),
        (json!({"scopes": ["email", "openid"]}), "china", &[]),
        (json!({}), "international", &[]),
        (
            json!({"autoRotateKeys": true}),
            "international",
            &["autoRotateKeys"],
        ),
        (json!({"autoRotateKeys": true}), "china", &[]),
    ] {
        let mut findings = Vec::new();
        KIND.check(
            &fields(&desired),
            &account("tencent", Some(site)),
            &mut findings,
        );
        let found: Vec<_> = findings.iter().map(|finding| finding.field).collect();
        assert_eq!(found, expected, "{desired} {site}");
    }
}

#[test]
fn keys_are_not_compared_where_the_cloud_rotates_them() {
    for (desired, expected) in [
        (json!({"autoRotateKeys": true}), &["keys"][..]),
        (json!({"autoRotateKeys": false}), &[]),
        (json!({}), &[]),
    ] {
        assert_eq!(KIND.not_compared(&fields(&desired)), expected);
    }
}

#[test]
fn claims_have_the_documented_characters() {
    for good in ["sub", "用户名", "a@b&c_[d]-9", "a＆b"] {
        assert!(is_claim(good), "{good}");
    }
    for bad in ["a b", "a.b", "é", "a/b"] {
        assert!(!is_claim(bad), "{bad}");
    }
}
