//! Drift, told as a story: what was applied, what somebody did to it, and what the report says in
//! each of its forms. And that nothing is ever written on the way.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{ACCOUNTS, ALIBABA, Clouds, HUAWEI, TENCENT, document, root};

const FINGERPRINT: &str = "902ef2deeb3c5b13ea4c3d5193629309e231ae55";

fn provider(name: &str, clients: &[&str]) -> String {
    let spec = json!({
        "issuer": format!("https://{name}.acme.example"),
        "clientIds": clients,
        "fingerprints": [FINGERPRINT],
        "description": name,
    });
    document("AlibabaOidcProvider", name, "alibaba-prod", &spec)
}

fn huawei() -> String {
    let spec = json!({"enabled": true, "description": "staff"});
    document("HuaweiIdentityProvider", "staff", "huawei-prod", &spec)
}

/// Manifests that were applied, and the folder they lie in.
struct Stage {
    clouds: Clouds,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let texts = [
            provider("more", &["a"]),
            provider("fewer", &["a", "b"]),
            provider("text", &["a"]),
            provider("gone", &["a"]),
            provider("same", &["a"]),
            huawei(),
        ];
        let clouds = Clouds::new();
        let mut all = vec![ACCOUNTS];
        all.extend(texts.iter().map(String::as_str));
        for outcome in clouds.apply(&all).outcomes {
            assert_eq!(outcome.outcome, idform::apply::Outcome::Done);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let stage = Self { clouds, folder };
        // JSON lines are YAML documents.
        stage.write(
            "idp.yaml",
            &format!("{ACCOUNTS}---\n{}\n", texts.join("\n---\n")),
        );
        stage
    }

    /// What somebody did in the consoles, on every object another thing.
    fn hand_edits(&self) {
        self.clouds.edit("alibaba", ALIBABA, |state| {
            let providers = &mut state["oidc_providers"];
            providers["more"]["ClientIds"] = json!(["a", "evil"]);
            providers["fewer"]["ClientIds"] = json!(["a"]);
            providers["text"]["Description"] = "by hand | @team".into();
            let mut rogue = providers["same"].clone();
            rogue["IssuerUrl"] = "https://rogue.example".into();
            providers["rogue"] = rogue;
            let all = providers.as_object_mut().expect("providers by name");
            all.remove("gone");
        });
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("write a file");
        path
    }

    /// Runs the program in the folder, with nothing of this machine's environment.
    fn run(&self, arguments: &[&str]) -> Output {
        assert_cmd::Command::cargo_bin("idform")
            .expect("the program is built")
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.clouds.env())
            .env("COLUMNS", "100")
            .args(arguments)
            .output()
            .expect("it runs")
    }

    fn drift(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut all = vec!["drift", "idp.yaml"];
        all.extend(arguments);
        self.said(&all)
    }

    fn said(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.run(arguments);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let mut all = vec!["--format", "json"];
        all.extend(arguments);
        let (code, out, _) = self.drift(&all);
        (code, serde_json::from_str(&out).expect("one JSON document"))
    }
}

fn check(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

/// Nothing but reads arrived since `before` calls.
fn assert_only_reads(clouds: &Clouds, before: usize) {
    for seen in clouds.seen().into_iter().skip(before) {
        let reads = ["Get", "List", "Describe", "Show"];
        let writes = ["Create", "Update", "Delete"];
        let says_so = |words: &[&str]| words.iter().any(|word| seen.action.contains(word));
        let is_read = reads.iter().any(|word| seen.action.starts_with(word))
            || seen.action.starts_with("Keystone") && !says_so(&writes);
        assert!(is_read, "drift sent {}", seen.action);
    }
}

#[test]
fn what_was_applied_has_not_drifted() {
    let stage = Stage::new();
    let before = stage.clouds.seen().len();
    let (code, out, err) = stage.drift(&[]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.ends_with("No drift. 6 in sync.\n"), "{out}");
    assert!(
        out.contains("tencent-prod/TencentOidcProvider"),
        "unlistable is said: {out}"
    );
    assert_only_reads(&stage.clouds, before);
}

#[test]
fn hand_edits_are_ranked_in_every_form() {
    let stage = Stage::new();
    stage.hand_edits();
    let before = stage.clouds.seen().len();
    let (code, out, err) = stage.drift(&[]);
    assert_eq!(code, Some(2), "{err}");
    check("drift-text", &out);
    let (code, again, _) = stage.drift(&[]);
    assert_eq!((code, again), (Some(2), out), "same input, same bytes");
    let (_, out, _) = stage.drift(&["--format", "markdown"]);
    check("drift-markdown", &out);
    let (_, out, _) = stage.drift(&["--format", "json"]);
    check("drift-json", &out);
    let (_, out, _) = stage.drift(&["--format", "github"]);
    check("drift-github", &out);
    let (_, out, _) = stage.drift(&["--format", "sarif"]);
    let mut log: Value = serde_json::from_str(&out).expect("JSON");
    // The rules are those of plans, and tested there.
    log["runs"][0]["tool"] = Value::Null;
    check("drift-sarif", &format!("{log:#}"));
    assert_only_reads(&stage.clouds, before);
}

#[test]
fn one_run_gives_every_form_and_show_gives_them_again() {
    let stage = Stage::new();
    stage.hand_edits();
    let place = |form: &str| stage.folder.path().join(format!("report.{form}"));
    let forms = ["text", "json", "markdown", "sarif", "github"];
    let outputs: Vec<String> = forms
        .iter()
        .map(|form| format!("--output={form}={}", place(form).display()))
        .collect();
    let arguments: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let before = stage.clouds.seen().len();
    let (code, text, _) = stage.drift(&arguments);
    assert_eq!(code, Some(2));
    let written = |form: &str| std::fs::read_to_string(place(form)).expect(form);
    assert_eq!(written("text"), text);
    let asked = stage.clouds.seen().len();
    assert!(asked > before);
    let json = place("json").display().to_string();
    for form in forms {
        let (code, shown, err) = stage.said(&["show", &json, "--format", form]);
        assert_eq!(code, Some(0), "{err}");
        assert_eq!(shown, written(form), "{form}");
    }
    assert_eq!(stage.clouds.seen().len(), asked, "show contacts nobody");
    let (code, shown, _) = stage.said(&["show", &json, "--format", "job-summary"]);
    assert_eq!((code, shown), (Some(0), written("markdown")));
    let (code, shown, err) = stage.said(&["show", &json, "--format", "html"]);
    assert_eq!((code, shown.as_str()), (Some(1), ""));
    assert!(err.contains("has no form html"), "{err}");
}

#[test]
fn an_account_that_cannot_be_read_hides_no_other() {
    let stage = Stage::new();
    stage.hand_edits();
    stage.clouds.edit("huawei", HUAWEI, |state| {
        state["identity_providers"]["staff"]["description"] = "not seen".into();
    });
    stage.clouds.fault("huawei:*=status:403");
    let (code, report) = stage.json(&["--metrics", "m.prom"]);
    assert_eq!(code, Some(1), "errors before drift: {report}");
    assert_eq!(report["complete"], false);
    assert_eq!(report["errored"], true);
    assert_eq!(report["summary"]["unreadable"], 1);
    assert_eq!(report["summary"]["drifted"], 4, "the others are told");
    assert_eq!(
        report["unreadable"][0]["address"],
        "huawei-prod/HuaweiIdentityProvider/staff"
    );
    let metrics = std::fs::read_to_string(stage.folder.path().join("m.prom")).expect("metrics");
    assert!(
        !metrics.contains("idform_last_success_timestamp_seconds 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("idform_unreadable_objects{account=\"huawei-prod\"} 1\n"),
        "{metrics}"
    );
}

#[test]
fn a_list_that_is_refused_is_not_an_empty_one() {
    let stage = Stage::new();
    stage.write(
        "idp.yaml",
        &format!("{ACCOUNTS}---\n{}\n", provider("same", &["a"])),
    );
    stage.clouds.fault("KeystoneListMappings=status:403");
    let (code, report) = stage.json(&[]);
    assert_eq!(code, Some(1), "{report}");
    let refused: Vec<&Value> = report["unlisted"]
        .as_array()
        .expect("lists")
        .iter()
        .filter(|list| list["by_design"] == false)
        .collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["type"], "HuaweiMapping");
}

#[test]
fn what_is_accepted_is_reported_again_after_its_day() {
    let stage = Stage::new();
    stage.hand_edits();
    let entry = |subject: &str, rest: &str, until: &str| {
        format!(
            "[[accept]]\n{subject}\n{rest}\nreason = \"known\"\nowner = \"@acme/iam\"\nuntil = {until}\n"
        )
    };
    let object = |name: &str| format!("object = \"alibaba-prod/AlibabaOidcProvider/{name}\"");
    let all = |until: &str| {
        [
            entry(&object("more"), "fields = [\"clientIds\"]", until),
            entry(&object("fewer"), "", until),
            entry(&object("text"), "fields = [\"description\"]", until),
            entry(&object("gone"), "", until),
            entry(
                "unmanaged = \"alibaba-prod/AlibabaOidcProvider/ro*\"",
                "",
                until,
            ),
        ]
        .join("\n")
    };
    stage.write("accept.toml", &all("2999-12-31"));
    let (code, out, err) = stage.drift(&["--accept", "accept.toml"]);
    assert_eq!(code, Some(0), "{out}{err}");
    check("drift-accepted", &out);

    stage.write("accept.toml", &all("2020-01-31"));
    let (code, out, err) = stage.drift(&["--accept", "accept.toml"]);
    assert_eq!(
        code,
        Some(2),
        "a date that has passed is no mistake: {out}{err}"
    );
    assert_eq!(err.matches("acceptance-expired").count(), 5, "{err}");
    assert_eq!(
        out.matches("accepted until: 2020-01-31, which has passed")
            .count(),
        5,
        "{out}"
    );

    // Who accepts a field has not accepted another, nor that the object is gone.
    let narrow = [
        entry(&object("more"), "fields = [\"description\"]", "2999-12-31"),
        entry(&object("gone"), "fields = [\"clientIds\"]", "2999-12-31"),
    ];
    stage.write("accept.toml", &narrow.join("\n"));
    let (code, _, err) = stage.drift(&["--accept", "accept.toml"]);
    assert_eq!(code, Some(2));
    assert_eq!(err.matches("acceptance-unused").count(), 2, "{err}");

    stage.write("accept.toml", &all("\"2026-02-30\""));
    let (code, _, err) = stage.drift(&["--accept", "accept.toml"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        err.matches("`until` is no date").count(),
        5,
        "all at once: {err}"
    );
}

#[test]
fn shards_join_to_the_whole() {
    let stage = Stage::new();
    stage.hand_edits();
    let mut files = Vec::new();
    for index in 1..=3 {
        let shard = format!("{index}/3");
        let (_, report, _) = stage.drift(&["--format", "json", "--shard", &shard]);
        let name = format!("{index}.json");
        stage.write(&name, &report);
        files.push(name);
    }
    let (_, whole, _) = stage.drift(&["--format", "json"]);
    let mut arguments = vec!["merge", "--format", "json"];
    arguments.extend(files.iter().map(String::as_str));
    let merged = stage.run(&arguments);
    assert_eq!(merged.status.code(), Some(2), "{merged:?}");
    assert_eq!(String::from_utf8_lossy(&merged.stdout), whole);

    stage.write("again.json", &whole);
    let twice = stage.run(&["merge", "again.json", "again.json"]);
    assert_eq!(twice.status.code(), Some(1));
    let said = String::from_utf8_lossy(&twice.stderr).into_owned();
    assert!(
        said.contains("is both in again.json and in again.json"),
        "{said}"
    );
    let other = stage.run(&["merge", "idp.yaml"]);
    assert_eq!(other.status.code(), Some(1));
}

#[test]
fn counts_are_open_metrics() {
    let stage = Stage::new();
    stage.hand_edits();
    let (code, _, _) = stage.drift(&["--metrics", "m.prom"]);
    assert_eq!(code, Some(2));
    let metrics = std::fs::read_to_string(stage.folder.path().join("m.prom")).expect("metrics");
    let timeless: Vec<&str> = metrics
        .lines()
        .filter(|line| !line.contains("_timestamp_seconds "))
        .collect();
    check("drift-metrics", &timeless.join("\n"));
    assert!(
        metrics.contains("\nidform_last_success_timestamp_seconds 1"),
        "{metrics}"
    );
}

#[test]
fn reports_of_the_unmanaged_can_be_refused() {
    let stage = Stage::new();
    stage.hand_edits();
    let quiet = ACCOUNTS.replace(
        "requestsPerSecond: 20}",
        "requestsPerSecond: 20, unmanaged: {report: false}}",
    );
    stage.write(
        "idp.yaml",
        &format!("{quiet}---\n{}\n", provider("same", &["a"])),
    );
    let (code, report) = stage.json(&[]);
    assert_eq!(
        report["unmanaged"].as_array().map(Vec::len),
        Some(1),
        "huawei's alone: {report}"
    );
    assert_eq!(code, Some(2));
}

#[test]
fn a_sign_in_that_nobody_declared_breaks_sign_in() {
    for (kind, account) in [
        ("TencentUserOidc", "tencent-prod"),
        ("TencentUserSaml", "tencent-prod"),
        ("AlibabaUserSso", "alibaba-prod"),
    ] {
        let stage = Stage::new();
        let samples = idform::clouds::kind(kind).expect("a kind").samples();
        let text = document(kind, "staff", account, &samples.full);
        for outcome in stage.clouds.apply(&[ACCOUNTS, &text]).outcomes {
            assert_eq!(outcome.outcome, idform::apply::Outcome::Done);
        }
        let (code, report) = stage.json(&[]);
        assert_eq!(code, Some(2), "{kind}");
        let found = &report["unmanaged"][0];
        assert_eq!(found["type"], kind, "{report}");
        assert_eq!(found["cloud_name"], "");
        assert_eq!(found["effect"], "breaks-sign-in");
        // A plan goes on telling only of lists that it reads anyway.
        let plan = stage.run(&["plan", "idp.yaml", "--format", "json"]);
        let plan: Value = serde_json::from_slice(&plan.stdout).expect("a plan");
        assert_eq!(plan["unmanaged"], json!([]));
    }
}

/// Which kinds are said to have no list, in the account on Huawei Cloud.
fn hidden_in_huawei(stage: &Stage) -> Vec<String> {
    let (_, report) = stage.json(&[]);
    let lists = report["unlisted"].as_array().expect("lists").iter();
    lists
        .filter(|list| list["account"] == "huawei-prod")
        .map(|list| list["type"].as_str().expect("a kind").to_owned())
        .collect()
}

#[test]
fn parts_are_hidden_only_where_none_of_them_is_declared() {
    let stage = Stage::new();
    let all = ["HuaweiOidcConfig", "HuaweiProtocol", "HuaweiSamlMetadata"];
    assert_eq!(hidden_in_huawei(&stage), all, "the provider alone");

    let part = |kind: &str, spec: Value| document(kind, "staff", "huawei-prod", &spec);
    let rules = json!([{"remote": [{"type": "sub"}], "local": [{"user": {"name": "{0}"}}]}]);
    let mapping = part("HuaweiMapping", json!({"rules": rules}));
    let protocol = part(
        "HuaweiProtocol",
        json!({"identityProvider": "staff", "protocol": "oidc", "mapping": "staff"}),
    );
    let mut texts = vec![ACCOUNTS.to_owned(), huawei(), mapping, protocol];
    stage.write("idp.yaml", &texts.join("\n---\n"));
    assert_eq!(
        hidden_in_huawei(&stage),
        ["HuaweiOidcConfig", "HuaweiSamlMetadata"],
        "its protocols are listed for the one that is declared"
    );

    let samples = idform::clouds::kind("HuaweiOidcConfig").expect("a kind");
    let mut config = samples.samples().minimal;
    config["identityProvider"] = "staff".into();
    texts.push(part("HuaweiOidcConfig", config));
    stage.write("idp.yaml", &texts.join("\n---\n"));
    assert_eq!(hidden_in_huawei(&stage), [""; 0], "what counts is declared");

    // Of a provider that nobody declared, the provider is told.
    stage.write("idp.yaml", ACCOUNTS);
    assert_eq!(hidden_in_huawei(&stage), [""; 0]);
    let (code, report) = stage.json(&[]);
    assert_eq!(code, Some(2));
    let told = report["unmanaged"].as_array().expect("objects");
    let is_staff = |found: &&Value| found["cloud_name"] == "staff";
    assert_eq!(told.iter().filter(is_staff).count(), 1, "{report}");
}

#[test]
fn what_is_only_observed_or_shall_be_absent_drifts_too() {
    let stage = Stage::new();
    stage.hand_edits();
    let with = |name: &str, key: &str, value: &str| {
        let mut text: Value = serde_json::from_str(&provider(name, &["a"])).expect("JSON");
        text["lifecycle"] = json!({ key: value });
        text.to_string()
    };
    let texts = [
        with("more", "mode", "observe"),
        with("gone", "mode", "observe"),
        with("same", "ensure", "absent"),
    ];
    stage.write(
        "idp.yaml",
        &format!("{ACCOUNTS}---\n{}\n", texts.join("\n---\n")),
    );
    let (code, report) = stage.json(&["--target", "alibaba-prod"]);
    assert_eq!(code, Some(2));
    let told: Vec<(&str, &str, &str)> = report["resource_drift"]
        .as_array()
        .expect("objects")
        .iter()
        .map(|found| {
            let text = |key: &str| found[key].as_str().expect("a text");
            assert_eq!(found["calls"], json!([]), "drift plans no calls");
            (text("name"), text("action_reason"), text("effect"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("gone", "not_on_cloud", "breaks-sign-in"),
            ("more", "fields_differ", "widens-trust"),
            ("same", "still_on_cloud", "widens-trust"),
        ]
    );
    let turned = &report["resource_drift"][1]["field_changes"][0];
    assert_eq!(turned["added"], json!(["evil"]), "seen from the live side");
}

#[test]
fn what_a_cloud_manages_itself_is_nobodys_to_declare() {
    use base64::Engine as _;

    let stage = Stage::new();
    let file = root().join("tests/cases/keys/idp-old.metadata.xml");
    let metadata = std::fs::read(file).expect("metadata can be read");
    let metadata = base64::engine::general_purpose::STANDARD.encode(metadata);
    let provider = json!({"Description": "", "SAMLMetadataDocument": metadata});
    stage.clouds.edit("tencent", TENCENT, |state| {
        // What Identity Center deploys (apis/tencent.md §3.0), and one of a person's.
        state["saml_providers"] = json!({
            "TencentReservedSSO-z-1a2b3c": provider,
            "TencentReservedSSO": provider,
        });
    });
    let names = |report: &Value| -> Vec<String> {
        let found = report["unmanaged"].as_array().expect("a list");
        let of_tencent = found
            .iter()
            .filter(|found| found["type"] == "TencentSamlProvider");
        let names = of_tencent.map(|found| found["cloud_name"].as_str().expect("a name"));
        names.map(str::to_owned).collect()
    };
    let (code, report) = stage.json(&[]);
    assert_eq!(code, Some(2));
    assert_eq!(names(&report), ["TencentReservedSSO"], "{report:#}");
    let (_, text, _) = stage.drift(&[]);
    assert!(!text.contains("z-1a2b3c"), "{text}");
    // Nor is it what makes a run exit with 2.
    stage.clouds.edit("tencent", TENCENT, |state| {
        let all = state["saml_providers"]
            .as_object_mut()
            .expect("providers by name");
        all.remove("TencentReservedSSO");
    });
    let (code, report) = stage.json(&[]);
    assert_eq!((code, names(&report).len()), (Some(0), 0), "{report:#}");
}
