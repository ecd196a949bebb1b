use serde_json::json;

use super::super::tests::{
    failed, failures, fields, lines, live, names, ok, others, seen, seen_all,
};
use super::*;
use crate::provider::Facts;

const KIND: Protocol = Protocol;

fn list(protocols: &Value) -> Answer {
    ok(json!({"protocols": protocols, "links": {"self": "/v3/OS-FEDERATION/protocols"}}))
}

#[test]
fn each_provider_is_listed_once() {
    let wanted = names(&["b/oidc", "a/saml", "b/saml"]);
    let targets = |scope| -> Vec<String> {
        KIND.reads(scope)
            .iter()
            .map(|read| format!("{} {}", read.0.name, read.0.target().unwrap()))
            .collect()
    };
    let base = "/v3/OS-FEDERATION/identity_providers";
    assert_eq!(
        targets(Scope::Account(&wanted)),
        [
            format!("KeystoneListProtocols GET {base}/a/protocols"),
            format!("KeystoneListProtocols GET {base}/b/protocols"),
        ]
    );
    assert_eq!(
        targets(Scope::One("b/oidc")),
        [format!("KeystoneShowProtocol GET {base}/b/protocols/oidc")]
    );
    assert!(targets(Scope::Account(&[])).is_empty());
    // A foreign provider's name cannot lead to another route.
    assert_eq!(
        targets(Scope::One("x/../y/oidc")),
        [format!(
            "KeystoneShowProtocol GET {base}/x%2F..%2Fy/protocols/oidc"
        )]
    );
}

#[test]
fn protocols_are_read_from_the_lists_of_their_providers() {
    let wanted = names(&["a/oidc", "b/oidc", "c/saml", "gone/oidc", "odd/oidc"]);
    let observed = KIND.observe(
        Scope::Account(&wanted),
        &[
            list(&json!([
                {"id": "oidc", "mapping_id": "mapping_a", "links": {}, "remote_id_attribute": null},
                {"id": "saml", "mapping_id": "mapping_a"},
            ])),
            // Keystone answers so for a provider it does not know.
            list(&json!([])),
            // Under iam_user_sso a protocol has no mapping.
            list(&json!([{"id": "saml", "mapping_id": null}])),
            failed(ErrorClass::NotFound),
            list(&json!([{"id": "oidc", "mapping_id": 3}])),
        ],
    );
    assert_eq!(
        seen_all(&observed),
        [
            r#"a/oidc: {"identityProvider":"a","mapping":"mapping_a","protocol":"oidc"}"#,
            "b/oidc: absent",
            r#"c/saml: {"identityProvider":"c","protocol":"saml"}"#,
            "gone/oidc: absent",
            "odd/oidc: protocol",
        ]
    );
    assert_eq!(others(&observed), Some(vec!["a/saml"]));
}

#[test]
fn a_failed_list_is_never_an_absent_protocol() {
    let wanted = names(&["a/oidc", "b/oidc"]);
    for class in failures() {
        let answers = [
            failed(class.clone()),
            list(&json!([{"id": "oidc", "mapping_id": "m"}, {"id": "saml"}])),
        ];
        let observed = KIND.observe(Scope::Account(&wanted), &answers);
        assert_eq!(seen(&observed.wanted["a/oidc"]), class.word());
        assert!(seen(&observed.wanted["b/oidc"]).starts_with('{'));
        assert_eq!(others(&observed), Some(vec!["b/saml"]));
        let none = KIND.observe(
            Scope::Account(&wanted),
            &[failed(class.clone()), failed(class.clone())],
        );
        assert_eq!(others(&none), None);
        let one = KIND.observe(Scope::One("a/oidc"), &[failed(class.clone())]);
        assert_eq!(seen(&one.wanted["a/oidc"]), class.word());
    }
    for body in [
        json!(null),
        json!({}),
        json!({"protocols": [{"mapping_id": "m"}]}),
    ] {
        let observed = KIND.observe(Scope::Account(&wanted), &[ok(body.clone()), ok(body)]);
        assert_eq!(
            seen_all(&observed),
            ["a/oidc: protocol", "b/oidc: protocol"]
        );
    }
    // An answer short.
    let observed = KIND.observe(Scope::Account(&wanted), &[list(&json!([]))]);
    assert_eq!(seen_all(&observed), ["a/oidc: absent", "b/oidc: protocol"]);
}

#[test]
fn one_protocol_is_shown_by_itself() {
    let one = |answer| seen(&KIND.observe(Scope::One("a/oidc"), &[answer]).wanted["a/oidc"]);
    assert_eq!(one(failed(ErrorClass::NotFound)), "absent");
    assert_eq!(one(ok(json!({"protocol": null}))), "protocol");
    assert_eq!(
        one(ok(json!({"protocol": {"id": "oidc", "mapping_id": "m"}}))),
        r#"{"identityProvider":"a","mapping":"m","protocol":"oidc"}"#
    );
}

#[test]
fn protocols_are_written() {
    let target = "/v3/OS-FEDERATION/identity_providers/a/protocols";
    let create = |identity: &str, value: Value| {
        KIND.writes(Intent::Create {
            identity,
            fields: &fields(&value),
            facts: &Facts::new(),
        })
        .map(|phases| {
            let call = &phases[0].calls[0];
            format!(
                "{} {} {:?} {} leaves {}",
                call.call.name,
                call.call.target().unwrap(),
                call.again,
                call.call.params,
                json!(phases[0].leaves)
            )
        })
    };
    assert_eq!(
        create(
            "a/oidc",
            json!({"identityProvider": "a", "protocol": "oidc", "mapping": "m"})
        )
        .unwrap(),
        format!(
            r#"KeystoneCreateProtocol PUT {target}/oidc ConflictIsDone {{"protocol":{{"mapping_id":"m"}}}} leaves {{"identityProvider":"a","mapping":"m","protocol":"oidc"}}"#
        )
    );
    assert_eq!(
        create(
            "a/saml",
            json!({"identityProvider": "a", "protocol": "saml"})
        )
        .unwrap(),
        format!(
            r#"KeystoneCreateProtocol PUT {target}/saml ConflictIsDone {{"protocol":{{}}}} leaves {{"identityProvider":"a","protocol":"saml"}}"#
        )
    );
    create("a/oidc", json!({"identityProvider": "a"})).unwrap_err();

    let there = live(&json!({"identityProvider": "a", "protocol": "oidc", "mapping": "m"}));
    assert_eq!(
        lines(
            &KIND,
            Intent::Update {
                identity: "a/oidc",
                desired: &fields(&json!({"mapping": "n"})),
                live: &there,
                changed: &names(&["mapping"]),
            }
        ),
        [
            format!(
                r#"write KeystoneUpdateProtocol PATCH {target}/oidc Same {{"protocol":{{"mapping_id":"n"}}}}"#
            ),
            r#"leaves {"identityProvider":"a","mapping":"n","protocol":"oidc"}"#.to_owned(),
        ]
    );
    KIND.writes(Intent::Update {
        identity: "a/oidc",
        desired: &fields(&json!({"protocol": "saml"})),
        live: &there,
        changed: &names(&["protocol"]),
    })
    .unwrap_err();
    assert_eq!(
        lines(
            &KIND,
            Intent::Remove {
                identity: "a/oidc",
                live: &there
            }
        ),
        [
            format!("remove KeystoneDeleteProtocol DELETE {target}/oidc NotFoundIsDone null"),
            "leaves nothing".to_owned(),
        ]
    );
}

#[test]
fn a_second_protocol_of_a_provider_is_in_the_way() {
    let identities = ["a/saml", "a/oidc", "b/saml"];
    let live = identities.map(|identity| {
        let (provider, protocol) = parts(identity);
        live(&json!({"identityProvider": provider, "protocol": protocol})).fields
    });
    let there = live.iter().map(|fields| &**fields);
    let there = identities.into_iter().zip(there).collect();
    let wanted = fields(&json!({"identityProvider": "a", "protocol": "oidc"}));
    let rivals = KIND.rivals(&wanted, &there);
    assert_eq!(rivals.len(), 1);
    assert_eq!(rivals[0].0, "a/saml");
}
