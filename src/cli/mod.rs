//! The commands: each calls the rooms in order. No branch on a cloud or a kind.
//!
//! Everything that touches the process is here: arguments, environment, terminal, signals, exit.

mod apply;
mod args;
mod config;
mod drift;
mod exit;
mod explain;
mod graph;
mod import;
mod issuer;
mod merge;
mod output;
mod packaging;
mod plan;
mod policies;
mod record;
mod render;
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

use crate::model::{Code, Diagnostic, SourceMap};
use crate::view::report_json;

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
        Command::Drift(command) => drift::run(command, &args.common, &output),
        Command::Merge(command) => merge::run(command, &output),
        Command::Import(command) => import::run(command, &args.common, &output),
        Command::Show(command) => show::run(command, &output),
        Command::Graph(command) => graph::run(command, &args.common, &output),
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
            if let Some(document) = document_of(&args.command, &error) {
                output.result(&document);
            }
            Exit::Error
        }
    }
}

/// Whoever asked for JSON gets one document, however early the run ended.
fn document_of(command: &Command, error: &anyhow::Error) -> Option<String> {
    let (name, wants_json) = match command {
        Command::Validate(command) => ("validate", command.format == args::Format::Json),
        Command::Plan(command) => ("plan", command.rendering.format == args::PlanFormat::Json),
        Command::Apply(command) => ("apply", command.format == args::Format::Json),
        Command::Show(_)
        | Command::Drift(_)
        | Command::Merge(_)
        | Command::Import(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Graph(_)
        | Command::Schema(_)
        | Command::Explain(_)
        | Command::Sandbox(_) => return None,
    };
    if !wants_json {
        return None;
    }
    let finding = Diagnostic::error(Code::CannotRun, error.to_string());
    let causes = error.chain().skip(1);
    let found = [causes.fold(finding, |finding, cause| {
        finding.note(format!("caused by: {cause}"))
    })];
    let sources = SourceMap::default();
    Some(if name == "validate" {
        report_json::to_json(&report_json::document(
            name,
            Exit::Error.code(),
            &found,
            &sources,
        ))
    } else {
        render::without_plan(name, &found, &sources)
    })
}
