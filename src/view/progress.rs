//! One bar on standard error while clouds are read and changed. The only user of indicatif.
//!
//! A thousand objects make the same one line as three: how far, how many failed, and who is being
//! worked on. Where nothing is to be drawn every function here does nothing.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::text::neutral;
use crate::apply::{Event, Outcome};

/// Redraws in a second; more only costs remote terminals their time.
const REDRAWS_PER_SECOND: u8 = 10;
/// The spinner's step, so that a slow cloud does not look like a hang.
const SPINNER_MILLISECONDS: u64 = 120;
/// Characters of the gauge.
const GAUGE: u64 = 20;
/// Objects named beside the bar; the others are counted.
const NAMED: usize = 3;

/// A bar, or nothing.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    doing: &'static str,
    done: u64,
    total: u64,
    running: BTreeSet<String>,
    /// Failed, stale, skipped or cancelled.
    not_done: usize,
}

impl Progress {
    /// A bar on standard error when `is_wanted` and it is a terminal.
    pub fn new(is_wanted: bool) -> Self {
        // Hidden by indicatif itself where standard error is no terminal.
        let target = || ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
        Self {
            bar: is_wanted.then(|| ProgressBar::with_draw_target(None, target())),
            state: Mutex::default(),
        }
    }

    /// Reading begins; `total` accounts will be told to [`Self::read`].
    pub fn reading(&self, total: usize) {
        self.begin("Reading", total);
    }

    /// An account was read.
    pub fn read(&self, account: &str) {
        let Some(bar) = &self.bar else { return };
        let mut state = self.state();
        state.done += 1;
        bar.set_message(state.line(&neutral(account)));
    }

    /// Applying begins; `total` changes will end.
    pub fn applying(&self, total: usize) {
        self.begin("Applying", total);
    }

    /// Something happened to a change.
    pub fn event(&self, event: &Event) {
        let Some(bar) = &self.bar else { return };
        let mut state = self.state();
        if state.take(event) {
            state.done += 1;
        }
        bar.set_message(state.line(&state.message()));
    }

    /// Runs `write` with the bar out of the way, so that lines on the terminal stay whole.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }

    fn begin(&self, doing: &'static str, total: usize) {
        let Some(bar) = &self.bar else { return };
        let mut state = self.state();
        *state = State {
            doing,
            total: total as u64,
            ..State::default()
        };
        bar.reset();
        bar.set_message(state.line(""));
        // All else is in the message, which alone is cut to the terminal's width: a line that wraps
        // would be drawn over only in part.
        let style = ProgressStyle::with_template("{spinner} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(SPINNER_MILLISECONDS));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of another holder leaves a bar a little wrong and nothing worse.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes an event in; true when a change ended.
    fn take(&mut self, event: &Event) -> bool {
        match event {
            Event::Started { address, .. } => {
                self.running.insert(address.to_string());
                false
            }
            Event::Calling { .. } | Event::Called { .. } => false,
            Event::Finished { outcome } => {
                self.running.remove(&outcome.address.to_string());
                if outcome.outcome != Outcome::Done {
                    self.not_done += 1;
                }
                true
            }
        }
    }

    /// What is done, how much of it, and what more there is to tell.
    fn line(&self, more: &str) -> String {
        let Self {
            doing, done, total, ..
        } = self;
        let full = (GAUGE * (*done).min(*total))
            .checked_div(*total)
            .unwrap_or(GAUGE);
        let gauge: String = (0..GAUGE)
            .map(|place| if place < full { '█' } else { '░' })
            .collect();
        format!("{doing} {done}/{total} {gauge} {more}")
    }

    fn message(&self) -> String {
        let mut parts = Vec::new();
        if self.not_done > 0 {
            parts.push(format!("{} not done", self.not_done));
        }
        let mut named: Vec<String> = self
            .running
            .iter()
            .take(NAMED)
            .map(|address| neutral(address).into_owned())
            .collect();
        if self.running.len() > NAMED {
            named.push(format!("{} more", self.running.len() - NAMED));
        }
        if !named.is_empty() {
            parts.push(named.join(", "));
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, KindName};
    use crate::plan::Action;
    use crate::view::fixture;

    #[test]
    fn a_thousand_objects_make_one_short_line() {
        let mut state = State::default();
        for number in 0..1000 {
            let event = Event::Started {
                address: Address {
                    account: "a".to_owned(),
                    kind: KindName("AlibabaRole"),
                    name: format!("r{number:03}"),
                },
                action: Action::Create,
            };
            assert!(!state.take(&event));
        }
        assert_eq!(
            state.message(),
            "a/AlibabaRole/r000, a/AlibabaRole/r001, a/AlibabaRole/r002, 997 more"
        );
    }

    #[test]
    fn the_gauge_fills() {
        let line = |done, total| {
            let state = State {
                doing: "Reading",
                done,
                total,
                ..State::default()
            };
            state.line("a")
        };
        assert_eq!(line(0, 7), "Reading 0/7 ░░░░░░░░░░░░░░░░░░░░ a");
        assert_eq!(line(500, 1000), "Reading 500/1000 ██████████░░░░░░░░░░ a");
        assert_eq!(line(7, 7), "Reading 7/7 ████████████████████ a");
        assert_eq!(line(0, 0), "Reading 0/0 ████████████████████ a");
    }

    #[test]
    fn ends_are_counted_and_nothing_is_drawn_unasked() {
        let mut state = State::default();
        let progress = Progress::new(false);
        progress.applying(2);
        for outcome in fixture::report().outcomes {
            let event = Event::Finished { outcome };
            assert!(state.take(&event));
            progress.event(&event);
        }
        assert_eq!(state.message(), "8 not done");
        assert_eq!(progress.aside(|| 7), 7);
        progress.done();
        assert!(progress.bar.is_none());
    }
}
