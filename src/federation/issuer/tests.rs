use std::fmt::Write as _;
use std::path::Path;

use super::*;

const FIXTURES: &str = "tests/fixtures/discovery";

/// What a document is found to be by somebody who asks for this issuer.
fn found(issuer: &str, body: &[u8]) -> String {
    match discovery(issuer, body) {
        Ok(Discovery {
            issuer: _,
            jwks_uri,
            authorization_endpoint,
            token_endpoint,
        }) => format!(
            "taken; keys at {jwks_uri}, sign-in at {}, tokens at {}",
            authorization_endpoint.as_deref().unwrap_or("-"),
            token_endpoint.as_deref().unwrap_or("-"),
        ),
        Err(IssuerProblem { text, help }) => {
            let help = help.map_or_else(String::new, |help| format!("\n      help: {help}"));
            format!("refused: {text}{help}")
        }
    }
}

/// Every fixture, asked for by what it calls itself, by the other spelling of its end, and as the
/// hostile ones are meant. Adding a file adds a case.
#[test]
fn documents_are_found_to_be_what_they_are() {
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
        let mut asked = Vec::new();
        if name.starts_with("hostile-") {
            asked.push("https://issuer.example.com".to_owned());
        }
        let own = serde_json::from_str::<Value>(super::super::without_mark(
            &String::from_utf8_lossy(&body),
        ))
        .ok()
        .and_then(|document| Some(document.get("issuer")?.as_str()?.to_owned()));
        if let Some(own) = own {
            asked.push(match own.strip_suffix('/') {
                Some(bare) => bare.to_owned(),
                None => format!("{own}/"),
            });
            asked.push(own);
        }
        let mut known = std::collections::BTreeSet::new();
        asked.retain(|issuer| known.insert(issuer.clone()));
        for issuer in asked {
            writeln!(report, "  {}", shown(&issuer)).unwrap();
            match discovery_url(&issuer) {
                Ok(url) => writeln!(report, "    at {url}").unwrap(),
                Err(problem) => writeln!(report, "    no issuer: {problem}").unwrap(),
            }
            writeln!(report, "    {}", found(&issuer, &body)).unwrap();
        }
        // Nothing that a document says may act on a terminal.
        assert!(
            report.chars().all(|c| c == '\n' || !c.is_control()),
            "{name}"
        );
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("../../..").join(FIXTURES));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("summary", report));
}

#[test]
fn what_cannot_be_an_issuer() {
    for good in [
        "https://a.example",
        "https://a.example/",
        "https://a.example:8443/x/y",
        "https://127.0.0.1:9",
        "https://[::1]/",
    ] {
        assert!(discovery_url(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a.example",
        "http://a.example",
        "HTTPS://a.example",
        "https://",
        "https://u@a.example",
        "https://u:p@a.example",
        "https://a.example?x",
        "https://a.example#",
        "https://a.example/ x",
        "https://a.example/{tenantid}/",
        "https://t\u{43e}ken.example",
        "file:///etc/passwd",
    ] {
        assert!(discovery_url(bad).is_err(), "{bad}");
    }
    let url = discovery_url("https://a.example/x/").unwrap();
    assert_eq!(
        url.as_str(),
        "https://a.example/x/.well-known/openid-configuration"
    );
}

#[test]
fn the_slash_is_told_both_ways() {
    let body = |issuer: &str| {
        format!(r#"{{"issuer":"{issuer}","jwks_uri":"https://a.example/jwks"}}"#).into_bytes()
    };
    let with = discovery("https://a.example", &body("https://a.example/")).unwrap_err();
    assert!(with.help.unwrap().contains("`issuer: https://a.example/`"));
    let without = discovery("https://a.example/", &body("https://a.example")).unwrap_err();
    assert!(
        without
            .help
            .unwrap()
            .contains("`issuer: https://a.example`")
    );
}
