//! The program as a person or a pipeline meets it: the built binary, an environment that holds
//! nothing but what a test puts there, and what it answered.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use insta::internals::SettingsBindDropGuard;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Clouds, root};

/// The program in a folder of its own.
pub(crate) struct Binary {
    folder: TempDir,
    place: Option<PathBuf>,
    env: BTreeMap<String, String>,
}

/// What a run left behind.
#[must_use]
#[derive(Debug)]
pub(crate) struct Ended {
    /// [`None`] when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Binary {
    /// Without any cloud: no endpoint, no credentials, an empty home.
    pub(crate) fn alone() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("home");
        fs::create_dir(&home).expect("make the home folder");
        let env = BTreeMap::from([
            ("COLUMNS".to_owned(), "100".to_owned()),
            ("HOME".to_owned(), home.display().to_string()),
            // Nobody knows what machine the tests run on, and it is not theirs to ask.
            ("IDFORM_METADATA".to_owned(), "off".to_owned()),
        ]);
        fs::create_dir(folder.path().join("work")).expect("make the working folder");
        Self {
            folder,
            place: None,
            env,
        }
    }

    /// With the endpoints and test keys of a running sandbox.
    pub(crate) fn over(clouds: &Clouds) -> Self {
        let mut binary = Self::alone();
        binary.env.extend(clouds.env());
        binary
    }

    /// Works in a folder of the project instead of one of its own.
    pub(crate) fn within(mut self, place: &Path) -> Self {
        self.place = Some(place.to_owned());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// The working folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.place
            .clone()
            .unwrap_or_else(|| self.folder.path().join("work"))
    }

    /// Writes a file below the working folder.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("make the folder");
        fs::write(path, text).expect("write a file");
    }

    /// Writes texts of manifests as `0.yaml`, `1.yaml` and so on.
    pub(crate) fn manifests(self, texts: &[&str]) -> Self {
        for (number, text) in texts.iter().enumerate() {
            self.write(&format!("{number}.yaml"), text);
        }
        self
    }

    /// Copies a folder of the project, such as an example.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        copy_folder(&root().join(from), &self.path().join(to));
    }

    /// Copies an example, its accounts at the highest documented rate: the default keeps well below
    /// it, and a test would only wait.
    pub(crate) fn copy_example(&self, from: &str, to: &str) {
        self.copy(from, to);
        for name in ["account.yaml", "accounts.yaml"] {
            let path = self.path().join(to).join(name);
            if let Ok(text) = fs::read_to_string(&path) {
                let fast = text.replace(
                    "  cloud: huawei\n",
                    "  cloud: huawei\n  requestsPerSecond: 10\n",
                );
                assert_ne!(fast, text, "the Huawei account is where it was");
                fs::write(path, fast).expect("write the accounts");
            }
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        Ended::of(output.expect("the binary runs"))
    }

    /// With something on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("write");
        drop(stdin);
        Ended::of(child.wait_with_output().expect("it ends"))
    }

    /// Starts it and does not wait.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_idform"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs(&self.env);
        command
    }
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("everything said is UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Standard output as the one JSON document that it must be.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document: {error}\n{self:#?}"))
    }

    /// Everything said, in one text.
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// For a snapshot: what was said where and how it ended; the mark shows a missing line break.
    pub(crate) fn golden(&self) -> String {
        let code = self
            .code
            .map_or("a signal".to_owned(), |code| code.to_string());
        format!(
            "exit: {code}\n--- stdout\n{}--- stderr\n{}--- end",
            self.stdout, self.stderr
        )
    }

    /// Fails with everything said unless it ended with this code.
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.golden());
        self
    }
}

/// What differs from run to run becomes a word: folders, ports, request ids, times.
pub(crate) fn filters(binary: &Binary) -> SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    let folder = regex::escape(&binary.folder.path().display().to_string());
    settings.add_filter(&folder, "FOLDER");
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
    settings.add_filter(
        r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        "REQUEST-ID",
    );
    settings.add_filter(
        r#"(request(?:_id=|_id": "| )"?)[0-9a-f]{32}\b"#,
        "${1}REQUEST-ID",
    );
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME");
    settings.add_filter(r#"("duration_ms": )\d+"#, "${1}0");
    settings.add_filter(r"(milliseconds=)\d+", "${1}N");
    settings.bind_to_scope()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("make a folder");
    for entry in fs::read_dir(from).expect("list a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copy a file");
        }
    }
}
