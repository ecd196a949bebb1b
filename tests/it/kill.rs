//! Killed without warning at every write of the quickstart, before and after the cloud did what was
//! asked: the journal tells the truth, nothing is made twice, and the next run finishes the work.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::binary::Binary;
use crate::support::{ALIBABA, Clouds, HUAWEI, TENCENT};

const APPLY: [&str; 6] = [
    "apply",
    "--parallelism=1",
    "--yes",
    "--allow=switches-sign-in",
    "--journal=journal.jsonl",
    "idp",
];

/// One write of the quickstart: cloud, action, and how many of the same name came before it.
type Moment = (String, String, usize);

#[test]
fn killed_at_any_write_the_next_run_finishes() {
    let (moments, wanted) = undisturbed();
    assert!(
        moments.len() > 12,
        "the quickstart has many writes: {moments:?}"
    );
    // Each waits for budgets far more than it computes.
    std::thread::scope(|scope| {
        for (number, moment) in moments.iter().enumerate() {
            for kind in ["stall", "stall-after"] {
                let wanted = &wanted;
                scope.spawn(move || killed_at(number, moment, kind, wanted));
            }
        }
    });
}

/// The writes of an apply that nothing disturbs, and what the clouds then hold.
fn undisturbed() -> (Vec<Moment>, Vec<Value>) {
    let clouds = Clouds::new();
    let binary = quickstart(&clouds);
    let _ = binary.run(&APPLY).with_code(0);
    let mut moments: Vec<Moment> = Vec::new();
    for entry in journal(&binary) {
        if entry["entry"] == "intent" {
            let call = entry["call"].as_str().expect("the call's name").to_owned();
            let cloud = cloud_of(&entry);
            let earlier = moments
                .iter()
                .filter(|(known, name, _)| *known == cloud && *name == call)
                .count();
            moments.push((cloud, call, earlier));
        }
    }
    (moments, held(&clouds))
}

fn killed_at(number: usize, moment: &Moment, kind: &str, wanted: &[Value]) {
    let (cloud, action, earlier) = moment;
    let at = format!("write {number} ({cloud}:{action}), {kind}");
    let clouds = Clouds::new();
    clouds.fault(&format!("{cloud}:{action}={kind},skip={earlier},times=1"));
    let binary = quickstart(&clouds);
    let mut child = binary.start(&APPLY);
    let before = held(&clouds);
    wait_until(&at, || clouds.count(action) > *earlier);
    if kind == "stall-after" {
        wait_until(&at, || held(&clouds) != before);
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");

    let entries = journal(&binary);
    let intents = entries.iter().filter(|entry| entry["entry"] == "intent");
    assert_eq!(
        intents.count(),
        number + 1,
        "{at}: each intent was recorded"
    );
    let last = entries.last().expect("a last entry");
    assert_eq!(
        last["entry"], "intent",
        "{at}: nobody knows how it ended: {last}"
    );
    assert_eq!(last["call"], *action, "{at}");

    let ended = binary.run(&APPLY).with_code(0);
    assert_eq!(held(&clouds), wanted, "{at}: {}", ended.stderr);
    let arguments = ["plan", "--detailed-exitcode", "idp"];
    let _ = binary.run(&arguments).with_code(0);
}

fn quickstart(clouds: &Clouds) -> Binary {
    let binary = Binary::over(clouds);
    binary.copy_example("examples/quickstart", "idp");
    binary
}

fn journal(binary: &Binary) -> Vec<Value> {
    let text = std::fs::read_to_string(binary.path().join("journal.jsonl"));
    let text = text.expect("the journal is kept");
    let line = |line: &str| serde_json::from_str(line).expect("each line is JSON");
    text.lines().map(line).collect()
}

fn cloud_of(entry: &Value) -> String {
    let address = entry["address"].as_str().expect("an address");
    let (account, _) = address.split_once('/').expect("an account");
    let (cloud, _) = account.split_once('-').expect("a cloud's name");
    cloud.to_owned()
}

/// What the accounts hold, without what differs from run to run.
fn held(clouds: &Clouds) -> Vec<Value> {
    [
        ("tencent", TENCENT),
        ("alibaba", ALIBABA),
        ("huawei", HUAWEI),
    ]
    .map(|(cloud, account)| without_times(clouds.state(cloud, account)))
    .into()
}

/// Times, counters and numbers that the clouds give out.
pub(crate) fn without_times(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| {
                let name = name.to_lowercase();
                !["time", "date", "nonce", "arn", "_at", "requests"]
                    .iter()
                    .any(|word| name.contains(word))
            })
            .map(|(name, value)| (name, without_times(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_times).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// Waits for what will happen; a test that waits in vain says for what.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < Duration::from_mins(2),
            "{what} never came"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
