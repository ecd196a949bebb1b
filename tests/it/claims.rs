//! Real claims as people would trust them: a role for exactly this issuer, audience and subject,
//! on both clouds that have roles. Adding a file to `tests/fixtures/claims` adds a case.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{ACCOUNTS, compiled, document, root};

/// Excerpts without `iss` get this one.
const NO_ISSUER: &str = "https://issuer.example";

fn members(value: &Value) -> Value {
    match value {
        Value::Array(_) => value.clone(),
        Value::Null => json!([]),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => json!([value]),
    }
}

fn trusting(claims: &Value) -> String {
    let keys = root().join("tests/cases/keys/one.jwks.json");
    let keys = std::fs::read_to_string(keys).expect("keys");
    let keys: Value = serde_json::from_str(&keys).expect("JSON");
    let issuer = claims
        .get("iss")
        .cloned()
        .unwrap_or_else(|| NO_ISSUER.into());
    let audiences = members(&claims["aud"]);
    let mut entry = json!({"provider": "ci", "subjects": members(&claims["sub"])});
    let mut provider = json!({"issuer": issuer});
    if audiences != json!([]) {
        entry["audiences"] = audiences.clone();
        provider["clientIds"] = audiences;
    }
    let trust = json!({"trust": {"federated": [entry]}});
    let with = |name: &str, value: Value| {
        let mut provider = provider.clone();
        provider[name] = value;
        provider
    };
    let fingerprints = json!(["6938fd4d98bab03faadb97b34396831e3780aea1"]);
    let mut told = String::new();
    for (cloud, account, provider) in [
        (
            "Tencent",
            "tencent-prod",
            with("keys", json!({"inline": keys})),
        ),
        (
            "Alibaba",
            "alibaba-prod",
            with("fingerprints", fingerprints),
        ),
    ] {
        let texts = [
            document(&format!("{cloud}OidcProvider"), "ci", account, &provider),
            document(&format!("{cloud}Role"), "deploy", account, &trust),
        ];
        let (world, found) = compiled(&[ACCOUNTS, &texts[0], &texts[1]]);
        for finding in &found {
            let _ = writeln!(
                told,
                "  {cloud}: {}: {}",
                finding.code.slug(),
                finding.title
            );
        }
        let role = world
            .objects
            .values()
            .find(|desired| desired.address.name.as_str() == "deploy");
        let policy = role.and_then(|role| role.fields.get("trust"));
        if let (Some(policy), true) = (policy, found.is_empty()) {
            let statement = policy.get("Statement").or_else(|| policy.get("statement"));
            let statement = statement.and_then(|all| all.get(0)).expect("a statement");
            let condition = statement
                .get("Condition")
                .or_else(|| statement.get("condition"));
            let _ = writeln!(told, "  {cloud}: {}", condition.unwrap_or(&Value::Null));
        }
    }
    told
}

#[test]
fn real_claims_become_trust_or_say_why_not() {
    let folder = root().join("tests/fixtures/claims");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the claims")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    assert!(files.len() > 25);
    let mut told = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("claims");
        let claims: Value = serde_json::from_str(&text).expect("JSON");
        let name = file.file_name().expect("a name").to_string_lossy();
        let _ = writeln!(told, "{name}");
        for member in ["iss", "sub", "aud"] {
            let _ = writeln!(
                told,
                "  {member} {}",
                claims.get(member).unwrap_or(&Value::Null)
            );
        }
        told.push_str(&trusting(&claims));
    }
    insta::with_settings!({
        snapshot_path => "../fixtures/claims",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("trusted", told);
    });
}
