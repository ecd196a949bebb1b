//! A plan as text: what changes by account, who is unmanaged, the summary, the digest.
//!
//! Unchanged objects are counted, not listed. The colours say nothing that the words do not.

use std::collections::{BTreeMap, BTreeSet};

use super::field_diff;
use super::text::{columns, counted, gap, neutral, wrap};
use super::theme::{Theme, paint};
use crate::model::Address;
use crate::plan::{self, Action, Graph, Plan, Reason, Risk, Step};
use crate::provider::Phase;

/// Fewest columns anything is laid out for.
const NARROWEST: usize = 60;
/// Where the lines below an object's own begin.
const INDENT: usize = 6;
/// A longer reason stands below the object's line.
const LONG_REASON: usize = 40;
/// A longer field name pushes its value to the right instead of all values.
const LONG_FIELD: usize = 24;
/// More addresses than these are counted.
const MOST_ADDRESSES: usize = 8;

/// The whole plan as text.
pub fn render(plan: &Plan, theme: &Theme, width: usize) -> String {
    let width = width.max(NARROWEST);
    let waits = waits(plan);
    let listed: Vec<(usize, &Step)> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| is_listed(step))
        .collect();
    let layout = Layout::of(&listed, width);
    let mut out: Vec<String> = Vec::new();
    for account in
        listed.chunk_by(|(_, left), (_, right)| left.address.account == right.address.account)
    {
        let name = &account[0].1.address.account;
        out.push(paint(theme.strong(), &neutral(name)));
        let shared = shared_error(account);
        if let Some(error) = shared {
            labelled(&mut out, 2, "error", error, theme, width);
        }
        for (index, step) in account {
            out.push(layout.row(step, theme));
            below(&mut out, step, &layout, theme);
            fields(&mut out, step, &layout, theme);
            let waits = waits.get(index);
            consequences(&mut out, step, shared.is_none(), waits, theme, width);
        }
        out.push(String::new());
    }
    unmanaged(&mut out, plan, theme);
    ending(&mut out, plan, theme);
    out.join("\n") + "\n"
}

/// One object as text, by itself and without its order among others.
pub fn one(step: &Step, theme: &Theme, width: usize) -> String {
    let width = width.max(NARROWEST);
    let layout = Layout::of(&[(0, step)], width);
    let mut out = vec![layout.row(step, theme)];
    below(&mut out, step, &layout, theme);
    fields(&mut out, step, &layout, theme);
    consequences(&mut out, step, true, None, theme, width);
    out.join("\n") + "\n"
}

/// Whether it has a line of its own.
pub(super) fn is_listed(step: &Step) -> bool {
    step.action != Action::NoOp || step.reason == Reason::ObserveOnly
}

/// Which addresses each phase of a change waits for.
pub(super) type Waits<'a> = BTreeMap<Phase, BTreeSet<&'a Address>>;

pub(super) fn waits(plan: &Plan) -> BTreeMap<usize, Waits<'_>> {
    let graph = Graph::of(plan);
    let mut waits: BTreeMap<usize, Waits<'_>> = BTreeMap::new();
    for index in graph.nodes() {
        let from = graph.node(index);
        for after in graph.after(index) {
            let to = graph.node(after);
            if from.step != to.step {
                let phase = plan.steps[to.step].phases[to.phase].phase;
                let address = &plan.steps[from.step].address;
                let step = waits.entry(to.step).or_default();
                step.entry(phase).or_default().insert(address);
            }
        }
    }
    waits
}

/// Why none of several objects of an account could be read, when it is the same for all.
fn shared_error<'a>(account: &[(usize, &'a Step)]) -> Option<&'a str> {
    let mut errors = account.iter().filter_map(|(_, step)| step.error.as_deref());
    let first = errors.next()?;
    let mut others = errors.peekable();
    (others.peek().is_some() && others.all(|error| error == first)).then_some(first)
}

/// The columns that all objects' lines share.
struct Layout {
    name: usize,
    action: usize,
    reason: usize,
    width: usize,
    /// Whether places fit beside the reasons.
    is_wide: bool,
}

impl Layout {
    fn of(listed: &[(usize, &Step)], width: usize) -> Self {
        let most = |length: &dyn Fn(&Step) -> usize| {
            let lengths = listed.iter().map(|(_, step)| length(step));
            lengths.max().unwrap_or_default()
        };
        let mut layout = Self {
            name: most(&|step| columns(&name(step))),
            action: most(&|step| step.action.word().len()),
            reason: 0,
            width,
            is_wide: true,
        };
        let room = width
            .saturating_sub(layout.before_reason())
            .min(LONG_REASON);
        layout.reason = most(&|step| {
            let length = columns(&reason(step));
            if length <= room { length } else { 0 }
        });
        let place = most(&|step| columns(&place(step)));
        layout.is_wide = layout.before_reason() + layout.reason + 2 + place <= width;
        layout
    }

    /// `  + `, the name, the action, and the spaces after each.
    fn before_reason(&self) -> usize {
        4 + self.name + 2 + self.action + 2
    }

    fn row(&self, step: &Step, theme: &Theme) -> String {
        let style = theme.action(step.action);
        let name = name(step);
        let word = step.action.word();
        let mut row = format!(
            "  {} {}{}  {}{}  ",
            paint(style, sign(step)),
            paint(theme.strong(), &name),
            gap(&name, self.name),
            paint(style, word),
            gap(word, self.action),
        );
        let reason = Some(reason(step)).filter(|reason| columns(reason) <= self.reason);
        let reason = reason.unwrap_or_default();
        row.push_str(&reason);
        if self.is_wide {
            row.push_str(&gap(&reason, self.reason));
            row.push_str("  ");
            row.push_str(&paint(theme.dim(), &place(step)));
        }
        row.trim_end().to_owned()
    }

    /// `:7`, under the colon of the object's own place where there is room.
    fn add_line_number(&self, row: &mut String, step: &Step, line: u32, theme: &Theme) {
        let number = format!(":{line}");
        let taken = visible(row);
        let colon = self.before_reason() + self.reason + 2 + columns(&neutral(&step.origin.file));
        let at = if self.is_wide && taken + 2 <= colon {
            colon
        } else {
            taken + 2
        };
        if at + number.len() <= self.width {
            row.push_str(&" ".repeat(at - taken));
            row.push_str(&paint(theme.dim(), &number));
        }
    }
}

/// What did not fit into the object's line.
fn below(out: &mut Vec<String>, step: &Step, layout: &Layout, theme: &Theme) {
    let reason = reason(step);
    if columns(&reason) > layout.reason {
        labelled(out, INDENT, "because", &reason, theme, layout.width);
    }
    if !layout.is_wide {
        labelled(out, INDENT, "at", &place(step), theme, layout.width);
    }
}

fn sign(step: &Step) -> &'static str {
    if step.reason == Reason::ObserveOnly {
        return "≠";
    }
    step.action.sign()
}

fn name(step: &Step) -> String {
    neutral(&format!("{}/{}", step.address.kind, step.address.name)).into_owned()
}

fn place(step: &Step) -> String {
    neutral(&format!("{}:{}", step.origin.file, step.origin.line)).into_owned()
}

pub(super) fn reason(step: &Step) -> String {
    let why = step.reason.text();
    let why = match &step.blocked {
        Some(blocked) => format!("{} needed: {why}", blocked.needed.word()),
        None => why,
    };
    neutral(&why).into_owned()
}

fn fields(out: &mut Vec<String>, step: &Step, layout: &Layout, theme: &Theme) {
    let names = step.changes.iter().map(|change| change.field.len());
    let column = names
        .filter(|length| *length <= LONG_FIELD)
        .max()
        .unwrap_or_default();
    let indent = " ".repeat(INDENT);
    let room = layout.width.saturating_sub(INDENT + column + 2);
    for change in &step.changes {
        let mut lines = field_diff::lines(change, theme, room).into_iter();
        let first = lines.next().unwrap_or_default();
        let name = gap(change.field, column);
        let mut row = format!("{indent}{}{name}  {first}", change.field);
        if let Some(line) = change.line {
            layout.add_line_number(&mut row, step, line, theme);
        }
        out.push(row);
        let below = " ".repeat(column);
        out.extend(lines.map(|line| format!("{indent}{below}  {line}")));
    }
}

/// Columns of a text that may hold our own colours.
fn visible(text: &str) -> usize {
    let mut plain = String::with_capacity(text.len());
    let mut in_colour = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => in_colour = true,
            'm' if in_colour => in_colour = false,
            _ if in_colour => {}
            _ => plain.push(c),
        }
    }
    columns(&plain)
}

fn consequences(
    out: &mut Vec<String>,
    step: &Step,
    with_error: bool,
    waits: Option<&Waits<'_>>,
    theme: &Theme,
    width: usize,
) {
    let mut say = |label: &str, text: &str| labelled(out, INDENT, label, text, theme, width);
    let risks = step.risks.iter().filter(|risk| **risk != Risk::Cosmetic);
    let risks: Vec<&str> = risks.map(|risk| risk.word()).collect();
    if !risks.is_empty() {
        say("risks", &risks.join(", "));
    }
    for effect in &step.side_effects {
        say("side effect", &effect.text);
    }
    if let Some(blocked) = &step.blocked {
        say("blocked", &blocked.reason);
    }
    if let (true, Some(error)) = (with_error, &step.error) {
        say("error", error);
    }
    if !step.phases.is_empty() {
        say("calls", &calls(step));
    }
    for (phase, addresses) in waits.into_iter().flatten() {
        let label = match phase {
            Phase::Write => "waits for".to_owned(),
            Phase::Quiesce | Phase::Remove | Phase::Activate => {
                format!("{} waits for", phase.word())
            }
        };
        say(&label, &addresses_text(addresses));
    }
    if let Some(owner) = &step.owner {
        say("owner", owner);
    }
}

/// The calls in their order, each with its phase unless it is an ordinary write.
pub(super) fn calls(step: &Step) -> String {
    let mut names = Vec::new();
    for phase in &step.phases {
        if phase.calls.is_empty() && phase.phase == Phase::Remove {
            names.push("(removed with the object it belongs to)".to_owned());
        }
        for write in &phase.calls {
            let name = write.call.name;
            names.push(match phase.phase {
                Phase::Write => name.to_owned(),
                Phase::Quiesce | Phase::Remove | Phase::Activate => {
                    format!("{name} ({})", phase.phase.word())
                }
            });
        }
    }
    names.join(", ")
}

pub(super) fn addresses_text(addresses: &BTreeSet<&Address>) -> String {
    let mut shown: Vec<String> = addresses
        .iter()
        .take(MOST_ADDRESSES)
        .map(ToString::to_string)
        .collect();
    if addresses.len() > MOST_ADDRESSES {
        shown.push(format!("{} more", addresses.len() - MOST_ADDRESSES));
    }
    shown.join(", ")
}

/// `label: text`, broken into lines that are set in below the text.
fn labelled(
    out: &mut Vec<String>,
    indent: usize,
    label: &str,
    text: &str,
    theme: &Theme,
    width: usize,
) {
    let style = match label {
        "blocked" => theme.blocked(),
        "error" => theme.error(),
        "risks" | "side effect" => theme.warning(),
        _ => theme.dim(),
    };
    let margin = indent + label.len() + 2;
    let lines = wrap(&neutral(text), width.saturating_sub(margin));
    for (index, line) in lines.iter().enumerate() {
        if index == 0 {
            let label = paint(style, &format!("{label}:"));
            out.push(format!("{}{label} {line}", " ".repeat(indent)));
        } else {
            out.push(format!("{}{line}", " ".repeat(margin)));
        }
    }
}

fn unmanaged(out: &mut Vec<String>, plan: &Plan, theme: &Theme) {
    if plan.unmanaged.is_empty() {
        return;
    }
    out.push(format!(
        "{} (in the cloud, in no manifest; left alone)",
        paint(theme.strong(), "Unmanaged")
    ));
    for found in &plan.unmanaged {
        let name = format!("{}/{}/{}", found.account, found.kind, found.cloud_name);
        out.push(format!("  {}", neutral(&name)));
    }
    out.push(String::new());
}

fn ending(out: &mut Vec<String>, plan: &Plan, theme: &Theme) {
    if let Some(part) = &plan.partial {
        out.push(format!("Partial plan: {}.", neutral(part)));
    }
    let counts = plan::count(plan);
    let count = |action| counts.get(&action).copied().unwrap_or_default();
    if !plan.complete {
        let number = count(Action::Unreadable);
        let unreadable = counted(number, "object");
        let differ = if number == 1 {
            "it differs"
        } else {
            "they differ"
        };
        out.push(format!(
            "{} {unreadable} could not be read; whether {differ} is not known.",
            paint(theme.error(), "Incomplete:")
        ));
    }
    out.push(paint(theme.strong(), &summary(plan)));
    out.push(format!("Digest: {}", plan.digest));
}

/// How many objects of each action, in one line.
pub(super) fn summary(plan: &Plan) -> String {
    let counts = plan::count(plan);
    let count = |action| counts.get(&action).copied().unwrap_or_default();
    let observed = plan
        .steps
        .iter()
        .filter(|step| is_listed(step) && step.action == Action::NoOp);
    let observed = observed.count();
    let mut parts: Vec<String> = [
        (Action::Create, "to create"),
        (Action::Update, "to update"),
        (Action::Replace, "to replace"),
        (Action::Delete, "to delete"),
        (Action::Disable, "to disable"),
        (Action::Blocked, "blocked"),
        (Action::Unreadable, "unreadable"),
    ]
    .into_iter()
    .filter(|(action, _)| count(*action) > 0)
    .map(|(action, words)| format!("{} {words}", count(action)))
    .collect();
    let opening = if parts.is_empty() && plan.complete {
        "No changes."
    } else {
        "Plan:"
    };
    if observed > 0 {
        parts.push(format!("{observed} observed to differ"));
    }
    let unchanged = count(Action::NoOp) - observed;
    if unchanged > 0 {
        parts.push(format!("{unchanged} unchanged"));
    }
    if parts.is_empty() {
        opening.to_owned()
    } else {
        format!("{opening} {}.", parts.join(", "))
    }
}

#[cfg(test)]
mod tests;
