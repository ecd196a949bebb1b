//! How an import ended, for people and for programs.

use crate::cli::Exit;
use crate::cli::args::{Format, Import as Command};
use crate::cli::output::Output;
use crate::import::Import;
use crate::model::{Diagnostic, Severity, SourceMap};
use crate::plan::Plan;
use crate::view::{import_json, import_text, plan_text};

/// The document of an import that ended before there was anything to tell.
pub(in crate::cli) fn without_result(
    command: &Command,
    exit: Exit,
    found: &[Diagnostic],
    sources: &SourceMap,
) -> String {
    import_json::to_json(&import_json::document(&import_json::ImportInput {
        accounts: &[],
        out: &command.out.to_string_lossy(),
        import: &Import::default(),
        is_written: false,
        plan: None,
        exit_code: exit.code(),
        diagnostics: found,
        sources,
    }))
}

/// How an import ended.
#[derive(Default)]
pub(super) struct Told {
    /// The accounts that were read.
    pub(super) accounts: Vec<String>,
    pub(super) import: Import,
    /// The plan of what was written, when it is not empty.
    pub(super) plan: Option<Plan>,
    pub(super) found: Vec<Diagnostic>,
    /// Whether the files have their final names.
    pub(super) is_written: bool,
}

impl Told {
    pub(super) fn show(&self, command: &Command, output: &Output, sources: &SourceMap) -> Exit {
        let failed = self.plan.is_some()
            || self
                .found
                .iter()
                .any(|finding| finding.severity == Severity::Error);
        let exit = if failed { Exit::Error } else { Exit::Success };
        output.diagnostics(&self.found, sources);
        let out = command.out.to_string_lossy();
        let input = import_json::ImportInput {
            accounts: &self.accounts,
            out: &out,
            import: &self.import,
            is_written: self.is_written,
            plan: self.plan.as_ref(),
            exit_code: exit.code(),
            diagnostics: &self.found,
            sources,
        };
        match command.format {
            Format::Json => output.result(&import_json::to_json(&import_json::document(&input))),
            Format::Text => {
                if let Some(plan) = &self.plan {
                    output.result(&plan_text::render(plan, &output.theme, output.width));
                }
                output.result(&import_text::render(&input));
            }
        }
        exit
    }
}
