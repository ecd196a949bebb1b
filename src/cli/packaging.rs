//! `idform completions` and `idform man`: for packagers, from the command line's own table.
//!
//! The scripts for bash, zsh and fish ask the program for what only manifests know; see `completion`.

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Args, Completions, Man};
use super::output::Output;
use super::{Exit, completion};

const NAME: &str = "idform";

/// Where clap's script for zsh hands over: what follows registers the function.
const ZSH_TAIL: &str = "\nif [ \"$funcstack[1]\" = \"_idform\" ]; then";

pub(super) fn completions(command: &Completions, output: &Output) -> Result<Exit> {
    let mut program = Args::command();
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut program, NAME, &mut script);
    let script = String::from_utf8(script).context("write the completion script")?;
    output.result(&asking(command.shell, script, &program)?);
    Ok(Exit::Success)
}

/// The script, with what it asks the program for; unchanged for shells that nobody wrote this for.
fn asking(shell: Shell, script: String, program: &clap::Command) -> Result<String> {
    Ok(match shell {
        Shell::Bash => script + include_str!("completion/script.bash"),
        Shell::Zsh => {
            let (head, tail) = script
                .split_once(ZSH_TAIL)
                .context("this is a bug: clap's script for zsh ends otherwise than it did")?;
            let ours = include_str!("completion/script.zsh");
            format!("{head}{ours}{ZSH_TAIL}{tail}")
        }
        Shell::Fish => {
            let mut script = script + include_str!("completion/script.fish");
            for command in program.get_subcommands() {
                let of = command.get_name();
                for (option, _) in completion::options(command) {
                    script.push_str(&fish_line(of, &format!("-l {option} -x")));
                }
            }
            script + &fish_line("explain", "-f")
        }
        Shell::Elvish | Shell::PowerShell | _ => script,
    })
}

fn fish_line(command: &str, option: &str) -> String {
    format!(
        "complete -c {NAME} -n \"__fish_{NAME}_using_subcommand {command}\" {option} -a \"(__fish_{NAME}_ask)\"\n"
    )
}

pub(super) fn man(command: &Man, output: &Output) -> Result<Exit> {
    let mut all = Args::command();
    all.build();
    let mut page = all.clone();
    for part in &command.of {
        let Some(inner) = page.find_subcommand(part) else {
            output.insist(&format!(
                "error: there is no command `{}`\n  hint: `idform --help` lists them",
                command.of.join(" ")
            ));
            return Ok(Exit::Usage);
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
