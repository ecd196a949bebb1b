//! Clouds that are missing, refuse, falter or move, as the program's user sees it: exit codes,
//! messages, and what was written.

use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use idform::sandbox::{Options, Seen};

use crate::binary::{Binary, Ended, filters};
use crate::support::{ACCOUNTS, ALIBABA, Clouds, HUAWEI};
use crate::weather::{huawei, mapping, protocol, provider};

const APPLY: [&str; 2] = ["apply", "--yes"];

fn over(clouds: &Clouds, texts: &[&str]) -> Binary {
    Binary::over(clouds).manifests(&[&[ACCOUNTS], texts].concat())
}

/// The document with a `lifecycle`.
fn living(text: &str, lifecycle: &Value) -> String {
    let mut document: Value = serde_json::from_str(text).expect("JSON");
    document["lifecycle"] = lifecycle.clone();
    document.to_string()
}

fn is_write(seen: &Seen) -> bool {
    ["Create", "Update", "Delete", "Add", "Remove", "Disable"]
        .iter()
        .any(|verb| seen.action.contains(verb))
}

fn writes(clouds: &Clouds) -> Vec<String> {
    let seen = clouds.seen();
    let writes = seen.iter().filter(|seen| is_write(seen));
    writes.map(|seen| seen.action.clone()).collect()
}

/// Waits until the sandbox has received what `wanted` looks for.
fn wait_until(clouds: &Clouds, wanted: impl Fn(&[Seen]) -> bool) {
    let begun = Instant::now();
    while !wanted(&clouds.seen()) {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never came");
        std::thread::yield_now();
    }
}

fn ended(child: Child) -> Ended {
    Ended::of(child.wait_with_output().expect("it ends"))
}

fn interrupt(child: &Child) {
    let status = std::process::Command::new("sh")
        .args(["-c", &format!("kill -INT {}", child.id())])
        .status();
    assert!(status.expect("a shell").success());
}

#[test]
fn missing_credentials_say_where_they_were_looked_for() {
    let clouds = Clouds::new();
    let texts = [&provider("ci"), &huawei("p", true), &tencent("ci")];
    let mut binary = over(&clouds, &texts.map(String::as_str));
    for cloud in idform::clouds::CLOUDS {
        binary = binary
            .without(cloud.key_variables.id)
            .without(cloud.key_variables.secret);
    }
    let _filters = filters(&binary);
    let ended = binary.run(&["plan"]).with_code(1);
    insta::assert_snapshot!("missing-credentials", ended.golden());
    assert_eq!(clouds.seen(), []);
    let document = binary.run(&["plan", "--format=json"]).with_code(1).json();
    assert_eq!(document["errored"], true);
    assert_eq!(document["complete"], false);
}

fn tencent(name: &str) -> String {
    let samples = idform::clouds::kind("TencentOidcProvider")
        .expect("a kind")
        .samples();
    crate::support::document(
        "TencentOidcProvider",
        name,
        "tencent-prod",
        &samples.minimal,
    )
}

#[test]
fn a_wrong_secret_is_told_and_not_shown() {
    let clouds = Clouds::new();
    let texts = [&provider("ci"), &huawei("p", true), &tencent("ci")];
    let mut binary = over(&clouds, &texts.map(String::as_str));
    for cloud in idform::clouds::CLOUDS {
        binary = binary.env(cloud.key_variables.secret, "CANARY-not-the-secret");
    }
    let _filters = filters(&binary);
    let ended = binary.run(&APPLY).with_code(1);
    assert!(!ended.all().contains("CANARY"), "{ended:?}");
    insta::assert_snapshot!("wrong-secret", ended.golden());
    assert_eq!(writes(&clouds), [""; 0]);
}

#[test]
fn a_clock_that_is_off_by_an_hour_is_corrected_and_told() {
    let clouds = Clouds::with(Options {
        clock_offset_seconds: -3600,
        throttle_per_second: Some(0),
        ..Options::default()
    });
    let texts = [&provider("ci"), &huawei("p", true), &tencent("ci")];
    let binary = over(&clouds, &texts.map(String::as_str));
    let ended = binary.run(&APPLY).with_code(0);
    assert_eq!(ended.stderr.matches("clock is off").count(), 3, "{ended:?}");
    let quiet = binary.run(&["plan", "--quiet"]).with_code(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn an_account_that_is_another_is_neither_read_nor_written() {
    let clouds = Clouds::new();
    let accounts = ACCOUNTS.replace(ALIBABA, "9999999999999999");
    let binary = Binary::over(&clouds).manifests(&[&accounts, &provider("ci"), &huawei("p", true)]);
    let _filters = filters(&binary);
    let ended = binary.run(&APPLY).with_code(1);
    insta::assert_snapshot!("wrong-account", ended.golden());
    let seen = clouds.seen();
    let there: Vec<&str> = seen
        .iter()
        .filter(|seen| seen.cloud == "alibaba")
        .map(|seen| seen.action.as_str())
        .collect();
    assert_eq!(there, ["GetCallerIdentity"]);
    assert_eq!(
        clouds.state("huawei", HUAWEI)["identity_providers"]["p"]["enabled"],
        true,
        "the others are applied"
    );
}

#[test]
fn an_endpoint_where_nobody_listens() {
    let clouds = Clouds::new();
    // A port that was free a moment ago and that nobody is told of.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let binary = over(&clouds, &[&provider("ci"), &huawei("p", true)]).env(
        "IDFORM_ALIBABA_ENDPOINT",
        &format!("http://127.0.0.1:{port}"),
    );
    let _filters = filters(&binary);
    let ended = binary.run(&["plan"]).with_code(1);
    insta::assert_snapshot!("nobody-listens", ended.golden());
}

#[test]
fn an_endpoint_that_would_send_in_the_clear() {
    for (number, url) in [
        "http://ims.example",
        "ftp://127.0.0.1",
        "no url",
        "http://10.0.0.1:80",
    ]
    .iter()
    .enumerate()
    {
        let clouds = Clouds::new();
        let binary = over(&clouds, &[&provider("ci")]).env("IDFORM_ALIBABA_ENDPOINT", url);
        let ended = binary.run(&APPLY).with_code(1);
        assert_eq!(ended.stdout, "");
        insta::assert_snapshot!(format!("bad-endpoint-{number}"), ended.stderr);
        for command in ["plan", "apply"] {
            let document = binary.run(&[command, "--format=json"]).with_code(1).json();
            assert_eq!(document["command"], command);
            assert_eq!(document["exit_code"], 1);
            assert_eq!(document["diagnostics"][0]["code"], "cannot-run");
            let found = document["diagnostics"].as_array().expect("a list");
            assert_eq!(found.len(), 1, "{document:#}");
        }
        assert_eq!(clouds.seen(), []);
    }
}

#[test]
fn answers_that_are_none() {
    let faults = ["html", "html-200", "cut", "malformed", "status:500", "drop"];
    // All at once, since each run tries several times before it gives up.
    let runs: Vec<(&str, Clouds, Binary, Child)> = faults
        .into_iter()
        .map(|fault| {
            let clouds = Clouds::new();
            clouds.fault(&format!("alibaba:ListOIDCProviders={fault}"));
            let binary = over(&clouds, &[&provider("ci"), &huawei("p", true)]);
            let child = binary.start(&["plan"]);
            (fault, clouds, binary, child)
        })
        .collect();
    for (fault, _clouds, binary, child) in runs {
        let _filters = filters(&binary);
        let name = format!("no-answer-{}", fault.replace(':', "-"));
        insta::assert_snapshot!(name, ended(child).with_code(1).golden());
    }
}

#[test]
fn answers_that_falter_once_are_asked_for_again() {
    for fault in [
        "html",
        "cut",
        "malformed",
        "throttle",
        "throttle-wait:1",
        "drop",
        "status:503",
    ] {
        let clouds = Clouds::new();
        clouds.fault(&format!("*={fault},times=1"));
        let binary = over(&clouds, &[&provider("ci")]);
        let ended = binary.run(&["plan", "--detailed-exitcode"]).with_code(2);
        assert!(ended.stdout.contains("1 to create"), "{fault}: {ended:?}");
        assert_eq!(ended.stderr, "", "{fault}");
    }
}

#[test]
fn one_account_of_three_that_cannot_be_read_does_not_hide_the_others() {
    let clouds = Clouds::new();
    clouds.fault("huawei:*=deny");
    let texts = [&provider("ci"), &huawei("p", true), &tencent("ci")];
    let binary = over(&clouds, &texts.map(String::as_str));
    let _filters = filters(&binary);
    let document = binary.run(&["plan", "--format=json"]).with_code(1).json();
    assert_eq!(document["complete"], false);
    assert_eq!(document["errored"], true);
    let unread = document["resource_changes"]
        .as_array()
        .and_then(|changes| {
            changes
                .iter()
                .find(|change| change["type"] == "HuaweiIdentityProvider")
        })
        .expect("it is listed");
    assert_eq!(unread["change"]["actions"], json!(["read"]));
    let ended = binary
        .run(&[&APPLY[..], &["--parallelism=1"]].concat())
        .with_code(1);
    insta::assert_snapshot!("one-of-three", ended.golden());
    assert_eq!(writes(&clouds), ["CreateOIDCProvider", "CreateOIDCConfig"]);
}

#[test]
fn what_is_protected_stays() {
    let clouds = Clouds::new();
    let guarded = living(&provider("ci"), &json!({"protect": true}));
    let _ = over(&clouds, &[&guarded]).run(&APPLY).with_code(0);
    let before = writes(&clouds).len();
    let changed = guarded.replace("sts.aliyuncs.com", "sts.acme.example");
    let binary = over(&clouds, &[&changed, &huawei("p", true)]);
    let _filters = filters(&binary);
    let ended = binary.run(&["plan"]).with_code(3);
    insta::assert_snapshot!("protected-plan", ended.golden());
    let consent = [
        "apply",
        "--yes",
        "--allow=may-break-sign-in",
        "--allow=destroys",
    ];
    let ended = binary.run(&consent).with_code(3);
    insta::assert_snapshot!("protected-apply", ended.stderr);
    let document = binary.run(&[&consent[..], &["--format=json"]].concat());
    let document = document.with_code(3).json();
    assert_eq!(document["outcomes"], json!([]));
    assert_eq!(document["plan"]["errored"], false);
    assert_eq!(writes(&clouds).len(), before, "nothing was written");
}

#[test]
fn what_cannot_be_created_is_shown_with_all_the_rest() {
    let clouds = Clouds::new();
    let mut half: Value = serde_json::from_str(&provider("half")).expect("JSON");
    let spec = half["spec"].as_object_mut().expect("an object");
    spec.remove("issuer");
    let binary = over(&clouds, &[&half.to_string(), &huawei("p", true)]);
    let _filters = filters(&binary);
    let ended = binary.run(&["plan"]).with_code(1);
    insta::assert_snapshot!("blocked", ended.golden());
    let document = binary.run(&["plan", "--format=json"]).with_code(1).json();
    let blocked = &document["resource_changes"][0];
    assert_eq!(blocked["action"], "blocked");
    assert_eq!(
        blocked["change"]["actions"],
        json!(["create"]),
        "what would be needed"
    );
    assert_eq!(
        document["resource_changes"].as_array().map(Vec::len),
        Some(2)
    );
    let _ = binary.run(&APPLY).with_code(1);
    assert_eq!(
        clouds.state("huawei", HUAWEI)["identity_providers"]["p"]["enabled"],
        true,
        "the rest is applied"
    );
}

#[test]
fn what_somebody_changes_between_plan_and_write_is_stale() {
    let clouds = Clouds::new();
    let old = provider("ci");
    let _ = over(&clouds, &[&old]).run(&APPLY).with_code(0);
    let new = old.replace("made by a test", "mended").replace(
        "[\"sts.aliyuncs.com\"]",
        "[\"sts.aliyuncs.com\",\"sts.acme.example\"]",
    );
    let binary = over(&clouds, &[&new]);
    let _filters = filters(&binary);
    let before = clouds.count("GetOIDCProvider");
    let writes_before = writes(&clouds).len();
    // The plan reads the list; the look just before the write reads the object, and takes its time.
    clouds.fault("GetOIDCProvider=delay:1500,times=1");
    let child = binary.start(&APPLY);
    wait_until(&clouds, |seen| {
        let looks = seen.iter().filter(|seen| seen.action == "GetOIDCProvider");
        looks.count() > before
    });
    clouds.edit("alibaba", ALIBABA, |state| {
        state["oidc_providers"]["ci"]["Description"] = "by hand".into();
    });
    let ended = ended(child).with_code(4);
    insta::assert_snapshot!("stale", ended.golden());
    assert_eq!(writes(&clouds).len(), writes_before, "nothing was written");
}

#[test]
fn ctrl_c_finishes_what_is_in_flight_and_the_next_run_the_rest() {
    let clouds = Clouds::new();
    // The four writes of the federation wait for each other; whenever the signal comes during
    // these, some are left.
    clouds.fault("huawei:KeystoneCreate*=delay:1000");
    let binary = over(
        &clouds,
        &[&huawei("p", true), &mapping("readers"), &protocol()],
    );
    let child = binary.start(&["apply", "--yes", "--format=json"]);
    let is_create = |seen: &Seen| seen.action == "KeystoneCreateIdentityProvider";
    wait_until(&clouds, |seen| seen.iter().any(is_create));
    interrupt(&child);
    let ended = ended(child).with_code(130);
    assert!(ended.stderr.contains("interrupted: finishing"), "{ended:?}");
    let document = ended.json();
    assert_eq!(document["interrupted"], true);
    assert_eq!(document["exit_code"], 130);
    let mut cancelled = 0;
    for outcome in document["outcomes"].as_array().expect("a list") {
        for call in outcome["calls"].as_array().expect("a list") {
            assert!(
                call["request_id"].is_string(),
                "it was finished: {outcome:#}"
            );
        }
        cancelled += usize::from(outcome["outcome"] == "cancelled");
    }
    assert!(cancelled > 0, "{document:#}");
    assert!(
        clouds.seen().iter().all(|seen| seen.status != 0),
        "every call was answered"
    );
    clouds.sandbox().clear_faults();
    let _ = binary.run(&APPLY).with_code(0);
    let _ = binary.run(&["plan", "--detailed-exitcode"]).with_code(0);
    for action in ["KeystoneCreateIdentityProvider", "KeystoneCreateMapping"] {
        assert_eq!(clouds.count(action), 1, "nothing is made twice");
    }
}

#[test]
fn ctrl_c_while_reading_changes_nothing_and_says_so() {
    let clouds = Clouds::new();
    // Long enough that the signal always comes first; nobody waits for its end.
    clouds.fault("huawei:Keystone*=delay:600000");
    let binary = over(&clouds, &[&huawei("p", true)]);
    let is_read = |seen: &Seen| seen.action.starts_with("Keystone");
    for command in [
        &["plan"][..],
        &["apply", "--yes"],
        &["drift"],
        &["import", "--account=huawei-prod", "--out=adopted"],
    ] {
        let before = clouds.seen().len();
        let arguments = [command, &["--format=json", "--timeout=10m"]].concat();
        let child = binary.start(&arguments);
        wait_until(&clouds, |seen| seen[before..].iter().any(is_read));
        interrupt(&child);
        let ended = ended(child).with_code(130);
        assert!(
            ended
                .stderr
                .contains("error: interrupted; nothing was changed"),
            "{ended:?}"
        );
        let document = ended.json();
        assert_eq!(document["exit_code"], 130, "{command:?}");
        assert_eq!(document["diagnostics"][0]["code"], "interrupted");
        let errored = match command[0] {
            "apply" => &document["interrupted"],
            "import" => &Value::Bool(!document["written"].as_bool().expect("a claim")),
            _ => &document["errored"],
        };
        assert_eq!(errored, &Value::Bool(true), "{document:#}");
    }
    assert!(writes(&clouds).is_empty(), "nothing was written");
}

#[test]
fn ctrl_c_in_words() {
    let clouds = Clouds::new();
    clouds.fault("huawei:KeystoneCreate*=delay:1000");
    let binary = over(
        &clouds,
        &[&huawei("p", true), &mapping("readers"), &protocol()],
    );
    let _filters = filters(&binary);
    let child = binary.start(&["apply", "--yes", "--parallelism=1"]);
    let is_create = |seen: &Seen| seen.action == "KeystoneCreateIdentityProvider";
    wait_until(&clouds, |seen| seen.iter().any(is_create));
    interrupt(&child);
    let ended = ended(child).with_code(130);
    insta::assert_snapshot!("interrupted", ended.golden());
}

#[test]
fn logs_carry_call_account_and_request_id() {
    let clouds = Clouds::new();
    let binary = over(&clouds, &[&provider("ci")]);
    let text = binary.run(&["plan", "-vv"]).with_code(0);
    let call = |line: &&str| line.contains("ListOIDCProviders");
    let line = text
        .stderr
        .lines()
        .find(call)
        .expect("a line for each call");
    for part in ["alibaba-prod", "request_id=", "outcome=", "milliseconds="] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let json = binary
        .run(&["plan", "-vv", "--log-format=json"])
        .with_code(0);
    for line in json.stderr.lines() {
        let entry: Value = serde_json::from_str(line).expect("each line is JSON");
        assert_eq!(entry["account"], "alibaba-prod");
        assert!(
            entry["call"].is_string() && entry["request_id"].is_string(),
            "{line}"
        );
    }
    assert!(json.stderr.lines().count() >= 2);
    let quiet = binary.run(&["plan", "--quiet"]).with_code(0);
    assert_eq!((quiet.stderr.as_str(), &quiet.stdout), ("", &text.stdout));
    let quiet = binary.run(&["apply", "--quiet", "--yes"]).with_code(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn wrong_usage_is_64() {
    let binary = Binary::alone();
    for (number, arguments) in [
        &["plann"][..],
        &["plan", "--format=xml"],
        &["plan", "--timeout=10"],
        &["plan", "--parallelism=0"],
        &["apply", "--allow=everything"],
        &["plan", "-v", "-q"],
        &["schema", "universe"],
        &["explain", "NoSuchKind"],
        &[],
    ]
    .into_iter()
    .enumerate()
    {
        let ended = binary.run(arguments).with_code(64);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        insta::assert_snapshot!(format!("usage-{number}"), ended.stderr);
    }
    let _ = binary.run(&["--version"]).with_code(0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let binary = Binary::alone();
    let mut child = binary.start(&["schema", "manifest"]);
    drop(child.stdout.take());
    let ended = ended(child);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
}
