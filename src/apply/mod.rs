//! Carries a plan out: independent changes side by side, one object by one task at a time.

pub mod event;

pub use event::{CallRecord, Event, Failure, Outcome, Report, StepOutcome};
