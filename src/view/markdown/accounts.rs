//! Every change with its fields, folded by account, as far as the room goes.

use std::fmt::Write as _;

use super::escape::{fence, prose, short_code};
use super::{Budget, NAME, SENTENCE, light, words};
use crate::plan::{Plan, Step};
use crate::provider::Phase;
use crate::view::plan_text::{self, Waits};
use crate::view::{field_diff, review};

/// Columns of a line of a field's diff.
const DIFF_COLUMNS: usize = 180;
/// Lines of a field's diff; the rest is counted.
const DIFF_LINES: usize = 40;

/// All accounts with changes.
pub(super) fn all(plan: &Plan, budget: &mut Budget) -> String {
    let waits = plan_text::waits(plan);
    let listed: Vec<(usize, &Step)> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| plan_text::is_listed(step))
        .collect();
    let mut out = String::new();
    let (mut folded, mut missing) = (0, 0);
    // The details are what is left out first: the room goes to the riskiest changes.
    let mut shown = vec![Shown::No; plan.steps.len()];
    let mut ranked = listed.clone();
    ranked.sort_by_key(|(_, step)| std::cmp::Reverse(review::gravest(step)));
    let frames = listed
        .chunk_by(|(_, left), (_, right)| left.address.account == right.address.account)
        .map(|account| frame(account).len() + FRAME_END.len() + 1);
    budget.left = budget.left.saturating_sub(frames.sum());
    for (index, step) in ranked {
        let row = row(step);
        let whole = row.len() + details(step, waits.get(&index)).len();
        let (how, taken) = if whole <= budget.left {
            (Shown::Whole, whole)
        } else if row.len() <= budget.left {
            folded += 1;
            (Shown::Row, row.len())
        } else {
            missing += 1;
            (Shown::No, 0)
        };
        shown[index] = how;
        budget.left -= taken;
    }
    for account in
        listed.chunk_by(|(_, left), (_, right)| left.address.account == right.address.account)
    {
        if account.iter().all(|(index, _)| shown[*index] == Shown::No) {
            continue;
        }
        out.push_str(&frame(account));
        for (index, step) in account {
            match shown[*index] {
                Shown::Whole => {
                    out.push_str(&row(step));
                    out.push_str(&details(step, waits.get(index)));
                }
                Shown::Row => out.push_str(&row(step)),
                Shown::No => {}
            }
        }
        out.push_str(FRAME_END);
    }
    budget.say(folded, "change detail");
    budget.say(missing, "change");
    out
}

/// How much of a change fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Whole,
    Row,
    No,
}

const FRAME_END: &str = "\n</details>\n\n";

/// The beginning of an account's folded part.
fn frame(account: &[(usize, &Step)]) -> String {
    let count = |wanted: &str| {
        let words = account.iter().map(|(_, step)| step.action.word());
        words.filter(|word| *word == wanted).count()
    };
    let mut counts = Vec::new();
    for word in [
        "create",
        "update",
        "replace",
        "delete",
        "disable",
        "blocked",
        "unreadable",
    ] {
        match count(word) {
            0 => {}
            count if matches!(word, "blocked" | "unreadable") => {
                counts.push(format!("{count} {word}"));
            }
            count => counts.push(format!("{count} to {word}")),
        }
    }
    let observed = count("no-op");
    if observed > 0 {
        counts.push(format!("{observed} observed to differ"));
    }
    let name = account
        .first()
        .map_or("", |(_, step)| &step.address.account);
    format!(
        "<details>\n<summary><b>{}</b>: {}</summary>\n",
        short_code(name, NAME),
        counts.join(", ")
    )
}

/// A change in one line.
fn row(step: &Step) -> String {
    let name = format!("{}/{}", step.address.kind, step.address.name);
    format!(
        "\n**{} {}** {} at {}: {}\n",
        markdown_sign(step),
        review::action_words(step),
        short_code(&name, NAME),
        short_code(&review::place(step), NAME),
        prose(&plan_text::reason(step), SENTENCE),
    )
}

/// The sign, where it could be read as Markdown as a character reference.
fn markdown_sign(step: &Step) -> &'static str {
    match review::sign(step) {
        "+" => "&#43;",
        "~" => "&#126;",
        "-" => "&#45;",
        "=" => "&#61;",
        "!" => "&#33;",
        other => other,
    }
}

fn details(step: &Step, waits: Option<&Waits<'_>>) -> String {
    let mut out = String::new();
    let mut say = |label: &str, text: &str| {
        let _ = writeln!(out, "- {label}: {text}");
    };
    let risks: Vec<&str> = words(step).collect();
    if !risks.is_empty() {
        let light = light(review::gravest(step));
        say("risks", &format!("{light} {}", risks.join(", ")));
    }
    for effect in &step.side_effects {
        say("**side effect**", &prose(&effect.text, SENTENCE));
    }
    if let Some(blocked) = &step.blocked {
        say("**blocked**", &prose(&blocked.reason, SENTENCE));
    }
    if let Some(error) = &step.error {
        say("**error**", &prose(error, SENTENCE));
    }
    if !step.phases.is_empty() {
        say("calls", &prose(&plan_text::calls(step), SENTENCE));
    }
    for (phase, addresses) in waits.into_iter().flatten() {
        let label = match phase {
            Phase::Write => "waits for".to_owned(),
            Phase::Quiesce | Phase::Remove | Phase::Activate => {
                format!("{} waits for", phase.word())
            }
        };
        say(
            &label,
            &prose(&plan_text::addresses_text(addresses), SENTENCE),
        );
    }
    if let Some(owner) = &step.owner {
        say("owner", &short_code(owner, 80));
    }
    if !out.is_empty() {
        out.insert(0, '\n');
    }
    if step.changes.is_empty() {
        return out;
    }
    let mut lines = Vec::new();
    for change in &step.changes {
        let place = change.line.map(|line| format!(" (line {line})"));
        lines.push(format!(
            "@@ {}{} @@",
            change.field,
            place.unwrap_or_default()
        ));
        lines.extend(field_diff::signed_lines(change, DIFF_COLUMNS, DIFF_LINES));
    }
    out.push('\n');
    out.push_str(&fence("diff", &lines));
    out
}
