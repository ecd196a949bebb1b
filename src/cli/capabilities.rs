//! `idform capabilities`: what each cloud can and cannot express, from the tables the program runs on.

use crate::compile::capabilities::capabilities;
use crate::view::capabilities::{json, markdown, text};

use super::Exit;
use super::args::{Capabilities, TableFormat};
use super::output::Output;

pub(super) fn run(command: &Capabilities, output: &Output) -> Exit {
    let matrix = capabilities();
    output.result(&match command.format {
        TableFormat::Text => text(&matrix, output.width),
        TableFormat::Json => json(&matrix),
        TableFormat::Markdown => markdown(&matrix),
    });
    Exit::Success
}
