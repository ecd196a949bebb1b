//! An apply that signals cut short while a write is under way: what it leaves behind is true, has the
//! published form, and the next run finishes.

use std::io::{BufRead, BufReader, Read};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::binary::{Binary, Ended};
use crate::json_schema::Schema;
use crate::kill::wait_until;
use crate::support::{ACCOUNTS, Clouds, root};
use crate::weather::{huawei, mapping, protocol};

const APPLY: [&str; 7] = [
    "apply",
    "--yes",
    "--parallelism=1",
    "--timeout=60s",
    "--report=../report.json",
    "--journal=../journal.jsonl",
    "--events=../events.jsonl",
];

/// An apply in the middle of its first write, which the cloud holds back.
struct Held {
    clouds: Clouds,
    binary: Binary,
    child: Child,
    said: BufReader<std::process::ChildStderr>,
}

const HELD: &str = "KeystoneCreateIdentityProvider";

fn held() -> Held {
    let clouds = Clouds::new();
    clouds.fault(&format!("{HELD}=hold"));
    let texts = [huawei("p", true), mapping("readers"), protocol()];
    let binary = Binary::over(&clouds).manifests(&[ACCOUNTS, &texts[0], &texts[1], &texts[2]]);
    let mut child = binary.start(&APPLY);
    let said = BufReader::new(child.stderr.take().expect("its standard error"));
    wait_until("the write", || clouds.count(HELD) == 1);
    Held {
        clouds,
        binary,
        child,
        said,
    }
}

impl Held {
    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("an id");
        let id = Pid::from_raw(id).expect("an id");
        kill_process(id, signal).expect("it is there");
    }

    /// Waits until it has said this.
    fn hear(&mut self, words: &str) {
        let mut all = String::new();
        while !all.contains(words) {
            let read = self.said.read_line(&mut all).expect("text");
            assert_ne!(read, 0, "it ended without saying `{words}`:\n{all}");
        }
    }

    /// How it ended, once nothing is held back any more where `let_go`.
    fn end(mut self, let_go: bool) -> (Clouds, Binary, Ended) {
        if let_go {
            self.clouds.sandbox().clear_faults();
        }
        let status = self.child.wait().expect("it ends");
        let mut ended = Ended {
            code: status.code(),
            stdout: String::new(),
            stderr: String::new(),
        };
        self.said.read_to_string(&mut ended.stderr).expect("text");
        let mut out = self.child.stdout.take().expect("its standard output");
        out.read_to_string(&mut ended.stdout).expect("text");
        self.clouds.sandbox().clear_faults();
        (self.clouds, self.binary, ended)
    }
}

/// A document, checked against a published schema.
fn checked(schema: &str, value: Value) -> Value {
    let path = root().join(format!("schemas/{schema}.schema.json"));
    let schema = std::fs::read_to_string(path).expect("a published schema");
    let schema = Schema::new(&serde_json::from_str(&schema).expect("JSON"));
    assert_eq!(schema.valid(&value), Ok(()), "{value:#}");
    value
}

fn report(binary: &Binary) -> Value {
    let text = std::fs::read_to_string(binary.path().join("../report.json")).expect("a report");
    checked("report", serde_json::from_str(&text).expect("JSON"))
}

fn lines(binary: &Binary, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(binary.path().join(format!("../{name}.jsonl")));
    let line = |line| checked(name, serde_json::from_str(line).expect("each line is JSON"));
    text.expect("it was written").lines().map(line).collect()
}

/// `(entry, call)` of each line of the journal.
fn journal(binary: &Binary) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = lines(binary, "journal");
    let pair = |line: &Value| (text(&line["entry"]), text(&line["call"]));
    entries.iter().map(pair).collect()
}

/// The next run finishes, and then nothing is left to do.
fn finish(clouds: &Clouds, binary: &Binary) {
    let ended = binary.run(&APPLY).with_code(0);
    assert_eq!(report(binary)["exit_code"], 0, "{ended:?}");
    assert_eq!(clouds.count(HELD), 1, "made once");
    let _ = binary.run(&["plan", "--detailed-exitcode"]).with_code(0);
}

#[test]
fn one_signal_lets_the_running_change_end_and_the_report_tells_of_it() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut held = held();
        held.signal(signal);
        held.hear("finishing the calls in flight");
        let (clouds, binary, ended) = held.end(true);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let report = report(&binary);
        assert_eq!(report["exit_code"], 130, "{report:#}");
        let outcomes: Vec<(&str, &str)> = report["outcomes"]
            .as_array()
            .expect("outcomes")
            .iter()
            .map(|outcome| {
                let text = |name: &str| outcome[name].as_str().expect("text");
                (text("address"), text("outcome"))
            })
            .collect();
        assert_eq!(
            outcomes,
            [
                ("huawei-prod/HuaweiIdentityProvider/p", "cancelled"),
                ("huawei-prod/HuaweiMapping/m", "cancelled"),
                ("huawei-prod/HuaweiProtocol/p", "cancelled"),
            ],
        );
        // It was made and not yet switched on: the calls say so.
        let calls = report["outcomes"][0]["calls"].as_array().expect("calls");
        assert_eq!(calls.len(), 1, "{report:#}");
        assert_eq!(calls[0]["name"], HELD, "{report:#}");
        let entries = journal(&binary);
        let of = |entry: &str| entries.iter().filter(|(it, _)| it == entry).count();
        assert_eq!((of("intent"), of("outcome")), (1, 1), "{entries:?}");
        assert_eq!(of("end"), 3, "{entries:?}");
        let _ = lines(&binary, "events");
        finish(&clouds, &binary);
    }
}

#[test]
fn a_second_signal_ends_it_at_once_and_the_report_does_not_claim_more() {
    let mut held = held();
    held.signal(Signal::INT);
    held.hear("finishing the calls in flight");
    held.signal(Signal::INT);
    let (clouds, binary, ended) = held.end(false);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let report = report(&binary);
    assert_eq!(report["exit_code"], 130, "{report:#}");
    let finding = &report["diagnostics"][0];
    assert_eq!(finding["code"], "interrupted", "{report:#}");
    let told = finding.to_string();
    assert!(told.contains("not waited for"), "{report:#}");
    assert_eq!(report["plan"], Value::Null, "{report:#}");
    assert!(!binary.path().join("../report.json.new").exists());
    // What was sent and not answered is in the journal, and so is that nobody knows.
    let entries = journal(&binary);
    let intent = ("intent".to_owned(), HELD.to_owned());
    assert_eq!(entries.last(), Some(&intent), "{entries:?}");
    let _ = lines(&binary, "events");
    finish(&clouds, &binary);
}

#[test]
fn a_signal_while_the_clouds_are_read_is_reported_too() {
    let clouds = Clouds::new();
    clouds.fault("KeystoneListIdentityProviders=hold");
    clouds.fault("KeystoneShowIdentityProvider=hold");
    let binary = Binary::over(&clouds).manifests(&[ACCOUNTS, &huawei("p", true)]);
    let mut child = binary.start(&APPLY);
    wait_until("a read", || {
        clouds
            .seen()
            .iter()
            .any(|seen| seen.action.contains("IdentityProvider"))
    });
    let id = i32::try_from(child.id()).expect("an id");
    kill_process(Pid::from_raw(id).expect("an id"), Signal::TERM).expect("it is there");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    let report = report(&binary);
    assert_eq!(report["exit_code"], 130, "{report:#}");
    assert_eq!(
        report["diagnostics"][0]["code"], "interrupted",
        "{report:#}"
    );
    clouds.sandbox().clear_faults();
    let _ = binary.run(&APPLY).with_code(0);
}
