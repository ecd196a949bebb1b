//! `idform show`: renders a saved plan, also when it is stale. Contacts nobody.

use anyhow::Result;

use crate::model::SourceMap;

use super::args::Show;
use super::output::Output;
use super::render::Rendered;
use super::{Exit, saved};

pub(super) fn run(command: &Show, output: &Output) -> Result<Exit> {
    let saved = saved::read(&command.file)?;
    let rendered = Rendered {
        plan: Some(&saved.plan),
        command: "show",
        exit: Exit::Success,
        diagnostics: &[],
        sources: &SourceMap::default(),
    };
    rendered.write(&command.rendering, output)?;
    Ok(Exit::Success)
}
