//! Real rotations, replayed: what issuers published over months, followed by a lock file that
//! somebody looks after every so many hours and that is applied after so many hours of review.
//!
//! The clock is simulated; what is measured is `lock::moved` and `lock::advance`. Each golden of
//! `tests/cases/rotation` says for how many hours tokens would have been refused. A sample of the
//! locks goes the whole way to the emulated clouds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use idform::apply::Outcome;
use idform::compile::portable::CATALOGUE;
use idform::compile::{World, compile};
use idform::federation::issuer::Discovery;
use idform::federation::jwks;
use idform::lock::{Keep, Lock, LockedIssuer, Seen, advance, moved};
use idform::manifest::{self, AllowedEnv};
use idform::model::KindName;
use idform::plan::Action;

use crate::support::{ACCOUNTS, Clouds, HUAWEI, TENCENT, document, make, root};

/// Hours between two looks, and hours of review: an hour to three days.
const HOURS: [i64; 6] = [1, 6, 12, 24, 48, 72];

const ISSUER: &str = "https://issuer.example";

/// What an issuer published from a moment on.
struct Published {
    at: Timestamp,
    seen: Seen,
    kids: BTreeSet<String>,
}

fn kid(key: &Value) -> String {
    key["kid"].as_str().expect("real keys have ids").to_owned()
}

/// A history from the fixtures, the oldest first. Of Entra ID only key ids were kept, so material
/// is made up for them: of the length of the real one, and the same for the same id.
fn history(name: &str) -> Vec<Published> {
    let path = root().join(format!("tests/fixtures/rotations/{name}.json"));
    let text = std::fs::read_to_string(path).expect("a history");
    let entries: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let made_up = |kid: &Value| {
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let kid = kid.as_str().expect("an id");
        let middle = kid.bytes().cycle().take(254);
        // A modulus has its full length and is odd.
        let bytes: Vec<u8> = [0xc3].into_iter().chain(middle).chain([0x01]).collect();
        json!({"kty": "RSA", "use": "sig", "kid": kid, "e": "AQAB", "n": engine.encode(bytes)})
    };
    let published = |entry: Value| {
        let count = entry["kids"].as_array().map(Vec::len);
        let set = match entry["kids"].as_array() {
            Some(kids) => json!({"keys": kids.iter().map(made_up).collect::<Vec<_>>()}),
            None => entry["jwks"].clone(),
        };
        let keys = jwks::published(set.to_string().as_bytes())
            .expect("usable keys")
            .keys;
        assert!(count.is_none_or(|count| count == keys.len()), "{name}");
        Published {
            at: entry["seen_at"]
                .as_str()
                .expect("a time")
                .parse()
                .expect("a time"),
            kids: keys.iter().map(kid).collect(),
            seen: Seen {
                discovery: Discovery {
                    issuer: ISSUER.to_owned(),
                    jwks_uri: format!("{ISSUER}/keys"),
                    authorization_endpoint: None,
                    token_endpoint: None,
                },
                keys,
                left_out: Vec::new(),
                chains: Vec::new(),
            },
        }
    };
    entries.into_iter().map(published).collect()
}

fn later(at: Timestamp, hours: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(hours))
        .expect("no overflow")
}

fn kids_of(locked: &LockedIssuer) -> BTreeSet<String> {
    locked.keys.iter().map(|locked| kid(&locked.key)).collect()
}

/// The locks that are written when somebody looks every so many hours, each with its time. The
/// first is that of the first moment, and counts as applied at once.
fn locks(
    history: &[Published],
    every: i64,
    first: i64,
    keep: Keep,
) -> Vec<(Timestamp, LockedIssuer)> {
    let start = &history[0];
    let end = history.last().expect("not empty").at;
    let mut locks = vec![(start.at, advance(None, &start.seen, start.at, keep))];
    let mut now = later(start.at, first);
    let mut shown = 0;
    while now <= end {
        let before = shown;
        while history.get(shown + 1).is_some_and(|next| next.at <= now) {
            shown += 1;
        }
        let locked = &locks.last().expect("the first one").1;
        // Without news, and before the overlap of anything ends, there is nothing to find; `moved`
        // has its own tests for that.
        let ends = |since: Timestamp| match keep {
            Keep::Overlap(overlap) => now.duration_since(since) >= overlap,
            Keep::Retire => true,
        };
        let is_over = locked
            .keys
            .iter()
            .any(|key| key.withdrawn_since.is_some_and(ends));
        if shown != before || is_over {
            let next = advance(Some(locked), &history[shown].seen, now, keep);
            if next != *locked {
                locks.push((now, next));
            }
        }
        now = later(now, every);
    }
    locks
}

/// With which of its keys an issuer signs, from each of its publications on. Histories do not say,
/// so each reading is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signs {
    /// The newest, from the moment it is published.
    AtOnce,
    /// The newest, as soon as an older one is gone for good; until then as before. That is the
    /// overlap that the issuer itself leaves.
    AfterOverlap,
    /// The oldest that is published.
    Oldest,
    /// Any of them: hours in which some published key is refused.
    Any,
}

const READINGS: [(Signs, &str); 4] = [
    (Signs::AtOnce, "the newest key signs at once"),
    (
        Signs::AfterOverlap,
        "the newest key signs when an older one has gone for good",
    ),
    (Signs::Oldest, "the oldest published key signs"),
    (Signs::Any, "any published key signs"),
];

/// The keys that sign after each publication.
fn signing(history: &[Published], signs: Signs) -> Vec<BTreeSet<String>> {
    let mut since: BTreeMap<&str, usize> = BTreeMap::new();
    let mut until: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, published) in history.iter().enumerate() {
        for kid in &published.kids {
            since.entry(kid).or_insert(index);
            until.insert(kid, index);
        }
    }
    let newest =
        |kids: &BTreeSet<String>| kids.iter().max_by_key(|kid| since[kid.as_str()]).cloned();
    let oldest =
        |kids: &BTreeSet<String>| kids.iter().min_by_key(|kid| since[kid.as_str()]).cloned();
    let mut current = oldest(&history[0].kids);
    history
        .iter()
        .enumerate()
        .map(|(index, published)| {
            let kids = &published.kids;
            let one = match signs {
                Signs::Any => return kids.clone(),
                Signs::AtOnce => newest(kids),
                Signs::Oldest => oldest(kids),
                Signs::AfterOverlap => {
                    let goes = until.values().any(|last| last + 1 == index);
                    let is_there = current.as_ref().is_some_and(|kid| kids.contains(kid));
                    if goes {
                        current = newest(kids);
                    } else if !is_there {
                        current = oldest(kids);
                    }
                    current.clone()
                }
            };
            one.into_iter().collect()
        })
        .collect()
}

/// Seconds in which a key that signs is not in the lock that is applied.
fn refused(
    history: &[Published],
    signing: &[BTreeSet<String>],
    applied: &[(Timestamp, BTreeSet<String>)],
) -> i64 {
    let mut seconds = 0;
    let mut held = 0;
    for (index, pair) in history.windows(2).enumerate() {
        let (mut from, to) = (pair[0].at, pair[1].at);
        while from < to {
            while applied.get(held + 1).is_some_and(|next| next.0 <= from) {
                held += 1;
            }
            let next = applied.get(held + 1).map_or(to, |next| next.0.min(to));
            if !signing[index].is_subset(&applied[held].1) {
                seconds += next.duration_since(from).as_secs();
            }
            from = next;
        }
    }
    seconds
}

/// The applied locks: each written one, after its review.
fn applied(locks: &[(Timestamp, LockedIssuer)], review: i64) -> Vec<(Timestamp, BTreeSet<String>)> {
    let delay = |index: usize| if index == 0 { 0 } else { review };
    locks
        .iter()
        .enumerate()
        .map(|(index, (at, locked))| (later(*at, delay(index)), kids_of(locked)))
        .collect()
}

/// Hours refused, whole hours rounded up, for the worst of four hours to look first.
type Table = [[i64; HOURS.len()]; HOURS.len()];

/// A table for each of [`READINGS`].
fn tables(history: &[Published]) -> [Table; READINGS.len()] {
    let readings = READINGS.map(|(signs, _)| signing(history, signs));
    let mut tables = [Table::default(); READINGS.len()];
    for (row, every) in HOURS.into_iter().enumerate() {
        let firsts: BTreeSet<i64> = (1..=4).map(|quarter| (every * quarter + 3) / 4).collect();
        for first in firsts {
            let locks = locks(history, every, first, Keep::default());
            for (column, review) in HOURS.into_iter().enumerate() {
                let applied = applied(&locks, review);
                for (table, signing) in tables.iter_mut().zip(&readings) {
                    let seconds = refused(history, signing, &applied);
                    let worst = &mut table[row][column];
                    *worst = (*worst).max((seconds + 3599) / 3600);
                }
            }
        }
    }
    tables
}

/// The shortest time between a new key and the next end of an older one, in whole hours.
fn shortest_overlap(history: &[Published]) -> i64 {
    let after = signing(history, Signs::AfterOverlap);
    let at_once = signing(history, Signs::AtOnce);
    let mut appeared: BTreeMap<&String, Timestamp> = BTreeMap::new();
    let mut shortest = i64::MAX;
    for (index, published) in history.iter().enumerate() {
        for kid in &at_once[index] {
            appeared.entry(kid).or_insert(published.at);
        }
        if index == 0 || after[index] == after[index - 1] {
            continue;
        }
        for kid in &after[index] {
            let begun = appeared.get(kid).filter(|begun| **begun > history[0].at);
            if let Some(begun) = begun {
                shortest = shortest.min(published.at.duration_since(*begun).as_hours());
            }
        }
    }
    shortest
}

fn new_keys(history: &[Published]) -> usize {
    let kids: BTreeSet<&String> = history
        .iter()
        .flat_map(|published| &published.kids)
        .collect();
    kids.len() - history[0].kids.len()
}

fn page(name: &str, history: &[Published], tables: &[Table]) -> String {
    let (first, last) = (history[0].at, history[history.len() - 1].at);
    let mut page = format!(
        "{name}: {} key sets from {first} to {last}, {} new keys\n\
         shortest time from a new key to the end of an older one: {} hours\n",
        history.len(),
        new_keys(history),
        shortest_overlap(history),
    );
    for ((_, told), table) in READINGS.into_iter().zip(tables) {
        let _ = write!(page, "\nhours refused, {told}\n\n  review:");
        for review in HOURS {
            let _ = write!(page, "{:>7}", format!("{review}h"));
        }
        for (every, row) in HOURS.into_iter().zip(table) {
            let _ = write!(page, "\n{:>9}", format!("every {every}h"));
            for hours in row {
                let _ = write!(page, "{hours:>7}");
            }
        }
        page.push('\n');
    }
    page
}

const ISSUERS: [&str; 4] = ["apple", "battle-net", "entra-common", "google"];

/// The row of the README's table.
fn readme_row(name: &str, history: &[Published], tables: &[Table]) -> String {
    let hours = |table: &Table, every: i64, review: i64| {
        let place = |hours| HOURS.iter().position(|known| *known == hours);
        table[place(every).expect("measured")][place(review).expect("measured")]
    };
    let [at_once, after, ..] = tables else {
        panic!("a table for each reading")
    };
    format!(
        "| `{name}` | {} | {} h | {} | {} | {} | {} | {} | {} |",
        new_keys(history),
        shortest_overlap(history),
        hours(at_once, 6, 6),
        hours(at_once, 24, 24),
        hours(after, 6, 6),
        hours(after, 6, 12),
        hours(after, 24, 24),
        hours(after, 72, 72),
    )
}

/// The documentation's table, and what it promises: whoever looks and applies within the issuer's
/// own overlap refuses nobody, whatever the hour of the first look; and no lock can be ahead of an
/// issuer that signs with a key at once.
#[test]
fn within_the_issuers_own_overlap_nobody_is_refused() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    for name in ISSUERS {
        let history = history(name);
        let tables = tables(&history);
        let row = readme_row(name, &history, &tables);
        assert!(readme.contains(&row), "the README should say: {row}");
        let within = shortest_overlap(&history);
        insta::with_settings!({
            snapshot_path => "../cases/rotation",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, page(name, &history, &tables));
        });
        let [at_once, after, oldest, _] = &tables;
        for (row, every) in HOURS.into_iter().enumerate() {
            for (column, review) in HOURS.into_iter().enumerate() {
                let place = format!("{name}: every {every}h, reviewed in {review}h");
                assert!(
                    after[row][column] == 0 || every + review > within,
                    "{place}"
                );
                // Answers of Entra ID change from data centre to data centre: who looks rarely may
                // never see a key that others are shown.
                let may_miss = name == "entra-common" && every > 6;
                assert!(oldest[row][column] == 0 || may_miss, "{place}");
                assert!(at_once[row][column] > 0, "{place}");
            }
        }
    }
}

/// What `drift` tells is what `lock` would write, at every look.
#[test]
fn drift_tells_what_lock_would_write() {
    for name in ISSUERS {
        let history = history(name);
        let locks = locks(&history, 24, 24, Keep::default());
        for pair in locks.windows(2).take(40) {
            let ((_, before), (at, after)) = (&pair[0], &pair[1]);
            let shown = history.iter().rfind(|published| published.at <= *at);
            let seen = &shown.expect("the first one").seen;
            let behind = |locked: &LockedIssuer| {
                let found = moved(Some(locked), seen, *at, Keep::default());
                found.iter().any(|moved| moved.change.is_behind())
            };
            assert!(behind(before) && !behind(after), "{name} at {at}");
        }
    }
}

/// Tokens live on after the key that signed them is withdrawn. Not so for Entra ID: its keys come
/// back, and the overlap counts from the first look that missed one.
#[test]
fn tokens_of_a_withdrawn_key_stay_good_for_a_day() {
    for name in ["apple", "battle-net", "google"] {
        let history = history(name);
        for every in [6, 24, 72] {
            let locks = locks(&history, every, every, Keep::default());
            for review in HOURS {
                let applied = applied(&locks, review);
                let held = |at: Timestamp| {
                    let held = applied.iter().rfind(|(since, _)| *since <= at);
                    &held.expect("the first lock").1
                };
                for pair in history.windows(2) {
                    let (before, after) = (held(pair[1].at), held(later(pair[1].at, 24)));
                    // Keys that the lock never came to hold are counted in the tables.
                    let mut gone = pair[0].kids.difference(&pair[1].kids);
                    assert!(
                        gone.all(|kid| after.contains(kid) || !before.contains(kid)),
                        "{name} at {}, every {every}h",
                        pair[1].at
                    );
                }
            }
        }
    }
}

fn world(texts: &[String], locked: &LockedIssuer) -> World {
    let named: Vec<(&str, &str)> = texts
        .iter()
        .map(|text| ("idp.yaml", text.as_str()))
        .collect();
    let (mut manifests, mut found) =
        manifest::parse_texts(&named, &[], CATALOGUE, &AllowedEnv::default());
    let lock = Lock {
        issuers: BTreeMap::from([(ISSUER.to_owned(), locked.clone())]),
    };
    let world = compile(&mut manifests, Some(&lock), &mut found);
    assert!(found.is_empty(), "{found:#?}");
    world
}

fn manifests(rotates: bool) -> Vec<String> {
    let keys = json!({"issuer": true});
    let spec = json!({
        "issuer": ISSUER,
        "use": "workload",
        "clientIds": ["sts.acme.example"],
        "keys": keys,
        "accounts": [
            {"account": "tencent-prod"},
            {"account": "huawei-prod", "set": {"rules": [{
                "remote": [{"type": "sub"}],
                "local": [{"user": {"name": "{0}"}}],
            }]}},
        ],
    });
    let mut portable: Value =
        serde_json::from_str(&document("OidcProvider", "ci", "", &spec)).expect("JSON");
    portable["spec"]
        .as_object_mut()
        .expect("an object")
        .remove("account");
    if rotates {
        portable["spec"]["accounts"][0]["set"] = json!({"autoRotateKeys": true});
    }
    vec![ACCOUNTS.to_owned(), portable.to_string()]
}

/// The key ids of the first key set that a state holds, plain or in base64.
fn kids_on(state: &Value) -> BTreeSet<String> {
    fn find(value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => {
                let plain = base64::engine::general_purpose::STANDARD.decode(text).ok();
                let texts = [
                    plain.and_then(|bytes| String::from_utf8(bytes).ok()),
                    Some(text.clone()),
                ];
                texts.into_iter().flatten().find_map(|text| {
                    let set: Value = serde_json::from_str(&text).ok()?;
                    set.get("keys").is_some().then_some(set)
                })
            }
            Value::Array(items) => items.iter().find_map(find),
            Value::Object(members) if members.get("keys").is_some_and(Value::is_array) => {
                Some(value.clone())
            }
            Value::Object(members) => members.values().find_map(find),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }
    let set = find(state).expect("a key set on the cloud");
    jwks::keys_of(&set).iter().map(kid).collect()
}

/// Five weeks of Google's, as they would have been applied; and the fullest sets of Entra ID.
#[test]
fn replayed_locks_reach_the_clouds() {
    let google = locks(&history("google"), 6, 6, Keep::default());
    let entra = locks(&history("entra-common"), 6, 6, Keep::default());
    let fullest = entra.iter().max_by_key(|(_, locked)| locked.keys.len());
    let fullest = fullest.expect("a lock").clone();
    assert!(fullest.1.keys.len() > 12, "{}", fullest.1.keys.len());
    let texts = manifests(false);
    let clouds = Clouds::new();
    for (at, locked) in google.iter().take(13).chain([&fullest]) {
        let world = world(&texts, locked);
        let plan = make(&world, &clouds.read(&world));
        let cancel = tokio_util::sync::CancellationToken::new();
        for outcome in clouds.carry_out(&world, plan, cancel, |_| {}).outcomes {
            assert_eq!(outcome.outcome, Outcome::Done, "{at}: {outcome:#?}");
        }
        let after = make(&world, &clouds.read(&world));
        assert!(
            after.steps.iter().all(|step| step.action == Action::NoOp),
            "{at}"
        );
        let wanted = kids_of(locked);
        assert_eq!(kids_on(&clouds.state("tencent", TENCENT)), wanted, "{at}");
        assert_eq!(kids_on(&clouds.state("huawei", HUAWEI)), wanted, "{at}");
    }
}

/// With `autoRotateKeys` a new lock is no change there, and one as before elsewhere.
#[test]
fn a_cloud_that_fetches_keys_itself_needs_no_new_lock() {
    let google = locks(&history("google"), 6, 6, Keep::default());
    let texts = manifests(true);
    let clouds = Clouds::new();
    let first = world(&texts, &google[0].1);
    let plan = make(&first, &clouds.read(&first));
    let cancel = tokio_util::sync::CancellationToken::new();
    for outcome in clouds.carry_out(&first, plan, cancel, |_| {}).outcomes {
        assert_eq!(outcome.outcome, Outcome::Done, "{outcome:#?}");
    }
    let next = world(&texts, &google[1].1);
    let plan = make(&next, &clouds.read(&next));
    let changed: Vec<KindName> = plan
        .steps
        .iter()
        .filter(|step| step.action != Action::NoOp)
        .map(|step| step.address.kind)
        .collect();
    assert_eq!(changed, [KindName("HuaweiOidcConfig")]);
}
