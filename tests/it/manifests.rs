//! Bad manifests: each ends with 1 and a diagnostic that a person can act on, and no cloud hears of
//! it. The cases are the folders under `tests/cases/binary`, what is said lies beside them.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use crate::binary::{Binary, Ended, filters};
use crate::support::{ACCOUNTS, Clouds, root};

/// What standard error says in words and what the JSON document says must be the same findings.
fn check(binary: &Binary, arguments: &[&str]) -> Ended {
    let text = binary.run(arguments).with_code(1);
    assert_eq!(text.stdout, "", "{text:?}");
    let errors = |ended: &Ended| {
        let lines = ended.stderr.lines();
        lines.filter(|line| line.starts_with("error[")).count()
    };
    assert!(errors(&text) > 0, "{text:?}");
    for command in ["validate", "plan", "apply"] {
        let mut arguments = arguments.to_vec();
        arguments[0] = command;
        arguments.push("--format=json");
        let ended = binary.run(&arguments).with_code(1);
        let document = ended.json();
        assert_eq!(document["command"], command);
        assert_eq!(document["exit_code"], 1);
        if command == "apply" {
            assert_eq!(document["plan"], serde_json::Value::Null);
            assert_eq!(document["outcomes"], serde_json::json!([]));
        }
        if command == "plan" {
            assert_eq!(document["errored"], true, "{document:#}");
            assert_eq!(document["complete"], false);
            assert_eq!(document["resource_changes"], serde_json::json!([]));
        }
        let found = document["diagnostics"].as_array().expect("a list");
        assert_eq!(found.len(), errors(&text), "{document:#}");
        for finding in found {
            let slug = finding["code"].as_str().expect("a code");
            let summary = finding["summary"].as_str().expect("a summary");
            let line = format!(
                "{}[{slug}]: ",
                finding["severity"].as_str().expect("a word")
            );
            assert!(text.stderr.contains(&line), "{line}\n{}", text.stderr);
            assert!(
                text.stderr.contains(summary) || summary.len() > 60,
                "{summary}\n{}",
                text.stderr
            );
            if let Some(start) = finding["range"]["start"].as_object() {
                let place = format!(
                    "{}:{}:{}",
                    finding["range"]["filename"].as_str().expect("a name"),
                    start["line"],
                    start["column"]
                );
                // About the whole file: its name alone.
                let file = place.strip_suffix(":1:1").unwrap_or(&place);
                let whole = format!("--> {file}\n");
                assert!(
                    text.stderr.contains(&place) || text.stderr.contains(&whole),
                    "{place}\n{}",
                    text.stderr
                );
            }
        }
    }
    text
}

#[test]
fn every_mistake_is_told_and_no_cloud_hears_of_it() {
    let clouds = Clouds::new();
    let folder = root().join("tests/cases/binary");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(cases.len() > 20);
    for case in cases {
        let name = case.file_name().expect("a name").to_string_lossy();
        let binary = Binary::over(&clouds).within(&case);
        let ended = check(&binary, &["plan"]);
        insta::with_settings!({
            snapshot_path => "../cases/binary",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name.as_ref(), ended.golden());
        });
    }
    assert_eq!(clouds.seen(), [], "no cloud was contacted");
}

#[test]
fn a_private_key_appears_in_no_output() {
    let clouds = Clouds::new();
    let binary = Binary::over(&clouds).within(&root().join("tests/cases/binary/private-key"));
    for command in ["validate", "plan", "apply"] {
        for more in [
            &[][..],
            &["-vv"],
            &["--format=json", "--log-format=json", "-vv"],
        ] {
            let said = binary.run(&[&[command], more].concat()).with_code(1).all();
            assert!(said.contains("private-key"), "{said}");
            assert!(!said.contains("CANARY"), "{said}");
        }
    }
    assert_eq!(clouds.seen(), []);
}

#[test]
fn nothing_at_all_is_told() {
    let binary = Binary::alone();
    binary.write("idp/comment.yaml", "# to come\n---\n");
    fs::create_dir(binary.path().join("empty")).expect("a folder");
    for command in ["validate", "plan", "apply", "drift"] {
        for path in ["-", "idp"] {
            // Standard input is empty.
            let ended = binary.run(&[command, path]).with_code(0);
            assert!(ended.stderr.contains("warning[no-documents]"), "{ended:?}");
        }
        let ended = binary.run(&[command, "empty"]).with_code(1);
        assert!(ended.stderr.contains("error[no-manifests]"), "{ended:?}");
    }
    let json = binary.run(&["validate", "-", "--format=json"]).with_code(0);
    assert_eq!(json.json()["diagnostics"][0]["code"], "no-documents");
}

#[test]
fn files_that_are_no_manifests() {
    let clouds = Clouds::new();
    let binary = Binary::over(&clouds).manifests(&[ACCOUNTS]);
    binary.write("binary.yaml", b"\x7fELF\x02\x01\x01\0\xff\xfe");
    let huge = File::create(binary.path().join("huge.yaml")).expect("make a file");
    // 100 MB that take no room on the disk.
    huge.set_len(100_000_000).expect("make it long");
    binary.write("../elsewhere/secret.yaml", "password: CANARY-elsewhere\n");
    symlink("../elsewhere/secret.yaml", binary.path().join("link.yaml")).expect("a link");
    symlink("../elsewhere", binary.path().join("linked")).expect("a link");
    symlink("nowhere.yaml", binary.path().join("loose.yaml")).expect("a link");
    fs::create_dir(binary.path().join("folder.yaml")).expect("a folder");
    let ended = check(&binary, &["plan"]);
    assert!(!ended.all().contains("CANARY"), "{ended:?}");
    let _filters = filters(&binary);
    insta::assert_snapshot!("files-that-are-no-manifests", ended.golden());
    assert_eq!(clouds.seen(), []);
}

#[test]
fn a_file_that_may_not_be_read() {
    let binary = Binary::alone().manifests(&[ACCOUNTS]);
    let file = binary.path().join("0.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("close the file");
    if fs::read(&file).is_ok() {
        // The superuser reads everything.
        return;
    }
    let ended = check(&binary, &["plan"]);
    insta::assert_snapshot!("a-file-that-may-not-be-read", ended.golden());
}

#[test]
fn a_path_that_is_not_there() {
    let binary = Binary::alone();
    let ended = check(&binary, &["plan", "nowhere", "nothing.yaml"]);
    insta::assert_snapshot!("a-path-that-is-not-there", ended.golden());
}

#[test]
fn standard_input_is_a_manifest_too() {
    let ended = Binary::alone().run_with_input(&["validate", "-"], ACCOUNTS);
    let ended = ended.with_code(0);
    assert_eq!(ended.stdout, "3 accounts and 0 objects are valid.\n");
}

#[test]
fn findings_are_shown_at_their_lines_of_a_pull_request() {
    let binary = Binary::alone();
    let account = |more: &str| {
        format!(
            "apiVersion: idform/v1\nkind: Account\nmetadata: {{name: a}}\nspec: {{cloud: tencent{more}}}\n"
        )
    };
    let run = |format: &str, code: i32| {
        binary
            .run(&["validate", "--format", format])
            .with_code(code)
    };
    binary.write("idp.yaml", account(", sit: china"));
    let annotations = run("github", 1).stdout;
    assert!(
        annotations.contains("::error file=idp.yaml,line=4,"),
        "{annotations}"
    );
    assert!(annotations.contains("unknown-field"), "{annotations}");
    assert!(!annotations.contains("no plan"), "{annotations}");
    let log = run("sarif", 1).json();
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "unknown-field");
    assert_eq!(
        log["runs"][0]["automationDetails"]["id"],
        "idform/validate/"
    );

    binary.write("idp.yaml", account(""));
    let annotations = run("github", 0).stdout;
    assert!(
        annotations.contains("the manifests are valid"),
        "{annotations}"
    );
    assert!(!annotations.contains("::error"), "{annotations}");
    assert_eq!(
        run("sarif", 0).json()["runs"][0]["results"],
        serde_json::json!([])
    );
}
