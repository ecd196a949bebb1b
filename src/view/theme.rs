//! Meanings and the colours they are shown in. Nothing outside this file names a colour, and
//! everything stays readable without one.

use anstyle::{AnsiColor, Color, Style};

use crate::plan::Action;

/// What colours stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    create: Style,
    update: Style,
    delete: Style,
    blocked: Style,
    dim: Style,
    error: Style,
    warning: Style,
    help: Style,
    strong: Style,
}

impl Theme {
    /// No colours at all.
    pub const fn plain() -> Self {
        let none = Style::new();
        Self {
            create: none,
            update: none,
            delete: none,
            blocked: none,
            dim: none,
            error: none,
            warning: none,
            help: none,
            strong: none,
        }
    }

    /// The sixteen colours that every terminal lets its user choose.
    pub const fn coloured() -> Self {
        const fn of(colour: AnsiColor) -> Style {
            Style::new().fg_color(Some(Color::Ansi(colour)))
        }
        Self {
            create: of(AnsiColor::Green),
            update: of(AnsiColor::Yellow),
            delete: of(AnsiColor::Red),
            blocked: of(AnsiColor::Magenta).bold(),
            dim: Style::new().dimmed(),
            error: of(AnsiColor::Red).bold(),
            warning: of(AnsiColor::Yellow).bold(),
            help: of(AnsiColor::Cyan),
            strong: Style::new().bold(),
        }
    }

    /// Something new.
    pub const fn create(&self) -> Style {
        self.create
    }

    /// Something changed in place.
    pub const fn update(&self) -> Style {
        self.update
    }

    /// Something that will be gone, wholly or for a moment.
    pub const fn delete(&self) -> Style {
        self.delete
    }

    /// Something that is needed and cannot be done.
    pub const fn blocked(&self) -> Style {
        self.blocked
    }

    /// What may be passed over at first reading.
    pub const fn dim(&self) -> Style {
        self.dim
    }

    /// What went wrong.
    pub const fn error(&self) -> Style {
        self.error
    }

    /// What somebody should look at.
    pub const fn warning(&self) -> Style {
        self.warning
    }

    /// What to do.
    pub const fn help(&self) -> Style {
        self.help
    }

    /// Headings and summaries.
    pub const fn strong(&self) -> Style {
        self.strong
    }

    /// The style of an action.
    pub const fn action(&self, action: Action) -> Style {
        match action {
            Action::Create => self.create,
            Action::Update => self.update,
            Action::Replace | Action::Delete | Action::Disable => self.delete,
            Action::NoOp => self.dim,
            Action::Blocked => self.blocked,
            Action::Unreadable => self.warning,
        }
    }
}

/// `text` in a style; without one, `text` itself.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
