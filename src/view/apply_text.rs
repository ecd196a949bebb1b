//! An apply as text: a line for each change that ends, and what it all came to.
//!
//! Nothing here says that an apply succeeded; it says how many changes were carried out and names
//! every one that was not.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{counted, neutral, wrap};
use super::theme::{Theme, paint};
use crate::apply::{CallRecord, Event, Failure, Outcome, Report, StepOutcome};
use crate::model::Address;
use crate::plan::Action;
use crate::provider::ProviderError;

/// Fewest columns anything is laid out for.
const NARROWEST: usize = 60;

/// The line for an event, without a line break; [`None`] for events that only a bar shows.
pub fn event_line(event: &Event, theme: &Theme) -> Option<String> {
    match event {
        Event::Started { .. } | Event::Calling { .. } | Event::Called { .. } => None,
        Event::Finished { outcome } => Some(line(outcome, theme)),
    }
}

/// One change that ended, on one line, without a line break.
pub fn line(step: &StepOutcome, theme: &Theme) -> String {
    let address = neutral(&step.address.to_string()).into_owned();
    match &step.outcome {
        Outcome::Done => {
            let done = paint(theme.action(step.action), done_word(step.action));
            let sent: Vec<String> = step.calls.iter().map(call).collect();
            if sent.is_empty() {
                format!("{address}: {done}")
            } else {
                format!("{address}: {done} ({})", sent.join("; "))
            }
        }
        Outcome::Failed(failure) => {
            let word = if is_unknown(&step.outcome) {
                "outcome unknown"
            } else {
                "failed"
            };
            let word = paint(theme.error(), word);
            format!("{address}: {word}: {}", neutral(&what_failed(failure)))
        }
        Outcome::Stale { moved } => {
            let word = paint(theme.warning(), "stale");
            format!(
                "{address}: {word}: changed by somebody else since it was planned ({})",
                neutral(&moved.join(", "))
            )
        }
        Outcome::Skipped {
            because,
            partly_done,
        } => {
            let word = paint(theme.warning(), "skipped");
            let partly = if *partly_done { " (partly done)" } else { "" };
            let because = because.to_string();
            let because = neutral(&because);
            format!("{address}: {word}{partly} because {because} was not done")
        }
        Outcome::Cancelled => {
            let word = paint(theme.warning(), "cancelled");
            match carried_out(step) {
                Some(calls) => format!("{address}: {word} after {calls}"),
                None => format!("{address}: {word}"),
            }
        }
    }
}

/// What the whole run came to: first what needs somebody, then the summary.
pub fn render(report: &Report, theme: &Theme, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut out = Lines {
        out: Vec::new(),
        theme,
        width,
    };
    for step in &report.outcomes {
        match &step.outcome {
            Outcome::Failed(failure) => out.failed(step, failure),
            Outcome::Stale { moved } => out.stale(step, moved),
            Outcome::Done | Outcome::Skipped { .. } | Outcome::Cancelled => {}
        }
    }
    out.skipped(report);
    out.cancelled(report);
    if report.interrupted {
        out.out.push(format!(
            "{} calls in flight were finished and recorded; run `idform apply` again to do the rest.",
            paint(theme.warning(), "Interrupted:")
        ));
    }
    out.out.push(summary(report, theme));
    out.out.join("\n") + "\n"
}

fn done_word(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Disable => "disabled",
        Action::NoOp | Action::Blocked | Action::Unreadable => "left alone",
    }
}

fn is_unknown(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(Failure::Unknown(_)))
}

fn call(record: &CallRecord) -> String {
    match &record.request_id {
        Some(id) => format!("{}, request {}", record.name, neutral(id)),
        None => record.name.to_owned(),
    }
}

/// The calls of a change that the cloud accepted, when there are any.
fn carried_out(step: &StepOutcome) -> Option<String> {
    let done: Vec<String> = step
        .calls
        .iter()
        .filter(|record| record.error.is_none())
        .map(call)
        .collect();
    (!done.is_empty()).then(|| done.join("; "))
}

fn what_failed(failure: &Failure) -> String {
    match failure {
        Failure::Read(error) | Failure::Write(error) | Failure::Unknown(error) => error.to_string(),
        Failure::NotAsWritten { fields } => format!(
            "the cloud accepted the write, but reading it back shows something else ({})",
            fields.join(", ")
        ),
        Failure::Internal(text) => format!("{text}; this is a bug"),
    }
}

struct Lines<'a> {
    out: Vec<String>,
    theme: &'a Theme,
    width: usize,
}

impl Lines<'_> {
    fn heading(&mut self, word: &str, step: &StepOutcome) {
        let word = paint(self.theme.error(), &format!("{word}:"));
        let address = step.address.to_string();
        let action = step.action.word();
        self.out
            .push(format!("{word} {} ({action})", neutral(&address)));
    }

    fn say(&mut self, label: &str, text: &str) {
        let margin = 2 + label.len() + 2;
        let lines = wrap(&neutral(text), self.width.saturating_sub(margin));
        for (index, line) in lines.iter().enumerate() {
            if index == 0 {
                let label = paint(self.theme.dim(), &format!("{label}:"));
                self.out.push(format!("  {label} {line}"));
            } else {
                self.out.push(format!("{}{line}", " ".repeat(margin)));
            }
        }
    }

    fn failed(&mut self, step: &StepOutcome, failure: &Failure) {
        if is_unknown(&step.outcome) {
            self.heading("Unknown", step);
        } else {
            self.heading("Failed", step);
        }
        match failure {
            Failure::Read(error) | Failure::Write(error) | Failure::Unknown(error) => {
                self.refusal(error);
            }
            Failure::NotAsWritten { .. } | Failure::Internal(_) => {
                self.say("error", &what_failed(failure));
            }
        }
        self.sent(step);
        let next = match failure {
            Failure::Read(_) => {
                "make it readable and run `idform apply` again; what is done is not done twice"
            }
            Failure::Write(_) => {
                "mend the cause and run `idform apply` again; what is done is not done twice"
            }
            Failure::Unknown(_) => {
                "it may have been carried out; `idform plan` shows what is there, and `idform \
                 apply` does the rest"
            }
            Failure::NotAsWritten { .. } => {
                "see with `idform plan` what is there; somebody else may be changing it too"
            }
            Failure::Internal(_) => "report it with this output; `idform plan` shows what is there",
        };
        self.say("next", next);
        self.out.push(String::new());
    }

    fn refusal(&mut self, error: &ProviderError) {
        self.say("call", error.call);
        let code = match (&error.code, error.status) {
            (Some(code), Some(status)) => Some(format!("{code} (HTTP {status})")),
            (Some(code), None) => Some(code.clone()),
            (None, Some(status)) => Some(format!("HTTP {status}")),
            (None, None) => None,
        };
        match code {
            Some(code) => self.say("error", &format!("{code}: {}", error.message)),
            None => self.say("error", &error.message),
        }
        if let Some(id) = &error.request_id {
            self.say("request", id);
        }
        if let Some(hint) = error.hint() {
            self.say("hint", hint);
        }
    }

    /// What was carried out before the failure.
    fn sent(&mut self, step: &StepOutcome) {
        if let Some(done) = carried_out(step) {
            self.say("done before", &done);
        }
    }

    fn stale(&mut self, step: &StepOutcome, moved: &[String]) {
        self.heading("Stale", step);
        let moved = moved.join(", ");
        self.say(
            "error",
            &format!("changed by somebody else since it was planned: {moved}"),
        );
        self.sent(step);
        self.say("next", "run `idform plan` and look at what was changed");
        self.out.push(String::new());
    }

    /// One entry for each cause, so that a list of a thousand says why once.
    fn skipped(&mut self, report: &Report) {
        let mut causes: BTreeMap<&Address, Vec<(&Address, bool)>> = BTreeMap::new();
        for step in &report.outcomes {
            if let Outcome::Skipped {
                because,
                partly_done,
            } = &step.outcome
            {
                let entry = causes.entry(because).or_default();
                entry.push((&step.address, *partly_done));
            }
        }
        for (cause, skipped) in causes {
            let word = paint(self.theme.warning(), "Skipped:");
            let cause = cause.to_string();
            self.out
                .push(format!("{word} because {} was not done", neutral(&cause)));
            for (address, partly_done) in skipped {
                let partly = if partly_done {
                    " (partly done before)"
                } else {
                    ""
                };
                let address = address.to_string();
                self.out.push(format!("  {}{partly}", neutral(&address)));
            }
            self.out.push(String::new());
        }
    }

    fn cancelled(&mut self, report: &Report) {
        let cancelled: Vec<&StepOutcome> = report
            .outcomes
            .iter()
            .filter(|step| step.outcome == Outcome::Cancelled)
            .collect();
        if cancelled.is_empty() {
            return;
        }
        self.out.push(paint(self.theme.warning(), "Cancelled:"));
        for step in cancelled {
            let partly = match carried_out(step) {
                Some(_) => " (partly done before)",
                None => "",
            };
            let address = step.address.to_string();
            self.out.push(format!("  {}{partly}", neutral(&address)));
        }
        self.out.push(String::new());
    }
}

fn summary(report: &Report, theme: &Theme) -> String {
    let mut parts = Vec::new();
    let count =
        |is: &dyn Fn(&StepOutcome) -> bool| report.outcomes.iter().filter(|step| is(step)).count();
    for action in [
        Action::Create,
        Action::Update,
        Action::Replace,
        Action::Delete,
        Action::Disable,
    ] {
        let done = count(&|step| step.action == action && step.outcome == Outcome::Done);
        if done > 0 {
            parts.push(format!("{done} {}", done_word(action)));
        }
    }
    let unknown = count(&|step| is_unknown(&step.outcome));
    let failed = count(&|step| matches!(step.outcome, Outcome::Failed(_))) - unknown;
    let stale = count(&|step| matches!(step.outcome, Outcome::Stale { .. }));
    let cancelled = count(&|step| step.outcome == Outcome::Cancelled);
    for (count, words) in [
        (failed, "failed"),
        (unknown, "with unknown outcome"),
        (stale, "stale"),
        (cancelled, "cancelled"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {words}"));
        }
    }
    parts.extend(skipped_part(report));
    let all_done = report
        .outcomes
        .iter()
        .all(|step| step.outcome == Outcome::Done);
    let opening = match (all_done && !report.interrupted, parts.is_empty()) {
        (true, true) => return paint(theme.strong(), "Apply: nothing to do."),
        (false, true) => return paint(theme.error(), "Apply incomplete: nothing was done."),
        (true, false) => paint(theme.strong(), "Apply:"),
        (false, false) => paint(theme.error(), "Apply incomplete:"),
    };
    format!("{opening} {}.", parts.join(", "))
}

fn skipped_part(report: &Report) -> Option<String> {
    let causes: Vec<&Address> = report
        .outcomes
        .iter()
        .filter_map(|step| match &step.outcome {
            Outcome::Skipped { because, .. } => Some(because),
            Outcome::Done | Outcome::Failed(_) | Outcome::Stale { .. } | Outcome::Cancelled => None,
        })
        .collect();
    let different: BTreeSet<&&Address> = causes.iter().collect();
    match different.len() {
        0 => None,
        1 => {
            let cause = causes[0].to_string();
            Some(format!(
                "{} skipped because {} was not done",
                causes.len(),
                neutral(&cause)
            ))
        }
        several => {
            let objects = counted(several, "object");
            Some(format!(
                "{} skipped because {objects} they wait for were not done",
                causes.len()
            ))
        }
    }
}

#[cfg(test)]
mod tests;
