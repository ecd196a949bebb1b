//! A plan in whatever forms are wanted: one on standard output, more into files.

use anyhow::{Context, Result};

use crate::model::{Diagnostic, SourceMap};
use crate::plan::Plan;
use crate::view::review::{ReviewFormat, ReviewInput, render_as};
use crate::view::theme::Theme;
use crate::view::{apply_json, plan_json, plan_text};

use super::Exit;
use super::args::{self, PlanFormat, Rendering};
use super::output::Output;

/// The JSON document of a run that failed before there was a plan.
pub(super) fn without_plan(
    command: &str,
    exit: Exit,
    found: &[Diagnostic],
    sources: &SourceMap,
) -> String {
    let input = plan_json::PlanInput {
        plan: None,
        command,
        exit_code: exit.code(),
        errored: true,
        diagnostics: found,
        sources,
    };
    if command == "apply" {
        apply_json::to_json(&apply_json::document(&input, None))
    } else {
        plan_json::to_json(&plan_json::document(&input))
    }
}

/// What is rendered.
pub(super) struct Rendered<'a> {
    /// [`None`] when the manifests are invalid.
    pub(super) plan: Option<&'a Plan>,
    pub(super) command: &'a str,
    pub(super) exit: Exit,
    pub(super) diagnostics: &'a [Diagnostic],
    pub(super) sources: &'a SourceMap,
}

impl Rendered<'_> {
    /// Writes every wanted form.
    ///
    /// # Errors
    /// A file cannot be written. The others are, and so is a result for people.
    pub(super) fn write(&self, wanted: &Rendering, output: &Output) -> Result<()> {
        self.write_after(Ok(()), wanted, output)
    }

    /// As [`Self::write`], after a file that was written before.
    pub(super) fn write_after(
        &self,
        mut files: Result<()>,
        wanted: &Rendering,
        output: &Output,
    ) -> Result<()> {
        for (format, path) in &wanted.output {
            let written = fs_err::write(path, self.text(*format, &Theme::plain(), output.width))
                .with_context(|| format!("write the plan as {}", args::word(format)));
            files = files.and(written);
        }
        output.after_files(files, wanted.format == PlanFormat::Json, || {
            self.text(wanted.format, &output.theme, output.width)
        })
    }

    /// One form.
    pub(super) fn text(&self, format: PlanFormat, theme: &Theme, width: usize) -> String {
        let review = |format| {
            render_as(
                format,
                &ReviewInput {
                    plan: self.plan,
                    diagnostics: self.diagnostics,
                    sources: self.sources,
                    command: self.command,
                    errored: self.exit == Exit::Error,
                    title: None,
                },
            )
        };
        match format {
            // Without a plan there is nothing but the findings, and standard error has them.
            PlanFormat::Text => self
                .plan
                .map_or_else(String::new, |plan| plan_text::render(plan, theme, width)),
            PlanFormat::Json => plan_json::to_json(&plan_json::document(&plan_json::PlanInput {
                plan: self.plan,
                command: self.command,
                exit_code: self.exit.code(),
                errored: self.exit == Exit::Error,
                diagnostics: self.diagnostics,
                sources: self.sources,
            })),
            PlanFormat::Markdown => review(ReviewFormat::Markdown),
            PlanFormat::Html => review(ReviewFormat::Html),
            PlanFormat::Sarif => review(ReviewFormat::Sarif),
            PlanFormat::Github => review(ReviewFormat::Github),
            PlanFormat::JobSummary => review(ReviewFormat::JobSummary),
        }
    }
}
