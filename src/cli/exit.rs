//! Exit codes: one table (contract §2.1).

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Success,
    /// Manifests are invalid, a cloud refused, some changes failed.
    Error,
    /// Changes are pending (`plan --detailed-exitcode`).
    Pending,
    /// A guard: risk without consent, protected object.
    Guarded,
    /// The world changed since it was planned.
    Stale,
    /// The command line is wrong.
    Usage,
    /// Interrupted; calls in flight were finished and recorded.
    Interrupted,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::Pending => 2,
            Self::Guarded => 3,
            Self::Stale => 4,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }

    /// The same, unless it is success and something that was asked for was not written.
    pub(super) fn unless_lost(self, is_written: bool) -> Self {
        if self == Self::Success && !is_written {
            Self::Error
        } else {
            self
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Shows what clap has to say. Help and version are answers, everything else is wrong usage; clap's
/// own 2 would mean pending changes here.
pub(super) fn of_clap(error: &clap::Error) -> Exit {
    let printed = error.print();
    if error.use_stderr() {
        return Exit::Usage;
    }
    match printed {
        // A closed pipe is no reason to fail over, a full disk is.
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Exit::Error,
        _ => Exit::Success,
    }
}
