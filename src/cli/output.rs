//! Standard output carries the result and nothing else; everything said goes to standard error.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use crate::model::{Diagnostic, SourceMap};
use crate::view::{self, theme::Theme};

use super::args::{Colour, Common};

/// Width used when there is no terminal to ask.
const WIDTH: usize = 100;

/// Why standard output does not hold the whole result; the first reason counts.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// Writes a part of the result. A reader that went away (a closed pipe) has what it wanted; any other
/// failure is kept for [`lost`].
pub(super) fn result(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // A later failure says no more than the first.
        let _ = LOST.set(error);
    }
}

/// Why standard output does not hold the whole result, so that half of one is never called success.
pub(super) fn lost() -> Option<&'static std::io::Error> {
    LOST.get()
}

/// Where the program speaks.
#[derive(Debug, Clone)]
pub(super) struct Output {
    quiet: bool,
    verbose: bool,
    /// For the result.
    pub(super) theme: Theme,
    /// For what is said about it.
    pub(super) talk: Theme,
    pub(super) width: usize,
}

impl Output {
    pub(super) fn new(common: &Common) -> Self {
        let theme = |terminal: bool| {
            let wanted = match common.color {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => {
                    terminal
                        && !super::rim::is_set("NO_COLOR")
                        && super::rim::var("TERM").is_none_or(|term| term != "dumb")
                }
            };
            if wanted || (common.color == Colour::Auto && super::rim::is_set("CLICOLOR_FORCE")) {
                Theme::coloured()
            } else {
                Theme::plain()
            }
        };
        Self {
            quiet: common.quiet,
            verbose: common.verbose > 0,
            theme: theme(std::io::stdout().is_terminal()),
            talk: theme(std::io::stderr().is_terminal()),
            width: super::rim::columns().unwrap_or(WIDTH).clamp(40, 200),
        }
    }

    /// Whether progress is drawn; otherwise it is told in lines.
    pub(super) fn draws_bars(&self) -> bool {
        !self.quiet && !self.verbose && std::io::stderr().is_terminal()
    }

    /// Writes a part of the result; see [`result`].
    #[expect(
        clippy::unused_self,
        reason = "results go through the output like everything else"
    )]
    pub(super) fn result(&self, text: &str) {
        result(text);
    }

    /// Writes the result after the files of the same run. When one of those failed, a JSON document waits
    /// for the one that tells so: standard output carries exactly one. For people both are shown.
    ///
    /// # Errors
    /// What became of the files.
    pub(super) fn after_files(
        &self,
        files: anyhow::Result<()>,
        is_document: bool,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if files.is_ok() || !is_document {
            self.result(&text());
        }
        files
    }

    /// Says something to the person, unless they asked for quiet.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Says something that must be heard.
    #[expect(clippy::unused_self, reason = "see `result`")]
    pub(super) fn insist(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "{}", text.trim_end_matches('\n'));
    }

    /// Shows findings.
    pub(super) fn diagnostics(&self, found: &[Diagnostic], sources: &SourceMap) {
        if !found.is_empty() {
            self.insist(&view::diagnostics::render(
                found, sources, &self.talk, self.width,
            ));
        }
    }

    /// Shows an error that is no finding: what was attempted, and the chain of causes.
    pub(super) fn error(&self, error: &anyhow::Error) {
        let mut text = format!("error: {error}");
        for cause in error.chain().skip(1) {
            text.push_str("\n  caused by: ");
            text.push_str(&cause.to_string());
        }
        self.insist(&text);
    }
}
