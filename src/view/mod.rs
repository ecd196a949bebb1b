//! Results to bytes: text for people, JSON for programs, a bar for the impatient.
//!
//! Everything here is a function from a result to a text; the commands write it where it belongs.
//! Nothing is decided here: no exit code, and nothing left out but by layout. There is no clock and
//! no environment, so the same input gives the same bytes.

pub mod apply_json;
pub mod apply_text;
pub mod compare_text;
pub mod diagnostics;
pub mod drift_json;
pub mod drift_markdown;
pub mod drift_text;
pub mod events;
mod field_diff;
#[cfg(test)]
mod fixture;
pub mod github;
pub mod graph;
pub mod html;
pub mod import_json;
pub mod import_text;
pub mod issuers;
pub mod lock_text;
pub mod markdown;
pub mod metrics;
mod order;
pub mod plan_json;
pub mod plan_text;
pub mod progress;
pub mod report_json;
pub mod review;
pub mod sarif;
pub mod schema;
pub mod text;
pub mod theme;

pub use progress::Progress;
pub use review::{ReviewFormat, ReviewInput, render_as};
pub use theme::Theme;
