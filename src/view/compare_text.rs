//! The difference between an approved plan and the plan of now, object by object.

use crate::plan::Plan;
use crate::plan::compare::Difference;

use super::plan_text;
use super::text::neutral;
use super::theme::Theme;

/// Columns of `approved` and `now`.
const LABEL: usize = 8;

/// Each object twice: as it was approved, and as it would be now.
pub fn render(
    differences: &[Difference<'_>],
    then: &Plan,
    now: &Plan,
    theme: &Theme,
    width: usize,
) -> String {
    let mut out = vec!["The plan is not the approved one.".to_owned()];
    for difference in differences {
        out.push(String::new());
        out.push(neutral(&difference.address.to_string()).into_owned());
        for (when, step) in [("approved", difference.then), ("now", difference.now)] {
            let text = step.map_or_else(
                || "not in the plan".to_owned(),
                |step| plan_text::one(step, theme, width.saturating_sub(LABEL + 4)),
            );
            let labels = std::iter::once(when).chain(std::iter::repeat(""));
            let labelled = labels.zip(text.lines());
            out.extend(labelled.map(|(label, line)| format!("  {label:<LABEL$}  {line}")));
        }
    }
    if differences.is_empty() {
        out.push(String::new());
        out.push("No object differs; the manifests or the selection do.".to_owned());
    }
    out.push(String::new());
    out.push(format!("Approved digest: {}", then.digest));
    out.push(format!("Digest now:      {}", now.digest));
    out.join("\n") + "\n"
}
