//! `idform completions` and `idform man`: for packagers, from the command line's own table.
//!
//! Completions are static: those that ask the program for addresses as one types are marked
//! unstable in clap 4.6, and reading manifests at every press of a key is a file access that
//! nobody asked for.

use anyhow::{Context, Result, bail};
use clap::CommandFactory;

use super::Exit;
use super::args::{Args, Completions, Man};
use super::output::Output;

const NAME: &str = "idform";

pub(super) fn completions(command: &Completions, output: &Output) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Args::command(), NAME, &mut script);
    output.result(&String::from_utf8(script).context("write the completion script")?);
    Ok(Exit::Success)
}

pub(super) fn man(command: &Man, output: &Output) -> Result<Exit> {
    let mut all = Args::command();
    all.build();
    let mut page = all.clone();
    for part in &command.of {
        let Some(inner) = page.find_subcommand(part) else {
            bail!("there is no command `{}`", command.of.join(" "));
        };
        page = inner.clone();
    }
    // `build` has named each command in full: idform-sandbox-serve.
    let title = page.get_display_name().unwrap_or(NAME).to_owned();
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .title(title)
        .render(&mut text)
        .context("write the manual page")?;
    output.result(&String::from_utf8(text).context("write the manual page")?);
    Ok(Exit::Success)
}
