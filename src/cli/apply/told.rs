//! What came of a run, in every form that is wanted: one on standard output, more into files, and
//! the report.

use anyhow::{Context, Result};

use crate::apply::Report;
use crate::cli::args::{self, ApplyFormat, PlanFormat, Telling};
use crate::cli::last_words;
use crate::cli::output::Output;
use crate::cli::render::Rendered;
use crate::cli::rim;
use crate::cli::{Exit, finding_of};
use crate::model::{Diagnostic, SourceMap};
use crate::plan::Plan;
use crate::view::apply_json::{self, ApplyDocument};
use crate::view::theme::Theme;
use crate::view::{apply_review, apply_text, plan_json, plan_text};

/// What came of a run.
pub(super) struct Told<'a> {
    /// [`None`] when the manifests are invalid.
    pub(super) plan: Option<&'a Plan>,
    /// [`None`] when nothing was tried.
    pub(super) report: Option<&'a Report>,
    /// Whether something could not be planned.
    pub(super) errors: bool,
    pub(super) found: Vec<Diagnostic>,
    pub(super) sources: &'a SourceMap,
}

impl Told<'_> {
    /// Writes the files, the report and the result, and gives how the run ended: one whose files were
    /// not written is no success, and what is written after them says so.
    pub(super) fn write(mut self, exit: Exit, telling: &Telling, output: &Output) -> Exit {
        let mut exit = exit;
        for (format, path) in &telling.output {
            let text = self.text(*format, exit, &Theme::plain(), output.width);
            let written = fs_err::write(path, text)
                .with_context(|| format!("write what came of it as {}", args::word(format)));
            exit = self.unless_lost(written, exit, output);
        }
        if let Some(path) = &telling.report {
            let document = apply_json::to_json(&self.document(exit));
            let written = last_words::instead(|| rim::replace_file(path, &document));
            exit = self.unless_lost(written.context("write the report"), exit, output);
        }
        output.result(&match telling.format {
            // The plan was shown before it was carried out.
            ApplyFormat::Text => self.ending(&output.theme, output.width),
            format @ (ApplyFormat::Json | ApplyFormat::Markdown | ApplyFormat::Github) => {
                self.text(format, exit, &output.theme, output.width)
            }
        });
        exit
    }

    /// Tells of a file that could not be written, and gives how the run ends now.
    fn unless_lost(&mut self, written: Result<()>, exit: Exit, output: &Output) -> Exit {
        let Err(error) = written else { return exit };
        output.error(&error);
        let exit = exit.unless_lost(false);
        self.found.push(finding_of(exit, &error));
        exit
    }

    fn text(&self, format: ApplyFormat, exit: Exit, theme: &Theme, width: usize) -> String {
        match (format, self.report) {
            (ApplyFormat::Text, _) => {
                let plan = self.plan.map(|plan| plan_text::render(plan, theme, width));
                let texts = [plan.unwrap_or_default(), self.ending(theme, width)];
                let texts = texts.into_iter().filter(|text| !text.is_empty());
                texts.collect::<Vec<_>>().join("\n")
            }
            (ApplyFormat::Json, _) => apply_json::to_json(&self.document(exit)),
            (ApplyFormat::Markdown, Some(_)) => apply_review::markdown(&self.document(exit)),
            (ApplyFormat::Github, Some(_)) => apply_review::github(&self.document(exit)),
            // What was not done, and why.
            (ApplyFormat::Markdown, None) => self.refused(exit, PlanFormat::Markdown),
            (ApplyFormat::Github, None) => self.refused(exit, PlanFormat::Github),
        }
    }

    /// What the plan does not say, as text.
    fn ending(&self, theme: &Theme, width: usize) -> String {
        match self.report {
            // "Nothing to do" would be a claim about what could not be read.
            Some(report) if self.errors && report.outcomes.is_empty() => {
                "Apply incomplete: nothing was done.\n".to_owned()
            }
            Some(report) => apply_text::render(report, theme, width),
            None => String::new(),
        }
    }

    fn refused(&self, exit: Exit, format: PlanFormat) -> String {
        let rendered = Rendered {
            plan: self.plan,
            command: "apply",
            exit,
            diagnostics: &self.found,
            sources: self.sources,
        };
        rendered.text(format, &Theme::plain(), 0)
    }

    fn document(&self, exit: Exit) -> ApplyDocument {
        let input = plan_json::PlanInput {
            plan: self.plan,
            command: "apply",
            exit_code: exit.code(),
            errored: exit == Exit::Error,
            diagnostics: &self.found,
            sources: self.sources,
        };
        apply_json::document(&input, self.report)
    }
}
