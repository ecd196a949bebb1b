//! Identity providers, mappings and protocols: items 9 to 19.

use super::*;

#[test]
fn an_identity_provider_from_creation_to_deletion() {
    let bench = Bench::new();
    let path = format!("{PROVIDERS}/ACME");
    let link = format!("http://127.0.0.1:1234{path}");
    let mut whole = json!({"identity_provider": {
        "id": "ACME", "sso_type": "virtual_user_sso", "description": "", "enabled": false,
        "remote_ids": [],
        "links": {"self": link, "protocols": format!("{link}/protocols")},
    }});
    let body = json!({"identity_provider": {}});
    assert_eq!(bench.expect(201, "PUT", &path, &body), whole);
    assert_eq!(bench.get(&path), whole);

    let refused = bench.expect(409, "PUT", &path, &body);
    assert_eq!(
        refused,
        json!({"error": {
            "code": 409, "title": "Conflict",
            "message": "Conflict occurred attempting to store identity_provider - Duplicate entry: ACME",
        }})
    );

    whole["identity_provider"]["description"] = "Staff".into();
    let change = json!({"identity_provider": {"description": "Staff"}});
    assert_eq!(bench.expect(200, "PATCH", &path, &change), whole);
    whole["identity_provider"]["enabled"] = true.into();
    let change = json!({"identity_provider": {"enabled": true}});
    assert_eq!(bench.expect(200, "PATCH", &path, &change), whole);

    assert_eq!(
        bench.get(PROVIDERS),
        json!({
            "identity_providers": [whole["identity_provider"]],
            "links": {"self": format!("http://127.0.0.1:1234{PROVIDERS}"), "previous": null, "next": null},
        })
    );
    let answer = bench.send("DELETE", &path, None);
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    bench.expect(404, "GET", &path, &Value::Null);
    bench.expect(404, "DELETE", &path, &Value::Null);
    bench.expect(404, "PATCH", &path, &change);
}

#[test]
fn what_an_identity_provider_may_not_be() {
    let bench = Bench::new();
    for body in [
        json!({}),
        json!([]),
        json!({"enabled": true}),
        json!({"identity_provider": null}),
        json!({"identity_provider": {"enabled": "true"}}),
        json!({"identity_provider": {"enabled": null}}),
        json!({"identity_provider": {"description": 1}}),
        json!({"identity_provider": {"description": "x".repeat(256)}}),
        json!({"identity_provider": {"sso_type": "other"}}),
        json!({"identity_provider": {"sso_type": null}}),
        json!({"identity_provider": {"remote_ids": []}}),
        json!({"identity_provider": {"id": "ACME"}}),
    ] {
        bench.expect(400, "PUT", &format!("{PROVIDERS}/ACME"), &body);
    }
    let body = json!({"identity_provider": {}});
    for id in ["a%20b", "a.b", &"x".repeat(65), "%C3%A4"] {
        let refused = bench.expect(400, "PUT", &format!("{PROVIDERS}/{id}"), &body);
        assert_eq!(
            refused["error"]["message"],
            "Request parameter 'idp id' is invalid."
        );
    }
    bench.provider(&"x".repeat(64));
    bench.provider("ACME");
    bench.provider("acme");
    for body in [
        json!({"identity_provider": {}}),
        json!({"identity_provider": {"sso_type": "virtual_user_sso"}}),
    ] {
        bench.expect(400, "PATCH", &format!("{PROVIDERS}/ACME"), &body);
    }
}

#[test]
fn one_sso_type_and_one_provider_for_iam_users() {
    let bench = Bench::new();
    let iam = json!({"identity_provider": {"sso_type": "iam_user_sso"}});
    bench.provider("virtual");
    bench.expect(409, "PUT", &format!("{PROVIDERS}/iam"), &iam);
    bench.expect(204, "DELETE", &format!("{PROVIDERS}/virtual"), &Value::Null);
    bench.expect(201, "PUT", &format!("{PROVIDERS}/iam"), &iam);
    bench.expect(409, "PUT", &format!("{PROVIDERS}/second"), &iam);
    let body = json!({"identity_provider": {}});
    bench.expect(409, "PUT", &format!("{PROVIDERS}/second"), &body);

    // Only SAML, and no mapping.
    let none = json!({"protocol": {}});
    bench.expect(
        400,
        "PUT",
        &format!("{PROVIDERS}/iam/protocols/oidc"),
        &none,
    );
    bench.expect(
        201,
        "PUT",
        &format!("{PROVIDERS}/iam/protocols/saml"),
        &none,
    );
}

#[test]
fn ten_providers_and_the_quota_call_agree() {
    let bench = Bench::new();
    for number in 0..10 {
        bench.provider(&format!("p{number}"));
    }
    let body = json!({"identity_provider": {}});
    bench.expect(403, "PUT", &format!("{PROVIDERS}/p10"), &body);
    let path = format!("/v3.0/OS-QUOTA/domains/{ACCOUNT}");
    assert_eq!(
        bench.get(&format!("{path}?type=idp")),
        json!({"quotas": {"resources": [
            {"type": "idp", "quota": 10, "used": 10, "min": 10, "max": 20},
        ]}})
    );
    let all = bench.get(&path);
    assert!(all["quotas"]["resources"].as_array().unwrap().len() > 2);
    bench.expect(400, "GET", &format!("{path}?type=other"), &Value::Null);
    bench.expect(403, "GET", "/v3.0/OS-QUOTA/domains/other", &Value::Null);
}

#[test]
fn rules_come_back_as_they_were_written() {
    let bench = Bench::new();
    let path = format!("{MAPPINGS}/mapping_ACME");
    let rules = json!([
        {"local": [{"user": {"name": "{0} {1}"}}, {"group": {"name": "readers", "domain": {"id": "x"}}}],
         "remote": [{"type": "FirstName"}, {"type": "LastName"}, {"type": "kind", "not_any_of": ["Guest"]}]},
        {"local": [{"groups": "{0}"}, {"groups": "[\"admin\"]"}, {"groups": {"name": "g"}}],
         "remote": [{"type": "groups"}, {"type": "mail", "any_one_of": [".*@example\\.com$"], "regex": true}]},
        {"local": [{"user": {"name": "FederationUser"}}], "remote": [{"type": "_NAMEID__"}]},
    ]);
    let created = bench.expect(201, "PUT", &path, &json!({"mapping": {"rules": rules}}));
    assert_eq!(
        created,
        json!({"mapping": {
            "id": "mapping_ACME", "rules": rules,
            "links": {"self": format!("http://127.0.0.1:1234{path}")},
        }})
    );
    assert_eq!(bench.get(&path), created);
    let refused = bench.expect(409, "PUT", &path, &default_mapping());
    assert_eq!(
        refused["error"]["message"],
        "Conflict occurred attempting to store mapping - Duplicate entry: mapping_ACME"
    );
    // PATCH replaces the whole.
    let changed = bench.expect(200, "PATCH", &path, &default_mapping());
    assert_eq!(
        changed["mapping"]["rules"],
        default_mapping()["mapping"]["rules"]
    );
    assert_eq!(bench.get(MAPPINGS)["mappings"], json!([changed["mapping"]]));
    bench.expect(204, "DELETE", &path, &Value::Null);
    bench.expect(404, "GET", &path, &Value::Null);
    bench.expect(404, "PATCH", &path, &default_mapping());
    bench.expect(404, "DELETE", &path, &Value::Null);
}

#[test]
fn what_a_rule_may_not_be() {
    let bench = Bench::new();
    let local = json!([{"user": {"name": "a"}}]);
    let remote = json!([{"type": "sub"}]);
    let with_local = |local: Value| json!([{"local": local, "remote": remote}]);
    let with_remote = |remote: Value| json!([{"local": local, "remote": remote}]);
    let eleven: Vec<Value> = (0..11).map(|n| json!({"type": n.to_string()})).collect();
    for rules in [
        json!(null),
        json!([]),
        json!({}),
        json!([1]),
        json!([{"local": local}]),
        json!([{"remote": remote}]),
        json!([{"local": local, "remote": remote, "more": 1}]),
        with_local(json!([])),
        with_local(json!([{}])),
        with_local(json!([{"user": "a"}])),
        with_local(json!([{"user": {}}])),
        with_local(json!([{"user": {"name": ""}}])),
        with_local(json!([{"group": {"name": "a", "domain": {}}}])),
        with_local(json!([{"groups": ["a"]}])),
        with_local(json!([{"other": {"name": "a"}}])),
        with_remote(json!([])),
        with_remote(json!([{}])),
        with_remote(json!([{"type": ""}])),
        with_remote(json!([{"type": "a", "any_one_of": "b"}])),
        with_remote(json!([{"type": "a", "any_one_of": [1]}])),
        with_remote(json!([{"type": "a", "any_one_of": ["b"], "not_any_of": ["c"]}])),
        with_remote(json!([{"type": "a", "regex": "true"}])),
        with_remote(json!([{"type": "a", "other": true}])),
        with_remote(json!(eleven)),
    ] {
        let body = json!({"mapping": {"rules": rules}});
        bench.expect(400, "PUT", &format!("{MAPPINGS}/m"), &body);
    }
    let body = json!({"mapping": {"rules": with_local(local.clone()), "more": 1}});
    bench.expect(400, "PUT", &format!("{MAPPINGS}/m"), &body);
}

#[test]
fn ten_rules_over_all_mappings() {
    let bench = Bench::new();
    let rule = &default_mapping()["mapping"]["rules"][0];
    let rules = |count: usize| json!({"mapping": {"rules": vec![rule; count]}});
    bench.expect(201, "PUT", &format!("{MAPPINGS}/a"), &rules(6));
    bench.expect(403, "PUT", &format!("{MAPPINGS}/b"), &rules(5));
    bench.expect(201, "PUT", &format!("{MAPPINGS}/b"), &rules(4));
    bench.expect(403, "PATCH", &format!("{MAPPINGS}/b"), &rules(5));
    bench.expect(200, "PATCH", &format!("{MAPPINGS}/a"), &rules(5));
    bench.expect(200, "PATCH", &format!("{MAPPINGS}/b"), &rules(5));
}

#[test]
fn a_protocol_from_creation_to_deletion() {
    let bench = Bench::new();
    let path = format!("{PROVIDERS}/ACME/protocols/oidc");
    let body = |mapping: &str| json!({"protocol": {"mapping_id": mapping}});
    bench.expect(404, "PUT", &path, &body("m"));
    bench.provider("ACME");
    bench.expect(404, "PUT", &path, &body("m"));
    bench.mapping("m");
    let link = format!("http://127.0.0.1:1234{PROVIDERS}/ACME");
    let whole = json!({"protocol": {
        "id": "oidc", "mapping_id": "m",
        "links": {"self": format!("{link}/protocols/oidc"), "identity_provider": link},
    }});
    for wrong in [
        json!({"protocol": {}}),
        json!({"protocol": {"mapping_id": null}}),
        json!({"protocol": {"mapping_id": ""}}),
        json!({"protocol": {"mapping_id": "m", "more": 1}}),
    ] {
        bench.expect(400, "PUT", &path, &wrong);
    }
    bench.expect(
        400,
        "PUT",
        &format!("{PROVIDERS}/ACME/protocols/mapped"),
        &body("m"),
    );
    assert_eq!(bench.expect(201, "PUT", &path, &body("m")), whole);
    let refused = bench.expect(409, "PUT", &path, &body("m"));
    assert_eq!(
        refused["error"]["message"],
        "Conflict occurred attempting to store federation_protocol - Duplicate entry: oidc"
    );
    assert_eq!(bench.get(&path), whole);
    let list = bench.get(&format!("{PROVIDERS}/ACME/protocols"));
    assert_eq!(list["protocols"], json!([whole["protocol"]]));
    bench.expect(
        404,
        "GET",
        &format!("{PROVIDERS}/other/protocols"),
        &Value::Null,
    );

    bench.expect(404, "PATCH", &path, &body("other"));
    bench.expect(400, "PATCH", &path, &json!({"protocol": {}}));
    bench.mapping("n");
    let changed = bench.expect(200, "PATCH", &path, &body("n"));
    assert_eq!(changed["protocol"]["mapping_id"], "n");

    // The mapping is held while the protocol is there.
    bench.expect(409, "DELETE", &format!("{MAPPINGS}/n"), &Value::Null);
    bench.expect(204, "DELETE", &path, &Value::Null);
    bench.expect(404, "DELETE", &path, &Value::Null);
    bench.expect(204, "DELETE", &format!("{MAPPINGS}/n"), &Value::Null);
}

#[test]
fn a_deleted_provider_takes_what_hangs_on_it() {
    let bench = Bench::new();
    bench.provider("ACME");
    bench.mapping("bound");
    bench.mapping("mapping_ACME");
    bench.protocol("ACME", "oidc", "bound");
    bench.expect(204, "DELETE", &format!("{PROVIDERS}/ACME"), &Value::Null);
    bench.expect(404, "GET", &format!("{MAPPINGS}/bound"), &Value::Null);
    bench.get(&format!("{MAPPINGS}/mapping_ACME"));
    bench.provider("ACME");
    assert_eq!(
        bench.get(&format!("{PROVIDERS}/ACME/protocols"))["protocols"],
        json!([])
    );
}
