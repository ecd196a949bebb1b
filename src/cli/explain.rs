//! `idform explain`: documentation of kinds, fields and codes, from the tables the program runs on.

use crate::compile::portable::CATALOGUE;
use crate::manifest;

use super::Exit;
use super::args::Explain;
use super::output::Output;

pub(super) fn run(command: &Explain, output: &Output) -> Exit {
    if let Some(text) = manifest::explain(CATALOGUE, &command.topic) {
        output.result(&text);
        return Exit::Success;
    }
    output.insist(&format!(
        "error: nothing is called `{}`\n  hint: `idform explain` lists the kinds; codes stand in brackets after `error`",
        command.topic
    ));
    Exit::Usage
}
