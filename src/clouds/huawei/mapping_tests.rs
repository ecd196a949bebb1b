use serde_json::json;

use super::super::tests::{
    failed, failures, fields, lines, live, names, ok, others, seen, seen_all,
};
use super::*;
use crate::provider::{ErrorClass, Facts};

const KIND: Mapping = Mapping;

fn rules() -> Value {
    json!([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "sub"}]}])
}

#[test]
fn rules_equal_by_meaning_have_one_form() {
    let with = |local: Value, remote: Value| json!([{"local": [local], "remote": [remote]}]);
    let user = json!({"user": {"name": "{0}"}});
    for (left, right) in [
        (
            with(user.clone(), json!({"type": "a", "regex": false})),
            with(user.clone(), json!({"type": "a"})),
        ),
        (
            with(
                user.clone(),
                json!({"type": "a", "regex": null, "any_one_of": null}),
            ),
            with(user.clone(), json!({"type": "a"})),
        ),
        (
            with(
                user.clone(),
                json!({"type": "a", "any_one_of": ["y", "x", "y"]}),
            ),
            with(user.clone(), json!({"any_one_of": ["x", "y"], "type": "a"})),
        ),
        (
            with(user.clone(), json!({"type": "a", "not_any_of": ["y", "x"]})),
            with(user.clone(), json!({"type": "a", "not_any_of": ["x", "y"]})),
        ),
        (
            with(json!({"groups": "[\"a\", \"b\"]"}), json!({"type": "a"})),
            with(json!({"groups": " [\"a\",\"b\"]"}), json!({"type": "a"})),
        ),
    ] {
        assert_eq!(canonical(&left), canonical(&right));
        assert_eq!(canonical(&canonical(&left)), canonical(&left));
    }
}

#[test]
fn what_means_something_else_stays_different() {
    let base = json!([
        {"local": [{"groups": "{0}"}], "remote": [{"type": "a"}, {"type": "b"}]},
        {"local": [{"group": {"name": "x"}}], "remote": [{"type": "a", "regex": true, "any_one_of": ["1"]}]},
    ]);
    for other in [
        json!([base[1], base[0]]),
        json!([{"local": [{"groups": "{0}"}], "remote": [{"type": "b"}, {"type": "a"}]}, base[1]]),
        json!([{"local": [{"groups": "{1}"}], "remote": base[0]["remote"]}, base[1]]),
        json!([{"local": [{"groups": {"name": "{0}"}}], "remote": base[0]["remote"]}, base[1]]),
        json!([{"local": base[0]["local"], "remote": base[0]["remote"], "new": 1}, base[1]]),
        json!([base[0], {"local": base[1]["local"], "remote": [{"type": "a", "any_one_of": ["1"]}]}]),
    ] {
        assert_ne!(canonical(&base), canonical(&other), "{other}");
    }
    // Nothing unknown is lost, and what has another shape is kept.
    for odd in [
        json!([{"local": [], "remote": [{"type": "a", "new": [2, 1]}], "x": {"y": 1}}]),
        json!([1, "a", null]),
        json!([{"remote": 3, "local": {"groups": 1}}]),
        json!("rules"),
    ] {
        assert_eq!(canonical(&odd), odd);
    }
}

#[test]
fn rules_the_cloud_would_refuse_are_found_with_their_place() {
    let with = |local: Value, remote: Value| json!([{"local": local, "remote": remote}]);
    let user = json!([{"user": {"name": "{0}"}}]);
    let eleven: Vec<Value> = (0..11).map(|_| json!({"type": "a"})).collect();
    let rules_11: Vec<Value> = (0..11).map(|_| rules()[0].clone()).collect();
    for (value, expected) in [
        (rules(), vec![]),
        (KIND.samples().full["rules"].clone(), vec![]),
        (json!([]), vec![""]),
        (json!({}), vec![""]),
        (json!(rules_11), vec![""]),
        (json!([3]), vec!["[0]"]),
        (json!([{}]), vec!["[0].local", "[0].remote"]),
        (with(json!([]), json!([])), vec!["[0].local", "[0].remote"]),
        (
            with(json!([{}]), json!([1])),
            vec!["[0].local[0]", "[0].remote[0]"],
        ),
        (with(user.clone(), json!(eleven)), vec!["[0].remote"]),
        (
            with(user.clone(), json!([{"regex": true}])),
            vec!["[0].remote[0].type"],
        ),
        (
            with(user.clone(), json!([{"type": ""}])),
            vec!["[0].remote[0].type"],
        ),
        (
            with(
                user.clone(),
                json!([{"type": "a", "any_one_of": ["x"], "not_any_of": ["y"]}]),
            ),
            vec!["[0].remote[0]"],
        ),
        (
            with(user.clone(), json!([{"type": "a", "any_one_of": "x"}])),
            vec!["[0].remote[0].any_one_of"],
        ),
        (
            with(user.clone(), json!([{"type": "a", "not_any_of": [1]}])),
            vec!["[0].remote[0].not_any_of"],
        ),
        (
            with(user.clone(), json!([{"type": "a", "regex": "true"}])),
            vec!["[0].remote[0].regex"],
        ),
        (
            with(user.clone(), json!([{"type": "a", "future": 1}])),
            vec![],
        ),
    ] {
        let found = check(&value);
        let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, expected, "{value}");
    }
}

#[test]
fn mappings_are_read_from_one_list() {
    let wanted = names(&["mapping_a", "mapping_gone", "mapping_odd"]);
    let observed = KIND.observe(
        Scope::Account(&wanted),
        &[ok(json!({
            "mappings": [
                {"id": "mapping_a", "rules": rules(), "schema_version": "1.0", "links": {}},
                {"id": "mapping_odd", "rules": null},
                {"id": "other", "rules": rules()},
                {"id": "odd-too"},
            ],
            "links": {"self": "x", "next": null, "previous": null},
        }))],
    );
    assert_eq!(
        seen_all(&observed),
        [
            r#"mapping_a: {"rules":[{"local":[{"user":{"name":"{0}"}}],"remote":[{"type":"sub"}]}]}"#,
            "mapping_gone: absent",
            "mapping_odd: protocol",
        ]
    );
    assert_eq!(others(&observed), Some(vec!["odd-too", "other"]));
    let shown = KIND.observe(
        Scope::One("m"),
        &[ok(json!({"mapping": {"id": "m", "rules": rules()}}))],
    );
    assert!(seen(&shown.wanted["m"]).starts_with('{'));
}

#[test]
fn only_a_missing_mapping_is_absent() {
    let wanted = names(&["m"]);
    let seen_of = |scope, answer| seen(&KIND.observe(scope, &[answer]).wanted["m"]);
    let (one, account) = (Scope::One("m"), Scope::Account(&wanted));
    assert_eq!(seen_of(one, failed(ErrorClass::NotFound)), "absent");
    assert_eq!(seen_of(account, failed(ErrorClass::NotFound)), "not-found");
    for class in failures() {
        for scope in [one, account] {
            assert_eq!(seen_of(scope, failed(class.clone())), class.word());
        }
    }
}

#[test]
fn rules_are_sent_whole_and_as_written() {
    let written = json!([{
        "local": [{"groups": "[\"b\", \"a\"]"}],
        "remote": [{"type": "a", "any_one_of": ["y", "x"], "regex": false}],
    }]);
    let desired = fields(&json!({"rules": written}));
    let expected_body = json!({"mapping": {"rules": written}});
    let expected_leaves = json!({"rules": canonical(&written)});
    assert_eq!(
        lines(
            &KIND,
            Intent::Create {
                identity: "m",
                fields: &desired,
                facts: &Facts::new()
            }
        ),
        [
            format!(
                "write KeystoneCreateMapping PUT /v3/OS-FEDERATION/mappings/m ConflictIsDone {expected_body}"
            ),
            format!("leaves {expected_leaves}"),
        ]
    );
    assert_eq!(
        lines(
            &KIND,
            Intent::Update {
                identity: "m",
                desired: &desired,
                live: &live(&json!({"rules": rules()})),
                changed: &names(&["rules"]),
            }
        ),
        [
            format!(
                "write KeystoneUpdateMapping PATCH /v3/OS-FEDERATION/mappings/m Same {expected_body}"
            ),
            format!("leaves {expected_leaves}"),
        ]
    );
    assert_eq!(
        lines(
            &KIND,
            Intent::Remove {
                identity: "m",
                live: &live(&json!({}))
            }
        ),
        [
            "remove KeystoneDeleteMapping DELETE /v3/OS-FEDERATION/mappings/m NotFoundIsDone null",
            "leaves nothing",
        ]
    );
    KIND.writes(Intent::Create {
        identity: "m",
        fields: &Fields::new(),
        facts: &Facts::new(),
    })
    .unwrap_err();
}
