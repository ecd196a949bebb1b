use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::*;

const FIXTURES: &str = "tests/fixtures/jwks";

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(FIXTURES).join(name)).unwrap()
}

/// Every fixture, what it is found to be. Adding a file adds a case.
#[test]
fn fixtures_are_found_to_be_what_they_are() {
    let mut names: Vec<String> = std::fs::read_dir(FIXTURES)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "json"))
        .collect();
    names.sort();
    let mut report = String::new();
    for name in names {
        let text = fixture(&name);
        writeln!(report, "{name}").unwrap();
        match parse(&text) {
            Ok(set) => {
                assert_eq!(canonical_live(&text), set, "{name} has two canonical forms");
                let keys = set["keys"].as_array().unwrap();
                for key in keys.iter().take(8) {
                    writeln!(report, "  {}", describe(key)).unwrap();
                }
                if keys.len() > 8 {
                    writeln!(report, "  and {} more", keys.len() - 8).unwrap();
                }
            }
            Err(problems) => {
                for problem in problems {
                    let KeyProblem {
                        code,
                        key,
                        member,
                        text,
                    } = problem;
                    writeln!(report, "  {} {key:?} {member:?}: {text}", code.slug()).unwrap();
                }
            }
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("../../..").join(FIXTURES));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("summary", report));
}

#[test]
fn messages_never_hold_key_material() {
    for name in [
        "hostile-rsa-private.json",
        "hostile-ec-private.json",
        "hostile-hs256-oct.json",
    ] {
        let text = fixture(name);
        let set: Value = serde_json::from_str(&text).unwrap();
        let said = format!("{:?}", parse(&text).unwrap_err());
        for key in set["keys"].as_array().unwrap() {
            for member in PRIVATE_MEMBERS.iter().chain(&["n", "x"]) {
                if let Some(material) = key.get(*member).and_then(Value::as_str) {
                    assert!(!said.contains(material), "{name} {member}");
                }
            }
        }
    }
}

#[test]
fn canonical_live_makes_equal_keys_equal() {
    let written = json!({"keys": [{"kty": "RSA", "kid": "a", "n": "AP__", "e": "AAEAAQ==", "x5c": ["decoration"]}]});
    let other = json!({"keys": [{"n": "//8", "e": "AQAB", "kid": "a", "kty": "RSA"}]});
    assert_eq!(
        canonical_live(&written.to_string()),
        canonical_live(&other.to_string())
    );
    assert_eq!(canonical_live("<html>"), Value::from("<html>"));
    assert_eq!(canonical_live("[]"), Value::from("[]"));
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    // RFC 7638 §3.1.
    let key = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    });
    assert_eq!(
        thumbprint(&key).as_deref(),
        Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    );
    assert_eq!(thumbprint(&json!({"kty": "oct"})), None);
}

#[test]
fn differences_tell_added_removed_and_changed_keys_apart() {
    let rsa = |kid: &str, n: &str| json!({"kty": "RSA", "kid": kid, "n": n, "e": "AQAB"});
    let set = |keys: &[Value]| canonical_live(&json!({ "keys": keys }).to_string());
    let kids = |keys: &[KeySummary]| -> Vec<String> {
        keys.iter().filter_map(|key| key.kid.clone()).collect()
    };
    let before = set(&[rsa("stays", "AQ"), rsa("moves", "Ag"), rsa("goes", "Aw")]);
    let after = set(&[rsa("comes", "Aw"), rsa("moves", "BA"), rsa("stays", "AAE=")]);
    let found = differences(&before, &after);
    assert_eq!(kids(&found.added), ["comes"]);
    assert_eq!(kids(&found.removed), ["goes"]);
    assert_eq!(kids(&found.changed), ["moves"]);
    assert!(differences(&before, &before).is_empty());
    let found = differences(&Value::from("<html>"), &after);
    assert_eq!(kids(&found.added), ["comes", "moves", "stays"]);
    // Without a kid, the material tells which key it is.
    let plain = |alg: &str| json!({"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB", "alg": alg}]});
    let found = differences(&plain("RS256"), &plain("PS256"));
    assert_eq!((found.added.len(), found.changed.len()), (0, 1));
}

#[test]
fn unknown_key_types_leave_the_known_ones_usable() {
    let set: Value = serde_json::from_str(&fixture("hostile-unknown-kty.json")).unwrap();
    let (usable, problems) = sort_out(&set);
    assert_eq!(usable["keys"].as_array().unwrap().len(), 1);
    assert_eq!(problems.len(), 1);
}

#[test]
fn what_an_issuer_wrote_cannot_move_the_cursor() {
    let shown = describe(&json!({"kty": "RSA", "kid": "\u{1b}[2Ja\u{202e}b"})).to_string();
    assert_eq!(shown, "\\u{1b}[2Ja\\u{202e}b (RSA)");
}

/// Every fixture, as an issuer's answer: what would be locked of it, and what is left out.
#[test]
fn fixtures_as_issuers_publish_them() {
    let mut names: Vec<String> = std::fs::read_dir(FIXTURES)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "json"))
        .collect();
    names.sort();
    let mut report = String::new();
    for name in names {
        let body = std::fs::read(Path::new(FIXTURES).join(&name)).unwrap();
        writeln!(report, "{name}").unwrap();
        match published(&body) {
            Ok(Published { keys, left_out }) => {
                assert!(!keys.is_empty(), "{name}");
                writeln!(report, "  {} taken", keys.len()).unwrap();
                for problem in left_out.iter().take(4) {
                    writeln!(report, "  left out: {}", problem.sentence()).unwrap();
                }
            }
            Err(why) => writeln!(report, "  refused: {why}").unwrap(),
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("../../..").join(FIXTURES));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("published", report));
}
