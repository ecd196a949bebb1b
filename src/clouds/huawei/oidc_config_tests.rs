use serde_json::json;

use super::super::tests::{
    account, failed, failures, fields, lines, live, names, ok, seen, seen_all,
};
use super::*;
use crate::provider::{ErrorClass, Facts};

const KIND: OidcConfig = OidcConfig;

const SET: &str = r#"{"keys":[{"e":"AQAB","kid":"k","kty":"RSA","n":"xx","use":"sig"}]}"#;
const TARGET: &str = "/v3.0/OS-FEDERATION/identity-providers/a/openid-connect-config";

fn keys() -> Value {
    jwks::canonical_live(SET)
}

fn program() -> Value {
    json!({"identityProvider": "a", "accessMode": "program", "issuer": "https://i.example",
           "clientId": "client", "keys": keys()})
}

fn console() -> Value {
    let mut value = program();
    value["accessMode"] = json!("program_console");
    value["authorizationEndpoint"] = json!("https://i.example/auth");
    value["scopes"] = json!(["email", "openid"]);
    value["responseMode"] = json!("form_post");
    value
}

fn show(config: &Value) -> Observed {
    KIND.observe(
        Scope::One("a"),
        &[ok(json!({"openid_connect_config": config}))],
    )
}

#[test]
fn each_configuration_is_shown_by_itself() {
    let wanted = names(&["b", "a"]);
    let targets: Vec<String> = KIND
        .reads(Scope::Account(&wanted))
        .iter()
        .map(|read| read.0.target().unwrap())
        .collect();
    assert_eq!(targets[1], format!("GET {TARGET}"));
    assert_eq!(targets.len(), 2);
    let observed = KIND.observe(
        Scope::Account(&wanted),
        &[
            failed(ErrorClass::NotFound),
            ok(json!({"openid_connect_config": {"access_mode": "program"}})),
        ],
    );
    assert_eq!(
        seen_all(&observed),
        [
            r#"a: {"accessMode":"program","identityProvider":"a"}"#,
            "b: absent"
        ]
    );
}

#[test]
fn configurations_are_read_in_every_form_they_come_in() {
    let base = json!({"access_mode": "program", "idp_url": "https://i.example",
                      "client_id": "client", "signing_key": SET});
    let with = |more: Value| {
        let mut config = base.clone();
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        config
    };
    let spaced =
        r#"{ "keys": [ {"kty":"RSA", "n":"xx", "e":"AQAB", "kid":"k", "use":"sig", "x5t":"z"} ] }"#;
    let full = json!({"access_mode": "program_console", "response_type": "id_token",
                      "authorization_endpoint": "https://i.example/auth",
                      "scope": " openid  email openid", "response_mode": "form_post"});
    for (config, expected) in [
        (base.clone(), program()),
        (with(json!({"signing_key": spaced, "new": 1})), program()),
        (
            with(json!({"signing_key": serde_json::from_str::<Value>(SET).unwrap()})),
            program(),
        ),
        // What program keeps of the console's fields is ignored, stale or empty.
        (
            with(json!({"response_type": "", "scope": "", "response_mode": null})),
            program(),
        ),
        (
            with(json!({"response_type": "id_token", "scope": "openid",
                        "authorization_endpoint": "https://old.example/auth"})),
            program(),
        ),
        (with(full), console()),
    ] {
        let observed = show(&config);
        assert_eq!(
            seen(&observed.wanted["a"]),
            expected.to_string(),
            "{config}"
        );
    }
    let unreadable = show(&with(json!({"signing_key": "no keys"})));
    assert!(seen(&unreadable.wanted["a"]).contains(r#""keys":"no keys""#));
    assert_eq!(
        seen(&show(&with(json!({"access_mode": null}))).wanted["a"]),
        "protocol"
    );
}

#[test]
fn only_a_missing_configuration_is_absent() {
    let seen_of = |answer| seen(&KIND.observe(Scope::One("a"), &[answer]).wanted["a"]);
    assert_eq!(seen_of(failed(ErrorClass::NotFound)), "absent");
    for class in failures() {
        assert_eq!(seen_of(failed(class.clone())), class.word());
    }
    assert_eq!(seen_of(ok(json!({}))), "protocol");
    assert_eq!(seen_of(ok(Value::Null)), "protocol");
}

/// The writes, or why there are none.
fn update(from: &Value, to: &Value, changed: &[&str]) -> Result<Vec<String>, String> {
    let (desired, there, changed) = (fields(to), live(from), names(changed));
    let intent = Intent::Update {
        identity: "a",
        desired: &desired,
        live: &there,
        changed: &changed,
    };
    KIND.writes(intent).map(|_| lines(&KIND, intent))
}

#[test]
fn a_configuration_is_made_with_what_its_mode_takes() {
    let create = |value: &Value| {
        lines(
            &KIND,
            Intent::Create {
                identity: "a",
                fields: &fields(value),
                facts: &Facts::new(),
            },
        )
    };
    let wire = |value: Value| json!({"openid_connect_config": value}).to_string();
    let expected = wire(
        json!({"access_mode": "program", "idp_url": "https://i.example",
                               "client_id": "client", "signing_key": SET}),
    );
    let head = format!("write CreateOpenIdConnectConfig POST {TARGET} ConflictIsDone ");
    assert_eq!(
        create(&program()),
        [format!("{head}{expected}"), format!("leaves {}", program())]
    );
    let expected = wire(json!({
        "access_mode": "program_console", "idp_url": "https://i.example", "client_id": "client",
        "signing_key": SET, "authorization_endpoint": "https://i.example/auth",
        "scope": "email openid", "response_type": "id_token", "response_mode": "form_post"}));
    assert_eq!(
        create(&console()),
        [format!("{head}{expected}"), format!("leaves {}", console())]
    );
    for missing in [
        "accessMode",
        "issuer",
        "clientId",
        "keys",
        "authorizationEndpoint",
        "scopes",
        "responseMode",
    ] {
        let mut incomplete = fields(&console());
        incomplete.remove(missing);
        let why = KIND
            .writes(Intent::Create {
                identity: "a",
                fields: &incomplete,
                facts: &Facts::new(),
            })
            .unwrap_err();
        assert!(why.contains(missing), "{why}");
    }
}

#[test]
fn an_update_sends_all_that_is_known() {
    let found = update(&console(), &json!({"clientId": "other"}), &["clientId"]).unwrap();
    for part in [
        format!("write UpdateOpenIdConnectConfig PUT {TARGET} Same "),
        r#""client_id":"other""#.to_owned(),
        r#""idp_url":"https://i.example""#.to_owned(),
        r#""scope":"email openid""#.to_owned(),
        r#""response_type":"id_token""#.to_owned(),
    ] {
        assert!(found[0].contains(&part), "{part} in {}", found[0]);
    }
    let mut leaves = console();
    leaves["clientId"] = json!("other");
    assert_eq!(found[1], format!("leaves {leaves}"));
    assert!(update(&console(), &json!({}), &[]).unwrap().is_empty());
}

#[test]
fn the_mode_decides_which_fields_go_along() {
    // To program: the console's fields are not sent and no longer count.
    let to_program = json!({"accessMode": "program"});
    let found = update(&console(), &to_program, &["accessMode"]).unwrap();
    assert!(!found[0].contains("scope") && !found[0].contains("response"));
    assert_eq!(found[1], format!("leaves {}", program()));

    // To program_console: all of them are needed, and what is stale at the cloud does not count.
    let mut to_console = json!({"accessMode": "program_console", "scopes": ["openid"]});
    let why = update(&program(), &to_console, &["accessMode", "scopes"]).unwrap_err();
    assert!(why.contains("authorizationEndpoint, responseMode"), "{why}");
    to_console["authorizationEndpoint"] = json!("https://i.example/auth");
    to_console["responseMode"] = json!("fragment");
    let found = update(&program(), &to_console, &["accessMode"]).unwrap();
    assert!(found[0].contains(r#""response_mode":"fragment""#));

    // Console fields where the mode is program already.
    let why = update(&program(), &json!({"scopes": ["openid"]}), &["scopes"]).unwrap_err();
    assert!(why.contains("`scopes`"), "{why}");
    update(
        &program(),
        &json!({"identityProvider": "b"}),
        &["identityProvider"],
    )
    .unwrap_err();
}

#[test]
fn nothing_deletes_a_configuration() {
    let there = live(&program());
    assert!(
        lines(
            &KIND,
            Intent::Remove {
                identity: "a",
                live: &there
            }
        )
        .is_empty()
    );
    assert_eq!(INFO.removal, Removal::WithParent("identityProvider"));
}

#[test]
fn fields_that_exclude_each_other_are_found() {
    let account = account();
    let long = "s".repeat(130);
    for (value, expected) in [
        (program(), vec![]),
        (console(), vec![]),
        (json!({"scopes": ["openid"]}), vec![]),
        (
            json!({"accessMode": "program", "scopes": ["openid"], "responseMode": "fragment"}),
            vec![
                "scopes conflicting-fields",
                "responseMode conflicting-fields",
            ],
        ),
        (
            json!({"scopes": ["email"]}),
            vec!["scopes value-out-of-range"],
        ),
        (
            json!({"scopes": ["openid", format!("{long}1"), format!("{long}2")]}),
            vec!["scopes value-out-of-range"],
        ),
    ] {
        let mut findings = Vec::new();
        KIND.check(&fields(&value), &account, &mut findings);
        let found: Vec<String> = findings
            .iter()
            .map(|finding| format!("{} {}", finding.field, finding.code.slug()))
            .collect();
        assert_eq!(found, expected, "{value}");
    }
}
