//! `AlibabaUserSso`: calls and answers, written down.

use serde_json::json;

use super::*;
use crate::clouds::sample_metadata::{NEW, OLD};
use crate::clouds::testing::{calls, create, failure, fields, reply, update};
use crate::provider::ErrorClass;

const KIND: &UserSso = &UserSso;

fn base64(document: &str) -> Value {
    saml::encoded(&Value::from(document))
}

fn live(changes: &Value) -> Live {
    let mut raw = json!({
        "MetadataDocument": base64(OLD), "SsoEnabled": true, "AuxiliaryDomain": "acme.example",
        "SsoLoginWithDomain": false, "AuthnSignAlgo": "rsa-sha256",
    });
    for (name, value) in changes.as_object().unwrap() {
        raw[name] = value.clone();
    }
    read_settings(&raw)
}

#[test]
fn the_settings_always_exist() {
    let observed = |answers: &[Answer]| {
        let wanted = [String::new()];
        let mut observed = KIND.observe(Scope::Account(&wanted), answers);
        observed.wanted.remove("").unwrap()
    };
    let Observation::Present(found) = observed(&[reply(json!({"UserSsoSettings": {}}))]) else {
        panic!("settings that nobody touched are there");
    };
    assert_eq!(
        *found.fields,
        fields(&json!({
            "enabled": false, "auxiliaryDomain": "", "loginWithDomain": true,
            "authnSignAlgorithm": "rsa-sha1",
        }))
    );
    for answer in [
        failure(ErrorClass::NotFound),
        failure(ErrorClass::Denied),
        reply(json!({})),
    ] {
        assert!(matches!(observed(&[answer]), Observation::Unreadable(_)));
    }
    create(KIND, &json!({"enabled": true})).unwrap_err();
}

#[test]
fn switches_may_be_spelt_as_texts() {
    for (value, on) in [
        (json!("True"), true),
        (json!("false"), false),
        (json!(null), false),
        (json!(1), false),
    ] {
        assert_eq!(live(&json!({"SsoEnabled": value})).fields["enabled"], on);
    }
}

#[test]
fn every_write_sends_all_that_is_known() {
    let all = json!({
        "MetadataDocument": base64(OLD), "SsoEnabled": true, "AuxiliaryDomain": "acme.example",
        "SsoLoginWithDomain": false, "AuthnSignAlgo": "rsa-sha256",
    });
    for (desired, parameter, value) in [
        (json!({"metadata": NEW}), "MetadataDocument", base64(NEW)),
        (json!({"enabled": false}), "SsoEnabled", json!(false)),
        (json!({"auxiliaryDomain": ""}), "AuxiliaryDomain", json!("")),
        (
            json!({"loginWithDomain": true}),
            "SsoLoginWithDomain",
            json!(true),
        ),
        (
            json!({"authnSignAlgorithm": "rsa-sha1"}),
            "AuthnSignAlgo",
            json!("rsa-sha1"),
        ),
    ] {
        let mut expected = all.clone();
        expected[parameter] = value;
        let phases = update(KIND, &desired, &live(&json!({}))).unwrap();
        assert_eq!(calls(&phases), [("SetUserSsoSettings", expected)]);
    }
}

#[test]
fn what_was_never_set_is_not_sent() {
    let bare = read_settings(&json!({}));
    let phases = update(KIND, &json!({"loginWithDomain": false}), &bare).unwrap();
    assert_eq!(
        calls(&phases)[0].1,
        json!({"SsoEnabled": false, "SsoLoginWithDomain": false, "AuthnSignAlgo": "rsa-sha1"})
    );
    // Nobody could sign in any more.
    let why = update(KIND, &json!({"enabled": true}), &bare).unwrap_err();
    assert!(why.contains("without `metadata`"), "{why}");
}

#[test]
fn switching_is_told_beforehand() {
    let told = |desired: &Value, live: &Live| -> Vec<String> {
        let effects = KIND.side_effects(Intent::Update {
            identity: "",
            desired: &fields(desired),
            live,
            changed: &[],
        });
        assert!(effects.iter().all(|effect| effect.switches_sign_in));
        effects.into_iter().map(|effect| effect.text).collect()
    };
    let (on, off) = (live(&json!({})), live(&json!({"SsoEnabled": false})));
    assert!(told(&json!({"enabled": true}), &off)[0].contains("no longer"));
    assert!(told(&json!({"enabled": false}), &on)[0].contains("again"));
    assert!(told(&json!({"enabled": true}), &on).is_empty());
    assert!(told(&json!({"metadata": NEW}), &off).is_empty());
    let removal = |live| {
        let intent = Intent::Remove { identity: "", live };
        let phases = KIND.writes(intent).unwrap();
        (calls(&phases).len(), KIND.side_effects(intent).len())
    };
    assert_eq!((removal(&on), removal(&off)), ((1, 1), (0, 0)));
}

#[test]
fn domains_have_their_form() {
    for good in ["acme.example", "a", "sso-1.acme.example", "例え.jp"] {
        assert!(is_domain(good), "{good}");
    }
    for bad in [
        "", ".", "a..b", "-a.b", "a-.b", "a b", "a@b", "a.b.", "http://a",
    ] {
        assert!(!is_domain(bad), "{bad}");
    }
}
