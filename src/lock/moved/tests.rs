use std::fmt::Write as _;
use std::path::Path;

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::federation::issuer::Discovery;
use crate::lock::Chain;

fn start() -> Timestamp {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    start()
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap()
}

/// A key whose material is known by a letter.
fn key(kid: &str, letter: char) -> Value {
    let n = format!("{}w", letter.to_string().repeat(85));
    json!({"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "e": "AQAB", "n": n})
}

fn certificate(letter: char, role: Role) -> Presented {
    Presented {
        sha1: letter.to_string().repeat(40),
        sha256: letter.to_string().repeat(64),
        subject: format!("CN={letter}"),
        not_after: Some("2031-01-01T00:00:00Z".parse().unwrap()),
        role,
    }
}

/// An issuer that shows these keys (kid and material in one letter) and these authorities.
fn shows(keys: &str, authorities: &str) -> Seen {
    let mut certificates = vec![certificate('e', Role::Leaf)];
    certificates.extend(
        authorities
            .chars()
            .map(|letter| certificate(letter, Role::Topmost)),
    );
    Seen {
        discovery: Discovery {
            issuer: "https://issuer.example".to_owned(),
            jwks_uri: "https://issuer.example/jwks".to_owned(),
            authorization_endpoint: None,
            token_endpoint: None,
        },
        keys: keys
            .chars()
            .map(|letter| key(&letter.to_string(), letter))
            .collect(),
        left_out: Vec::new(),
        chains: vec![Chain {
            host: "issuer.example".to_owned(),
            certificates,
        }],
    }
}

/// Keys of a lock: letters, those withdrawn after a slash.
fn keys_of(issuer: &LockedIssuer) -> String {
    told(issuer.keys.iter().map(|locked| {
        (
            locked.key["kid"].as_str().unwrap().to_owned(),
            locked.withdrawn_since,
        )
    }))
}

fn authorities_of(issuer: &LockedIssuer) -> String {
    let pinned = issuer
        .certificates
        .iter()
        .filter(|found| found.role.is_pinned());
    told(pinned.map(|found| (found.sha1[..1].to_owned(), found.withdrawn_since)))
}

fn told(items: impl Iterator<Item = (String, Option<Timestamp>)>) -> String {
    let (gone, here): (Vec<_>, Vec<_>) = items.partition(|(_, since)| since.is_some());
    let letters = |items: Vec<(String, _)>| {
        items
            .into_iter()
            .map(|(letter, _)| letter)
            .collect::<String>()
    };
    format!("{}/{}", letters(here), letters(gone))
}

fn words(moved: &[Moved]) -> Vec<&'static str> {
    moved.iter().map(|moved| moved.change.word()).collect()
}

#[test]
fn a_rotation_adds_before_it_removes() {
    let keep = Keep::default();
    let first = advance(None, &shows("a", "1"), start(), keep);
    assert_eq!(
        (keys_of(&first), authorities_of(&first)),
        ("a/".into(), "1/".into())
    );
    assert_eq!(
        words(&moved(None, &shows("a", "1"), start(), keep)),
        ["not_locked"]
    );
    assert!(moved(Some(&first), &shows("a", "1"), hours(1), keep).is_empty());

    let after = shows("b", "2");
    assert_eq!(
        words(&moved(Some(&first), &after, hours(1), keep)),
        [
            "chain_unmatched",
            "key_added",
            "key_withdrawn",
            "certificate_withdrawn"
        ]
    );
    let second = advance(Some(&first), &after, hours(1), keep);
    assert_eq!(
        (keys_of(&second), authorities_of(&second)),
        ("b/a".into(), "2/1".into())
    );
    // Within the overlap nothing more is to be done, however often somebody looks.
    assert!(moved(Some(&second), &after, hours(24), keep).is_empty());
    assert_eq!(advance(Some(&second), &after, hours(24), keep), second);

    assert_eq!(
        words(&moved(Some(&second), &after, hours(25), keep)),
        ["overlap_ended", "overlap_ended"]
    );
    let third = advance(Some(&second), &after, hours(25), keep);
    assert_eq!(
        (keys_of(&third), authorities_of(&third)),
        ("b/".into(), "2/".into())
    );
    assert_eq!(third.keys[0].first_seen, hours(1));
}

#[test]
fn the_overlap_can_be_ended_and_what_comes_back_is_current_again() {
    let keep = Keep::default();
    let both = advance(None, &shows("ab", "12"), start(), keep);
    let one = advance(Some(&both), &shows("b", "2"), hours(1), keep);
    let retired = advance(Some(&one), &shows("b", "2"), hours(2), Keep::Retire);
    assert_eq!(
        (keys_of(&retired), authorities_of(&retired)),
        ("b/".into(), "2/".into())
    );
    let back = shows("ab", "12");
    assert_eq!(
        words(&moved(Some(&one), &back, hours(2), keep)),
        ["returned", "returned"]
    );
    assert_eq!(advance(Some(&one), &back, hours(2), keep), both);
    let long = Keep::hours(48);
    let kept = advance(Some(&one), &shows("b", "2"), hours(40), long);
    assert_eq!(keys_of(&kept), "b/a");
}

#[test]
fn a_known_id_with_other_material_is_never_taken_silently() {
    let locked = advance(None, &shows("a", "1"), start(), Keep::default());
    let mut evil = shows("", "1");
    evil.keys = vec![key("a", 'z'), key("n", 'n')];
    let found = moved(Some(&locked), &evil, hours(1), Keep::default());
    assert_eq!(words(&found), ["key_replaced", "key_added"]);
    assert_eq!(found[0].change.urgency(), Urgency::Now);
    let next = advance(Some(&locked), &evil, hours(1), Keep::default());
    assert_eq!(keys_of(&next), "an/");
    assert_eq!(next.keys[0].key, key("a", 'a'), "the locked key stays");
    let taken = advance(Some(&locked), &evil, hours(1), Keep::Retire);
    assert_eq!(
        taken.keys[0].key,
        key("a", 'z'),
        "when somebody asks for it"
    );
}

#[test]
fn a_renewed_leaf_is_no_news_and_a_lone_certificate_is_pinned() {
    let keep = Keep::default();
    let locked = advance(None, &shows("a", "1"), start(), keep);
    let mut renewed = shows("a", "1");
    renewed.chains[0].certificates[0] = certificate('f', Role::Leaf);
    assert!(moved(Some(&locked), &renewed, hours(1), keep).is_empty());
    let mut alone = shows("a", "");
    alone.chains[0].certificates = vec![certificate('7', Role::Topmost)];
    let locked = advance(None, &alone, start(), keep);
    assert_eq!(locked.fingerprints(), ["7".repeat(40)]);
}

#[test]
fn certificates_that_end_are_told_in_time() {
    let mut seen = shows("a", "1");
    let mut ends = |leaf: i64, authority: i64| {
        seen.chains[0].certificates[0].not_after = Some(hours(leaf * 24));
        seen.chains[0].certificates[1].not_after = Some(hours(authority * 24));
        let locked = advance(None, &seen, start(), Keep::default());
        let moved = moved(Some(&locked), &seen, start(), Keep::default());
        assert!(moved.iter().all(|moved| !moved.change.is_behind()));
        moved
            .into_iter()
            .map(|moved| moved.detail)
            .collect::<Vec<_>>()
    };
    assert!(ends(8, 31).is_empty());
    assert_eq!(
        ends(7, 31),
        ["the certificate CN=e of issuer.example ends in 7 days"]
    );
    assert_eq!(
        ends(8, 30),
        ["the certificate CN=1 of issuer.example ends in 30 days"]
    );
    assert_eq!(
        ends(8, -1),
        ["the certificate CN=1 of issuer.example has ended"]
    );
    assert_eq!(seen.first_end(), Some(hours(-24)));
}

#[test]
fn endpoints_and_labels_are_told() {
    let keep = Keep::default();
    let locked = advance(None, &shows("a", "1"), start(), keep);
    let mut seen = shows("a", "1");
    seen.discovery.jwks_uri = "https://keys.example/".to_owned();
    seen.keys[0]["alg"] = "RS512".into();
    let found = moved(Some(&locked), &seen, start(), keep);
    assert_eq!(words(&found), ["key_relabelled", "endpoints_changed"]);
    assert!(found.iter().all(|moved| moved.change.is_behind()));
}

/// What real issuers did over months, locked as it came. Adding a file adds a case.
#[test]
fn real_rotations_are_followed() {
    const FIXTURES: &str = "tests/fixtures/rotations";
    let mut names: Vec<String> = std::fs::read_dir(FIXTURES)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "json"))
        .collect();
    names.sort();
    let mut report = String::new();
    for name in names {
        let text = std::fs::read_to_string(Path::new(FIXTURES).join(&name)).unwrap();
        let history: Vec<Value> = serde_json::from_str(&text).unwrap();
        let mut locked: Option<LockedIssuer> = None;
        writeln!(report, "{name}").unwrap();
        for entry in history {
            let Some(set) = entry.get("jwks") else {
                continue;
            };
            let now: Timestamp = entry["seen_at"].as_str().unwrap().parse().unwrap();
            let mut seen = shows("", "1");
            seen.keys = jwks::published(set.to_string().as_bytes()).unwrap().keys;
            let found = moved(locked.as_ref(), &seen, now, Keep::default());
            let next = advance(locked.as_ref(), &seen, now, Keep::default());
            if !found.is_empty() {
                writeln!(report, "  {now}: {} locked", next.keys.len()).unwrap();
                for Moved { change, detail } in found {
                    let detail = detail.split(';').next().unwrap_or_default();
                    writeln!(
                        report,
                        "    {} {}: {detail}",
                        change.urgency().word(),
                        change.word()
                    )
                    .unwrap();
                }
            }
            locked = Some(next);
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("../../..").join(FIXTURES));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("followed", report));
}

proptest! {
    /// Whatever an issuer does: what it shows is locked (but for replaced ids), what it showed
    /// within the overlap is still there, and looking twice changes nothing.
    #[test]
    fn nothing_that_was_shown_within_the_overlap_is_missing(
        history in prop::collection::vec(("[a-f]{1,4}", "[1-3]{1,2}", 0_i64..40), 1..8)
    ) {
        let keep = Keep::default();
        let mut locked: Option<LockedIssuer> = None;
        let mut now = start();
        let mut last_shown: std::collections::BTreeMap<String, Timestamp> = std::collections::BTreeMap::new();
        for (keys, authorities, pause) in history {
            now = now.checked_add(SignedDuration::from_hours(pause)).unwrap();
            let letters: BTreeSet<char> = keys.chars().collect();
            let seen = shows(&letters.iter().collect::<String>(), &authorities);
            let is_behind = moved(locked.as_ref(), &seen, now, keep).iter().any(|moved| moved.change.is_behind());
            let next = advance(locked.as_ref(), &seen, now, keep);
            prop_assert_eq!(is_behind, locked.as_ref() != Some(&next));
            prop_assert_eq!(&advance(Some(&next), &seen, now, keep), &next);
            prop_assert!(moved(Some(&next), &seen, now, keep).is_empty());
            for letter in letters {
                last_shown.insert(letter.to_string(), now);
            }
            let held: BTreeSet<String> = next.keys.iter().map(|locked| locked.key["kid"].as_str().unwrap().to_owned()).collect();
            for (letter, shown) in &last_shown {
                let is_recent = now.duration_since(*shown) < SignedDuration::from_hours(24);
                prop_assert!(held.contains(letter) || !is_recent, "{} is missing", letter);
            }
            locked = Some(next);
        }
    }
}
