//! User SAML: every status, what each intent sends, what it does to user OIDC.

use serde_json::json;

use super::*;
use crate::clouds::tencent::user_sso::is_enabled;
use crate::clouds::testing::{account, calls, create, facts, failure, fields, reply, update};
use crate::provider::Listing;

const KIND: &UserSaml = &UserSaml;

fn answer(status: i64) -> Value {
    json!({
        "SAMLMetadata": encode("<a/>"), "Status": status, "AuxiliaryDomain": "a.example",
        "RequestId": "R-1",
    })
}

fn observed(saml: Answer, oidc: Answer) -> Observation {
    let mut observed = KIND.observe(Scope::One(""), &[saml, oidc]);
    assert!(matches!(observed.others, Listing::NotRead));
    observed.wanted.remove("").unwrap()
}

fn live(body: Value) -> Live {
    let Observation::Present(live) = observed(reply(body), failure(ErrorClass::NotFound)) else {
        panic!("not there");
    };
    live
}

#[test]
fn every_status_has_its_meaning() {
    let with_status = |status: Value| {
        let mut body = answer(0);
        body["Status"] = status;
        reply(body)
    };
    for (saml, expected) in [
        (reply(answer(0)), "absent"),
        (reply(json!({"SAMLMetadata": "", "Status": 0})), "absent"),
        (reply(json!({"SAMLMetadata": null})), "absent"),
        // No object says nothing.
        (reply(json!(null)), "protocol"),
        (failure(ErrorClass::NotFound), "absent"),
        (reply(answer(2)), "disabled"),
        (reply(answer(11)), "enabled"),
        (reply(answer(1)), "enabled"),
        (with_status("11".into()), "enabled"),
        (with_status(7.into()), "protocol"),
        (with_status(Value::Null), "protocol"),
        (failure(ErrorClass::Denied), "denied"),
        (failure(ErrorClass::Unavailable), "unavailable"),
    ] {
        let told = format!("{saml:?}");
        let seen = match observed(saml, failure(ErrorClass::Denied)) {
            Observation::Absent(_) => "absent",
            Observation::Unreadable(error) => error.class.word(),
            Observation::Present(live) if is_enabled(&live.fields) => "enabled",
            Observation::Present(_) => "disabled",
        };
        assert_eq!(seen, expected, "{told}");
    }
    assert_eq!(
        *live(answer(11)).fields,
        fields(&json!({
            "metadata": "<a/>", "auxiliaryDomain": "a.example", "enabled": true,
        }))
    );
    // The international site has no auxiliary domain.
    let sparse = json!({"SAMLMetadata": encode("<a/>"), "Status": 2});
    assert_eq!(live(sparse).fields["auxiliaryDomain"], "");
}

#[test]
fn whether_user_oidc_is_on_is_a_fact() {
    for (oidc, expected) in [
        (
            reply(json!({"Status": 11})),
            json!({"userOidcEnabled": true}),
        ),
        (
            reply(json!({"Status": 2})),
            json!({"userOidcEnabled": false}),
        ),
        (
            reply(json!({"Status": 0})),
            json!({"userOidcEnabled": false}),
        ),
        (
            failure(ErrorClass::NotFound),
            json!({"userOidcEnabled": false}),
        ),
        (failure(ErrorClass::Denied), json!({})),
    ] {
        for saml in [reply(answer(2)), reply(answer(0))] {
            let found = match observed(saml, oidc.clone()) {
                Observation::Present(live) => live.facts,
                Observation::Absent(facts) => facts,
                Observation::Unreadable(error) => panic!("{error}"),
            };
            assert_eq!(found, facts(&expected));
        }
    }
}

#[test]
fn a_create_enables() {
    for (desired, expected) in [
        (
            json!({"metadata": "<a/>"}),
            json!({"SAMLMetadataDocument": encode("<a/>")}),
        ),
        (
            json!({"metadata": "<a/>", "auxiliaryDomain": "", "enabled": true}),
            json!({"SAMLMetadataDocument": encode("<a/>")}),
        ),
        (
            json!({"metadata": "<a/>", "auxiliaryDomain": "a.example"}),
            json!({"SAMLMetadataDocument": encode("<a/>"), "AuxiliaryDomain": "a.example"}),
        ),
    ] {
        let phases = create(KIND, &desired).unwrap();
        assert_eq!(calls(&phases), [("CreateUserSAMLConfig", expected)]);
        assert!(is_enabled(phases[0].leaves.as_ref().unwrap()));
    }
    for impossible in [
        json!({"metadata": "<a/>", "enabled": false}),
        json!({"enabled": true}),
    ] {
        create(KIND, &impossible).unwrap_err();
    }
}

#[test]
fn changing_and_switching_are_calls_of_their_own() {
    let document = |text: &str, domain: &str| {
        let params = json!({
            "Operate": "updateSAML", "SAMLMetadataDocument": encode(text),
            "AuxiliaryDomain": domain,
        });
        (UPDATE, params)
    };
    let enable = || (UPDATE, json!({"Operate": "enable"}));
    let disable = || (UPDATE, json!({"Operate": "disable"}));
    for (status, desired, expected) in [
        (
            11,
            json!({"metadata": "<b/>"}),
            vec![document("<b/>", "a.example")],
        ),
        // What is not managed is sent back as it was read.
        (
            11,
            json!({"auxiliaryDomain": "b.example"}),
            vec![document("<a/>", "b.example")],
        ),
        (
            11,
            json!({"auxiliaryDomain": ""}),
            vec![document("<a/>", "")],
        ),
        (11, json!({"enabled": false}), vec![disable()]),
        (2, json!({"enabled": true}), vec![enable()]),
        // The document must be right before it is in force, and is not in force while it changes.
        (
            2,
            json!({"metadata": "<b/>", "enabled": true}),
            vec![document("<b/>", "a.example"), enable()],
        ),
        (
            11,
            json!({"metadata": "<b/>", "enabled": false}),
            vec![disable(), document("<b/>", "a.example")],
        ),
        // A disabled record changes without being enabled.
        (
            2,
            json!({"metadata": "<b/>"}),
            vec![document("<b/>", "a.example")],
        ),
        (11, json!({"enabled": true}), vec![]),
    ] {
        let before = live(answer(status));
        let phases = update(KIND, &desired, &before).unwrap();
        assert_eq!(calls(&phases), expected, "{status} {desired}");
        let mut after = Fields::clone(&before.fields);
        after.extend(fields(&desired));
        if let Some(phase) = phases.last() {
            assert_eq!(phase.leaves, Some(after), "{status} {desired}");
        }
    }
}

#[test]
fn a_site_without_auxiliary_domains_is_never_sent_one() {
    let before = live(json!({"SAMLMetadata": encode("<a/>"), "Status": 11}));
    let phases = update(
        KIND,
        &json!({"metadata": "<b/>", "auxiliaryDomain": ""}),
        &before,
    )
    .unwrap();
    let params = json!({"Operate": "updateSAML", "SAMLMetadataDocument": encode("<b/>")});
    assert_eq!(calls(&phases), [(UPDATE, params)]);
    for (site, domain, expected) in [
        (Some("international"), "a.example", 1),
        (Some("international"), "", 0),
        (Some("china"), "a.example", 0),
        (None, "a.example", 0),
    ] {
        let mut findings = Vec::new();
        let desired = fields(&json!({"auxiliaryDomain": domain}));
        KIND.check(&desired, &account("tencent", site), &mut findings);
        assert_eq!(findings.len(), expected, "{site:?} {domain}");
        for finding in findings {
            assert_eq!(finding.code, Code::UnsupportedBySite);
        }
    }
}

#[test]
fn absent_means_disabled() {
    let remove = |live: &Live| KIND.writes(Intent::Remove { identity: "", live }).unwrap();
    let phases = remove(&live(answer(11)));
    let disable = json!({"Operate": "disable"});
    assert_eq!(calls(&phases), [(UPDATE, disable)]);
    assert_eq!(phases[0].leaves.as_ref(), Some(&*live(answer(2)).fields));
    assert!(remove(&live(answer(2))).is_empty());
}

#[test]
fn side_effects_follow_the_facts() {
    let on = facts(&json!({"userOidcEnabled": true}));
    let off = facts(&json!({"userOidcEnabled": false}));
    let nothing = Facts::new();
    let oidc = "Tencent Cloud switches user OIDC off";
    let password = "sub-users can no longer sign in to the console with a password";
    let desired = fields(&json!({"metadata": "<a/>", "enabled": true}));
    let texts = |intent: Intent<'_>| {
        let effects = KIND.side_effects(intent);
        assert!(effects.iter().all(|effect| effect.switches_sign_in));
        effects
            .into_iter()
            .map(|effect| effect.text)
            .collect::<Vec<_>>()
    };
    for (facts, expected) in [
        (&on, vec![oidc.to_owned()]),
        (&off, vec![password.to_owned()]),
        (
            &nothing,
            vec![
                format!("{oidc} if it is on; whether it is could not be read"),
                password.to_owned(),
            ],
        ),
    ] {
        let created = Intent::Create {
            identity: "",
            fields: &desired,
            facts,
        };
        assert_eq!(texts(created), expected);
        let live = Live {
            facts: facts.clone(),
            ..live(answer(2))
        };
        let enabled = Intent::Update {
            identity: "",
            desired: &desired,
            live: &live,
            changed: &["enabled".to_owned()],
        };
        assert_eq!(texts(enabled), expected);
    }
    let again = "sub-users sign in to the console with a password again";
    let live = live(answer(11));
    let removed = Intent::Remove {
        identity: "",
        live: &live,
    };
    assert_eq!(texts(removed), [again]);
    let kept = Intent::Update {
        identity: "",
        desired: &desired,
        live: &live,
        changed: &["metadata".to_owned()],
    };
    assert!(texts(kept).is_empty());
}
