//! Results to bytes: text for people, JSON for programs, a bar for the impatient.
//!
//! Everything here is a function from a result to a text; the commands write it where it belongs.
//! Nothing is decided here: no exit code, and nothing left out but by layout. There is no clock and
//! no environment, so the same input gives the same bytes.

pub mod diagnostics;
#[allow(dead_code, reason = "`unified` is for JSON, which follows")]
mod field_diff;
#[cfg(test)]
mod fixture;
pub mod plan_text;
pub mod text;
pub mod theme;

pub use theme::Theme;
