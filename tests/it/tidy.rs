//! The house keeps its order: arrows between rooms, who may wait, who may touch the process.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The sources of a folder, without tests and what they stand on, which may look anywhere.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![crate::support::root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a source folder can be read") {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && name != "testing.rs" {
                let text = std::fs::read_to_string(&path).expect("a source file is text");
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} holds sources");
    found
}

/// What each room may name of the others. A new arrow is a decision: change this table in a commit
/// of its own and say why.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("federation", &["model"]),
    ("net", &["model", "provider"]),
    ("provider", &["federation", "model", "net"]),
    ("clouds", &["federation", "model", "net", "provider"]),
    ("manifest", &["federation", "model", "provider"]),
    // The lock is text that the manifest room reads; fetching goes over `net`.
    ("lock", &["federation", "manifest", "model", "net"]),
    // `{issuer: true}` takes its values from the lock.
    (
        "compile",
        &[
            "clouds",
            "federation",
            "lock",
            "manifest",
            "model",
            "provider",
        ],
    ),
    (
        "observe",
        &["clouds", "compile", "model", "net", "provider"],
    ),
    (
        "plan",
        &[
            "clouds",
            "compile",
            "federation",
            "manifest",
            "model",
            "observe",
            "provider",
        ],
    ),
    // Lints read manifests as compiled, and facts of the subject matter.
    (
        "lint",
        &["compile", "federation", "manifest", "model", "provider"],
    ),
    (
        "apply",
        &["clouds", "model", "net", "observe", "plan", "provider"],
    ),
    (
        "drift",
        &[
            // What issuers show against the lock and the clouds.
            "federation",
            "lock",
            "clouds",
            "compile",
            "manifest",
            "model",
            "observe",
            "plan",
            "provider",
        ],
    ),
    ("doctor", &["compile", "lock", "model", "provider"]),
    (
        "import",
        &["clouds", "federation", "manifest", "model", "provider"],
    ),
    (
        "view",
        &[
            "apply",
            "compile",
            "doctor",
            "drift",
            "federation",
            "import",
            "lock",
            "model",
            "observe",
            "plan",
            "provider",
        ],
    ),
    ("policy", &["model"]),
    ("sandbox", &[]),
];

/// The code of a file without its test modules, which may look anywhere.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn arrows_between_rooms_never_turn_round() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let rooms: Vec<&str> = ARROWS
        .iter()
        .map(|(room, _)| *room)
        .chain(["cli"])
        .collect();
    let mut wrong = Vec::new();
    for (room, may) in &allowed {
        for (path, text) in sources(&format!("src/{room}")) {
            for (number, line) in code(&text).lines().enumerate() {
                for other in &rooms {
                    let named = line.contains(&format!("crate::{other}::"));
                    let comment = line.trim_start().starts_with("//");
                    if named && !comment && other != room && !may.contains(other) {
                        wrong.push(format!(
                            "{}:{}: {room} -> {other}",
                            path.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that are not in the table:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn pure_rooms_do_not_wait_and_do_not_touch_the_process() {
    let forbidden = [
        "async fn",
        ".await",
        "std::env::",
        "std::fs::",
        "fs_err::",
        "SystemTime",
        "Instant::now",
        "std::net::",
        "tokio::",
    ];
    let mut wrong = Vec::new();
    for room in [
        "model",
        "federation",
        "compile",
        "lint",
        "plan",
        "drift",
        "import",
    ] {
        for (path, text) in sources(&format!("src/{room}")) {
            for word in forbidden {
                if code(&text).contains(word) {
                    wrong.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    // Of the lock, `fetch` alone waits.
    for (path, text) in sources("src/lock") {
        if !path.components().any(|part| part.as_os_str() == "fetch") && !path.ends_with("fetch.rs")
        {
            for word in forbidden {
                if code(&text).contains(word) {
                    wrong.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    for (path, text) in sources("src/clouds") {
        let waits = ["api.rs", "token.rs", "sign_in.rs", "kept.rs"]
            .iter()
            .any(|name| path.ends_with(name));
        for word in forbidden {
            let may = waits && (word == "async fn" || word == ".await" || word == "tokio::");
            if !may && code(&text).contains(word) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn drift_has_no_way_to_write() {
    // What can change a cloud goes by these names; `Connected` and `Access` lead to a writer.
    let forbidden = [
        "apply",
        "Writer",
        "writer",
        "Connected",
        "Access",
        "Intent",
        "::Write",
    ];
    let mut files = sources("src/drift");
    files.extend(
        sources("src/cli")
            .into_iter()
            .filter(|(path, _)| path.ends_with("cli/drift.rs") || path.ends_with("cli/merge.rs")),
    );
    assert!(files.len() >= 4, "drift's own files are where they were");
    let mut wrong = Vec::new();
    for (path, text) in files {
        for word in forbidden {
            if code(&text).contains(word) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
    }
    // And its client type: no method of `ReadOnly` or `Reader` takes or gives what writes.
    let run = std::fs::read_to_string(crate::support::root().join("src/cli/run.rs"));
    let run = run.expect("a source file is text");
    let (_, read_only) = run
        .split_once("impl ReadOnly {")
        .expect("the reading client");
    let (read_only, _) = read_only.split_once("\n}\n").expect("its end");
    for word in ["Writer", "writer", "Access"] {
        if read_only.contains(word) {
            wrong.push(format!("ReadOnly: {word}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_one_file_names_the_yaml_crate() {
    let users: Vec<String> = sources("src")
        .into_iter()
        .filter(|(_, text)| text.contains("serde_yaml::"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        users.iter().all(|path| path.ends_with("manifest/yaml.rs")),
        "{users:?}"
    );
}

#[test]
fn every_file_says_what_lives_in_it() {
    for (path, text) in sources("src") {
        assert!(
            text.starts_with("//!") || text.starts_with("#!["),
            "{} does not begin with what it is for",
            path.display()
        );
    }
}

/// Names in backquotes that look like those of tests: words with underscores between them.
fn named_tests(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|name| {
        let words = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        name.matches('_').count() >= 2 && name.chars().all(words)
    })
}

#[test]
fn the_tests_that_the_security_page_names_exist() {
    let page = std::fs::read_to_string(crate::support::root().join("SECURITY.md"));
    let page = page.expect("the page");
    let mut code = String::new();
    let mut folders = ["src", "tests/it"]
        .map(|name| crate::support::root().join(name))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                code += &std::fs::read_to_string(&path).expect("a source file is text");
            }
        }
    }
    let missing: Vec<&str> = named_tests(&page)
        .filter(|name| !code.contains(&format!("fn {name}(")))
        .collect();
    assert_eq!(missing, [""; 0], "no such tests");
    assert!(named_tests(&page).count() > 20);
}
