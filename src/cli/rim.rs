//! The process's surroundings: environment, home folder, files, terminal size, logs.
//!
//! The only file that asks for them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::provider::Surroundings;
use crate::provider::surroundings::AllowedTokens;

use super::args::{Common, LogFormat};

/// Largest credential file read, in bytes. The vendors' files hold a few profiles.
const CREDENTIAL_FILE_BYTES: u64 = 1024 * 1024;

/// A variable's value when it is set and not empty.
pub(super) fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The day it is, in UTC: the same for everybody who runs the same thing at the same time.
pub(super) fn today() -> jiff::civil::Date {
    let now = jiff::Timestamp::from_second(crate::net::clock::unix_seconds());
    now.unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// Sees to it that no core dump of this process is written: it holds credentials. Where the system
/// refuses, the run goes on; nobody is worse off than without asking.
#[cfg(unix)]
pub(super) fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    // Also keeps other processes of the same user from looking into the memory.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Whether a variable is set to anything.
pub(super) fn is_set(name: &str) -> bool {
    var(name).is_some()
}

/// The terminal's width in columns, when it says so.
pub(super) fn columns() -> Option<usize> {
    if let Some(columns) = var("COLUMNS").and_then(|text| text.parse().ok()) {
        return Some(columns);
    }
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size()?;
    Some(usize::from(columns))
}

/// A folder of this process's own, removed with everything in it when it is dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one that nobody else can look into.
    pub(super) fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;

        let name = format!("idform-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The real environment and files; manifests may take tokens from these places.
pub(super) fn surroundings(tokens: AllowedTokens) -> Surroundings {
    // Variables that are no text cannot be credentials.
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Surroundings {
        env,
        home: std::env::home_dir(),
        read: Arc::new(read),
        tokens,
    }
}

/// Surroundings that hold nothing but these variables.
pub(super) fn only(env: BTreeMap<String, String>) -> Surroundings {
    Surroundings {
        env,
        home: None::<PathBuf>,
        read: Arc::new(|_| None),
        tokens: AllowedTokens::default(),
    }
}

fn read(path: &Path) -> Option<Result<String, String>> {
    match fs_err::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(Err(error.to_string())),
        Ok(found) if found.len() > CREDENTIAL_FILE_BYTES => {
            Some(Err(format!("{} is too large", path.display())))
        }
        Ok(_) => Some(fs_err::read_to_string(path).map_err(|error| error.to_string())),
    }
}

/// Sends logs to standard error: warnings, with `-v` what is done, with `-vv` each call.
pub(super) fn start_logs(common: &Common) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    // What the libraries below log is not ours to show: connections, pools, and who knows what.
    let ours = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_default(level.min(LevelFilter::WARN));
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    let registry = tracing_subscriber::registry().with(ours);
    // A second start (in tests) keeps the first.
    let _ = match common.log_format {
        LogFormat::Text => registry.with(logs).try_init(),
        LogFormat::Json => registry.with(logs.json().flatten_event(true)).try_init(),
    };
}

/// The time of day, RFC 3339 in UTC, for records.
pub(super) fn timestamp() -> String {
    jiff::Timestamp::from_second(crate::net::clock::unix_seconds())
        .unwrap_or_default()
        .to_string()
}

/// Writes a file beside its name and renames, so that a reader never sees half of one. What is there
/// and is no file (a terminal, a pipe, `/dev/null`) is written into: a device that a rename replaces is
/// gone for everybody.
pub(super) fn replace_file(path: &Path, text: &str) -> std::io::Result<()> {
    if is_no_file(path) {
        let mut device = fs_err::OpenOptions::new().append(true).open(path)?;
        return device
            .write_all(text.as_bytes())
            .and_then(|()| device.flush());
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    let written = write_anew(&aside, text).and_then(|()| fs_err::rename(&aside, path));
    if written.is_err() {
        // Half a file under a name that nobody asked for helps nobody.
        let _ = fs_err::remove_file(&aside);
    }
    written
}

/// Whether there is something under this name that is no file of its own. `/dev/stdout` is a link, and
/// that it leads to a file just now does not make it one.
fn is_no_file(path: &Path) -> bool {
    let of_the_system = ["/dev", "/proc"]
        .iter()
        .any(|folder| path.starts_with(folder));
    fs_err::metadata(path).is_ok_and(|found| !found.is_dir() && (of_the_system || !found.is_file()))
}

/// Writes a file that was not there: a link that somebody laid under this name is not followed.
fn write_anew(path: &Path, text: &str) -> std::io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs_err::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)?;
    file.write_all(text.as_bytes())
}
