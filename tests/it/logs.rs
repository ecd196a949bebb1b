//! What a run leaves for those who look at it from afar: logs as JSON, and the report of an apply.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::binary::Binary;
use crate::support::{ACCOUNTS, Clouds};
use crate::weather::provider;

fn binary(clouds: &Clouds) -> Binary {
    Binary::over(clouds).manifests(&[ACCOUNTS, &provider("ci")])
}

/// The log lines about calls.
fn calls(stderr: &str) -> Vec<Value> {
    let lines = stderr.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"))
        .filter(|line| line["message"] == "call")
        .collect()
}

#[test]
fn every_call_is_logged_with_what_finds_it_again() {
    let clouds = Clouds::new();
    clouds.fault("alibaba:CreateOIDCProvider=throttle,times=1");
    let arguments = ["apply", "--yes", "-vv", "--log-format=json"];
    let ended = binary(&clouds).run(&arguments).with_code(0);
    let calls = calls(&ended.stderr);
    assert_eq!(calls.len(), clouds.seen().len(), "each request is one line");
    for call in &calls {
        for (field, is_there) in [
            ("account", call["account"] == "alibaba-prod"),
            ("call", call["call"].is_string()),
            ("attempt", call["attempt"].as_u64() >= Some(1)),
            ("outcome", call["outcome"].is_string()),
            ("request_id", call["request_id"].is_string()),
            ("milliseconds", call["milliseconds"].is_u64()),
        ] {
            assert!(is_there, "{field}: {call}");
        }
    }
    let of = |name: &str| -> Vec<(u64, &str)> {
        let named = calls.iter().filter(|call| call["call"] == name);
        named
            .map(|call| {
                let address = call["address"].as_str().expect("an address");
                assert_eq!(address, "alibaba-prod/AlibabaOidcProvider/ci");
                let attempt = call["attempt"].as_u64().expect("a number");
                (attempt, call["outcome"].as_str().expect("a word"))
            })
            .collect()
    };
    assert_eq!(of("CreateOIDCProvider"), [(1, "throttled"), (2, "ok")]);
    let addresses: BTreeSet<&str> = calls
        .iter()
        .filter_map(|call| call["address"].as_str())
        .collect();
    assert!(
        addresses.contains("alibaba-prod/AlibabaOidcProvider/*"),
        "the survey serves all of a kind: {addresses:?}"
    );
}

fn report(binary: &Binary) -> Value {
    let text = fs::read_to_string(binary.path().join("report.json")).expect("a report");
    serde_json::from_str(&text).expect("one JSON document")
}

#[test]
fn a_report_is_left_however_the_run_ends() {
    let clouds = Clouds::new();
    let binary = binary(&clouds);
    let run = |more: &[&str]| binary.run(&[&["apply", "--report=report.json"], more].concat());

    let refused = run(&[]).with_code(3);
    assert_eq!(report(&binary)["exit_code"], 3, "{refused:?}");

    let unreadable = run(&["--plan=nowhere.json"]).with_code(1);
    assert_eq!(report(&binary)["plan"], Value::Null, "{unreadable:?}");
    assert_eq!(report(&binary)["diagnostics"][0]["code"], "cannot-run");

    clouds.fault("alibaba:CreateOIDCProvider=deny");
    let _ = run(&["--yes"]).with_code(1);
    let failed = report(&binary);
    assert_eq!(failed["outcomes"][0]["outcome"], "failed", "{failed:#}");
    clouds.sandbox().clear_faults();

    let same = run(&["--yes", "--format=json"]).with_code(0);
    assert_eq!(report(&binary), same.json());
    assert_eq!(report(&binary)["outcomes"][0]["outcome"], "done");

    binary.write("0.yaml", "apiVersion: idform/v1\nkind: Nothing\n");
    let _ = run(&["--yes"]).with_code(1);
    assert_eq!(report(&binary)["exit_code"], 1);
    assert!(!binary.path().join("report.json.new").exists());

    let nowhere = binary
        .run(&["apply", "--report=nowhere/report.json"])
        .with_code(1);
    assert!(nowhere.stderr.contains("begin the report"), "{nowhere:?}");
}
