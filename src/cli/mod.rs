//! The commands: each calls the rooms in order. No branch on a cloud or a kind.
//!
//! Everything that touches the process is here: arguments, environment, terminal, signals, exit.

mod apply;
mod args;
mod config;
mod exit;
mod explain;
mod output;
mod packaging;
mod plan;
mod policies;
mod record;
mod rim;
mod run;
mod sandbox;
mod saved;
mod schema;
mod show;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

pub use exit::Exit;

use args::{Args, Command};
use output::Output;

/// Runs the program with this process's arguments.
pub fn main() -> ExitCode {
    main_with(std::env::args_os()).into()
}

fn main_with(arguments: impl Iterator<Item = OsString>) -> Exit {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => return exit::of_clap(&error),
    };
    let output = Output::new(&args.common);
    rim::start_logs(&args.common);
    let ended = match &args.command {
        Command::Validate(command) => validate::run(command, &args.common, &output),
        Command::Plan(command) => plan::run(command, &args.common, &output),
        Command::Apply(command) => apply::run(command, &args.common, &output),
        Command::Show(command) => show::run(command, &output),
        Command::Schema(command) => schema::run(command, &output),
        Command::Explain(command) => Ok(explain::run(command, &output)),
        Command::Sandbox(command) => sandbox::run(command, &output),
        Command::Completions(command) => packaging::completions(command, &output),
        Command::Man(command) => packaging::man(command, &output),
    };
    match ended {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            Exit::Error
        }
    }
}
