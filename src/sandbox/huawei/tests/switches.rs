//! Each switch of `settings`, where other tests do not already turn it.

use super::*;

fn console_under_program() -> Value {
    json!({"openid_connect_config": {
        "access_mode": "program", "idp_url": "https://accounts.example.com",
        "client_id": "client_id_example", "signing_key": "{\"keys\" : [] }",
        "scope": "openid",
    }})
}

const CONFIG: &str = "/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config";

#[test]
fn a_switch_that_does_not_exist_cannot_be_set() {
    let bench = Bench::new();
    for (name, value) in [("page_sise", json!(2)), ("page_size", json!("2"))] {
        bench.cloud.set(ACCOUNT, name, value).unwrap_err();
    }
}

#[test]
fn unknown_members_can_be_ignored() {
    let bench = Bench::with(&json!({"ignore_unknown_members": true}));
    let path = format!("{PROVIDERS}/ACME");
    let body = json!({"identity_provider": {"more": 1, "enabled": true}});
    let created = bench.expect(201, "PUT", &path, &body);
    assert_eq!(created["identity_provider"].get("more"), None);
    let body = json!({"identity_provider": {"sso_type": "iam_user_sso", "enabled": true}});
    let changed = bench.expect(200, "PATCH", &path, &body);
    assert_eq!(changed["identity_provider"]["sso_type"], "virtual_user_sso");
}

#[test]
fn a_mapping_in_use_can_be_deletable() {
    let bench = Bench::with(&json!({"delete_mapping_in_use": "delete"}));
    bench.provider("ACME");
    bench.mapping("m");
    bench.protocol("ACME", "oidc", "m");
    bench.expect(204, "DELETE", &format!("{MAPPINGS}/m"), &Value::Null);
    let dangling = bench.get(&format!("{PROVIDERS}/ACME/protocols/oidc"));
    assert_eq!(dangling["protocol"]["mapping_id"], "m");
}

#[test]
fn a_deleted_provider_can_take_another_mapping_or_none() {
    for (takes, bound, named) in [
        ("bound_mapping", 404, 200),
        ("named_mapping", 200, 404),
        ("nothing", 200, 200),
    ] {
        let bench = Bench::with(&json!({"delete_provider_takes": takes}));
        bench.provider("ACME");
        bench.mapping("bound");
        bench.mapping("mapping_ACME");
        bench.protocol("ACME", "oidc", "bound");
        bench.expect(204, "DELETE", &format!("{PROVIDERS}/ACME"), &Value::Null);
        bench.expect(bound, "GET", &format!("{MAPPINGS}/bound"), &Value::Null);
        bench.expect(
            named,
            "GET",
            &format!("{MAPPINGS}/mapping_ACME"),
            &Value::Null,
        );
    }
}

#[test]
fn protocols_can_follow_keystone_or_the_console() {
    let bench = Bench::with(&json!({
        "unknown_mapping_status": 400,
        "unknown_provider_lists_nothing": true,
        "allow_second_protocol": false,
    }));
    let list = bench.get(&format!("{PROVIDERS}/none/protocols"));
    assert_eq!(list["protocols"], json!([]));
    bench.provider("ACME");
    let body = json!({"protocol": {"mapping_id": "m"}});
    let path = format!("{PROVIDERS}/ACME/protocols/oidc");
    let refused = bench.expect(400, "PUT", &path, &body);
    assert_eq!(refused["error"]["message"], "Invalid mapping id: m");
    bench.mapping("m");
    bench.protocol("ACME", "oidc", "m");
    bench.expect(
        409,
        "PUT",
        &format!("{PROVIDERS}/ACME/protocols/saml"),
        &body,
    );
}

#[test]
fn console_fields_under_program_can_be_ignored() {
    let bench = Bench::with(&json!({"console_fields_under_program": "ignore"}));
    bench.provider("ACME");
    let created = bench.expect(201, "POST", CONFIG, &console_under_program());
    assert_eq!(created["openid_connect_config"].get("scope"), None);
}

#[test]
fn console_fields_can_stay_after_a_move_to_program() {
    let bench = Bench::with(&json!({"console_fields_stay": true}));
    bench.provider("ACME");
    let mut console = console_under_program();
    for (field, value) in [
        ("access_mode", "program_console"),
        (
            "authorization_endpoint",
            "https://accounts.example.com/authorize",
        ),
        ("response_type", "id_token"),
        ("response_mode", "fragment"),
    ] {
        console["openid_connect_config"][field] = value.into();
    }
    bench.expect(201, "POST", CONFIG, &console);
    let body = json!({"openid_connect_config": {"access_mode": "program"}});
    let moved = bench.expect(200, "PUT", CONFIG, &body);
    assert_eq!(moved["openid_connect_config"]["scope"], "openid");
}

#[test]
fn a_config_can_need_its_protocol_and_the_documented_scopes() {
    let bench = Bench::with(&json!({
        "config_needs_protocol": true, "custom_scopes": false, "signing_key_checked": false,
    }));
    bench.provider("ACME");
    let mut config = console_under_program();
    config["openid_connect_config"]["signing_key"] = "not json at all".into();
    config["openid_connect_config"]
        .as_object_mut()
        .unwrap()
        .remove("scope");
    bench.expect(404, "POST", CONFIG, &config);
    bench.mapping("m");
    bench.protocol("ACME", "oidc", "m");
    bench.expect(201, "POST", CONFIG, &config);
    let console = |scope: &str| {
        json!({"openid_connect_config": {
            "access_mode": "program_console", "scope": scope,
            "authorization_endpoint": "https://accounts.example.com/authorize",
            "response_type": "id_token", "response_mode": "fragment",
        }})
    };
    bench.expect(400, "PUT", CONFIG, &console("openid custom"));
    bench.expect(200, "PUT", CONFIG, &console("openid profile"));
}

#[test]
fn keys_can_come_back_in_another_dress() {
    let bench = Bench::with(&json!({
        "signing_key_reserialised": true, "console_fields_under_program": "ignore",
    }));
    bench.provider("ACME");
    let written = "{\"keys\" : [] }";
    let created = bench.expect(201, "POST", CONFIG, &console_under_program());
    let read = created["openid_connect_config"]["signing_key"]
        .as_str()
        .unwrap();
    assert_ne!(read, written);
    let same = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(same(read), same(written));
}

#[test]
fn errors_can_carry_the_two_nulls() {
    let bench = Bench::with(&json!({"error_nulls": true}));
    let error = bench.expect(404, "GET", &format!("{PROVIDERS}/none"), &Value::Null);
    let error = error["error"].as_object().unwrap();
    assert_eq!(error.get("error_code"), Some(&Value::Null));
    assert_eq!(error.get("error_msg"), Some(&Value::Null));
}

#[test]
fn the_gateway_can_throttle() {
    let bench = Bench::with(&json!({"throttled_by_gateway": true}));
    let mut request = request("GET", PROVIDERS, None);
    request
        .headers
        .push(("x-auth-token".to_owned(), bench.token.clone()));
    let answer = bench.cloud.throttled(&request, None);
    assert_eq!(parsed(&answer)["error_code"], "APIGW.0308");
}

#[test]
fn denied_actions_are_named() {
    let bench = Bench::with(&json!({
        "deny_actions": ["iam:identityProviders:update*", "iam:quotas:listQuotas"],
    }));
    bench.provider("ACME");
    let body = json!({"identity_provider": {"enabled": true}});
    let refused = bench.expect(403, "PATCH", &format!("{PROVIDERS}/ACME"), &body);
    assert_eq!(
        refused["error"]["message"],
        "Policy doesn't allow iam:identityProviders:updateIdentityProvider to be performed."
    );
    let path = format!("/v3.0/OS-QUOTA/domains/{ACCOUNT}");
    let refused = bench.expect(403, "GET", &path, &Value::Null);
    assert_eq!(
        refused,
        json!({"error_code": "IAM.0003",
            "error_msg": "Policy doesn't allow iam:quotas:listQuotas to be performed."})
    );
}

#[test]
fn reads_can_lag_behind_a_write() {
    let bench = Bench::with(&json!({"read_lag_reads": 2}));
    let path = format!("{PROVIDERS}/ACME");
    bench.provider("ACME");
    for _ in 0..2 {
        let stale = bench.expect(404, "GET", &path, &Value::Null);
        assert_eq!(stale["error"]["code"], 404);
        assert_eq!(bench.get(PROVIDERS)["identity_providers"], json!([]));
    }
    bench.get(&path);
    assert_eq!(
        bench.get(PROVIDERS)["identity_providers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // A refused write makes nothing stale.
    let body = json!({"identity_provider": {}});
    bench.expect(409, "PUT", &path, &body);
    bench.get(&path);
    bench.expect(204, "DELETE", &path, &Value::Null);
    bench.get(&path);
    bench.get(&path);
    bench.expect(404, "GET", &path, &Value::Null);
}

#[test]
fn lists_can_come_in_pages() {
    let bench = Bench::with(&json!({"page_size": 2}));
    for id in ["a", "b", "c", "d", "e"] {
        bench.provider(id);
    }
    let mut path = PROVIDERS.to_owned();
    let mut pages = Vec::new();
    loop {
        let page = bench.get(&path);
        let ids: Vec<String> = page["identity_providers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|provider| provider["id"].as_str().unwrap().to_owned())
            .collect();
        pages.push(ids.concat());
        match page["links"]["next"].as_str() {
            Some(next) => next
                .strip_prefix("http://127.0.0.1:1234")
                .unwrap()
                .clone_into(&mut path),
            None => break,
        }
    }
    assert_eq!(pages, ["ab", "cd", "e"]);
}
