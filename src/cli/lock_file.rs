//! Where the lock file lies, and reading and writing it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::lock::{FILE_NAME, Lock, file};
use crate::model::{Code, Diagnostic, Diagnostics, SourceMap};

use super::rim;

/// Largest lock file read, in bytes: some thousand issuers.
const BYTES: u64 = 8 * 1024 * 1024;

/// The lock file of these paths: in the first folder, or beside the first file (contract §1).
/// [`None`] for standard input, which lies nowhere.
pub(super) fn place(paths: &[PathBuf]) -> Option<PathBuf> {
    let first = paths.first()?;
    if first == Path::new("-") {
        return None;
    }
    if first.is_dir() {
        // As people write it: `idform.lock`, and not `./idform.lock`.
        let folder = if first == Path::new(".") {
            Path::new("")
        } else {
            first
        };
        return Some(folder.join(FILE_NAME));
    }
    Some(first.with_file_name(FILE_NAME))
}

/// Reads it; one that is not there is empty. [`None`] after a report.
pub(super) fn read(
    paths: &[PathBuf],
    sources: &mut SourceMap,
    out: &mut Diagnostics,
) -> Option<Lock> {
    let Some(path) = place(paths) else {
        return Some(Lock::default());
    };
    let name = path.display().to_string();
    let mut refuse = |code, why: String| {
        let title = "the lock file cannot be read";
        out.push(
            Diagnostic::error(code, title)
                .in_file(name.clone())
                .note(why),
        );
        None
    };
    match fs_err::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(Lock::default()),
        Err(error) => return refuse(Code::FileUnreadable, error.kind().to_string()),
        // Lines of what it leads to would be shown in messages.
        Ok(found) if !found.is_file() => {
            return refuse(Code::FileUnreadable, "it is not a regular file".to_owned());
        }
        Ok(found) if found.len() > BYTES => {
            return refuse(
                Code::FileTooLarge,
                format!("more than {} MiB", BYTES / (1024 * 1024)),
            );
        }
        Ok(_) => {}
    }
    let bytes = match fs_err::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => return refuse(Code::FileUnreadable, error.kind().to_string()),
    };
    match String::from_utf8(bytes) {
        Ok(text) => {
            let source = sources.add(name, text);
            file::parse(sources, source, out)
        }
        Err(_) => refuse(Code::NotText, "it is not UTF-8".to_owned()),
    }
}

/// Writes it, so that a reader sees the old one or the new one and nothing between.
pub(super) fn write(path: &Path, lock: &Lock) -> Result<()> {
    rim::replace_file(path, &file::text(lock))
        .with_context(|| format!("write the lock file {}", path.display()))
}
