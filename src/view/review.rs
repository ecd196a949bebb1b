//! What the formats for reviewers share: their input, their order of importance, their words.
//!
//! A review reads risk first: what may lock people out stands above what is merely new, and what is
//! cosmetic comes last. The formats differ in bytes only.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::report_json::{DiagnosticDocument, findings};
use super::text::counted;
use super::{github, html, markdown, plan_text, sarif};
use crate::model::{Diagnostic, Severity, SourceMap};
use crate::plan::{Action, Plan, Risk, Step};

/// What a review is made of.
#[derive(Debug, Clone, Copy)]
pub struct ReviewInput<'a> {
    /// The plan; [`None`] when the manifests are invalid and there is none.
    pub plan: Option<&'a Plan>,
    /// What standard error says.
    pub diagnostics: &'a [Diagnostic],
    /// Where the diagnostics point into.
    pub sources: &'a SourceMap,
    /// The command that was run.
    pub command: &'a str,
    /// Whether the exit code is 1 for any reason.
    pub errored: bool,
    /// Tells several plans of one repository apart, for example `production`.
    pub title: Option<&'a str>,
}

impl ReviewInput<'_> {
    /// The diagnostics with their places, errors first.
    pub(super) fn findings(&self) -> Vec<DiagnosticDocument> {
        let mut found = findings(self.diagnostics, self.sources);
        // Stable: within a severity they stay in the order of files and lines.
        found.sort_by_key(|finding| finding.severity != Severity::Error.word());
        found
    }

    /// A short name of lower-case letters, digits and dashes for [`Self::title`]: equal titles have
    /// equal keys, different ones different keys. Empty without a title.
    pub(super) fn key(&self) -> String {
        /// More letters of a title say nothing more.
        const MOST: usize = 40;
        let Some(title) = self.title.filter(|title| !title.is_empty()) else {
            return String::new();
        };
        let words = title.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let mut key = words.join("-").to_ascii_lowercase();
        key.truncate(MOST);
        key.truncate(key.trim_end_matches('-').len());
        if key != title {
            let hash = fingerprint(&[title]);
            key = format!("{key}-{}", &hash[..8]);
        }
        key.trim_start_matches('-').to_owned()
    }
}

/// The formats for reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReviewFormat {
    /// A comment on a pull request.
    Markdown,
    /// One self-contained file for a browser.
    Html,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// GitHub workflow commands: annotations on file and line.
    Github,
    /// The Markdown for `$GITHUB_STEP_SUMMARY`.
    JobSummary,
}

impl ReviewFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Markdown,
        Self::Html,
        Self::Sarif,
        Self::Github,
        Self::JobSummary,
    ];

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::JobSummary => "job-summary",
        }
    }
}

/// A review in one of its formats, ready to be written.
pub fn render_as(format: ReviewFormat, input: &ReviewInput<'_>) -> String {
    match format {
        ReviewFormat::Markdown => markdown::render(input),
        ReviewFormat::Html => html::render(input),
        ReviewFormat::Sarif => sarif::render(input),
        ReviewFormat::Github => github::render(input),
        ReviewFormat::JobSummary => github::summary(input),
    }
}

/// How the whole looks at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Nothing to do.
    Calm,
    /// Changes that `--yes` covers.
    Changes,
    /// Changes that want consent.
    Risky,
    /// Something is wrong or not known.
    Wrong,
}

/// The headline: few words of our own, no foreign text.
pub(super) fn verdict(input: &ReviewInput<'_>) -> (Mood, String) {
    let Some(plan) = input.plan else {
        let errors = input.diagnostics.iter();
        let errors = errors.filter(|found| found.severity == Severity::Error);
        let errors = errors.count();
        // Whoever only checks manifests wants no plan.
        return match (input.command, errors) {
            ("validate", 0) => (Mood::Calm, "the manifests are valid".to_owned()),
            ("validate", _) => (Mood::Wrong, counted(errors, "error")),
            _ => (
                Mood::Wrong,
                format!("no plan, {}", counted(errors, "error")),
            ),
        };
    };
    let count = |wanted| {
        plan.steps
            .iter()
            .filter(|step| step.action == wanted)
            .count()
    };
    let pending = plan.steps.iter().filter(|step| step.is_change()).count();
    let mut words = vec![match pending {
        0 => "no changes".to_owned(),
        _ => counted(pending, "change"),
    }];
    for (count, word) in [
        (count(Action::Blocked), "blocked"),
        (count(Action::Unreadable), "unreadable"),
    ] {
        if count > 0 {
            words.push(format!("{count} {word}"));
        }
    }
    let gravest = consents(plan).into_iter().next_back();
    if let Some(risk) = gravest {
        let with = plan.steps.iter();
        let with = with.filter(|step| step.is_change() && step.risks.contains(&risk));
        words.push(format!("{} {}", with.count(), risk_words(risk)));
    }
    let is_wrong = input.errored || !plan.complete || count(Action::Blocked) > 0;
    let mood = match (is_wrong, gravest, pending) {
        (true, _, _) => Mood::Wrong,
        (false, Some(_), _) => Mood::Risky,
        (false, None, 0) => Mood::Calm,
        (false, None, _) => Mood::Changes,
    };
    (mood, words.join(", "))
}

/// A risk after a number: `3 may break sign-in`.
pub(super) fn risk_words(risk: Risk) -> &'static str {
    match risk {
        Risk::Cosmetic => "cosmetic",
        Risk::WidensTrust => "widening trust",
        Risk::MayBreakSignIn => "that may break sign-in",
        Risk::SwitchesSignIn => "switching sign-in",
        Risk::Destroys => "destroying something",
    }
}

/// What a reader of a risk wants to know.
pub(super) fn risk_explanation(risk: Risk) -> &'static str {
    match risk {
        Risk::Cosmetic => "Nothing that concerns sign-in.",
        Risk::WidensTrust => {
            "Somebody or something more is accepted: a new provider, key, client id, subject or \
             audience, or a weaker condition."
        }
        Risk::MayBreakSignIn => {
            "Something that accepted tokens is removed or changed, so that people or programs may \
             no longer be able to sign in."
        }
        Risk::SwitchesSignIn => "The way people sign in to an account changes.",
        Risk::Destroys => "Something is deleted, or deleted and made anew.",
    }
}

/// The summary in one line, with what nobody declared.
pub(super) fn summary(plan: &Plan) -> String {
    let summary = plan_text::summary(plan);
    match plan.unmanaged.len() {
        0 => summary,
        count => format!("{summary} {count} unmanaged."),
    }
}

/// The risks that `--yes` does not cover, from harmless to grave.
pub(super) fn consents(plan: &Plan) -> BTreeSet<Risk> {
    let changes = plan.steps.iter().filter(|step| step.is_change());
    let risks = changes.flat_map(|step| step.risks.iter().copied());
    risks.filter(|risk| !risk.is_covered_by_yes()).collect()
}

/// The gravest risk that is more than cosmetic.
pub(super) fn gravest(step: &Step) -> Option<Risk> {
    step.risks
        .last()
        .copied()
        .filter(|risk| *risk != Risk::Cosmetic)
}

/// Changes with a risk that is more than cosmetic, the gravest first, each with its index.
pub(super) fn risky(plan: &Plan) -> Vec<(usize, &Step)> {
    let mut risky: Vec<(usize, &Step)> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| gravest(step).is_some() && step.action != Action::NoOp)
        .collect();
    // Stable: within a risk they stay in the order of addresses.
    risky.sort_by_key(|(_, step)| std::cmp::Reverse(gravest(step)));
    risky
}

/// What would be done; of a blocked object, what is needed.
pub(super) fn action_words(step: &Step) -> String {
    match &step.blocked {
        Some(blocked) => format!("blocked ({})", blocked.needed.word()),
        None if step.action == Action::NoOp => "observed".to_owned(),
        None => step.action.word().to_owned(),
    }
}

/// The sign before it.
pub(super) fn sign(step: &Step) -> &'static str {
    match step.action {
        Action::NoOp => "≠",
        Action::Create
        | Action::Update
        | Action::Replace
        | Action::Delete
        | Action::Disable
        | Action::Blocked
        | Action::Unreadable => step.action.sign(),
    }
}

/// What a change risks, in a few lines of plain text for the place where it is declared.
pub(super) fn risk_message(step: &Step) -> String {
    let risks: Vec<&str> = step.risks.iter().rev().map(|risk| risk.word()).collect();
    let mut lines = vec![
        format!(
            "{} {}",
            action_words(step),
            one_line(&step.address.to_string())
        ),
        format!("because: {}", plan_text::reason(step)),
        format!("risks: {}", risks.join(", ")),
    ];
    let effects = step.side_effects.iter();
    lines.extend(effects.map(|effect| format!("side effect: {}", one_line(&effect.text))));
    let blocked = step.blocked.iter();
    lines.extend(blocked.map(|blocked| format!("blocked: {}", one_line(&blocked.reason))));
    if !step.changes.is_empty() {
        let fields: Vec<&str> = step.changes.iter().map(|change| change.field).collect();
        lines.push(format!("fields: {}", fields.join(", ")));
    }
    lines.join("\n")
}

fn one_line(text: &str) -> std::borrow::Cow<'_, str> {
    super::text::neutral(text)
}

/// Where it is declared.
pub(super) fn place(step: &Step) -> String {
    format!("{}:{}", step.origin.file, step.origin.line)
}

/// Where a finding points.
pub(super) fn finding_place(finding: &DiagnosticDocument) -> Option<String> {
    let range = finding.range.as_ref()?;
    Some(format!(
        "{}:{}:{}",
        range.filename, range.start.line, range.start.column
    ))
}

/// The owners of what is listed.
pub(super) fn owners(plan: &Plan) -> BTreeSet<&str> {
    let listed = plan.steps.iter().filter(|step| plan_text::is_listed(step));
    listed.filter_map(|step| step.owner.as_deref()).collect()
}

/// 32 hexadecimal digits that stand for these texts.
pub(super) fn fingerprint(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests;
