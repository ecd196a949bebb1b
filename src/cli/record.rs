//! What an apply leaves behind: the event stream and the journal, one JSON object a line.
//!
//! Both are written as things happen and flushed line by line; the journal holds the intent of a
//! write before it is sent.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::Value;

/// An open file of lines. Failing to write is told once and does not stop the run: half-done work
/// would be worse than a missing line. The run is no success then; see [`Lines::is_whole`].
pub(super) struct Lines {
    path: String,
    file: Mutex<Option<fs_err::File>>,
}

impl Lines {
    /// Begins the file anew.
    pub(super) fn create(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.display().to_string(),
            file: Mutex::new(Some(
                fs_err::File::create(path).context("begin the record")?,
            )),
        })
    }

    /// Goes on with the file, if there is one: a journal outlives runs.
    pub(super) fn append(path: &Path) -> Result<Self> {
        let file = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        Ok(Self {
            path: path.display().to_string(),
            file: Mutex::new(Some(file.context("open the journal")?)),
        })
    }

    /// Whether every line so far was written.
    pub(super) fn is_whole(&self) -> bool {
        let slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        slot.is_some()
    }

    /// The file's name, for messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Writes one line and hands it to the operating system.
    pub(super) fn line(&self, value: &Value) {
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = slot.as_mut() else { return };
        let written = file
            .write_all(format!("{value}\n").as_bytes())
            .and_then(|()| file.flush());
        if let Err(error) = written {
            tracing::error!(path = self.path, %error, "the record is incomplete from here on");
            *slot = None;
        }
    }
}
