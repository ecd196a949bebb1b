//! SAML metadata: what reads tell, what an import says.

use serde_json::json;

use super::super::tests::{account as an_account, failed, fields, lines, names, ok, seen_all};
use super::*;

const KIND: SamlMetadata = SamlMetadata;

const TARGET: &str = "/v3-ext/OS-FEDERATION/identity_providers/a/protocols/saml/metadata";

fn domains() -> Answer {
    ok(json!({"domains": [{"id": "d1", "name": "acme"}]}))
}

fn shown(data: &Value) -> Answer {
    ok(json!({
        "id": "0f", "idp_id": "a", "entity_id": "https://idp.example", "protocol_id": "saml",
        "domain_id": "d2", "xaccount_type": "", "update_time": "2026-01-02T03:04:05.000000",
        "data": data,
    }))
}

fn one(show: Answer, domains: Answer) -> Observation {
    let mut observed = KIND.observe(Scope::One("a"), &[show, domains]);
    assert!(matches!(observed.others, Listing::NotRead));
    observed.wanted.remove("a").unwrap()
}

#[test]
fn each_provider_is_asked_and_the_account_once() {
    let wanted = names(&["a", "b/c"]);
    let targets: Vec<String> = KIND
        .reads(Scope::Account(&wanted))
        .iter()
        .map(|read| read.0.target().unwrap())
        .collect();
    assert_eq!(
        targets,
        [
            format!("GET {TARGET}"),
            "GET /v3-ext/OS-FEDERATION/identity_providers/b%2Fc/protocols/saml/metadata".to_owned(),
            "GET /v3/auth/domains".to_owned(),
        ]
    );
    assert!(KIND.reads(Scope::Account(&[])).is_empty());
    let observed = KIND.observe(
        Scope::Account(&names(&["a", "b", "c"])),
        &[
            shown(&json!("<a/>")),
            failed(ErrorClass::NotFound),
            failed(ErrorClass::Denied),
            domains(),
        ],
    );
    assert_eq!(
        seen_all(&observed),
        [
            r#"a: {"identityProvider":"a","metadata":"<a/>"}"#,
            "b: absent",
            "c: denied",
        ]
    );
}

#[test]
fn what_was_never_imported_needs_the_account() {
    for show in [
        failed(ErrorClass::NotFound),
        shown(&json!("")),
        shown(&Value::Null),
    ] {
        let Observation::Absent(facts) = one(show.clone(), domains()) else {
            panic!("{show:?}");
        };
        assert_eq!(facts[ACCOUNT], "d1");
        for account in [failed(ErrorClass::Denied), ok(json!({"domains": []}))] {
            let told = one(show.clone(), account);
            assert!(matches!(told, Observation::Unreadable(_)), "{told:?}");
        }
    }
    for odd in [
        ok(json!({})),
        ok(json!(null)),
        shown(&json!(7)),
        shown(&json!({})),
    ] {
        assert!(matches!(one(odd, domains()), Observation::Unreadable(_)));
    }
}

#[test]
fn what_is_there_names_its_account_itself() {
    for account in [domains(), failed(ErrorClass::Denied)] {
        let Observation::Present(live) = one(shown(&json!("\u{feff}<a/>\n")), account) else {
            panic!("not there");
        };
        assert_eq!(live.facts[ACCOUNT], "d2");
        assert_eq!(live.fields["metadata"], "<a/>\n");
    }
}

#[test]
fn every_write_is_the_same_import() {
    let facts = fields(&json!({ACCOUNT: "d1"}));
    let desired = fields(&json!({"identityProvider": "a", "metadata": "<b/>"}));
    let expected = [
        format!(
            r#"write CreateMetadata POST {TARGET} Same {{"domain_id":"d1","metadata":"<b/>","xaccount_type":""}}"#
        ),
        r#"leaves {"identityProvider":"a","metadata":"<b/>"}"#.to_owned(),
    ];
    let create = Intent::Create {
        identity: "a",
        fields: &desired,
        facts: &facts,
    };
    assert_eq!(lines(&KIND, create), expected);
    let live = Live {
        fields: fields(&json!({"identityProvider": "a", "metadata": "<a/>"})).into(),
        facts,
        ..Live::default()
    };
    let update = |changed: &[String]| {
        KIND.writes(Intent::Update {
            identity: "a",
            desired: &desired,
            live: &live,
            changed,
        })
    };
    let update_metadata = Intent::Update {
        identity: "a",
        desired: &desired,
        live: &live,
        changed: &["metadata".to_owned()],
    };
    assert_eq!(lines(&KIND, update_metadata), expected);
    assert!(update(&[]).unwrap().is_empty());
    update(&["identityProvider".to_owned()]).unwrap_err();
    let remove = Intent::Remove {
        identity: "a",
        live: &live,
    };
    assert!(KIND.writes(remove).unwrap().is_empty());
    for (fields, facts) in [(&desired, &Facts::new()), (&Fields::new(), &live.facts)] {
        let create = Intent::Create {
            identity: "a",
            fields,
            facts,
        };
        KIND.writes(create).unwrap_err();
    }
}

#[test]
fn characters_are_counted_and_not_bytes() {
    for (characters, expected) in [(CHARACTERS, 0), (CHARACTERS + 1, 1)] {
        let metadata = "é".repeat(characters);
        assert!(metadata.len() <= BYTES);
        let mut findings = Vec::new();
        let desired = fields(&json!({ "metadata": metadata }));
        KIND.check(&desired, &an_account(), &mut findings);
        assert_eq!(findings.len(), expected);
    }
}
