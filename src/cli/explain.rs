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
    let nearest = manifest::nearest_topic(CATALOGUE, &command.topic)
        .map_or_else(String::new, |help| format!("\n  hint: {help}"));
    output.insist(&format!(
        "error: nothing is called `{}`{nearest}\n  hint: `idform explain` lists the kinds; codes stand in brackets after `error`",
        command.topic
    ));
    Exit::Usage
}
