//! Every change with its fields, by account, and the filters above them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{code, prose, risk_badges, text};
use crate::plan::{Plan, Risk, Step};
use crate::provider::Phase;
use crate::view::plan_text::{self, Waits};
use crate::view::{field_diff, review};

/// Columns of a line of a field's diff.
const DIFF_COLUMNS: usize = 2_000;
/// Lines of a field's diff; the rest is counted.
const DIFF_LINES: usize = 400;

/// The part of the page.
pub(super) fn section(out: &mut String, plan: &Plan) {
    let waits = plan_text::waits(plan);
    let listed: Vec<(usize, &Step)> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| plan_text::is_listed(step))
        .collect();
    if listed.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">In detail <span class=\"count\">\
         {}</span></h2>",
        listed.len()
    );
    filters(out, &listed);
    for account in
        listed.chunk_by(|(_, left), (_, right)| left.address.account == right.address.account)
    {
        let name = account
            .first()
            .map_or("", |(_, step)| &step.address.account);
        let cloud = account.first().map_or("", |(_, step)| step.cloud.0);
        let _ = writeln!(
            out,
            "<div class=\"account\">\n<h3>{} <span class=\"cloud\">{cloud}</span></h3>",
            text(name)
        );
        for (index, step) in account {
            change(out, *index, step, waits.get(index));
        }
        out.push_str("</div>\n");
    }
    out.push_str("<p id=\"nothing\" hidden>No change matches.</p>\n</section>\n");
}

/// Hidden until the script takes them over.
fn filters(out: &mut String, listed: &[(usize, &Step)]) {
    out.push_str(
        "<form id=\"filters\" role=\"search\" aria-label=\"Filter the changes\" hidden>\n\
         <label class=\"search\">Search <input type=\"search\" id=\"search\" \
         placeholder=\"name, field, value, file\" autocomplete=\"off\" spellcheck=\"false\">\
         </label>\n<label class=\"pick\">Account <select id=\"account\"><option value=\"\">all\
         </option>",
    );
    let accounts: BTreeSet<&str> = listed
        .iter()
        .map(|(_, step)| step.address.account.as_str())
        .collect();
    for account in accounts {
        let account = text(account);
        let _ = write!(out, "<option value=\"{account}\">{account}</option>");
    }
    out.push_str("</select></label>\n");
    let mut risks: BTreeMap<Option<Risk>, usize> = BTreeMap::new();
    let mut actions: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, step) in listed {
        for risk in &step.risks {
            *risks.entry(Some(*risk)).or_default() += 1;
        }
        if step.risks.is_empty() {
            *risks.entry(None).or_default() += 1;
        }
        *actions.entry(filter_action(step)).or_default() += 1;
    }
    out.push_str("<fieldset><legend>Risk</legend>");
    for (risk, count) in risks.into_iter().rev() {
        let word = risk.map_or("none", Risk::word);
        chip(out, "risk", word, count);
    }
    out.push_str("</fieldset>\n<fieldset><legend>Action</legend>");
    for (action, count) in actions {
        chip(out, "action", action, count);
    }
    out.push_str(
        "</fieldset>\n<div class=\"ends\"><output id=\"shown\" role=\"status\"></output> \
         <button type=\"button\" id=\"fold\">Fold all</button> <button type=\"reset\">Clear \
         filters</button></div>\n</form>\n",
    );
}

fn chip(out: &mut String, name: &str, word: &str, count: usize) {
    let _ = write!(
        out,
        "<label class=\"chip {word}\"><input type=\"checkbox\" name=\"{name}\" value=\"{word}\"> \
         {word} <span class=\"count\">{count}</span></label>"
    );
}

/// The word an object is filtered by.
fn filter_action(step: &Step) -> &'static str {
    match step.action.word() {
        "no-op" => "observed",
        word => word,
    }
}

fn change(out: &mut String, index: usize, step: &Step, waits: Option<&Waits<'_>>) {
    let risks: Vec<&str> = step.risks.iter().map(|risk| risk.word()).collect();
    let risks = if risks.is_empty() {
        "none".to_owned()
    } else {
        risks.join(" ")
    };
    let action = filter_action(step);
    let name = format!("{}/{}", step.address.kind, step.address.name);
    let _ = writeln!(
        out,
        "<details class=\"change {action}\" id=\"c{index}\" open data-account=\"{}\" \
         data-action=\"{action}\" data-risks=\"{risks}\">\n<summary><span class=\"sign\" \
         aria-hidden=\"true\">{}</span> {} <span class=\"action\">{}</span> {} <span \
         class=\"place\">{}</span></summary>\n<div class=\"body\">\n<p class=\"why\">{}</p>",
        text(&step.address.account),
        text(review::sign(step)),
        code(&name),
        review::action_words(step),
        risk_badges(step),
        code(&review::place(step)),
        prose(&plan_text::reason(step)),
    );
    facts(out, step, waits);
    for change in &step.changes {
        let line = change
            .line
            .map(|line| format!(" <span class=\"line\">line {line}</span>"));
        let _ = write!(
            out,
            "<div class=\"field\"><h4><code>{}</code>{}</h4>\n<pre class=\"diff\">",
            change.field,
            line.unwrap_or_default(),
        );
        for line in field_diff::signed_lines(change, DIFF_COLUMNS, DIFF_LINES) {
            let class = match line.chars().next() {
                Some('+') => "add",
                Some('-') => "del",
                Some('~') => "mod",
                Some('@' | '\\') => "hunk",
                _ => "same",
            };
            // The line break stands inside: the lines are blocks, and copied text keeps it.
            let _ = write!(out, "<span class=\"{class}\">{}\n</span>", text(&line));
        }
        out.push_str("</pre></div>\n");
    }
    out.push_str("</div>\n</details>\n");
}

fn facts(out: &mut String, step: &Step, waits: Option<&Waits<'_>>) {
    let mut facts: Vec<(String, &str, String)> = Vec::new();
    let mut say = |label: &str, class, words: String| {
        facts.push((label.to_owned(), class, words));
    };
    for effect in &step.side_effects {
        say("side effect", "risky", prose(&effect.text));
    }
    if let Some(blocked) = &step.blocked {
        say("blocked", "wrong", prose(&blocked.reason));
    }
    if let Some(error) = &step.error {
        say("error", "wrong", prose(error));
    }
    if !step.phases.is_empty() {
        say("calls", "", text(&plan_text::calls(step)));
    }
    for (phase, addresses) in waits.into_iter().flatten() {
        let label = match phase {
            Phase::Write => "waits for".to_owned(),
            Phase::Quiesce | Phase::Remove | Phase::Activate => {
                format!("{} waits for", phase.word())
            }
        };
        say(&label, "", text(&plan_text::addresses_text(addresses)));
    }
    if let Some(owner) = &step.owner {
        say("owner", "", text(owner));
    }
    if facts.is_empty() {
        return;
    }
    out.push_str("<dl>");
    for (label, class, words) in facts {
        let _ = write!(
            out,
            "<div class=\"{class}\"><dt>{label}</dt><dd>{words}</dd></div>"
        );
    }
    out.push_str("</dl>\n");
}
