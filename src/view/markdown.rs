//! A plan as a comment on a pull request: risk first, details folded, never too long.
//!
//! GitHub refuses a comment of more than 65,536 characters. What does not fit is left out from the
//! end of the least important part; the headline, the summary, the owners and the digest always
//! stand, and what is missing is counted.

mod accounts;
mod escape;

use std::fmt::Write as _;

use super::graph::order_lines;
use super::order::Order;
use super::report_json::DiagnosticDocument;
use super::review::{self, Mood, ReviewInput};
use super::text::counted;
use crate::plan::{Plan, Risk, Step};
use escape::{code, fence, mention, prose, short_code};

/// Bytes of a comment. GitHub counts 65,536 characters; bytes are never fewer, and something is
/// left for what a workflow adds.
pub const COMMENT_BYTES: usize = 65_000;

/// Bytes of a job summary. GitHub takes 1 MiB for each step.
pub const SUMMARY_BYTES: usize = 1_000_000;

/// Columns of a name or a place.
const NAME: usize = 200;
/// Columns of a sentence of others.
const SENTENCE: usize = 600;
/// Nodes of the graph: more cannot be read on a page.
const NODES: usize = 60;
/// Arrows of the graph: Mermaid draws no more than 500.
const ARROWS: usize = 400;
/// People and teams called; the rest is counted, for nobody may call a whole company.
const MENTIONS: usize = 20;
/// Kept free for the lines that say what was left out.
const NOTICE_BYTES: usize = 1_200;

/// The comment.
pub fn render(input: &ReviewInput<'_>) -> String {
    render_within(input, COMMENT_BYTES)
}

/// The first line of a comment, by which the next run finds it and updates it in place.
pub fn marker(input: &ReviewInput<'_>) -> String {
    let key = input.key();
    if key.is_empty() {
        "<!-- idform:plan -->".to_owned()
    } else {
        format!("<!-- idform:plan:{key} -->")
    }
}

/// The same in at most `limit` bytes.
pub(super) fn render_within(input: &ReviewInput<'_>, limit: usize) -> String {
    let head = head(input);
    let tail = tail(input);
    let mut budget = Budget {
        left: limit.saturating_sub(head.len() + tail.len() + NOTICE_BYTES),
        notices: Vec::new(),
    };
    let mut out = head;
    // Each part may take a share of what is left, in the order of importance.
    out.push_str(&diagnostics(input, &mut budget));
    if let Some(plan) = input.plan {
        out.push_str(&risks(plan, &mut budget));
        let graph = graph(plan, &mut budget);
        let unmanaged = unmanaged(plan, &mut budget);
        out.push_str(&accounts::all(plan, &mut budget));
        out.push_str(&graph);
        out.push_str(&unmanaged);
    }
    out.push_str(&budget.notice(input));
    out.push_str(&tail);
    out
}

/// What may still be written, and what was not.
struct Budget {
    left: usize,
    notices: Vec<String>,
}

impl Budget {
    /// As many of the pieces as fit into one part in `share` of what is left; how many did not.
    fn take(&mut self, pieces: impl Iterator<Item = String>, share: usize) -> (String, usize) {
        let room = self.left / share;
        let mut taken = String::new();
        let mut missing = 0;
        for piece in pieces {
            if missing == 0 && taken.len() + piece.len() <= room {
                taken.push_str(&piece);
            } else {
                missing += 1;
            }
        }
        self.left -= taken.len();
        (taken, missing)
    }

    fn say(&mut self, missing: usize, noun: &str) {
        if missing > 0 {
            self.notices.push(counted(missing, noun));
        }
    }

    fn notice(&self, input: &ReviewInput<'_>) -> String {
        if self.notices.is_empty() {
            return String::new();
        }
        format!(
            "> [!IMPORTANT]\n> **Cut to fit.** Left out here: {}. The whole is in the output of \
             {} with `--format text`, `json` or `html`.\n\n",
            self.notices.join("; "),
            code(&format!("idform {}", input.command)),
        )
    }
}

fn head(input: &ReviewInput<'_>) -> String {
    let (mood, verdict) = review::verdict(input);
    let sign = match mood {
        Mood::Calm => "✅",
        Mood::Changes => "🔷",
        Mood::Risky => "⚠️",
        Mood::Wrong => "⛔",
    };
    let title = match input.title.filter(|title| !title.is_empty()) {
        Some(title) => format!(" {}", short_code(title, NAME)),
        None => String::new(),
    };
    let command = prose(input.command, NAME);
    let mut out = format!(
        "{}\n### {sign} idform {command}{title}: {verdict}\n\n",
        marker(input)
    );
    let Some(plan) = input.plan else {
        out.push_str("There is no plan: no cloud was contacted, nothing would be changed.\n\n");
        return out;
    };
    let _ = writeln!(out, "**{}**\n", review::summary(plan));
    if !plan.complete {
        out.push_str(
            "> [!CAUTION]\n> The plan is incomplete: something could not be read. Whether it \
             differs is not known.\n\n",
        );
    }
    let consents = review::consents(plan);
    if !consents.is_empty() {
        let flags: Vec<String> = consents
            .iter()
            .map(|risk| format!("`--allow {}`", risk.word()))
            .collect();
        let _ = writeln!(
            out,
            "> [!WARNING]\n> Applying this needs consent: {}.\n",
            flags.join(" ")
        );
    }
    out
}

fn tail(input: &ReviewInput<'_>) -> String {
    let Some(plan) = input.plan else {
        return String::new();
    };
    let owners = review::owners(plan);
    let mut out = String::new();
    if !owners.is_empty() {
        let shown: Vec<String> = owners
            .iter()
            .take(MENTIONS)
            .map(|owner| match mention(owner) {
                Some(mention) => mention.to_owned(),
                None => short_code(owner, 80),
            })
            .collect();
        let _ = write!(out, "Owners: {}", shown.join(", "));
        if owners.len() > MENTIONS {
            let _ = write!(out, " and {} more", owners.len() - MENTIONS);
        }
        out.push_str("\n\n");
    }
    let _ = writeln!(out, "Digest: `{}`", plan.digest);
    out
}

fn diagnostics(input: &ReviewInput<'_>, budget: &mut Budget) -> String {
    let found = input.findings();
    if found.is_empty() {
        return String::new();
    }
    let (list, missing) = budget.take(found.iter().map(finding), 2);
    budget.say(missing, "finding");
    format!("#### Findings\n\n{list}\n")
}

fn finding(finding: &DiagnosticDocument) -> String {
    let sign = if finding.severity == "error" {
        "⛔"
    } else {
        "⚠️"
    };
    let mut out = format!(
        "- {sign} **{}** `{}`: {}",
        finding.severity,
        finding.code,
        prose(&finding.summary, SENTENCE)
    );
    if let Some(place) = review::finding_place(finding) {
        let _ = write!(out, " at {}", short_code(&place, NAME));
    }
    // In the same paragraph: foreign text at the beginning of a block could be another block.
    for line in finding
        .detail
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
        let _ = write!(out, "<br>{}", prose(line, SENTENCE));
    }
    out.push('\n');
    out
}

fn risks(plan: &Plan, budget: &mut Budget) -> String {
    let risky = review::risky(plan);
    if risky.is_empty() {
        return String::new();
    }
    let rows = risky.iter().map(|(_, step)| {
        let named: Vec<&str> = words(step).collect();
        format!(
            "| {} {} | {} | {} | {} |\n",
            light(review::gravest(step)),
            named.join(", "),
            review::action_words(step),
            short_code(&step.address.to_string(), NAME),
            short_code(&review::place(step), NAME),
        )
    });
    let (rows, missing) = budget.take(rows, 2);
    budget.say(missing, "risk row");
    format!(
        "#### Risks\n\n| Risk | Action | Object | Declared at |\n| :-- | :-- | :-- | :-- |\n\
         {rows}\n"
    )
}

/// The risks of a change that are more than cosmetic, the gravest first.
fn words(step: &Step) -> impl Iterator<Item = &'static str> {
    let risks = step.risks.iter().rev();
    let risks = risks.filter(|risk| **risk != Risk::Cosmetic);
    risks.map(|risk| risk.word())
}

fn light(risk: Option<Risk>) -> &'static str {
    match risk {
        None | Some(Risk::Cosmetic) => "⚪",
        Some(Risk::WidensTrust) => "🔵",
        Some(Risk::MayBreakSignIn) => "🟡",
        Some(Risk::SwitchesSignIn) => "🟠",
        Some(Risk::Destroys) => "🔴",
    }
}

fn graph(plan: &Plan, budget: &mut Budget) -> String {
    let mut order = Order::of(plan, NODES);
    if order.arrows.is_empty() {
        return String::new();
    }
    let arrows_left_out = order.arrows.len().saturating_sub(ARROWS);
    order.arrows.truncate(ARROWS);
    let mut caption = "What comes first points at what waits for it.".to_owned();
    for (count, words) in [
        (order.left_out, "not drawn for want of room"),
        (order.alone, "neither waiting nor waited for"),
    ] {
        if count > 0 {
            let _ = write!(caption, " {} {words}.", counted(count, "change"));
        }
    }
    if arrows_left_out > 0 {
        let _ = write!(caption, " {} not drawn.", counted(arrows_left_out, "arrow"));
    }
    let whole = format!(
        "<details>\n<summary><b>Order of the changes</b></summary>\n\n{caption}\n\n{}\n</details>\
         \n\n",
        fence("mermaid", &order_lines(&order))
    );
    let (graph, missing) = budget.take(std::iter::once(whole), 3);
    if missing > 0 {
        budget.notices.push("the graph".to_owned());
    }
    graph
}

fn unmanaged(plan: &Plan, budget: &mut Budget) -> String {
    if plan.unmanaged.is_empty() {
        return String::new();
    }
    let lines = plan.unmanaged.iter().map(|found| {
        let name = format!("{}/{}/{}", found.account, found.kind, found.cloud_name);
        format!("- {}\n", short_code(&name, NAME))
    });
    let (lines, missing) = budget.take(lines, 4);
    budget.say(missing, "unmanaged object");
    format!(
        "<details>\n<summary><b>Unmanaged</b>: {} in the cloud and in no manifest, left alone\
         </summary>\n\n{lines}\n</details>\n\n",
        counted(plan.unmanaged.len(), "object")
    )
}

#[cfg(test)]
mod tests;
