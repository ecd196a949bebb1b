//! `idform show`: renders a saved plan, also when it is stale. Contacts nobody.

use anyhow::Result;

use crate::model::SourceMap;
use crate::view::{plan_json, plan_text};

use super::args::{Format, Show};
use super::output::Output;
use super::{Exit, saved};

pub(super) fn run(command: &Show, output: &Output) -> Result<Exit> {
    let saved = saved::read(&command.file)?;
    output.result(&match command.format {
        Format::Text => plan_text::render(&saved.plan, &output.theme, output.width),
        Format::Json => plan_json::to_json(&plan_json::document(&plan_json::PlanInput {
            plan: Some(&saved.plan),
            command: "show",
            exit_code: Exit::Success.code(),
            errored: false,
            diagnostics: &[],
            sources: &SourceMap::default(),
        })),
    });
    Ok(Exit::Success)
}
