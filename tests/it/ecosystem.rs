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

/// What the scripts put into the arguments, as they spell it.
const PLACEHOLDERS: [(&str, &str); 10] = [
    ("$IDFORM_PATHS", "idp"),
    ("$IN_COMMAND", "plan"),
    ("$DIGEST", "0123456789abcdef0123456789abcdef"),
    ("$((JOB_COMPLETION_INDEX+1))", "1"),
    ("$JOB_COMPLETION_INDEX", "0"),
    ("$SHARDS", "4"),
    ("$report", "report.md"),
    ("$json", "report.json"),
    ("${arguments[@]}", ""),
    ("${items[@]}", "idp"),
];

/// The words of a command line up to where the shell takes over.
fn words(line: &str) -> Vec<String> {
    let mut line = line.to_owned();
    for (placeholder, value) in PLACEHOLDERS {
        line = line.replace(placeholder, value);
    }
    let end = [" || ", " | ", " && ", " >", " # ", "`"]
        .iter()
        .filter_map(|stop| line.find(stop))
        .min();
    let line = &line[..end.unwrap_or(line.len())];
    line.split_whitespace()
        .map(|word| word.replace('"', ""))
        .filter(|word| !word.is_empty())
        .collect()
}

/// Every command line of idform in a file, without its first word.
fn command_lines(path: &str) -> Vec<Vec<String>> {
    let whole = text(path);
    let is_markdown = path == "README.md" || path.ends_with("/README.md");
    let mut inside = !is_markdown;
    let mut found = Vec::new();
    let mut lines = whole.lines().peekable();
    while let Some(line) = lines.next() {
        if is_markdown && line.starts_with("```") {
            inside = line == "```console" || line == "```sh" || line == "```bash";
            continue;
        }
        let line = line.trim();
        if !inside || line.starts_with('#') {
            continue;
        }
        let line = line.trim_start_matches("- ").trim_start_matches("exec ");
        let line = line.trim_start_matches("$ ").trim_start_matches("entry: ");
        let command = line
            .strip_prefix("idform ")
            .or_else(|| line.strip_prefix("cargo run --release -- "));
        if let Some(command) = command {
            let mut command = command.to_owned();
            // Folded YAML and continued shell lines go on with a flag.
            while let Some(more) = lines.next_if(|more| more.trim().starts_with("--")) {
                command.push(' ');
                command.push_str(more.trim());
            }
            found.push(words(&command));
        }
    }
    found
}

/// Every file around the program that may hold command lines.
fn files_with_command_lines() -> Vec<String> {
    let mut files: Vec<String> = ["README.md", "action.yml", ".pre-commit-hooks.yaml"]
        .map(str::to_owned)
        .into();
    for folder in [".ci/action", "examples/ci", "examples/policies"] {
        for entry in std::fs::read_dir(root().join(folder)).expect(folder) {
            let name = entry.expect("an entry").file_name();
            files.push(format!("{folder}/{}", name.to_string_lossy()));
        }
    }
    files.retain(|file| !file.ends_with("test.sh"));
    files.sort();
    files
}

/// Whether the program understands a command line. It runs in a folder where nothing is, so that it
/// fails at the first file; wrong usage ends with 64 before that.
fn is_understood(words: &[String]) -> bool {
    let binary = crate::binary::Binary::alone();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    binary.run(&words).code != Some(64)
}

#[test]
fn every_command_line_around_the_program_is_understood() {
    let mut count = 0;
    for file in files_with_command_lines() {
        for words in command_lines(&file) {
            // A server runs until it is ended, and has no flag here.
            if words == ["sandbox", "serve"] {
                continue;
            }
            count += 1;
            assert!(is_understood(&words), "{file}: idform {}", words.join(" "));
        }
    }
    assert!(count > 20, "{count} command lines were found");
    let wrong = ["plan", "--no-such-flag"].map(str::to_owned);
    assert!(!is_understood(&wrong), "the test can fail");
}

#[test]
fn every_flag_that_the_action_may_add_is_understood() {
    let script = text(".ci/action/run.sh");
    let mut common = Vec::new();
    let mut of: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    let mut command: Option<String> = None;
    for line in script.lines().map(str::trim) {
        // `plan)` and its flags below, or all of it in one line.
        if let Some((name, _)) = line.split_once(')')
            && ["validate", "plan", "apply", "drift"].contains(&name)
        {
            of.entry(name.to_owned()).or_default();
            command = Some(name.to_owned());
        } else if line == "esac" {
            command = None;
        }
        let flags = line
            .split(|c: char| c.is_whitespace() || "\"();".contains(c))
            .filter(|word| word.starts_with("--") && word.len() > 2);
        for flag in flags.filter(|_| !line.starts_with("idform") && !line.starts_with('#')) {
            let flag = match flag {
                "--allow" => "--allow=destroys".to_owned(),
                "--shard" => "--shard=1/2".to_owned(),
                "--yes" | "--detailed-exitcode" => flag.to_owned(),
                flag if flag.contains('=') => words(flag).concat(),
                flag => format!("{flag}=value"),
            };
            match &command {
                Some(command) => of.entry(command.clone()).or_default().push(flag),
                None => common.push(flag),
            }
        }
    }
    assert_eq!(of.len(), 4, "{of:?}");
    assert!(
        of["apply"].len() >= 5 && common == ["--config=value"],
        "{common:?} {of:?}"
    );
    for (command, flags) in of {
        let mut words = vec![command];
        words.extend(common.iter().cloned());
        words.extend(flags);
        words.extend(["--", "idp"].map(str::to_owned));
        assert!(is_understood(&words), "idform {}", words.join(" "));
    }
}

#[test]
fn actions_are_pinned_by_a_whole_hash_with_its_version() {
    let pin = regex::Regex::new(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}  ?# .*v\d+(\.\d+)+$");
    let pin = pin.expect("a regular expression");
    for path in WORKFLOWS.into_iter().chain(["action.yml"]) {
        let whole = text(path);
        for line in whole
            .lines()
            .map(|line| line.trim().trim_start_matches("- "))
        {
            if let Some(used) = line.strip_prefix("uses: ") {
                assert!(pin.is_match(used), "{path}: {used}");
            }
        }
        if path != "action.yml" {
            assert!(whole.contains("# To replace: `acme/idform@000…`"), "{path}");
        }
    }
}
