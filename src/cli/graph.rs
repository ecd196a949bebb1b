//! `idform graph`: what waits for what, from the manifests alone.

use anyhow::Result;

use crate::view::graph::{GraphInput, dot, mermaid};

use super::args::{Common, GraphFormat, GraphOf};
use super::config::Config;
use super::output::Output;
use super::{Exit, run};

pub(super) fn run(command: &GraphOf, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let loaded = run::load(&command.manifests, &command.selecting.selection(), &config)?;
    let failed = loaded.diagnostics.has_errors();
    let found = loaded.diagnostics.into_sorted();
    output.diagnostics(&found, &loaded.manifests.sources);
    if failed {
        return Ok(Exit::Error);
    }
    let input = GraphInput::of(&loaded.world);
    output.result(&match command.format {
        GraphFormat::Dot => dot(&input),
        GraphFormat::Mermaid => mermaid(&input),
    });
    Ok(Exit::Success)
}
