//! What lies around the program says the same as the program: the action, its examples, the hook.

use std::collections::BTreeSet;

use idform::clouds::CLOUDS;

use crate::support::root;

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

const WORKFLOWS: [&str; 3] = [
    "examples/ci/github-plan.yml",
    "examples/ci/github-apply.yml",
    "examples/ci/github-drift.yml",
];

/// The keys one step deeper than a line that says `head`, in every place where it stands.
fn keys_under(text: &str, head: &str) -> BTreeSet<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = BTreeSet::new();
    let mut under: Option<usize> = None;
    let mut depth = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if under.is_some_and(|outer| indent(line) <= outer) {
            (under, depth) = (None, None);
        }
        if under.is_some() && !line.trim_start().starts_with('#') {
            let wanted = *depth.get_or_insert(indent(line));
            let key = line.trim().split_once(':').map(|(key, _)| key);
            found.extend(key.filter(|_| indent(line) == wanted).map(str::to_owned));
        }
        if line.trim() == head {
            under = Some(indent(line));
        }
    }
    found
}

#[test]
fn the_examples_use_inputs_that_the_action_has() {
    let inputs = keys_under(&text("action.yml"), "inputs:");
    assert!(
        inputs.contains("command") && inputs.contains("expect"),
        "{inputs:?}"
    );
    for path in WORKFLOWS {
        let used = keys_under(&text(path), "with:");
        assert!(used.is_subset(&inputs), "{path}: {used:?}");
        assert!(!used.is_empty(), "{path}");
    }
}

#[test]
fn the_examples_hand_over_the_credentials_that_the_clouds_read() {
    let wanted: BTreeSet<String> = CLOUDS
        .iter()
        .flat_map(|cloud| [cloud.key_variables.id, cloud.key_variables.secret])
        .map(str::to_owned)
        .collect();
    for path in WORKFLOWS {
        assert_eq!(keys_under(&text(path), "env:"), wanted, "{path}");
    }
}

#[test]
fn inputs_never_become_part_of_a_script() {
    for line in text("action.yml").lines() {
        let script = line.trim_start().starts_with("run:");
        assert!(!(script && line.contains("${{")), "{line}");
    }
    for path in WORKFLOWS {
        assert!(!text(path).contains("pull_request_target:"), "{path}");
        assert!(
            !text(path).contains("run:"),
            "{path}: the action does everything"
        );
    }
    for script in ["install", "run", "comment", "issue", "test"] {
        let script = text(&format!(".ci/action/{script}.sh"));
        assert!(script.contains("set -euo pipefail"));
    }
}

#[test]
fn a_shard_counts_from_one() {
    let job = text("examples/ci/kubernetes-drift-cronjob.yaml");
    assert!(job.contains(r#"--shard "$((JOB_COMPLETION_INDEX+1))/$SHARDS""#));
    let number = |key: &str| {
        let line = job.lines().find(|line| line.trim().starts_with(key));
        line.and_then(|line| line.trim().strip_prefix(key).map(str::to_owned))
    };
    let completions = number("completions: ").expect("a number of shards");
    assert!(job.contains(&format!("{{name: SHARDS, value: \"{completions}\"}}")));
}
