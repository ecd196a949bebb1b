use proptest::prelude::*;

use super::*;
use crate::model::{Diagnostics, SourceMap};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(kid: &str) -> LockedKey {
    // An odd number of 512 bits; whether it is a good modulus is not asked.
    let n = format!("{}w", "_".repeat(85));
    LockedKey {
        key: json!({"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "e": "AQAB", "n": n}),
        first_seen: at("2026-11-22T04:08:07Z"),
        withdrawn_since: None,
    }
}

fn certificate(subject: &str, role: Role, digit: char) -> LockedCertificate {
    LockedCertificate {
        subject: subject.to_owned(),
        host: "issuer.example".to_owned(),
        role,
        not_after: Some(at("2030-01-02T03:04:05Z")),
        sha1: digit.to_string().repeat(40),
        sha256: digit.to_string().repeat(64),
        first_seen: at("2026-11-22T04:08:07Z"),
        withdrawn_since: None,
    }
}

fn lock() -> Lock {
    let mut gone = key("old");
    gone.withdrawn_since = Some(at("2026-11-22T05:00:00Z"));
    let issuer = LockedIssuer {
        jwks_uri: "https://issuer.example/jwks?p=1".to_owned(),
        authorization_endpoint: Some("https://issuer.example/authorize".to_owned()),
        token_endpoint: None,
        keys: vec![key("0123"), key("yes"), gone],
        certificates: vec![
            certificate("CN=Root: of all", Role::Topmost, '1'),
            certificate("CN=issuer.example", Role::Leaf, '3'),
        ],
    };
    Lock {
        issuers: [("https://issuer.example".to_owned(), issuer)].into(),
    }
}

fn read(text: &str) -> (Option<Lock>, Vec<String>) {
    let mut sources = SourceMap::default();
    let source = sources.add("idform.lock", text);
    let mut out = Diagnostics::default();
    let lock = parse(&sources, source, &mut out);
    let said = out.into_sorted().into_iter().map(|found| {
        let label = found.labels.first().expect("every mistake has a place");
        let line = sources.start(label.span).line;
        format!(
            "{} line {line}: {}: {}",
            found.code.slug(),
            found.title,
            label.text
        )
    });
    (lock, said.collect())
}

#[test]
fn what_is_written_reads_well_and_is_read_back() {
    let text = text(&lock());
    insta::assert_snapshot!("lock", text);
    assert_eq!(read(&text), (Some(lock()), vec![]));
    assert_eq!(read("").0, Some(Lock::default()));
    assert_eq!(
        read(&super::text(&Lock::default())),
        (Some(Lock::default()), vec![])
    );
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let good = text(&lock());
    for (from, to, expected) in [
        ("lockVersion: 1", "lockVersion: 2", "lock-too-new line 3"),
        ("lockVersion: 1\n", "", "`lockVersion` is missing"),
        ("lockVersion: 1", "lockVersion: one", "not a version"),
        ("jwksUri", "jwksURI", "line 6: unknown key in an issuer"),
        ("use: sig", "d: AQAB", "unknown key in a key"),
        ("kty: RSA", "kty: oct", "a symmetric key is no public key"),
        (
            "role: topmost",
            "role: root",
            "may be topmost, intermediate, leaf",
        ),
        ("sha1: \"1", "sha1: \"G", "needed: 40 hexadecimal digits"),
        (
            "firstSeen: \"2026-11-22T04:08:07Z\"",
            "firstSeen: today",
            "needed: a time like",
        ),
        ("kid: \"0123\"", "kid: \"yes\"", "a key stands twice"),
        (
            "https://issuer.example:",
            "http://issuer.example:",
            "something that is no issuer",
        ),
        ("issuers:", "<<<<<<< ours\nissuers:", "line 4"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let (lock, said) = read(&bad);
        assert_eq!(lock, None, "{to}");
        assert!(
            said.iter().any(|said| said.contains(expected)),
            "{to}: {said:#?}"
        );
    }
}

#[test]
fn the_topmost_certificates_are_pinned_first_and_five_at_most() {
    let mut issuer = lock().issuers.remove("https://issuer.example").unwrap();
    let mut gone = certificate("gone", Role::Topmost, '4');
    gone.withdrawn_since = Some(at("2026-11-22T05:00:00Z"));
    let mut gone_before = certificate("gone before", Role::Topmost, '9');
    gone_before.withdrawn_since = Some(at("2026-11-21T05:00:00Z"));
    issuer.certificates = vec![
        gone_before,
        gone,
        certificate("leaf", Role::Leaf, '3'),
        certificate("between", Role::Intermediate, '2'),
        certificate("top", Role::Topmost, '1'),
        certificate("top of the keys' host", Role::Topmost, '5'),
        certificate("between", Role::Intermediate, '6'),
    ];
    let first: Vec<char> = issuer
        .fingerprints()
        .iter()
        .map(|pin| pin.chars().next().unwrap())
        .collect();
    assert_eq!(
        first,
        ['1', '5', '2', '6', '4'],
        "current ones first, then the last withdrawn"
    );
}

proptest! {
    #[test]
    fn any_text_of_an_issuer_survives(kid in any::<String>(), subject in "[^\\p{Cc}]{1,40}", path in "[!-~&&[^?#@{}<>\\\\]]{0,20}") {
        let mut lock = Lock::default();
        let mut issuer = super::tests::lock().issuers.remove("https://issuer.example").unwrap();
        issuer.keys = vec![key(&kid)];
        issuer.certificates = vec![certificate(&subject, Role::Topmost, 'a')];
        lock.issuers.insert(format!("https://issuer.example/{path}"), issuer);
        let (again, said) = read(&text(&lock));
        prop_assert_eq!(again, Some(lock), "{:?}", said);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = read(&text);
        let _ = read(&format!("lockVersion: 1\nissuers: {text}"));
    }
}
