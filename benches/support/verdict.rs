//! A goal and whether it was reached.

/// For the reader only: timing never decides whether a bench passes.
pub(crate) fn verdict(figure: f64, goal: f64) -> &'static str {
    if figure < goal { "reached" } else { "MISSED" }
}
