//! What happened while a plan was carried out, for views and for the record.

use std::time::Duration;

use crate::model::Address;
use crate::plan::Action;
use crate::provider::ProviderError;

/// How a change ended. Unknown is not failed, and skipped is neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Carried out, read back and found as wanted.
    Done,
    /// Not carried out, or not wholly.
    Failed(Failure),
    /// Somebody else changed the object after it was planned; it was left alone.
    Stale {
        /// Names of the fields that moved, or `existence`.
        moved: Vec<String>,
    },
    /// Not tried, because something it waits for was not done.
    Skipped {
        /// The first cause.
        because: Address,
        /// Whether a part of it was done before (created, but not enabled).
        partly_done: bool,
    },
    /// Not tried, because the run was interrupted.
    Cancelled,
}

impl Outcome {
    /// The word in outputs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Stale { .. } => "stale",
            Self::Skipped { .. } => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a change failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The object could not be read just before or after writing.
    Read(ProviderError),
    /// The cloud refused the write.
    Write(ProviderError),
    /// No answer came, and reading shows neither the old nor the new state, or cannot tell.
    Unknown(ProviderError),
    /// The cloud accepted the write, but reading back shows something else.
    NotAsWritten {
        /// Names of the fields that differ, or `existence`.
        fields: Vec<String>,
    },
    /// A bug or a lost task; the text says what.
    Internal(String),
}

/// One call that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The documented action name.
    pub name: &'static str,
    /// The cloud's request id, also of refusals.
    pub request_id: Option<String>,
    /// From sending to the last byte, all attempts together.
    pub duration: Duration,
    /// What the cloud said instead of success.
    pub error: Option<String>,
}

/// How one object ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutcome {
    /// Who.
    pub address: Address,
    /// What was to be done.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// The writes that were sent, in order.
    pub calls: Vec<CallRecord>,
}

/// How a whole run ended: one entry for each change of the plan, by address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Every change of the plan.
    pub outcomes: Vec<StepOutcome>,
    /// Whether the person interrupted it.
    pub interrupted: bool,
}

/// Something that just happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A change begins.
    Started {
        /// Who.
        address: Address,
        /// What.
        action: Action,
    },
    /// A write is about to be sent.
    Calling {
        /// For whom.
        address: Address,
        /// The call's documented name.
        call: &'static str,
        /// `PUT /v3/…` for calls that are told apart by their path.
        target: Option<String>,
    },
    /// A write was answered, or failed for good.
    Called {
        /// For whom.
        address: Address,
        /// The call.
        record: CallRecord,
    },
    /// A change ended.
    Finished {
        /// How.
        outcome: StepOutcome,
    },
}
