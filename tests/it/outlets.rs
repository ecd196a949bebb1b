//! Where results and records go: full disks, closed pipes, devices, links, files that cannot be made.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::binary::{Binary, Ended};
use crate::support::{ACCOUNTS, Clouds};
use crate::weather::provider;

/// The quickstart in a folder of its own, over the built-in sandbox.
fn quickstart() -> Binary {
    let binary = Binary::alone();
    binary.copy_example("examples/quickstart", "idp");
    binary
}

const APPLY: [&str; 6] = [
    "apply",
    "idp",
    "--sandbox",
    "--yes",
    "--allow",
    "switches-sign-in",
];

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_a_full_disk_swallows_is_no_success() {
    let binary = quickstart();
    for arguments in [
        &["validate", "idp"][..],
        &["plan", "idp", "--sandbox"],
        &["plan", "idp", "--sandbox", "--format", "json"],
        &["plan", "idp", "--sandbox", "--detailed-exitcode"],
        &["schema", "manifest"],
        &["capabilities"],
        &["man"],
    ] {
        let full = fs::File::create("/dev/full").expect("a disk that is always full");
        let ended = binary.command(arguments).stdout(full).output();
        let ended = Ended::of(ended.expect("the program starts")).with_code(1);
        let said = "error: write the result to standard output\n  caused by: No space left";
        assert!(ended.stderr.contains(said), "{arguments:?}: {ended:?}");
    }
    let full = fs::File::create("/dev/full").expect("a disk that is always full");
    let ended = binary.command(&["--help"]).stdout(full).output();
    let _ = Ended::of(ended.expect("the program starts")).with_code(1);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let binary = quickstart();
    let mut child = binary
        .command(&["schema", "manifest"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_record_with_lines_missing_is_no_success() {
    for record in ["--journal", "--events"] {
        let binary = quickstart();
        let more = [record, "/dev/full", "--format", "json"];
        let ended = binary.run(&[&APPLY[..], &more].concat()).with_code(1);
        let document = ended.json();
        let codes: Vec<&Value> = document["diagnostics"]
            .as_array()
            .expect("findings")
            .iter()
            .map(|finding| &finding["code"])
            .collect();
        assert_eq!(codes, ["record-incomplete"], "{ended:?}");
        assert_eq!(document["exit_code"], 1);
        // What was begun was finished all the same, and the result says so.
        let outcomes = document["outcomes"].as_array().expect("outcomes");
        assert!(outcomes.iter().all(|outcome| outcome["outcome"] == "done"));
        assert!(ended.stderr.contains("record-incomplete"), "{ended:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_into_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt as _;

    let binary = quickstart();
    let pipe = binary.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let mut reader = Command::new("cat")
        .arg(&pipe)
        .stdout(Stdio::piped())
        .spawn()
        .expect("cat runs");
    let _ = binary
        .run(&["plan", "idp", "--sandbox", "--out", "pipe"])
        .with_code(0);
    let found = fs::symlink_metadata(&pipe).expect("it is there");
    if !found.file_type().is_fifo() {
        reader.kill().expect("nobody writes to it any more");
        panic!("the pipe was replaced");
    }
    let read = reader.wait_with_output().expect("the plan arrives");
    let saved: Value = serde_json::from_slice(&read.stdout).expect("a whole plan");
    assert!(saved["checksum"].is_string());
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_under_its_name_is_written_into_also_when_it_is_a_file() {
    let binary = quickstart();
    let path = binary.path().join("redirected");
    let file = fs::File::options().create(true).append(true).open(&path);
    // Not `/dev/stdout`: where this fails, that link would be gone for the whole machine.
    let ended = binary
        .command(&["plan", "idp", "--sandbox", "--out", "/proc/self/fd/1"])
        .stdout(file.expect("a file"))
        .output();
    let _ = Ended::of(ended.expect("the program starts")).with_code(0);
    let both = fs::read_to_string(path).expect("it is there");
    assert!(both.contains("\"checksum\"") && both.contains("Digest: "));
}

#[cfg(unix)]
#[test]
fn a_link_laid_beside_an_output_is_not_followed() {
    let binary = quickstart();
    binary.write("victim", "precious");
    let link = binary.path().join("plan.json.new");
    std::os::unix::fs::symlink("victim", link).expect("a link");
    let _ = binary
        .run(&["plan", "idp", "--sandbox", "--out", "plan.json"])
        .with_code(0);
    let victim = fs::read_to_string(binary.path().join("victim")).expect("it is there");
    assert_eq!(victim, "precious");
    let _ = binary.run(&["show", "plan.json"]).with_code(0);
}

#[test]
fn a_file_that_cannot_be_made_leaves_one_document_and_the_other_files() {
    let binary = quickstart();
    for (command, broken) in [
        ("plan", "--output=markdown=nowhere/x"),
        ("plan", "--out=nowhere/x"),
        ("drift", "--output=markdown=nowhere/x"),
        ("drift", "--metrics=nowhere/x"),
    ] {
        let run = |format: &str| {
            binary.run(&[
                command,
                "idp",
                "--sandbox",
                "--format",
                format,
                broken,
                "--output",
                "sarif=other.sarif",
            ])
        };
        let ended = run("json").with_code(1);
        let document = ended.json();
        assert_eq!(document["exit_code"], 1, "{command} {broken}");
        assert_eq!(document["diagnostics"][0]["code"], "cannot-run");
        let other = binary.path().join("other.sarif");
        let sarif = fs::read_to_string(&other).expect("the other file is written");
        assert!(sarif.contains("\"2.1.0\""));
        fs::remove_file(&other).expect("for the next");
        // People see what was found, and the error under it.
        let ended = run("text").with_code(1);
        assert!(!ended.stdout.is_empty(), "{command} {broken}");
        assert!(ended.stderr.contains("nowhere/x"), "{ended:?}");
    }
}

/// What came of an apply is told in every form at once, with the lines of manifests.
#[test]
fn an_apply_is_told_in_every_form() {
    let clouds = Clouds::new();
    let manifest = provider("ci");
    let binary = Binary::over(&clouds).manifests(&[ACCOUNTS, &manifest]);
    let forms = [
        "--format=github",
        "--output=markdown=a.md",
        "--output=text=a.txt",
        "--output=json=a.json",
    ];
    let file = |name: &str| {
        let text = fs::read_to_string(binary.path().join(name));
        text.expect("the form is written")
    };
    let apply = |more: &[&str]| binary.run(&[&["apply"], &forms[..], more].concat());

    // Refused: what would have been done, and what it lacks.
    let ended = apply(&[]).with_code(3);
    assert!(ended.stdout.contains("title=idform%3A consent-missing::"));
    assert!(file("a.md").contains("the plan needs consent that was not given"));
    assert!(file("a.txt").contains("Plan: 1 to create."));
    let document: Value = serde_json::from_str(&file("a.json")).expect("JSON");
    assert_eq!(document["exit_code"], 3);

    // Failed: on the line of its manifest.
    clouds.fault("CreateOIDCProvider=deny");
    let ended = apply(&["--yes"]).with_code(1);
    let annotated = "::error file=1.yaml,line=1,title=idform%3A change-failed::create of \
                     alibaba-prod/AlibabaOidcProvider/ci was refused";
    assert!(ended.stdout.contains(annotated), "{}", ended.stdout);
    assert!(ended.stderr.contains("--> 1.yaml:1"), "{}", ended.stderr);
    let row = "| failed | <code>alibaba-prod/AlibabaOidcProvider/ci</code> | create |";
    assert!(file("a.md").contains(row), "{}", file("a.md"));
    assert!(file("a.txt").contains("failed"), "{}", file("a.txt"));
    let document: Value = serde_json::from_str(&file("a.json")).expect("JSON");
    let range = &document["diagnostics"][0]["range"];
    assert_eq!(
        (&range["filename"], &range["start"]["line"]),
        (&"1.yaml".into(), &1.into())
    );
    assert_eq!(document["outcomes"][0]["outcome"], "failed");

    // Done, but not told everywhere.
    clouds.sandbox().clear_faults();
    let ended = binary
        .run(&[
            "apply",
            "--yes",
            "--format=json",
            "--output=markdown=nowhere/x",
        ])
        .with_code(1);
    let document = ended.json();
    assert_eq!(document["exit_code"], 1);
    assert_eq!(document["outcomes"][0]["outcome"], "done");
    assert_eq!(document["diagnostics"][0]["code"], "cannot-run");
    let ended = apply(&["--yes"]).with_code(0);
    assert!(
        ended
            .stdout
            .contains("::notice title=idform apply::no change was tried")
    );
}
