//! The machine's environment and files as values, so that credential chains are pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads a file. [`None`]: there is no such file; `Err`: it is there and cannot be read.
pub type ReadFile = Arc<dyn Fn(&Path) -> Option<Result<String, String>> + Send + Sync>;

/// What a credential chain may look at.
pub struct Surroundings {
    /// Environment variables; empty ones count as unset.
    pub env: BTreeMap<String, String>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// Reads a file.
    pub read: ReadFile,
    /// What the operator lets manifests take tokens from, beside what always may be.
    pub tokens: AllowedTokens,
}

/// Places that manifests may name as holding a token for keyless sign-in.
#[derive(Debug, Clone, Default)]
pub struct AllowedTokens {
    /// Names of variables.
    pub variables: BTreeSet<String>,
    /// Files, or folders with a slash at the end.
    pub files: Vec<String>,
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
