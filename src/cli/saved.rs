//! Saved plans on disk.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::plan::file::{self, Saved};

use super::rim;

/// Writes a plan beside its name and renames, so that a reader never sees half of one.
pub(super) fn write(path: &Path, saved: &Saved) -> Result<()> {
    let text = file::to_text(saved).context("put the plan into its saved form")?;
    rim::replace_file(path, &text).with_context(|| format!("save the plan to {}", path.display()))
}

/// Reads a saved plan.
pub(super) fn read(path: &Path) -> Result<Saved> {
    let read = || -> Result<Saved> {
        if fs_err::File::open(path)?.metadata()?.len() > file::BYTES {
            bail!("it is too large for a saved plan");
        }
        Ok(file::from_text(&fs_err::read_to_string(path)?)?)
    };
    read().with_context(|| format!("read the saved plan {}", path.display()))
}

/// As [`read`], of a file's text.
pub(super) fn of_text(path: &Path, text: &str) -> Result<Saved> {
    file::from_text(text).with_context(|| format!("read the saved plan {}", path.display()))
}
