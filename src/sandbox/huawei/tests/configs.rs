//! OIDC configs and SAML metadata: items 20 to 23.

use super::*;

const CONFIG: &str = "/v3.0/OS-FEDERATION/identity-providers/ACME/openid-connect-config";
const METADATA: &str = "/v3-ext/OS-FEDERATION/identity_providers/ACME/protocols/saml/metadata";
const KEYS: &str = r#"{"keys": [{"kty":"RSA","kid":"a","n":"x","e":"AQAB"}]}"#;

fn program() -> Value {
    json!({"openid_connect_config": {
        "access_mode": "program", "idp_url": "https://accounts.example.com",
        "client_id": "client_id_example", "signing_key": KEYS,
    }})
}

fn console() -> Value {
    let mut config = program();
    for (field, value) in [
        ("access_mode", "program_console"),
        (
            "authorization_endpoint",
            "https://accounts.example.com/authorize",
        ),
        ("scope", "openid email"),
        ("response_type", "id_token"),
        ("response_mode", "form_post"),
    ] {
        config["openid_connect_config"][field] = value.into();
    }
    config
}

fn changed(mut config: Value, field: &str, value: &Value) -> Value {
    config["openid_connect_config"][field] = value.clone();
    config
}

#[test]
fn a_config_is_created_then_modified() {
    let bench = Bench::new();
    let missing = bench.expect(404, "POST", CONFIG, &program());
    assert_eq!(
        missing,
        json!({"error_code": "IAM.0004", "error_msg": "Could not find identity_provider: ACME."})
    );
    bench.provider("ACME");
    bench.expect(404, "GET", CONFIG, &Value::Null);
    bench.expect(404, "PUT", CONFIG, &program());
    assert_eq!(bench.expect(201, "POST", CONFIG, &program()), program());
    let refused = bench.expect(409, "POST", CONFIG, &program());
    assert_eq!(refused["error_code"], "IAM.0005");
    assert_eq!(bench.get(CONFIG), program());

    // One field alone; the rest stays.
    let one = json!({"openid_connect_config": {"client_id": "other_client"}});
    let after = changed(program(), "client_id", &"other_client".into());
    assert_eq!(bench.expect(200, "PUT", CONFIG, &one), after);
    // To the console's mode all four are needed, back to `program` they go.
    let mode = |mode: &str| json!({"openid_connect_config": {"access_mode": mode}});
    bench.expect(400, "PUT", CONFIG, &mode("program_console"));
    assert_eq!(bench.get(CONFIG), after);
    assert_eq!(bench.expect(200, "PUT", CONFIG, &console()), console());
    assert_eq!(
        bench.expect(200, "PUT", CONFIG, &mode("program")),
        program()
    );
    bench.expect(204, "DELETE", &format!("{PROVIDERS}/ACME"), &Value::Null);
    bench.provider("ACME");
    bench.expect(404, "GET", CONFIG, &Value::Null);
}

#[test]
fn what_a_config_may_not_be() {
    let bench = Bench::new();
    bench.provider("ACME");
    let long = |length: usize| Value::from("x".repeat(length));
    let mut cases = vec![json!({}), json!({"openid_connect_config": {}})];
    for (field, value) in [
        ("access_mode", json!("other")),
        ("access_mode", json!(null)),
        ("idp_url", json!("https://x")),
        ("idp_url", long(256)),
        ("client_id", json!("four")),
        ("client_id", long(256)),
        ("client_id", json!(["client_id_example"])),
        ("signing_key", json!({"keys": []})),
        ("signing_key", json!("not json at all")),
        ("signing_key", json!("{\"jwks\": []}  ")),
        ("signing_key", long(30_001)),
        ("scope", json!("openid")),
        ("other", json!("x")),
    ] {
        cases.push(changed(program(), field, &value));
    }
    for (field, value) in [
        ("authorization_endpoint", json!("https://x")),
        ("authorization_endpoint", json!(null)),
        ("scope", json!("")),
        ("scope", json!("email")),
        ("scope", json!("openid  email")),
        ("scope", json!("openid a-b")),
        ("scope", json!("openid a b c d e f g h i j")),
        ("response_type", json!("code")),
        ("response_mode", json!("query")),
    ] {
        cases.push(changed(console(), field, &value));
    }
    for field in [
        "authorization_endpoint",
        "scope",
        "response_type",
        "response_mode",
        "idp_url",
        "signing_key",
    ] {
        let mut config = console();
        config["openid_connect_config"]
            .as_object_mut()
            .unwrap()
            .remove(field);
        cases.push(config);
    }
    for body in cases {
        assert_eq!(
            bench.expect(400, "POST", CONFIG, &body),
            json!({"error_code": "IAM.0011", "error_msg": "Request body is invalid."}),
            "{body}"
        );
    }
    bench.expect(
        201,
        "POST",
        CONFIG,
        &changed(console(), "scope", &"openid my_scope".into()),
    );
}

#[test]
fn metadata_is_written_and_read_under_other_names() {
    let bench = Bench::new();
    let document = "<EntityDescriptor entityID=\"https://idp.example\"></EntityDescriptor>\n";
    let body = json!({"domain_id": ACCOUNT, "xaccount_type": "", "metadata": document});
    bench.expect(404, "POST", METADATA, &body);
    bench.provider("ACME");
    bench.expect(404, "POST", METADATA, &body);
    bench.mapping("m");
    bench.protocol("ACME", "saml", "m");
    bench.expect(404, "GET", METADATA, &Value::Null);
    for wrong in [
        json!({"domain_id": ACCOUNT, "metadata": document}),
        json!({"domain_id": ACCOUNT, "xaccount_type": ""}),
        json!({"xaccount_type": "", "metadata": document}),
        json!({"domain_id": ACCOUNT, "xaccount_type": "", "metadata": "<a/>"}),
    ] {
        bench.expect(400, "POST", METADATA, &wrong);
    }
    let done = json!({"message": "Import metadata successful"});
    assert_eq!(bench.expect(201, "POST", METADATA, &body), done);
    assert_eq!(bench.expect(201, "POST", METADATA, &body), done);
    let mut shown = bench.get(METADATA);
    let id = shown.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 32);
    assert_eq!(
        shown,
        json!({
            "idp_id": "ACME", "entity_id": "https://idp.example", "protocol_id": "saml",
            "domain_id": ACCOUNT, "xaccount_type": "",
            "update_time": "2024-01-02T03:04:05.000000", "data": document,
        })
    );
    bench.expect(405, "PUT", PROVIDERS, &body);
    let answer = bench.send("DELETE", METADATA, None);
    assert_eq!(answer.status, 404);
    assert_eq!(parsed(&answer)["error_code"], "APIGW.0101");
}
