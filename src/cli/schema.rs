//! `idform schema`: the published schemas, the same as in `schemas/`.

use anyhow::Result;

use crate::{clouds, manifest, view};

use super::Exit;
use super::args::{Schema, SchemaOf};
use super::output::Output;

pub(super) fn run(command: &Schema, output: &Output) -> Result<Exit> {
    let schema = match command.of {
        SchemaOf::Manifest => manifest::manifest_schema(clouds::CLOUDS),
        SchemaOf::Plan => view::schema::plan_schema(),
        SchemaOf::Config => super::config::schema(),
        SchemaOf::Lock => crate::lock::file::schema(),
        SchemaOf::Report => view::schema::report_schema(),
    };
    let mut text = serde_json::to_string_pretty(&schema)?;
    text.push('\n');
    output.result(&text);
    Ok(Exit::Success)
}
