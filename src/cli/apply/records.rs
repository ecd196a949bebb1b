//! What a run writes down while it goes on: the event stream and the journal.

use std::sync::Arc;

use anyhow::Result;

use crate::apply::{Event, Report};
use crate::cli::args::Apply as Command;
use crate::cli::record::Lines;
use crate::cli::rim;
use crate::model::{Code, Diagnostic};
use crate::plan::Plan;
use crate::view::events;

/// The event stream and the journal, where they are wanted.
#[derive(Clone)]
pub(super) struct Records {
    events: Option<Arc<Lines>>,
    journal: Option<Arc<Lines>>,
}

impl Records {
    pub(super) fn open(command: &Command) -> Result<Self> {
        let events = command.events.as_deref().map(Lines::create).transpose()?;
        let journal = command.journal.as_deref().map(Lines::append).transpose()?;
        Ok(Self {
            events: events.map(Arc::new),
            journal: journal.map(Arc::new),
        })
    }

    pub(super) fn begin(&self, plan: &Plan, found: &[Diagnostic]) {
        let Some(lines) = &self.events else { return };
        let time = rim::timestamp();
        lines.line(&events::version(&time));
        for line in events::planned(plan, &time) {
            lines.line(&line);
        }
        for finding in found {
            lines.line(&events::diagnostic(finding, &time));
        }
    }

    pub(super) fn event(&self, event: &Event) {
        let time = rim::timestamp();
        if let Some(lines) = &self.journal
            && let Some(line) = events::journal(event, &time)
        {
            lines.line(&line);
        }
        if let Some(lines) = &self.events {
            lines.line(&events::event(event, &time));
        }
    }

    /// Which of the records miss lines.
    pub(super) fn incomplete(&self) -> Vec<Diagnostic> {
        [&self.journal, &self.events]
            .into_iter()
            .flatten()
            .filter(|lines| !lines.is_whole())
            .map(|lines| {
                let title = format!("{} does not hold everything that happened", lines.path());
                Diagnostic::error(Code::RecordIncomplete, title)
                    .help("make room or permission; what was done stands in this run's result")
            })
            .collect()
    }

    pub(super) fn end(&self, report: Option<&Report>, failures: &[Diagnostic]) {
        let Some(lines) = &self.events else { return };
        let time = rim::timestamp();
        for finding in failures {
            lines.line(&events::diagnostic(finding, &time));
        }
        lines.line(&events::summary(
            report.unwrap_or(&Report::default()),
            &time,
        ));
    }
}
