//! `idform validate`: every offline check.

use anyhow::Result;

use crate::compile::Selection;
use crate::view::report_json;

use super::args::{Common, Format, Validate};
use super::config::Config;
use super::output::Output;
use super::{Exit, run};

pub(super) fn run(command: &Validate, common: &Common, output: &Output) -> Result<Exit> {
    let loaded = run::load(
        &command.manifests,
        &Selection::default(),
        &Config::load(common)?,
    )?;
    let failed = loaded.diagnostics.has_errors();
    let exit = if failed { Exit::Error } else { Exit::Success };
    let found = loaded.diagnostics.into_sorted();
    output.diagnostics(&found, &loaded.manifests.sources);
    match command.format {
        Format::Json => output.result(&report_json::to_json(&report_json::document(
            "validate",
            exit.code(),
            &found,
            &loaded.manifests.sources,
        ))),
        Format::Text if failed => {
            output.say(&format!(
                "{} problems found; nothing was contacted.",
                found.len()
            ));
        }
        Format::Text => output.result(&format!(
            "{} accounts and {} objects are valid.\n",
            loaded.world.accounts.len(),
            loaded.world.objects.len()
        )),
    }
    Ok(exit)
}
