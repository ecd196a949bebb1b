//! Rules against small plans, the examples, and policies that go wrong.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;

fn source(text: &str) -> Source {
    Source {
        name: "rules.rego".to_owned(),
        text: text.to_owned(),
    }
}

fn parse(text: &str) -> Result<Policies, Vec<Diagnostic>> {
    Policies::parse(vec![source(text)], TIME)
}

fn example(name: &str) -> Policies {
    let path = format!(
        "{}/examples/policies/{name}.rego",
        env!("CARGO_MANIFEST_DIR")
    );
    parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn change(address: &str, action: &str, actions: &[&str], after: &Value) -> Value {
    let parts: Vec<&str> = address.split('/').collect();
    json!({
        "address": address, "account": parts[0], "type": parts[1], "name": parts[2],
        "action": action, "change": {"actions": actions, "before": null, "after": after},
        "owner": null, "source": {"file": "idp/a.yaml", "line": 7},
    })
}

fn plan(changes: &[Value]) -> Value {
    json!({"resource_changes": changes, "unmanaged": [], "diagnostics": [], "summary": {}})
}

/// Code, title and place of each finding.
fn told(findings: &[Diagnostic]) -> Vec<(&'static str, &str, Option<String>)> {
    findings
        .iter()
        .map(|finding| {
            let place = finding.file.as_ref().map(ToString::to_string);
            (finding.code.slug(), finding.title.as_str(), place)
        })
        .collect()
}

#[test]
fn messages_are_located_at_the_manifest() {
    let rules = parse(
        r#"package idform
        deny contains {"msg": "not\n  this", "address": c.address} if { some c in input.resource_changes }
        deny contains "not at all" if count(input.resource_changes) > 0
        warn contains {"msg": "odd", "address": "a/B/elsewhere"} if count(input.resource_changes) > 0
        "#,
    )
    .unwrap();
    let one = plan(&[change("a/K/n", "create", &["create"], &json!({}))]);
    assert_eq!(
        told(&rules.judge(&one)),
        [
            ("policy-denied", "not at all", None),
            (
                "policy-denied",
                "a/K/n: not this",
                Some("idp/a.yaml:7".to_owned())
            ),
            ("policy-warned", "a/B/elsewhere: odd", None),
        ]
    );
    assert_eq!(rules.judge(&plan(&[])), []);
}

#[test]
fn what_is_no_policy_is_refused_before_it_is_asked() {
    for (text, title, place) in [
        (
            "package idform\ndeny contains msg if {\n",
            "a policy cannot be read as Rego",
            Some("rules.rego:"),
        ),
        (
            "deny := true\n",
            "a policy cannot be read as Rego",
            Some("rules.rego:"),
        ),
        (
            "package main\ndeny contains 1 if true\n",
            "a policy is in the package `main`, where nobody asks it",
            Some("rules.rego"),
        ),
        (
            "package idform\nhelper := 1\n",
            "no policy has a rule `deny` or `warn`",
            None,
        ),
        (
            "package idform\ndeny contains msg if { msg := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"}).body }\n",
            "a policy failed while it judged the plan",
            Some("rules.rego:2"),
        ),
        (
            "package idform\ndeny contains msg if { msg := opa.runtime().env.HOME }\n",
            "a policy failed while it judged the plan",
            Some("rules.rego:2"),
        ),
        (
            "package idform\ndeny contains \"x\" if { a(1) }\na(x) if b(x + 1)\nb(x) if { not a(x) }\n",
            "policies have functions that call themselves: `idform.a`, `idform.b`",
            Some("rules.rego"),
        ),
    ] {
        let findings = parse(text).expect_err(text);
        assert_eq!(findings.len(), 1, "{text}");
        assert_eq!(findings[0].title, title, "{text}: {findings:?}");
        assert_eq!(findings[0].code, Code::PolicyInvalid);
        let file = findings[0].file.as_ref().map(ToString::to_string);
        match place {
            None => assert_eq!(file, None, "{text}"),
            Some(start) => assert!(
                file.as_ref().is_some_and(|file| file.starts_with(start)),
                "{text}: {file:?}"
            ),
        }
    }
}

#[test]
fn answers_that_are_no_messages_are_errors_and_not_consent() {
    for (text, title) in [
        (
            "deny := count(input.resource_changes) > 0",
            "the rule `deny` gives no set of messages",
        ),
        (
            "deny contains 1",
            "the rule `deny` gives something that is no message",
        ),
        (
            "warn contains {\"message\": \"x\"}",
            "the rule `warn` gives something that is no message",
        ),
        (
            "deny contains \"x\" if to_number(input.resource_changes[0].name) > 3",
            "a policy failed while it judged the plan",
        ),
    ] {
        let rules = parse(&format!("package idform\n{text}\n")).unwrap();
        let one = plan(&[change("a/K/n", "create", &["create"], &json!({}))]);
        let findings = rules.judge(&one);
        assert_eq!(
            told(&findings).first().map(|told| told.1),
            Some(title),
            "{text}"
        );
        assert_eq!(findings[0].code, Code::PolicyInvalid, "{text}");
    }
}

#[test]
fn a_policy_that_does_not_end_is_stopped() {
    let time = Duration::from_millis(200);
    for text in [
        // Many steps: the engine sees the time pass.
        "deny contains \"x\" if { some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); some k in numbers.range(1, 3000); i + j + k < 0 }",
        // One step: the engine is left behind.
        "deny contains \"x\" if count(numbers.range(1, 20000000)) < 0",
    ] {
        let text = format!("package idform\n{text}\n");
        let findings = Policies::parse(vec![source(&text)], time).expect_err("it is stopped");
        assert_eq!(
            findings[0].title, "the policies took too long and were stopped",
            "{findings:?}"
        );
    }
}

#[test]
fn long_messages_are_cut() {
    let rules = parse(
        "package idform\ndeny contains msg if msg := concat(\"\", [\"x\" | some i in numbers.range(1, 9000)])\n",
    );
    let findings = rules.unwrap().judge(&plan(&[]));
    assert_eq!(findings[0].title.chars().count(), MESSAGE_CHARACTERS + 1);
}

#[test]
fn rules_may_share_packages_below_ours() {
    let shared = Source {
        name: "lib.rego".to_owned(),
        text: "package idform.lib\nloud(x) := upper(x)\n".to_owned(),
    };
    let rule = source("package idform\nimport data.idform.lib\ndeny contains lib.loud(\"no\")\n");
    let rules = Policies::parse(vec![shared, rule], TIME).unwrap();
    assert_eq!(told(&rules.judge(&plan(&[])))[0].1, "NO");
}

#[test]
fn the_example_for_issuers_denies_what_is_not_on_the_list() {
    let rules = example("issuers");
    for (issuer, denied) in [
        ("https://gitlab.com", false),
        ("https://acme.okta.com/oauth2/default", false),
        ("https://gitlab.com.evil.example", true),
        ("https://gitlab.com@evil.example/", true),
        ("http://gitlab.com", true),
        ("https://evil.example/gitlab.com", true),
        ("https://gitlab.com:8443", true),
    ] {
        let after = json!({"issuer": issuer});
        let one = plan(&[change("a-prod/K/n", "create", &["create"], &after)]);
        assert_eq!(rules.judge(&one).len(), usize::from(denied), "{issuer}");
    }
    let gone = plan(&[change("a-prod/K/n", "delete", &["delete"], &Value::Null)]);
    assert_eq!(rules.judge(&gone), []);
}

#[test]
fn the_example_for_production_denies_deletions_there() {
    let rules = example("no-deletion-in-production");
    for (address, action, actions, denied) in [
        ("a-prod/K/n", "delete", &["delete"][..], true),
        ("a-prod/K/n", "replace", &["delete", "create"], true),
        ("a-prod/K/n", "blocked", &["delete"], true),
        ("a-prod/K/n", "update", &["update"], false),
        ("a-test/K/n", "delete", &["delete"], false),
    ] {
        let one = plan(&[change(address, action, actions, &json!({}))]);
        assert_eq!(
            rules.judge(&one).len(),
            usize::from(denied),
            "{address} {action}"
        );
    }
}

#[test]
fn the_example_for_fingerprints_warns_of_a_single_one() {
    let rules = example("two-fingerprints");
    for (kind, prints, warned) in [
        ("AlibabaOidcProvider", json!(["a"]), true),
        ("AlibabaOidcProvider", json!(["a", "b"]), false),
        ("TencentOidcProvider", json!(["a"]), false),
    ] {
        let address = format!("a-prod/{kind}/n");
        let after = json!({"fingerprints": prints});
        let findings = rules.judge(&plan(&[change(&address, "no-op", &["no-op"], &after)]));
        assert_eq!(findings.len(), usize::from(warned), "{address}");
        assert!(
            findings
                .iter()
                .all(|finding| finding.code == Code::PolicyWarned)
        );
    }
}

#[test]
fn the_example_for_owners_asks_it_of_new_objects() {
    let rules = example("owner");
    let mut new = change("a/K/n", "create", &["create"], &json!({}));
    assert_eq!(rules.judge(&plan(std::slice::from_ref(&new))).len(), 1);
    new["owner"] = "@acme/platform".into();
    assert_eq!(rules.judge(&plan(&[new])), []);
    let old = change("a/K/n", "update", &["update"], &json!({}));
    assert_eq!(rules.judge(&plan(&[old])), []);
}

fn file(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn functions_that_call_themselves_are_found_through_imports_and_names() {
    for (text, circle) in [
        ("a(x) if me.a(x + 1)", true),
        ("a(x) if data.idform.a(x + 1)", true),
        ("a(x) if data[\"idform\"].a(x + 1)", true),
        ("q.a(x) if q.a(x + 1)", true),
        (
            "a(x) if { some y in x; not b([y]) }\nb(x) := {z | z := a(x)}",
            true,
        ),
        ("a(x) if { every y in x { a(y) } }", true),
        (
            "b(x) if a(x)\na(x) := x\nwarn contains \"w\" if a(1) with a as b",
            true,
        ),
        ("a(x) := count(x)\nb(x) if a(x) > 1", false),
    ] {
        let text = format!(
            "package idform\nimport data.idform as me\ndeny contains \"x\" if false\n{text}\n"
        );
        let refused = parse(&text).map_err(|found| found[0].title.clone()).err();
        let is_circle = refused
            .as_ref()
            .is_some_and(|title| title.contains("call themselves"));
        assert_eq!(is_circle, circle, "{text}: {refused:?}");
    }
}

#[test]
fn functions_that_call_themselves_are_found_across_files_and_packages() {
    let one = file(
        "one.rego",
        "package idform\nimport data.idform.lib\ndeny contains \"x\" if f(1)\nf(x) if lib.g(x)\n",
    );
    let two = file("two.rego", "package idform.lib\ng(x) if data.idform.f(x)\n");
    let found = Policies::parse(vec![one.clone(), two], TIME).unwrap_err();
    assert_eq!(
        told(&found),
        [(
            "policy-invalid",
            "policies have functions that call themselves: `idform.f`, `idform.lib.g`",
            Some("one.rego".to_owned())
        )]
    );
    // Two functions of one name in two packages are two functions.
    let other = file(
        "two.rego",
        "package idform.lib\ng(x) if f(x)\nf(x) if x > 1\n",
    );
    let parsed = Policies::parse(vec![one, other], TIME);
    assert!(parsed.is_ok(), "{parsed:?}");
}

#[test]
fn rules_that_come_back_to_themselves_through_functions_are_told_by_the_engine() {
    let one = file(
        "one.rego",
        "package idform\nimport data.idform.lib\ndeny contains \"x\" if f(1)\nf(x) if lib.r[x]\n",
    );
    let two = file(
        "two.rego",
        "package idform.lib\nr contains 1 if data.idform.f(2)\n",
    );
    let found = Policies::parse(vec![one, two], TIME).unwrap_err();
    assert_eq!(found[0].code, Code::PolicyInvalid, "{found:?}");
    assert!(
        found[0].notes[0].contains("recursion detected"),
        "{found:?}"
    );
}

/// Functions that each call the next, as many as there may be.
fn chain(length: usize) -> String {
    use std::fmt::Write as _;
    let mut text = "package idform\ndeny contains \"deep\" if f1([[[1]]])\n".to_owned();
    for number in 1..length {
        let next = number + 1;
        let _ = writeln!(
            text,
            "f{number}(x) if {{ some y in [x]; f{next}({{z | z := y}}) }}"
        );
    }
    let _ = writeln!(text, "f{length}(x) if count(x) > 0");
    text
}

#[test]
fn the_longest_chain_of_calls_fits_the_stack_and_a_longer_one_is_refused() {
    let longest = parse(&chain(RULES - 1)).unwrap();
    assert_eq!(told(&longest.judge(&plan(&[])))[0].1, "deep");
    let found = parse(&chain(RULES)).unwrap_err();
    assert_eq!(
        found[0].title,
        "the policies have 2001 rules; 2000 are the most"
    );
}

#[test]
fn of_very_many_messages_the_first_are_shown_and_the_others_counted() {
    let rules = parse(
        "package idform\ndeny contains i2 if { some i in numbers.range(1, 1500); i2 := sprintf(\"%d\", [i]) }\n",
    );
    let findings = rules.unwrap().judge(&plan(&[]));
    assert_eq!(findings.len(), MESSAGES + 1);
    let last = findings.last().unwrap();
    assert_eq!(
        (last.code, &last.title[..13]),
        (Code::PolicyDenied, "and 500 more ")
    );
}

#[test]
fn documents_are_measured_without_being_kept() {
    let document = json!({"a": "0123456789"});
    assert!(fits(&document, 18));
    assert!(!fits(&document, 17));
}
