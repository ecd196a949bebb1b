//! The saved form of a plan: what `plan --out` writes, `show` renders and `apply --plan` compares
//! with. It holds no secret; keys in it are public keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::compile::Selection;

use super::Plan;

/// The version this program writes. Another first number cannot be read.
const FORMAT_VERSION: &str = "1.0";

/// Largest saved plan read, in bytes: some 100,000 objects.
pub const BYTES: u64 = 512 * 1024 * 1024;

/// A plan with what it was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Where the manifests were read, relative to the working folder of then.
    pub paths: Vec<PathBuf>,
    /// Variables that manifests were allowed to use; names only.
    pub env: Vec<String>,
    /// The part of the manifests it is about.
    pub selection: Selection,
    /// The plan itself.
    pub plan: Plan,
}

/// Why a file is no plan that this program can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Truncated, or never a plan.
    #[error("it is no saved plan: {0}")]
    NotAPlan(String),
    /// Written by a newer program.
    #[error("it has format {0}; this program reads {FORMAT_VERSION}. Use the idform that wrote it")]
    Format(String),
    /// Changed after it was written.
    #[error("its checksum does not fit: it was changed after it was written. Make the plan anew")]
    Changed,
}

/// The bytes of a saved plan.
pub fn to_text(saved: &Saved) -> Result<String, serde_json::Error> {
    let content = serde_json::to_value(saved)?;
    let mut text = serde_json::to_string(&serde_json::json!({
        "idform": "plan",
        "format_version": FORMAT_VERSION,
        "idform_version": env!("CARGO_PKG_VERSION"),
        "checksum": checksum(&content),
        "content": content,
    }))?;
    text.push('\n');
    Ok(text)
}

/// Reads a saved plan back.
///
/// # Errors
/// See [`FileError`]. The checksum finds accidents and edits by hand; it is no signature, and needs
/// none: `apply` trusts nothing in the file, it plans anew and compares.
pub fn from_text(text: &str) -> Result<Saved, FileError> {
    let not = |why: &str| FileError::NotAPlan(why.to_owned());
    let document: Value =
        serde_json::from_str(text).map_err(|error| FileError::NotAPlan(error.to_string()))?;
    if document["idform"] != "plan" {
        return Err(not("it does not say that it is one"));
    }
    let format = document["format_version"].as_str().unwrap_or_default();
    if format.split('.').next() != FORMAT_VERSION.split('.').next() {
        return Err(FileError::Format(format.to_owned()));
    }
    let content = document
        .get("content")
        .ok_or_else(|| not("it has no content"))?;
    if document["checksum"] != checksum(content) {
        return Err(FileError::Changed);
    }
    Saved::deserialize(content).map_err(|error| FileError::NotAPlan(error.to_string()))
}

fn checksum(content: &Value) -> String {
    hex::encode(Sha256::digest(content.to_string()))
}
