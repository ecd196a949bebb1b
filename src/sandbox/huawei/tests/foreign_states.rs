//! States that a real account can be in and no client of ours made: items 25 and 26.

use super::*;

fn on(state: &Value) -> (tempfile::TempDir, Bench) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{ACCOUNT}.json"));
    std::fs::write(file, state.to_string()).unwrap();
    let bench = Bench::on(HuaweiCloud::new(Some(folder.path().to_owned())));
    (folder, bench)
}

#[test]
fn a_file_can_say_what_no_client_could_write() {
    let state = json!({
        "identity_providers": {
            "old": {"sso_type": "", "description": null, "enabled": true, "surprise": {"a": 1}},
            "bare": {},
        },
        "mappings": {"not_named_after_it": {"rules": [], "more": true}},
        "protocols": {"old": {
            "oidc": {"mapping_id": "not_named_after_it"},
            "saml": {"mapping_id": "gone"},
            "strange": {},
        }},
        "openid_connect_configs": {"old": {
            "access_mode": "program", "idp_url": "https://accounts.example.com",
            "client_id": "client_id_example", "signing_key": "{\"keys\":[]}", "response_type": "",
        }},
    });
    let (_folder, bench) = on(&state);
    let old = &bench.get(&format!("{PROVIDERS}/old"))["identity_provider"];
    assert_eq!(old["sso_type"], "");
    assert_eq!(old["description"], Value::Null);
    assert_eq!(old.get("remote_ids"), None);
    assert_eq!(old["surprise"], json!({"a": 1}));
    let list = bench.get(&format!("{PROVIDERS}/old/protocols"));
    assert_eq!(list["protocols"].as_array().unwrap().len(), 3);
    let config = "/v3.0/OS-FEDERATION/identity-providers/old/openid-connect-config";
    let shown = bench.get(config);
    assert_eq!(shown["openid_connect_config"]["response_type"], "");
    // An empty `sso_type` means the default, so a virtual one may stand beside it.
    bench.provider("new");
    let body = json!({"openid_connect_config": {"client_id": "other_client"}});
    bench.expect(200, "PUT", config, &body);
    let body = json!({"identity_provider": {"description": "now set"}});
    let changed = bench.expect(200, "PATCH", &format!("{PROVIDERS}/old"), &body);
    assert_eq!(changed["identity_provider"]["surprise"], json!({"a": 1}));
}

#[test]
fn the_file_is_readable_and_written_back() {
    let (folder, bench) = on(&json!({"settings": {"quota_identity_providers": 1}}));
    bench.provider("ACME");
    let body = json!({"identity_provider": {}});
    bench.expect(403, "PUT", &format!("{PROVIDERS}/second"), &body);
    let file = folder.path().join(format!("{ACCOUNT}.json"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("\n  \"identity_providers\": {\n    \"ACME\": {\n"),
        "{text}"
    );
    assert!(
        text.contains("\"delete_mapping_in_use\": \"refuse\""),
        "{text}"
    );
    // Somebody changes it in the console.
    let text = text.replace("\"enabled\": false", "\"enabled\": true");
    std::fs::write(&file, text).unwrap();
    let shown = bench.get(&format!("{PROVIDERS}/ACME"));
    assert_eq!(shown["identity_provider"]["enabled"], true);
}

#[test]
fn a_misspelt_switch_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{ACCOUNT}.json"));
    std::fs::write(file, r#"{"settings": {"page_sise": 2}}"#).unwrap();
    let cloud = HuaweiCloud::new(Some(folder.path().to_owned()));
    let body = sign_in_body(&json!({"domain": {"id": ACCOUNT}}));
    let answer = cloud.answer(&request("POST", "/v3/auth/tokens", Some(&body)), NOW);
    assert_eq!(answer.status, 500);
    assert!(text(&answer).contains("page_sise"), "{}", text(&answer));
}
