//! Routing, authentication and the shapes of errors: items 1 to 8.

use super::*;

fn signed(method: &str, path: &str, credentials: &TestCredentials) -> Request {
    let mut request = request(method, path, None);
    sign(&mut request, credentials);
    request
}

fn permanent() -> TestCredentials {
    credentials::permanent("huawei", ACCOUNT).unwrap()
}

fn temporary() -> TestCredentials {
    credentials::temporary("huawei", ACCOUNT).unwrap()
}

#[test]
fn permanent_and_temporary_keys_reach_the_same_account() {
    let bench = Bench::new();
    for credentials in [permanent(), temporary()] {
        let request = signed("GET", "/v3/auth/domains", &credentials);
        let answer = bench.cloud.answer(&request, NOW);
        assert_eq!(answer.status, 200, "{}", text(&answer));
        assert_eq!(parsed(&answer)["domains"][0]["id"], ACCOUNT);
        assert_eq!(bench.cloud.account(&request).as_deref(), Some(ACCOUNT));
        assert_eq!(bench.cloud.action(&request), "KeystoneListAuthDomains");
    }
}

#[test]
fn a_bad_signature_is_refused_by_the_gateway() {
    let bench = Bench::new();
    let wrong_secret = TestCredentials {
        secret: "wrong".to_owned(),
        ..permanent()
    };
    let unknown = TestCredentials {
        key_id: "UNKNOWN".to_owned(),
        ..permanent()
    };
    let without_token = TestCredentials {
        token: None,
        ..temporary()
    };
    let wrong_token = TestCredentials {
        token: Some("wrong".to_owned()),
        ..temporary()
    };
    for (credentials, tail) in [
        (wrong_secret, "verify aksk signature fail"),
        (unknown, "Get secretKey failed"),
        (without_token, "decrypt token fail"),
        (wrong_token, "decrypt token fail"),
    ] {
        for path in [PROVIDERS, "/v3.0/OS-QUOTA/domains/x"] {
            let answer = bench.cloud.answer(&signed("GET", path, &credentials), NOW);
            let body = parsed(&answer);
            assert_eq!(answer.status, 401);
            assert_eq!(body["error_code"], "APIGW.0301");
            assert_eq!(
                body["error_msg"],
                format!("Incorrect IAM authentication information: {tail}")
            );
            assert_eq!(body["request_id"], header(&answer, "x-request-id").unwrap());
        }
    }
    let answer = bench
        .cloud
        .answer(&signed("GET", PROVIDERS, &permanent()), NOW + 901);
    assert_eq!(answer.status, 401);
}

#[test]
fn five_failures_lock_a_key_where_that_is_switched_on() {
    let bench = Bench::with(&json!({"lock_after_failures": 5}));
    let wrong = TestCredentials {
        secret: "wrong".to_owned(),
        ..permanent()
    };
    let status = |credentials: &TestCredentials, now: i64| {
        bench
            .cloud
            .answer(&signed("GET", PROVIDERS, credentials), now)
            .status
    };
    for _ in 0..4 {
        assert_eq!(status(&wrong, NOW), 401);
    }
    assert_eq!(status(&permanent(), NOW), 200);
    for _ in 0..5 {
        assert_eq!(status(&wrong, NOW), 401);
    }
    assert_eq!(status(&permanent(), NOW + 299), 401);
    assert_eq!(status(&temporary(), NOW + 299), 200);
    assert_eq!(status(&permanent(), NOW + 300), 200);
}

#[test]
fn the_account_header_may_be_unsigned_but_not_wrong() {
    let bench = Bench::new();
    for (domain, status) in [(ACCOUNT, 200), ("other", 403)] {
        let mut request = signed("GET", PROVIDERS, &permanent());
        request
            .headers
            .push(("x-domain-id".to_owned(), domain.to_owned()));
        assert_eq!(bench.cloud.answer(&request, NOW).status, status);
    }
}

#[test]
fn signing_in_gives_a_long_token_in_a_header() {
    let bench = Bench::new();
    let body = sign_in_body(&json!({"domain": {"name": format!("sandbox-{ACCOUNT}")}}));
    let request = request("POST", "/v3/auth/tokens?nocatalog=1", Some(&body));
    let answer = bench.cloud.answer(&request, NOW);
    assert_eq!(answer.status, 201);
    let token = header(&answer, "x-subject-token").unwrap();
    assert!(
        token.starts_with("MII") && token.len() > 3_900,
        "{}",
        token.len()
    );
    let body = parsed(&answer);
    assert_eq!(body["token"]["domain"]["id"], ACCOUNT);
    assert_eq!(body["token"]["catalog"], json!([]));
    assert_eq!(body["token"]["issued_at"], "2024-01-02T03:04:05.000000Z");
    assert_eq!(body["token"]["expires_at"], "2024-01-03T03:04:05.000000Z");
    assert_eq!(bench.cloud.account(&request).as_deref(), Some(ACCOUNT));
    // The user's id alone does as well.
    let id = body["token"]["user"]["id"].as_str().unwrap();
    let mut by_id = sign_in_body(&Value::Null);
    by_id["auth"]["identity"]["password"]["user"] =
        json!({"id": id, "password": "sandbox-password"});
    by_id["auth"].as_object_mut().unwrap().remove("scope");
    let answer = bench.cloud.answer(
        &super::request("POST", "/v3/auth/tokens", Some(&by_id)),
        NOW,
    );
    assert_eq!(answer.status, 201, "{}", text(&answer));
    assert_ne!(parsed(&answer)["token"]["catalog"], json!([]));
}

#[test]
fn a_sign_in_that_fails() {
    let bench = Bench::new();
    let scope = json!({"domain": {"id": ACCOUNT}});
    let mut wrong = sign_in_body(&scope);
    wrong["auth"]["identity"]["password"]["user"]["password"] = "wrong".into();
    let answer = bench.send("POST", "/v3/auth/tokens", Some(&wrong));
    assert_eq!(answer.status, 401);
    assert_eq!(
        parsed(&answer),
        json!({"error": {"code": 401, "title": "Unauthorized",
            "message": "The username or password is wrong."}})
    );
    wrong["auth"]["identity"]["methods"] = json!(["other"]);
    for body in [wrong, json!({}), json!({"auth": 1})] {
        bench.expect(400, "POST", "/v3/auth/tokens", &body);
    }
    let foreign = sign_in_body(&json!({"domain": {"id": "other"}}));
    bench.expect(401, "POST", "/v3/auth/tokens", &foreign);
    for name in ["sandbox-", "sandbox-../etc", "acme", "sandbox-Ä"] {
        let mut body = sign_in_body(&scope);
        body["auth"]["identity"]["password"]["user"]["domain"]["name"] = name.into();
        bench.expect(401, "POST", "/v3/auth/tokens", &body);
    }
}

#[test]
fn tokens_expire_and_cannot_be_bent() {
    let mut bench = Bench::new();
    bench.get(PROVIDERS);
    bench.now = NOW + 24 * 60 * 60;
    let refused = bench.expect(401, "GET", PROVIDERS, &Value::Null);
    assert_eq!(refused["error"]["code"], 401);
    bench.now = NOW;
    let good = bench.token.clone();
    for bad in [
        "",
        "MII",
        "MIIabc",
        &good[..good.len() - 2],
        &good.replacen("MIIe", "MIIf", 1),
    ] {
        bad.clone_into(&mut bench.token);
        bench.expect(401, "GET", PROVIDERS, &Value::Null);
    }
    bench.token = good;
    bench.edit(|state| state.settings.tokens_void_before_unix_seconds = NOW + 1);
    bench.expect(401, "GET", PROVIDERS, &Value::Null);
}

#[test]
fn a_projects_token_may_look_but_not_touch() {
    let mut bench = Bench::new();
    bench.token = bench.sign_in(&json!({
        "project": {"name": "cn-north-4"}, "domain": {"id": ACCOUNT},
    }));
    bench.get(PROVIDERS);
    let body = json!({"identity_provider": {}});
    let refused = bench.expect(403, "PUT", &format!("{PROVIDERS}/ACME"), &body);
    assert_eq!(
        refused["error"]["message"],
        "Policy doesn't allow iam:identityProviders:createIdentityProvider to be performed."
    );
}

#[test]
fn nobody_is_refused_in_the_shape_of_the_path() {
    let bench = Bench::new();
    let answer = bench.cloud.answer(&request("GET", PROVIDERS, None), NOW);
    assert_eq!(answer.status, 401);
    assert_eq!(parsed(&answer)["error"]["code"], 401);
    let flat = request("GET", "/v3.0/OS-QUOTA/domains/x", None);
    let answer = bench.cloud.answer(&flat, NOW);
    assert_eq!(answer.status, 401);
    assert_eq!(parsed(&answer)["error_code"], "IAM.0001");
    assert_eq!(bench.cloud.account(&flat), None);
}

#[test]
fn the_other_spelling_is_no_route() {
    let bench = Bench::new();
    for path in [
        "/v3.0/OS-FEDERATION/identity_providers/ACME/openid-connect-config",
        "/v3/OS-FEDERATION/identity-providers",
        "/v3/OS-FEDERATION/identity_providers/ACME/openid-connect-config",
        "/v3.0/OS-FEDERATION/mappings",
        "/v5/oidc-providers",
        "/",
        "",
        "//",
        "/%",
        "/v3/OS-FEDERATION/mappings/a/b",
    ] {
        let answer = bench.send("GET", path, None);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(parsed(&answer)["error_code"], "APIGW.0101");
        assert_eq!(bench.cloud.action(&request("GET", path, None)), "");
    }
    let refused = bench.expect(405, "POST", PROVIDERS, &json!({}));
    assert_eq!(refused["error"]["title"], "Method Not Allowed");
    bench.get(&format!("{PROVIDERS}/"));
}

#[test]
fn faults_on_demand_have_the_shape_of_the_path() {
    let bench = Bench::new();
    let nested = request("GET", PROVIDERS, None);
    let flat = request("GET", "/v3.0/OS-QUOTA/domains/x", None);
    let answer = bench.cloud.throttled(&nested, Some(7));
    assert_eq!(
        (answer.status, header(&answer, "retry-after")),
        (429, Some("7"))
    );
    assert_eq!(parsed(&answer)["error"]["code"], 429);
    let answer = bench.cloud.throttled(&flat, None);
    assert_eq!((answer.status, header(&answer, "retry-after")), (429, None));
    assert_eq!(parsed(&answer)["error_code"], "IAM.0012");
    for status in [400, 401, 403, 404, 405, 409, 410, 413, 418, 429, 500, 503] {
        let answer = bench.cloud.failed(&nested, status);
        assert_eq!(answer.status, status);
        parsed(&answer);
    }
    assert_eq!(
        parsed(&bench.cloud.failed(&nested, 403))["error"]["message"],
        "Policy doesn't allow iam:identityProviders:listIdentityProviders to be performed."
    );
    assert_eq!(
        parsed(&bench.cloud.failed(&flat, 500))["error_code"],
        "IAM.0006"
    );
    for status in [502, 504] {
        let answer = bench.cloud.failed(&nested, status);
        assert_eq!(answer.status, status);
        assert!(text(&answer).starts_with("<html>"));
    }
}

#[test]
fn a_body_over_twelve_megabytes_is_too_large() {
    let bench = Bench::new();
    let mut huge = request("PUT", &format!("{MAPPINGS}/m"), None);
    huge.body = vec![b' '; 12 * 1024 * 1024 + 1];
    assert_eq!(bench.cloud.answer(&huge, NOW).status, 413);
}

#[test]
fn the_service_providers_metadata_is_for_everybody() {
    let bench = Bench::new();
    let path = "/v3-ext/auth/OS-FEDERATION/SSO/metadata";
    let answer = bench.cloud.answer(&request("GET", path, None), NOW);
    assert_eq!(answer.status, 200);
    assert!(text(&answer).contains("SPSSODescriptor"));
}
