//! Every command that there is, found by asking the program, in every format that it has, at
//! every log level: nothing that it prints or writes holds a secret. A new command fails here until
//! somebody says how to run it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};

use rustix::process::{Pid, Signal, kill_process};

use crate::binary::Binary;
use crate::secrets::{FORBIDDEN, texts, texts_below};
use crate::support::{ACCOUNTS, Clouds};

/// How each command is run; in the order given, since some read what others wrote. `STATE` is a
/// folder for the sandbox's own state, which holds the issuers' private keys rightly.
const RUNS: &[(&str, &[&[&str]])] = &[
    ("validate", &[&[]]),
    (
        "apply",
        &[&[
            "--yes",
            "--allow=switches-sign-in",
            "--journal=../journal.jsonl",
            "--events=../events.jsonl",
            "--report=../report.json",
        ]],
    ),
    (
        "plan",
        &[&["--out=../plan.json"], &["--sandbox=STATE", "../locking"]],
    ),
    (
        "drift",
        &[&["--metrics=../metrics.prom", "--output=json=../drift.json"]],
    ),
    ("merge", &[&["../drift.json"]]),
    (
        "show",
        &[&["../plan.json"], &["../report.json"], &["../drift.json"]],
    ),
    (
        "lock",
        &[
            &["--sandbox=STATE", "../locking"],
            &["--check", "--sandbox=STATE", "../locking"],
        ],
    ),
    (
        "import",
        &[
            &["--account=huawei-prod", "--out=../imported/NUMBER"],
            &["--account=tencent-prod", "--out=../imported/NUMBER"],
        ],
    ),
    ("graph", &[&[]]),
    (
        "schema",
        &[
            &["manifest"],
            &["plan"],
            &["report"],
            &["events"],
            &["config"],
        ],
    ),
    ("explain", &[&["Account.credentials"], &["private-key"]]),
    ("doctor", &[&[], &["--print-policy"]]),
    ("capabilities", &[&[]]),
    ("sandbox issuer show", &[&["--state=STATE"]]),
    (
        "sandbox issuer rotate",
        &[&["--state=STATE"], &["--state=STATE", "--publish-only"]],
    ),
    ("sandbox issuer withdraw", &[&["--state=STATE"]]),
    (
        "sandbox issuer swap-chain",
        &[&["--state=STATE", "--new-root"]],
    ),
    (
        "sandbox issuer token",
        &[&["--state=STATE", "--subject=s", "--audience=a"]],
    ),
    ("completions", &[&["bash"], &["zsh"], &["fish"]]),
    ("man", &[&[], &["apply"]]),
    // Runs until it is stopped: see below.
    ("sandbox serve", &[]),
];

const LEVELS: [&[&str]; 3] = [&[], &["-vv"], &["-vvv", "--log-format=json"]];

/// What only an issuer's private key looks like, in PEM and as a JSON web key.
const PRIVATE: [&str; 3] = ["private key-----", "\"d\":", "\"d\" :"];

/// The help of a command, without its line breaks.
fn help(binary: &Binary, command: &[String]) -> String {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let help = binary.run(&[&words[..], &["--help"]].concat());
    help.with_code(0).stdout
}

/// All commands without commands of their own, each with its formats.
fn commands(binary: &Binary) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut open = vec![Vec::new()];
    while let Some(command) = open.pop() {
        let help = help(binary, &command);
        let listed = help.split_once("\nCommands:\n").map(|(_, rest)| rest);
        let Some(listed) = listed else {
            let formats = formats(binary, &command);
            found.insert(command.join(" "), formats);
            continue;
        };
        let listed = listed.split("\n\n").next().unwrap_or_default();
        for line in listed.lines() {
            // Names are indented by two; what goes on from the line before, by more.
            let name = line
                .strip_prefix("  ")
                .filter(|rest| !rest.starts_with(' '));
            let name = name.and_then(|rest| rest.split_whitespace().next());
            if let Some(name) = name.filter(|name| *name != "help") {
                let mut deeper = command.clone();
                deeper.push(name.to_owned());
                open.push(deeper);
            }
        }
    }
    found
}

/// The values of `--format`, as the refusal of another one names them.
fn formats(binary: &Binary, command: &[String]) -> Vec<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let refused = binary.run(&[&words[..], &["--format=nonsense"]].concat());
    let refused = refused.with_code(64).stderr;
    let values = refused.split_once("[possible values: ");
    let values = values.and_then(|(_, rest)| rest.split_once(']'));
    let values = values.map_or("", |(values, _)| values).split(", ");
    values
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .collect()
}

fn search(said: &str, what: &str, forbidden: &[&str]) {
    let said = said.to_lowercase();
    for word in forbidden {
        assert!(!said.contains(word), "{what} says {word}:\n{said}");
    }
}

struct Stage {
    clouds: Clouds,
    binary: Binary,
    state: tempfile::TempDir,
    number: usize,
}

impl Stage {
    fn new() -> Self {
        let clouds = Clouds::new();
        let texts = texts();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let binary = Binary::over(&clouds)
            .manifests(&[&[ACCOUNTS], &texts[..]].concat())
            // What a job of a pipeline has around it.
            .env("GITHUB_TOKEN", "CANARY-github")
            .env("CI_JOB_TOKEN", "CANARY-gitlab")
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CANARY-request")
            .env("ALIBABA_ID_TOKEN", "CANARY-token")
            .env("HW_USER_PASSWORD", "CANARY-password");
        let locking = serde_json::json!({
            "issuer": "https://issuer.sandbox.test/ci",
            "clientIds": ["sts.acme.example"],
            "fingerprints": {"issuer": true},
        });
        let locking =
            crate::support::document("AlibabaOidcProvider", "ci", "alibaba-prod", &locking);
        binary.write("../locking/accounts.yaml", ACCOUNTS);
        binary.write("../locking/provider.yaml", locking);
        Self {
            clouds,
            binary,
            state: tempfile::tempdir().expect("a folder"),
            number: 0,
        }
    }

    /// Runs every command in every form, and searches what it says.
    fn search(&mut self, when: &str) {
        let known = commands(&self.binary);
        for (command, runs) in RUNS {
            let formats = known[*command].iter();
            let formats = formats.map(|format| format!("--format={format}"));
            let formats: Vec<String> = std::iter::once(String::new()).chain(formats).collect();
            for (run, format) in runs
                .iter()
                .flat_map(|run| formats.iter().map(move |it| (run, it)))
            {
                for level in LEVELS {
                    self.number += 1;
                    let words = command.split(' ').chain(run.iter().copied());
                    let words = words.chain([format.as_str()]).chain(level.iter().copied());
                    let state = self.state.path().display().to_string();
                    let words: Vec<String> = words
                        .filter(|word| !word.is_empty())
                        .map(|word| word.replace("STATE", &state))
                        .map(|word| word.replace("NUMBER", &self.number.to_string()))
                        .collect();
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    let ended = self.binary.run(&words);
                    assert_ne!(ended.code, Some(64), "it is understood: {ended:?}");
                    assert!(ended.code.is_some(), "{ended:?}");
                    let what = format!("{when}: {words:?}");
                    search(&ended.all(), &what, &FORBIDDEN);
                    search(&ended.all(), &what, &PRIVATE);
                }
            }
        }
        let folder = self.binary.path();
        for (path, text) in texts_below(folder.parent().expect("the folder of the test")) {
            search(&text, &path.display().to_string(), &FORBIDDEN);
        }
    }
}

#[test]
fn every_command_is_searched_for_secrets() {
    let known = commands(&Binary::alone());
    let run: BTreeSet<&str> = RUNS.iter().map(|(command, _)| *command).collect();
    let there: BTreeSet<&str> = known.keys().map(String::as_str).collect();
    assert_eq!(run, there, "a new command: say here how it is run");
    assert!(known["plan"].len() > 4, "formats are found: {known:?}");
}

#[test]
fn no_command_tells_a_secret_when_all_is_well() {
    let mut stage = Stage::new();
    stage.search("well");
    let folder = stage.binary.path();
    for name in [
        "journal.jsonl",
        "events.jsonl",
        "report.json",
        "plan.json",
        "drift.json",
        "metrics.prom",
        "locking/idform.lock",
    ] {
        let text = std::fs::read_to_string(folder.join("..").join(name)).unwrap_or_default();
        assert!(!text.is_empty(), "{name} was written");
    }
}

#[test]
fn no_command_tells_a_secret_when_clouds_refuse() {
    let mut stage = Stage::new();
    for cloud in idform::clouds::CLOUDS {
        stage.binary = stage
            .binary
            .env(cloud.key_variables.secret, "CANARY-wrong-secret");
    }
    stage.search("wrong secrets");
    assert!(stage.clouds.seen().len() > 100, "clouds were asked");
}

/// The sandbox tells its own test keys, and nothing of what stands around it.
#[test]
fn the_sandbox_tells_its_test_keys_and_no_others() {
    for way in [&[][..], &["--print-env"], &["-vv"]] {
        let mut binary = Stage::new().binary;
        for cloud in idform::clouds::CLOUDS {
            binary = binary.env(cloud.key_variables.secret, "CANARY-real-secret");
        }
        let mut child = binary.start(&[&["sandbox", "serve"], way].concat());
        let mut out = BufReader::new(child.stdout.take().expect("its standard output"));
        let mut said = String::new();
        out.read_line(&mut said).expect("it says where it listens");
        let id = Pid::from_raw(i32::try_from(child.id()).expect("an id")).expect("an id");
        kill_process(id, Signal::INT).expect("it is there");
        out.read_to_string(&mut said).expect("text");
        let mut err = child.stderr.take().expect("its standard error");
        err.read_to_string(&mut said).expect("text");
        child.wait().expect("it ends");
        assert!(said.contains("sandbox-secret-"), "{way:?}: {said}");
        search(&said, &format!("{way:?}"), &["canary"]);
        search(&said, &format!("{way:?}"), &PRIVATE);
    }
}
