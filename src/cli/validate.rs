//! `idform validate`: every offline check.

use anyhow::Result;

use crate::compile::Selection;
use crate::view::review::ReviewInput;
use crate::view::text::counted;
use crate::view::{github, report_json, sarif};

use super::args::{Common, FindingsFormat as Format, Validate};
use super::config::Config;
use super::output::Output;
use super::{Exit, rim, run};

pub(super) fn run(command: &Validate, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let mut loaded = run::load(&command.manifests, &Selection::default(), &config)?;
    run::lint(&mut loaded, Some(rim::today()), &config)?;
    let failed = loaded.diagnostics.has_errors();
    let exit = if failed { Exit::Error } else { Exit::Success };
    let found = loaded.diagnostics.into_sorted();
    output.diagnostics(&found, &loaded.manifests.sources);
    let review = || ReviewInput {
        plan: None,
        diagnostics: &found,
        sources: &loaded.manifests.sources,
        command: "validate",
        errored: failed,
        title: None,
    };
    match command.format {
        Format::Sarif => output.result(&sarif::render(&review())),
        Format::Github => output.result(&github::render(&review())),
        Format::Json => output.result(&report_json::to_json(&report_json::document(
            "validate",
            exit.code(),
            &found,
            &loaded.manifests.sources,
        ))),
        Format::Text if failed => {
            output.say(&format!(
                "{} found; nothing was contacted.",
                counted(found.len(), "problem")
            ));
        }
        Format::Text => output.result(&format!(
            "{} and {} are valid.\n",
            counted(loaded.world.accounts.len(), "account"),
            counted(loaded.world.objects.len(), "object")
        )),
    }
    Ok(exit)
}
