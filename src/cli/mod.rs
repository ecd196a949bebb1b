//! The commands: each calls the rooms in order. No branch on a cloud or a kind.
//!
//! Everything that touches the process is here: arguments, environment, terminal, signals, exit.

mod apply;
mod args;
mod capabilities;
mod completion;
mod config;
mod doctor;
mod drift;
mod exit;
mod explain;
mod graph;
mod import;
mod issuer;
mod last_words;
mod lock;
mod lock_file;
mod merge;
mod output;
mod packaging;
mod panics;
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
mod signals;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

pub use exit::Exit;

use crate::drift::DriftReport;
use crate::model::{Code, Diagnostic, SourceMap};
use crate::view::drift_json::{self, DriftInput};
use crate::view::report_json;

use args::{Args, Command};
use output::Output;

/// Runs the program with this process's arguments.
pub fn main() -> ExitCode {
    panics::install();
    main_with(std::env::args_os()).into()
}

fn main_with(arguments: impl Iterator<Item = OsString>) -> Exit {
    #[cfg(unix)]
    rim::forbid_core_dumps();
    let arguments: Vec<OsString> = arguments.collect();
    if let Some(words) = completion::asked(&arguments) {
        return completion::run(&words);
    }
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => return exit::of_clap(&error),
    };
    let output = Output::new(&args.common);
    rim::start_logs(&args.common);
    let ended = panics::caught(|| call(&args, &output));
    let exit = match ended {
        Ok(exit) => exit,
        Err(error) => ended_early(&args, &output, &error),
    };
    told(exit, &output)
}

/// The exit of a run whose result had to reach standard output: a full disk is no success.
fn told(exit: Exit, output: &Output) -> Exit {
    let Some(cause) = output::lost() else {
        return exit;
    };
    output.insist(&format!(
        "error: write the result to standard output\n  caused by: {cause}"
    ));
    if matches!(exit, Exit::Success | Exit::Pending) {
        Exit::Error
    } else {
        exit
    }
}

fn call(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Validate(command) => validate::run(command, &args.common, output),
        Command::Plan(command) => plan::run(command, &args.common, output),
        Command::Apply(command) => apply::run(command, &args.common, output),
        Command::Drift(command) => drift::run(command, &args.common, output),
        Command::Merge(command) => merge::run(command, output),
        Command::Lock(command) => lock::run(command, &args.common, output),
        Command::Import(command) => import::run(command, &args.common, output),
        Command::Show(command) => show::run(command, output),
        Command::Graph(command) => graph::run(command, &args.common, output),
        Command::Schema(command) => schema::run(command, output),
        Command::Explain(command) => Ok(explain::run(command, output)),
        Command::Doctor(command) => doctor::run(command, &args.common, output),
        Command::Capabilities(command) => Ok(capabilities::run(command, output)),
        Command::Sandbox(command) => sandbox::run(command, output),
        Command::Completions(command) => packaging::completions(command, output),
        Command::Man(command) => packaging::man(command, output),
    }
}

/// Tells why the run ended before it had a result, in every form that was asked for.
fn ended_early(args: &Args, output: &Output, error: &anyhow::Error) -> Exit {
    let exit = if error.is::<signals::Interrupted>() {
        Exit::Interrupted
    } else {
        Exit::Error
    };
    output.error(error);
    if let Command::Apply(command) = &args.command
        && let Some(path) = &command.telling.report
    {
        let found = [finding_of(exit, error)];
        let document = render::without_plan("apply", exit, &found, &SourceMap::default());
        // Why it cannot be written was most likely the error itself.
        let _ = last_words::instead(|| rim::replace_file(path, &document));
    }
    if let Some(document) = document_of(&args.command, exit, error) {
        output.result(&document);
    }
    exit
}

/// Why a run ended early, as a finding.
fn finding_of(exit: Exit, error: &anyhow::Error) -> Diagnostic {
    let code = if exit == Exit::Interrupted || error.is::<panics::Panicked>() {
        Code::Interrupted
    } else {
        Code::CannotRun
    };
    let finding = Diagnostic::error(code, error.to_string());
    let causes = error.chain().skip(1);
    causes.fold(finding, |finding, cause| {
        finding.note(format!("caused by: {cause}"))
    })
}

/// Whoever asked for JSON gets one document, however early the run ended.
fn document_of(command: &Command, exit: Exit, error: &anyhow::Error) -> Option<String> {
    let wants_json = match command {
        Command::Validate(command) => command.format == args::FindingsFormat::Json,
        Command::Plan(command) => command.rendering.format == args::PlanFormat::Json,
        Command::Apply(command) => command.telling.format == args::ApplyFormat::Json,
        Command::Drift(command) => command.reporting.format == args::DriftFormat::Json,
        Command::Merge(command) => command.reporting.format == args::DriftFormat::Json,
        Command::Import(command) => command.format == args::Format::Json,
        Command::Lock(command) => command.format == args::Format::Json,
        Command::Doctor(command) => command.format == args::Format::Json,
        Command::Show(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Graph(_)
        | Command::Schema(_)
        | Command::Explain(_)
        | Command::Capabilities(_)
        | Command::Sandbox(_) => false,
    };
    if !wants_json {
        return None;
    }
    let found = [finding_of(exit, error)];
    let sources = SourceMap::default();
    match command {
        Command::Plan(_) => Some(render::without_plan("plan", exit, &found, &sources)),
        Command::Apply(_) => Some(render::without_plan("apply", exit, &found, &sources)),
        Command::Drift(_) | Command::Merge(_) => {
            Some(drift_json::to_json(&drift_json::document(&DriftInput {
                report: &DriftReport::default(),
                exit_code: exit.code(),
                diagnostics: &found,
                sources: &sources,
            })))
        }
        Command::Doctor(_) => Some(doctor::without_result(exit, &found, &sources)),
        Command::Import(command) => Some(import::without_result(command, exit, &found, &sources)),
        Command::Lock(_) => {
            let document = report_json::document("lock", exit.code(), &found, &sources);
            Some(report_json::to_json(&document))
        }
        Command::Validate(_)
        | Command::Show(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Graph(_)
        | Command::Schema(_)
        | Command::Explain(_)
        | Command::Capabilities(_)
        | Command::Sandbox(_) => {
            let document = report_json::document("validate", exit.code(), &found, &sources);
            Some(report_json::to_json(&document))
        }
    }
}
