//! `idform merge`: joins the drift reports of shards into one. Contacts nobody.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::view::drift_json::{self, DriftDocument};

use super::args::Merge;
use super::output::Output;
use super::{Exit, drift};

/// Largest report read, in bytes.
const BYTES: u64 = 512 * 1024 * 1024;

pub(super) fn run(command: &Merge, output: &Output) -> Result<Exit> {
    let mut documents = Vec::new();
    let mut seen: BTreeMap<String, &Path> = BTreeMap::new();
    for path in &command.files {
        let document = read(path)?;
        for account in &document.accounts {
            if let Some(other) = seen.insert(account.name.clone(), path) {
                bail!(
                    "`{}` is both in {} and in {}; give each report once, and each account to one shard",
                    account.name,
                    other.display(),
                    path.display()
                );
            }
        }
        documents.push(document);
    }
    let merged = drift_json::merge(documents);
    drift::show(&merged, &command.reporting, output)?;
    Ok(match merged.exit_code {
        0 => Exit::Success,
        2 => Exit::Pending,
        _ => Exit::Error,
    })
}

fn read(path: &Path) -> Result<DriftDocument> {
    let read = || -> Result<DriftDocument> {
        if fs_err::File::open(path)?.metadata()?.len() > BYTES {
            bail!("it is too large for a report");
        }
        drift_json::from_text(&fs_err::read_to_string(path)?).map_err(anyhow::Error::msg)
    };
    read().with_context(|| format!("read the drift report {}", path.display()))
}
