//! Policies from outside: the binary against the built-in sandbox, with examples as they are.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::binary::Binary;
use crate::support::root;

struct Told {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn idform(state: &Path, arguments: &[&str]) -> Told {
    let sandbox = format!("--sandbox={}", state.display());
    let mut command = assert_cmd::Command::cargo_bin("idform").expect("the binary is built");
    command.current_dir(root()).env_clear().args(arguments);
    if matches!(arguments.first(), Some(&("plan" | "apply"))) {
        command.arg(&sandbox);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it runs");
    Told {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// A folder with one policy.
fn policy(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("rules.rego"), text).expect("write the policy");
    folder
}

const QUICKSTART: &str = "examples/quickstart";
const CONSENT: [&str; 3] = ["--yes", "--allow", "switches-sign-in"];

#[test]
fn a_denial_stops_plan_and_apply_and_nothing_is_written() {
    let state = tempfile::tempdir().expect("a temporary folder");
    let folder = policy(
        "package idform\ndeny contains {\"msg\": \"not today\", \"address\": c.address} if {\n\tsome c in input.resource_changes\n\tc.name == \"gitlab-com\"\n}\nwarn contains \"look twice\"\n",
    );
    let policies = folder.path().display().to_string();
    let planned = idform(state.path(), &["plan", QUICKSTART, "--policies", &policies]);
    assert_eq!(planned.code, Some(3), "{}", planned.stderr);
    for said in [
        "policy-denied",
        "not today",
        "workload.yaml:",
        "policy-warned",
        "look twice",
    ] {
        assert!(planned.stderr.contains(said), "{said}: {}", planned.stderr);
    }
    assert!(
        planned.stdout.contains("to create"),
        "the plan is shown whole"
    );

    let mut apply = vec![
        "apply",
        QUICKSTART,
        "--format",
        "json",
        "--policies",
        &policies,
    ];
    apply.extend(CONSENT);
    let applied = idform(state.path(), &apply);
    assert_eq!(applied.code, Some(3), "{}", applied.stderr);
    assert!(
        applied.stderr.contains("nothing was written"),
        "{}",
        applied.stderr
    );
    assert!(applied.stdout.contains("\"policy-denied\""));
    let again = idform(state.path(), &["plan", QUICKSTART, "--detailed-exitcode"]);
    assert_eq!(again.code, Some(2), "all is still to be created");
}

#[test]
fn the_examples_judge_the_quickstart_and_the_configuration_names_them() {
    let state = tempfile::tempdir().expect("a temporary folder");
    let operators = tempfile::tempdir().expect("a temporary folder");
    let config = operators.path().join("idform.toml");
    let policies = root().join("examples/policies");
    std::fs::write(
        &config,
        format!("[policies]\npath = {:?}\n", policies.display().to_string()),
    )
    .expect("write the configuration");
    let config = config.display().to_string();
    let planned = idform(state.path(), &["plan", QUICKSTART, "--config", &config]);
    assert_eq!(planned.code, Some(3), "{}", planned.stderr);
    assert!(
        planned.stderr.contains("nobody answers for it"),
        "{}",
        planned.stderr
    );
}

#[test]
fn a_policy_that_cannot_be_asked_is_no_consent() {
    let state = tempfile::tempdir().expect("a temporary folder");
    for (text, said) in [
        ("package idform\ndeny contains msg if {\n", "rules.rego:"),
        (
            "package idform\ndeny contains \"x\" if { a(1) }\na(x) if a(x)\n",
            "call themselves",
        ),
        (
            "package idform\ndeny := count(input.resource_changes)\n",
            "no set of messages",
        ),
    ] {
        let folder = policy(text);
        let policies = folder.path().display().to_string();
        let mut apply = vec!["apply", QUICKSTART, "--policies", &policies];
        apply.extend(CONSENT);
        let applied = idform(state.path(), &apply);
        assert_eq!(applied.code, Some(1), "{text}: {}", applied.stderr);
        assert!(
            applied.stderr.contains("policy-invalid"),
            "{}",
            applied.stderr
        );
        assert!(applied.stderr.contains(said), "{text}: {}", applied.stderr);
        assert!(
            !applied.stderr.contains("manifests are"),
            "{}",
            applied.stderr
        );
    }
    let folder = policy("package idform\ndeny contains msg if {\n");
    let policies = folder.path().display().to_string();
    for command in ["plan", "apply"] {
        let arguments = [command, QUICKSTART, "--policies", &policies];
        let told = idform(state.path(), &arguments);
        let said = "The policies are invalid; no cloud was contacted.";
        assert!(told.stderr.contains(said), "{}", told.stderr);
    }
    let empty = tempfile::tempdir().expect("a temporary folder");
    let policies = empty.path().display().to_string();
    let planned = idform(state.path(), &["plan", QUICKSTART, "--policies", &policies]);
    assert_eq!(planned.code, Some(1), "a folder without policies");
    let again = idform(state.path(), &["plan", QUICKSTART, "--detailed-exitcode"]);
    assert_eq!(again.code, Some(2), "nothing was written");
}

#[test]
fn packagers_get_completions_and_manual_pages() {
    let state = tempfile::tempdir().expect("a temporary folder");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let told = idform(state.path(), &["completions", shell]);
        assert_eq!(told.code, Some(0));
        assert!(told.stdout.contains("idform"), "{shell}");
    }
    for (of, title) in [
        (&["man"][..], ".TH idform 1"),
        (&["man", "plan"], ".TH idform-plan 1"),
        (&["man", "sandbox", "serve"], ".TH idform-sandbox-serve 1"),
    ] {
        let told = idform(state.path(), of);
        assert_eq!(told.code, Some(0), "{}", told.stderr);
        assert!(told.stdout.contains(title), "{of:?}: {}", told.stdout);
    }
    assert_eq!(idform(state.path(), &["man", "nothing"]).code, Some(64));
}

#[test]
fn programs_are_told_the_line_and_not_a_file_of_that_name() {
    let binary = Binary::alone();
    binary.copy_example(QUICKSTART, "idp");
    binary.write(
        "policies/rules.rego",
        "package idform\ndeny contains {\"msg\": \"no\", \"address\": c.address} if {\n\tsome c in input.resource_changes\n\tc.name == \"k8s-prod\"\n}\n",
    );
    binary.write("operator.toml", "[guards]\nprotect = [\"*/*/k8s-prod\"]\n");
    let text =
        std::fs::read_to_string(binary.path().join("idp/workload.yaml")).expect("the manifest");
    let line = 1 + text[..text.find("name: k8s-prod").expect("it is there")]
        .rfind("apiVersion")
        .map_or(0, |at| text[..at].matches('\n').count());
    let byte = text.match_indices('\n').nth(line - 2).expect("a line").0 + 1;

    let run = |more: &[&str]| {
        let fixed = ["plan", "idp", "--sandbox", "--policies", "policies"];
        binary.run(&[&fixed[..], more].concat())
    };
    let told = run(&["--format", "json"]).with_code(3).json();
    let range = &told["diagnostics"][0]["range"];
    assert_eq!(range["filename"], "idp/workload.yaml");
    assert_eq!(range["start"]["line"], line);
    assert_eq!(range["start"]["byte"], byte);
    let told = run(&["--format", "github"]).with_code(3).stdout;
    let place =
        format!("::error file=idp/workload.yaml,line={line},title=idform%3A policy-denied::");
    assert!(told.contains(&place), "{told}");
    let told = run(&["--format", "sarif"]).with_code(3).json();
    let results = told["runs"][0]["results"].as_array().expect("results");
    let denied = results
        .iter()
        .find(|result| result["ruleId"] == "policy-denied")
        .expect("the denial");
    let place = &denied["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "idp/workload.yaml");
    assert_eq!(place["region"]["startLine"], line);

    // A policy that cannot be read is a place in the policy.
    binary.write(
        "policies/rules.rego",
        "package idform\ndeny contains msg if {\n",
    );
    let told = run(&["--format", "github"]).with_code(1).stdout;
    assert!(
        told.contains("::error file=policies/rules.rego,line=3,title=idform%3A policy-invalid::"),
        "{told}"
    );
}
