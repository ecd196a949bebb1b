use serde_json::json;

use super::super::tests::{
    failed, failures, fields, lines, live, names, ok, others, seen, seen_all,
};
use super::*;
use crate::provider::{ErrorClass, Facts, Reply};

const KIND: IdentityProvider = IdentityProvider;

#[test]
fn one_list_reads_an_account_and_a_show_reads_one() {
    let wanted = names(&["ACME"]);
    for (scope, expected) in [
        (
            Scope::Account(&wanted),
            "KeystoneListIdentityProviders GET /v3/OS-FEDERATION/identity_providers",
        ),
        (
            Scope::One("ACME"),
            "KeystoneShowIdentityProvider GET /v3/OS-FEDERATION/identity_providers/ACME",
        ),
    ] {
        let reads = KIND.reads(scope);
        let found: Vec<String> = reads
            .iter()
            .map(|read| format!("{} {}", read.0.name, read.0.target().unwrap()))
            .collect();
        assert_eq!(found, [expected]);
    }
}

#[test]
fn objects_are_read_in_every_form_they_come_in() {
    let whole = r#"{"description":"Staff","enabled":true,"ssoType":"virtual_user_sso"}"#;
    let bare = r#"{"description":"","enabled":false,"ssoType":"virtual_user_sso"}"#;
    for (object, expected) in [
        (
            json!({"id": "ACME", "sso_type": "virtual_user_sso", "description": "Staff",
                   "enabled": true, "remote_ids": [], "links": {"self": "x"}}),
            whole,
        ),
        (
            json!({"id": "ACME", "sso_type": "", "description": "Staff", "enabled": true}),
            whole,
        ),
        (
            json!({"id": "ACME", "sso_type": null, "description": null, "enabled": false,
                   "domain_id": "d", "authorization_ttl": null}),
            bare,
        ),
        (json!({"id": "ACME"}), bare),
        (
            json!({"id": "ACME", "sso_type": "iam_user_sso", "enabled": false}),
            r#"{"description":"","enabled":false,"ssoType":"iam_user_sso"}"#,
        ),
        (json!({"id": "ACME", "enabled": "yes"}), "protocol"),
    ] {
        let shown = KIND.observe(
            Scope::One("ACME"),
            &[ok(json!({"identity_provider": object}))],
        );
        assert_eq!(seen(&shown.wanted["ACME"]), expected, "{object}");
        assert_eq!(others(&shown), None);
        let wanted = names(&["ACME", "gone"]);
        let listed = KIND.observe(
            Scope::Account(&wanted),
            &[ok(
                json!({"identity_providers": [object, {"id": "foreign"}]}),
            )],
        );
        assert_eq!(seen(&listed.wanted["ACME"]), expected, "{object}");
        assert_eq!(seen(&listed.wanted["gone"]), "absent");
        assert_eq!(others(&listed), Some(vec!["foreign"]));
    }
}

#[test]
fn all_pages_of_a_list_count() {
    let wanted = names(&["a", "b"]);
    let answer = Ok(Reply {
        body: json!({"identity_providers": [{"id": "a"}]}),
        more: vec![json!({"identity_providers": [{"id": "b"}, {"id": "c"}]})],
        ..Reply::default()
    });
    let observed = KIND.observe(Scope::Account(&wanted), &[answer]);
    assert!(seen_all(&observed).iter().all(|line| line.contains('{')));
    assert_eq!(others(&observed), Some(vec!["c"]));
}

#[test]
fn only_a_missing_object_is_absent() {
    let wanted = names(&["ACME"]);
    let seen_of = |scope, answer| seen(&KIND.observe(scope, &[answer]).wanted["ACME"]);
    let one = Scope::One("ACME");
    let account = Scope::Account(&wanted);
    assert_eq!(seen_of(one, failed(ErrorClass::NotFound)), "absent");
    // A list that is not there says nothing about its entries.
    assert_eq!(seen_of(account, failed(ErrorClass::NotFound)), "not-found");
    for class in failures() {
        for scope in [one, account] {
            assert_eq!(seen_of(scope, failed(class.clone())), class.word());
        }
    }
    for body in [
        json!(null),
        json!({}),
        json!({"identity_provider": null}),
        json!({"identity_providers": null}),
        json!({"identity_providers": [{"enabled": true}]}),
    ] {
        assert_eq!(seen_of(one, ok(body.clone())), "protocol", "{body}");
        assert_eq!(seen_of(account, ok(body.clone())), "protocol", "{body}");
    }
    assert_eq!(seen(&KIND.observe(one, &[]).wanted["ACME"]), "protocol");
}

#[test]
fn a_provider_is_made_disabled_and_enabled_last() {
    let create = |value| {
        let fields = fields(&value);
        lines(
            &KIND,
            Intent::Create {
                identity: "ACME",
                fields: &fields,
                facts: &Facts::new(),
            },
        )
    };
    let target = "/v3/OS-FEDERATION/identity_providers/ACME";
    let put = format!("write KeystoneCreateIdentityProvider PUT {target} ConflictIsDone");
    let patch = format!("activate KeystoneUpdateIdentityProvider PATCH {target} Same");
    assert_eq!(
        create(json!({})),
        [
            format!(r#"{put} {{"identity_provider":{{"enabled":false}}}}"#),
            r#"leaves {"description":"","enabled":false,"ssoType":"virtual_user_sso"}"#.to_owned(),
            format!(r#"{patch} {{"identity_provider":{{"enabled":true}}}}"#),
            r#"leaves {"description":"","enabled":true,"ssoType":"virtual_user_sso"}"#.to_owned(),
        ]
    );
    assert_eq!(
        create(json!({"enabled": false, "description": "Staff", "ssoType": "iam_user_sso"})),
        [
            format!(
                r#"{put} {{"identity_provider":{{"description":"Staff","enabled":false,"sso_type":"iam_user_sso"}}}}"#
            ),
            r#"leaves {"description":"Staff","enabled":false,"ssoType":"iam_user_sso"}"#.to_owned(),
        ]
    );
}

#[test]
fn updates_switch_off_first_and_on_last() {
    let update = |from: &Value, to: Value, changed: &[&str]| {
        let desired = fields(&to);
        lines(
            &KIND,
            Intent::Update {
                identity: "ACME",
                desired: &desired,
                live: &live(from),
                changed: &names(changed),
            },
        )
        .into_iter()
        .map(|line| line.replace("KeystoneUpdateIdentityProvider PATCH /v3/OS-FEDERATION/identity_providers/ACME Same ", ""))
        .collect::<Vec<_>>()
    };
    let off = json!({"enabled": false, "description": "a", "ssoType": "virtual_user_sso"});
    let on = json!({"enabled": true, "description": "a", "ssoType": "virtual_user_sso"});
    assert_eq!(
        update(
            &off,
            json!({"enabled": true, "description": "b"}),
            &["description", "enabled"]
        ),
        [
            r#"write {"identity_provider":{"description":"b"}}"#,
            r#"leaves {"description":"b","enabled":false,"ssoType":"virtual_user_sso"}"#,
            r#"activate {"identity_provider":{"enabled":true}}"#,
            r#"leaves {"description":"b","enabled":true,"ssoType":"virtual_user_sso"}"#,
        ]
    );
    assert_eq!(
        update(
            &on,
            json!({"enabled": false, "description": ""}),
            &["description", "enabled"]
        ),
        [
            r#"quiesce {"identity_provider":{"enabled":false}}"#,
            r#"leaves {"description":"a","enabled":false,"ssoType":"virtual_user_sso"}"#,
            r#"write {"identity_provider":{"description":""}}"#,
            r#"leaves {"description":"","enabled":false,"ssoType":"virtual_user_sso"}"#,
        ]
    );
    // What does not differ is not sent.
    assert_eq!(
        update(
            &on,
            json!({"enabled": true, "description": "b"}),
            &["description"]
        )
        .len(),
        2
    );
    KIND.writes(Intent::Update {
        identity: "ACME",
        desired: &fields(&json!({"ssoType": "iam_user_sso"})),
        live: &live(&on),
        changed: &names(&["ssoType"]),
    })
    .unwrap_err();
}

#[test]
fn a_provider_is_disabled_before_it_is_deleted() {
    let remove = |enabled: bool| {
        let live = live(&json!({"enabled": enabled}));
        lines(
            &KIND,
            Intent::Remove {
                identity: "ACME",
                live: &live,
            },
        )
    };
    let delete = "remove KeystoneDeleteIdentityProvider DELETE /v3/OS-FEDERATION/identity_providers/ACME NotFoundIsDone null";
    assert_eq!(remove(false), [delete, "leaves nothing"]);
    assert_eq!(
        remove(true),
        [
            r#"quiesce KeystoneUpdateIdentityProvider PATCH /v3/OS-FEDERATION/identity_providers/ACME Same {"identity_provider":{"enabled":false}}"#,
            r#"leaves {"enabled":false}"#,
            delete,
            "leaves nothing",
        ]
    );
}

#[test]
fn an_account_has_one_type_of_provider() {
    let a = live(&json!({"ssoType": "virtual_user_sso"}));
    let b = live(&json!({"ssoType": "iam_user_sso"}));
    let there = BTreeMap::from([("a", &*a.fields), ("b", &*b.fields)]);
    for (wanted, expected) in [
        (json!({}), vec!["b"]),
        (json!({"ssoType": "virtual_user_sso"}), vec!["b"]),
        (json!({"ssoType": "iam_user_sso"}), vec!["a", "b"]),
    ] {
        let rivals = KIND.rivals(&fields(&wanted), &there);
        let found: Vec<&str> = rivals.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, expected, "{wanted}");
    }
}
