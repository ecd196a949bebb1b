//! `AlibabaSamlProvider`: calls and answers, written down.

use serde_json::json;

use super::*;
use crate::clouds::sample_metadata::{BOTH, NEW, OLD};
use crate::clouds::testing::{calls, create as created, failure, fields, reply, update as updated};

const KIND: &SamlProvider = &SamlProvider;

fn base64(document: &str) -> Value {
    saml::encoded(&Value::from(document))
}

/// The cloud's own object; the document is broken into lines as the cloud does it.
fn provider(name: &str) -> Value {
    let document = base64(OLD);
    let (head, tail) = document.as_str().unwrap().split_at(76);
    json!({
        "SAMLProviderName": name, "Arn": format!("acs:ram::1234567890123456:saml-provider/{name}"),
        "Description": "Staff", "AuthnSignAlgo": "rsa-sha256",
        "EncodedSAMLMetadataDocument": format!("{head}\n{tail}\n"),
    })
}

fn word(observation: &Observation) -> &str {
    match observation {
        Observation::Present(_) => "present",
        Observation::Absent(_) => "absent",
        Observation::Unreadable(error) => error.class.word(),
    }
}

#[test]
fn one_list_and_a_get_for_each_that_is_wanted() {
    let wanted = ["a".to_owned(), "b".to_owned()];
    let told = |scope| -> Vec<(&str, Value)> {
        let reads = KIND.reads(scope).into_iter();
        reads.map(|Read(call)| (call.name, call.params)).collect()
    };
    assert_eq!(
        told(Scope::Account(&wanted)),
        [
            ("ListSAMLProviders", json!({"MaxItems": 100})),
            ("GetSAMLProvider", json!({"SAMLProviderName": "a"})),
            ("GetSAMLProvider", json!({"SAMLProviderName": "b"})),
        ]
    );
    assert_eq!(
        told(Scope::One("a")),
        [("GetSAMLProvider", json!({"SAMLProviderName": "a"}))]
    );
}

#[test]
fn answers_are_kept_apart() {
    let wanted = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let listed = |name: &str| json!({"SAMLProviderName": name, "Description": ""});
    let list = json!({
        "SAMLProviders": {"SAMLProvider": [listed("a"), listed("x")]}, "IsTruncated": false,
    });
    let answers = [
        reply(list.clone()),
        reply(json!({"SAMLProvider": provider("a")})),
        failure(ErrorClass::NotFound),
        failure(ErrorClass::Denied),
    ];
    let observed = KIND.observe(Scope::Account(&wanted), &answers);
    let words: Vec<&str> = observed.wanted.values().map(word).collect();
    assert_eq!(words, ["present", "absent", "denied"]);
    let Listing::Names(names) = &observed.others else {
        panic!("{:?}", observed.others);
    };
    assert_eq!(names.iter().collect::<Vec<_>>(), ["x"]);
    // A list that failed or was cut short tells nothing of the others, and hides no wanted one.
    let cut = json!({"SAMLProviders": {"SAMLProvider": []}, "IsTruncated": true});
    for list in [failure(ErrorClass::Denied), reply(cut)] {
        let answers = [list, reply(json!({"SAMLProvider": provider("a")}))];
        let observed = KIND.observe(Scope::Account(&wanted[..1]), &answers);
        assert_eq!(word(&observed.wanted["a"]), "present");
        assert!(matches!(observed.others, Listing::NotRead));
    }
    for answers in [vec![reply(json!({}))], Vec::new()] {
        let observed = KIND.observe(Scope::One("a"), &answers);
        assert_eq!(word(&observed.wanted["a"]), "protocol");
    }
}

#[test]
fn live_fields_are_canonical() {
    let live = read_provider(&provider("a"));
    assert_eq!(
        *live.fields,
        fields(&json!({
            "metadata": OLD, "description": "Staff", "authnSignAlgorithm": "rsa-sha256",
        }))
    );
    // Older accounts know no algorithm; a document that is none differs from every one.
    let sparse = read_provider(&json!({
        "SAMLProviderName": "a", "EncodedSAMLMetadataDocument": "?!",
    }));
    assert_eq!(
        *sparse.fields,
        fields(&json!({
            "metadata": "?!", "description": "", "authnSignAlgorithm": "rsa-sha1",
        }))
    );
}

#[test]
fn a_create_needs_metadata() {
    created(KIND, &json!({"description": "x"})).unwrap_err();
    let phases = created(KIND, &json!({"metadata": OLD})).unwrap();
    assert_eq!(
        calls(&phases),
        [(
            "CreateSAMLProvider",
            json!({"SAMLProviderName": "ci", "EncodedSAMLMetadataDocument": base64(OLD)})
        )]
    );
    let leaves = phases[0].leaves.as_ref().unwrap();
    assert_eq!(leaves["authnSignAlgorithm"], "rsa-sha1");
    assert_eq!(leaves["metadata"], OLD);
}

#[test]
fn an_update_sends_what_differs_and_what_must_go_along() {
    let live = read_provider(&provider("ci"));
    for (desired, expected) in [
        (
            json!({"metadata": NEW}),
            json!({"NewEncodedSAMLMetadataDocument": base64(NEW), "AuthnSignAlgo": "rsa-sha256"}),
        ),
        (
            json!({"description": ""}),
            json!({"NewDescription": "", "AuthnSignAlgo": "rsa-sha256"}),
        ),
        // Alone it would be refused: the unchanged document goes along.
        (
            json!({"authnSignAlgorithm": "rsa-sha1"}),
            json!({"NewEncodedSAMLMetadataDocument": base64(OLD), "AuthnSignAlgo": "rsa-sha1"}),
        ),
    ] {
        let mut expected = expected;
        expected["SAMLProviderName"] = "ci".into();
        let phases = updated(KIND, &desired, &live).unwrap();
        assert_eq!(calls(&phases), [("UpdateSAMLProvider", expected)]);
    }
    // Where the cloud knows no algorithm none is sent.
    let mut raw = provider("ci");
    raw.as_object_mut().unwrap().remove("AuthnSignAlgo");
    let phases = updated(KIND, &json!({"description": "x"}), &read_provider(&raw)).unwrap();
    assert_eq!(calls(&phases)[0].1["AuthnSignAlgo"], Value::Null);
}

#[test]
fn two_signing_certificates_are_the_most() {
    let account = crate::clouds::testing::account("alibaba", None);
    let findings = |document: &str| {
        let mut findings = Vec::new();
        KIND.check(
            &fields(&json!({"metadata": document})),
            &account,
            &mut findings,
        );
        findings
    };
    assert!(findings(BOTH).is_empty());
    let many = include_str!("../../../../tests/fixtures/saml/fusionauth-8-keys.xml");
    assert!(findings(many)[0].title.contains("8 signing certificates"));
}
