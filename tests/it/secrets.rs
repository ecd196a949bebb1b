//! No secret in any output: every way to run, well and badly, with keys that are easy to find again.

use std::path::{Path, PathBuf};

use serde_json::json;

use idform::clouds::CLOUDS;
use idform::sandbox::credentials;

use crate::binary::Binary;
use crate::support::{ACCOUNTS, Clouds};
use crate::weather::{huawei, mapping, protocol, provider};

/// What must not be said, whoever asks: secrets, session tokens, and what signs a request.
pub(crate) const FORBIDDEN: [&str; 10] = [
    "sandbox-secret-",
    "sandbox-temporary-",
    "sandbox-token-",
    "canary",
    "authorization:",
    "authorization=",
    "signature=",
    "hmac-sha256",
    "x-tc-token",
    "security-token",
];

const WAYS: [&[&str]; 4] = [
    &[],
    &["--format=json"],
    &["-vv"],
    &["-vv", "--log-format=json", "--format=json"],
];

pub(crate) fn texts() -> [String; 5] {
    let samples = idform::clouds::kind("TencentUserOidc")
        .expect("a kind")
        .samples();
    [
        provider("ci"),
        huawei("p", true),
        mapping("readers"),
        protocol(),
        crate::support::document("TencentUserOidc", "sso", "tencent-prod", &samples.full),
    ]
}

/// Every log level that there is.
const LEVELS: [&[&str]; 6] = [
    &["--quiet"],
    &[],
    &["-v"],
    &["-vv"],
    &["-vvv", "--log-format=json"],
    &["-vv", "--log-format=json"],
];

/// Every command that reads accounts, issuers or what was saved of them, in every form it has.
const READING: [&[&str]; 24] = [
    &["validate", "--format=json"],
    &["graph"],
    &["doctor"],
    &["doctor", "--format=json"],
    &["doctor", "--print-policy"],
    &["lock", "--check"],
    &["lock", "--check", "--format=json"],
    &["plan", "--format=markdown"],
    &["plan", "--format=html"],
    &["plan", "--format=sarif"],
    &["plan", "--format=github"],
    &["plan", "--format=json", "--out=../plan.json"],
    &["show", "../plan.json"],
    &["show", "../plan.json", "--format=json"],
    &["drift"],
    &["drift", "--format=json"],
    &["drift", "--format=markdown"],
    &["drift", "--format=sarif"],
    &["drift", "--format=github"],
    &["drift", "--metrics=../metrics.prom"],
    &["import", "--account=huawei-prod", "--out=../imported"],
    &[
        "import",
        "--account=tencent-prod",
        "--out=../imported-json",
        "--format=json",
    ],
    &["apply", "--plan=../plan.json", "--format=json"],
    &["capabilities"],
];

const COMMANDS: [&[&str]; 4] = [
    &["validate"],
    &["plan"],
    &["apply"],
    &["apply", "--yes", "--allow=switches-sign-in"],
];

/// Runs every command in every way.
fn search(binary: &Binary, when: &str) {
    search_in(binary, when, &COMMANDS, &WAYS);
}

fn search_in(binary: &Binary, when: &str, commands: &[&[&str]], ways: &[&[&str]]) {
    for command in commands {
        for way in ways {
            let ended = binary.run(&[*command, *way].concat());
            let said = ended.all().to_lowercase();
            assert!(!said.trim().is_empty(), "{when}: {command:?} {way:?}");
            for word in FORBIDDEN {
                assert!(
                    !said.contains(word),
                    "{when}: {command:?} {way:?} says {word}:\n{}",
                    ended.golden()
                );
            }
        }
    }
}

fn binary(clouds: &Clouds) -> Binary {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Binary::over(clouds).manifests(&[&[ACCOUNTS], &texts[..]].concat())
}

#[test]
fn when_all_is_well() {
    let clouds = Clouds::new();
    search(&binary(&clouds), "well");
}

/// The files of a folder and all below it.
pub(crate) fn texts_below(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(texts_below(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            found.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}

#[test]
fn no_command_no_form_no_level_and_no_file_holds_a_secret() {
    let clouds = Clouds::new();
    let binary = binary(&clouds);
    let write = [
        "apply",
        "--yes",
        "--allow=switches-sign-in",
        "-vv",
        "--journal=../journal.jsonl",
        "--events=../events.jsonl",
        "--report=../report.json",
    ];
    let applied = binary.run(&write).with_code(0).all().to_lowercase();
    for word in FORBIDDEN {
        assert!(!applied.contains(word), "apply says {word}:\n{applied}");
    }
    for (number, command) in READING.iter().enumerate() {
        let level = LEVELS[number % LEVELS.len()];
        let said = binary.run(&[*command, level].concat()).all().to_lowercase();
        for word in FORBIDDEN {
            assert!(
                !said.contains(word),
                "{command:?} {level:?} says {word}:\n{said}"
            );
        }
    }
    for level in LEVELS {
        for command in ["plan", "drift", "doctor"] {
            let said = binary
                .run(&[&[command], level].concat())
                .all()
                .to_lowercase();
            for word in FORBIDDEN {
                assert!(
                    !said.contains(word),
                    "{command} {level:?} says {word}:\n{said}"
                );
            }
        }
    }
    let folder = binary.path();
    let written = texts_below(folder.parent().expect("the folder of the test"));
    for name in [
        "journal.jsonl",
        "events.jsonl",
        "report.json",
        "plan.json",
        "metrics.prom",
    ] {
        let is_there = written
            .iter()
            .any(|(path, text)| path.ends_with(name) && !text.is_empty());
        assert!(is_there, "{name} was written: {written:?}");
    }
    for (path, text) in written {
        let text = text.to_lowercase();
        for word in FORBIDDEN {
            assert!(!text.contains(word), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn with_session_tokens() {
    let clouds = Clouds::new();
    let mut binary = binary(&clouds);
    let tokens = [
        ("tencent", "TENCENTCLOUD_TOKEN"),
        ("alibaba", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        ("huawei", "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
    ];
    for cloud in CLOUDS {
        let token = tokens.iter().find(|(name, _)| *name == cloud.id.0);
        let account = credentials::default_account(cloud.id.0).expect("an account");
        let keys = credentials::temporary(cloud.id.0, account).expect("keys by rule");
        binary = binary
            .env(cloud.key_variables.id, &keys.key_id)
            .env(cloud.key_variables.secret, &keys.secret)
            .env(token.expect("a variable").1, &keys.token.expect("a token"));
    }
    search(&binary, "temporary");
    let _ = binary.run(&["plan", "--detailed-exitcode"]).with_code(0);
}

#[test]
fn when_clouds_refuse() {
    let clouds = Clouds::new();
    let mut binary = binary(&clouds);
    for cloud in CLOUDS {
        binary = binary.env(cloud.key_variables.secret, "CANARY-wrong-secret");
    }
    search(&binary, "wrong secret");
    for cloud in CLOUDS {
        binary = binary
            .env(cloud.key_variables.id, "CANARY")
            .env(cloud.key_variables.secret, "CANARY");
    }
    // A key id is no secret, but nothing needs to say it either.
    search(&binary, "unknown key");
}

#[test]
fn when_writes_are_denied() {
    let clouds = Clouds::new();
    clouds.fault("*Create*=deny");
    search(&binary(&clouds), "denied");
}

#[test]
fn when_nobody_answers_with_sense() {
    let clouds = Clouds::new();
    clouds.fault("tencent:*=deny");
    clouds.fault("alibaba:*=html-200,skip=1");
    clouds.fault("huawei:*=status:404");
    // Each run tries again and again: only the ways that say most.
    search_in(&binary(&clouds), "nonsense", &COMMANDS[3..], &WAYS[2..]);
}

#[test]
fn credentials_in_files_and_endpoints() {
    let clouds = Clouds::new();
    let mut binary = binary(&clouds);
    for cloud in CLOUDS {
        binary = binary
            .without(cloud.key_variables.id)
            .without(cloud.key_variables.secret);
    }
    let keys = json!({
        "current": "default",
        "profiles": [{"name": "default", "mode": "AK", "access_key_id": "CANARY-1", "access_key_secret": 7,
            "secret": "CANARY-2", "oops": "CANARY-3"}],
    });
    for file in [
        ".aliyun/config.json",
        ".tccli/default.credential",
        ".hcloud/config.json",
    ] {
        binary.write(&format!("../home/{file}"), keys.to_string());
        binary.write(&format!("../home/{file}.bad"), "{CANARY");
    }
    binary.write(
        "../home/.alibabacloud/credentials",
        "[default\nsecret = CANARY\n",
    );
    binary.write(
        "../home/.tencentcloud/credentials",
        "[default\nsecret_key = CANARY\n",
    );
    binary.write(
        "../home/.huaweicloud/credentials",
        "[default\nsk = CANARY\n",
    );
    search(&binary, "broken files");
    let binary = binary.env(
        "IDFORM_TENCENT_ENDPOINT",
        "http://user:CANARY@tencent.example/?token=CANARY",
    );
    search(&binary, "endpoint");
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_memory_behind() {
    use std::io::{BufRead, BufReader};

    let binary = Binary::alone();
    let mut child = binary.start(&["sandbox", "serve"]);
    let mut line = String::new();
    let said = child.stdout.as_mut().expect("its standard output");
    BufReader::new(said)
        .read_line(&mut line)
        .expect("it says where it listens");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    child.kill().expect("it can be ended");
    child.wait().expect("it ends");
    let limits = limits.expect("the limits of a process");
    let core = limits.lines().find(|line| line.starts_with("Max core"));
    let core: Vec<&str> = core.unwrap_or_default().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
}
