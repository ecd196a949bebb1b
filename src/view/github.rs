//! What GitHub shows of a workflow: annotations on file and line, and the job's summary.

use std::fmt::Write as _;

use super::markdown;
use super::report_json::DiagnosticDocument;
use super::review::{self, ReviewInput};
use super::text::{counted, neutral, shorten};
use crate::plan::{Risk, Step};

/// GitHub keeps ten annotations of each level for a step and drops the rest without a word.
const MOST: usize = 10;

/// Columns of a line of a message.
const LINE: usize = 500;

/// How an annotation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Workflow commands, one a line: the findings, then the risks, the gravest first, then the
/// summary.
pub fn render(input: &ReviewInput<'_>) -> String {
    let mut all: Vec<(Level, String)> = input.findings().iter().map(finding).collect();
    if let Some(plan) = input.plan {
        all.extend(
            review::risky(plan)
                .iter()
                .filter_map(|(_, step)| risk(step)),
        );
    }
    let (_, verdict) = review::verdict(input);
    let message = input.plan.map_or(verdict, review::summary);
    let title = match input.title.filter(|title| !title.is_empty()) {
        Some(title) => format!("idform {} {title}", input.command),
        None => format!("idform {}", input.command),
    };
    annotated(&all, &title, message, "The job summary has all.")
}

/// As many annotations as GitHub shows, then the summary, which says how many are left out and where
/// they are.
pub(super) fn annotated(
    all: &[(Level, String)],
    title: &str,
    mut message: String,
    elsewhere: &str,
) -> String {
    let mut out = String::new();
    let mut left_out = Vec::new();
    // The last notice is the summary's.
    for (level, most) in [
        (Level::Error, MOST),
        (Level::Warning, MOST),
        (Level::Notice, MOST - 1),
    ] {
        let of_level = || all.iter().filter(|(found, _)| *found == level);
        for (_, line) in of_level().take(most) {
            out.push_str(line);
        }
        let more = of_level().count().saturating_sub(most);
        if more > 0 {
            left_out.push(counted(more, level.word()));
        }
    }
    if !left_out.is_empty() {
        let _ = write!(
            message,
            "\nNot annotated, because GitHub shows ten of each level: {}. {elsewhere}",
            left_out.join(", ")
        );
    }
    out.push_str(&command(Level::Notice, None, title, &message));
    out
}

/// The Markdown of the comment, as long as a job's summary may be.
pub fn summary(input: &ReviewInput<'_>) -> String {
    markdown::render_within(input, markdown::SUMMARY_BYTES)
}

/// Where an annotation stands.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    /// End line, first and last column.
    pub(super) range: Option<(u32, u32, u32)>,
}

pub(super) fn finding(finding: &DiagnosticDocument) -> (Level, String) {
    let level = if finding.severity == "error" {
        Level::Error
    } else {
        Level::Warning
    };
    let place = finding.range.as_ref().map(|range| Place {
        file: &range.filename,
        line: range.start.line,
        // GitHub takes columns only of what stands on one line.
        range: (range.start.line == range.end.line && range.start.column < range.end.column)
            .then_some((range.end.line, range.start.column, range.end.column)),
    });
    let mut message = finding.summary.clone();
    if !finding.detail.is_empty() {
        message.push('\n');
        message.push_str(&finding.detail);
    }
    let title = format!("idform: {}", finding.code);
    (level, command(level, place.as_ref(), &title, &message))
}

fn risk(step: &Step) -> Option<(Level, String)> {
    let level = match review::gravest(step)? {
        Risk::Cosmetic => return None,
        Risk::WidensTrust => Level::Notice,
        Risk::MayBreakSignIn | Risk::SwitchesSignIn | Risk::Destroys => Level::Warning,
    };
    let place = Place {
        file: &step.origin.file,
        line: step.origin.line,
        range: None,
    };
    let title = format!("idform: {}", review::gravest(step)?.word());
    Some((
        level,
        command(level, Some(&place), &title, &review::risk_message(step)),
    ))
}

/// One command. GitHub decodes `%25`, `%0D` and `%0A` everywhere, `%3A` and `%2C` in properties.
pub(super) fn command(
    level: Level,
    place: Option<&Place<'_>>,
    title: &str,
    message: &str,
) -> String {
    let mut properties = Vec::new();
    if let Some(place) = place {
        let file = place.file.strip_prefix("./").unwrap_or(place.file);
        properties.push(format!("file={}", property(file)));
        properties.push(format!("line={}", place.line));
        if let Some((end_line, column, end_column)) = place.range {
            properties.push(format!(
                "endLine={end_line},col={column},endColumn={end_column}"
            ));
        }
    }
    properties.push(format!("title={}", property(title)));
    let message: Vec<String> = message
        .lines()
        .map(|line| data(&shorten(&neutral(line), LINE)))
        .collect();
    format!(
        "::{} {}::{}\n",
        level.word(),
        properties.join(","),
        message.join("%0A")
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
}

fn property(text: &str) -> String {
    data(&neutral(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
