//! The machine's environment and files as values, so that credential chains are pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Reads a file. [`None`]: there is no such file; `Err`: it is there and cannot be read.
pub type ReadFile = Box<dyn Fn(&Path) -> Option<Result<String, String>> + Send + Sync>;

/// What a credential chain may look at.
pub struct Surroundings {
    /// Environment variables; empty ones count as unset.
    pub env: BTreeMap<String, String>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// Reads a file.
    pub read: ReadFile,
}

impl Surroundings {
    /// A variable with the account's prefix; empty counts as unset.
    pub fn var(&self, prefix: &str, name: &str) -> Option<&str> {
        self.env
            .get(&format!("{prefix}{name}"))
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}
