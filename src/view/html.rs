//! A plan as one file for a browser: everything is in it, nothing is fetched.
//!
//! The page is whole without its script, which only searches, filters and folds. Its policy lets
//! nothing run but that one script and nothing be loaded at all, so foreign text that slipped
//! through would still do nothing. Foreign text goes through [`text`] and stands in elements and
//! quoted attributes only, never in script or style.

mod drawing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::field_diff;
use super::order::Order;
use super::plan_text::{self, Waits};
use super::report_json::DiagnosticDocument;
use super::review::{self, Mood, ReviewInput};
use super::text::{counted, neutral};
use crate::plan::{Plan, Risk, Step};
use crate::provider::Phase;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Columns of a line of a field's diff.
const DIFF_COLUMNS: usize = 2_000;
/// Lines of a field's diff; the rest is counted.
const DIFF_LINES: usize = 400;
/// Nodes of the drawing.
const NODES: usize = 150;

/// The file.
pub fn render(input: &ReviewInput<'_>) -> String {
    let (mood, verdict) = review::verdict(input);
    let mut title = format!("idform {}", input.command);
    if let Some(own) = input.title.filter(|own| !own.is_empty()) {
        let _ = write!(title, " {own}");
    }
    let title = text(&title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}: {verdict}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"top {mood}\">\n<div>\n<p class=\"what\">{title}</p>\n<h1>{verdict}</h1>\n",
        policy = policy(),
        mood = mood_class(mood),
    );
    match input.plan {
        Some(plan) => {
            let _ = writeln!(out, "<p class=\"summary\">{}</p>", review::summary(plan));
            banners(&mut out, plan);
        }
        None => out.push_str(
            "<p class=\"summary\">There is no plan: no cloud was contacted, nothing would be \
             changed.</p>\n",
        ),
    }
    out.push_str(
        "</div>\n<button type=\"button\" id=\"theme\" hidden>Dark</button>\n</header>\n<main>\n",
    );
    findings(&mut out, &input.findings());
    if let Some(plan) = input.plan {
        risks(&mut out, plan);
        drawing::section(&mut out, &Order::of(plan, NODES));
        changes(&mut out, plan);
        unmanaged(&mut out, plan);
        let _ = writeln!(
            out,
            "</main>\n<footer>Digest <code>{}</code></footer>",
            plan.digest
        );
    } else {
        out.push_str("</main>\n");
    }
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

/// What the browser may do: show this style, run this script. The hashes are of what stands
/// between the tags, byte by byte.
fn policy() -> String {
    let hash = |text: &str| {
        let hash = Sha256::digest(text.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(hash)
    };
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Foreign text for elements and quoted attributes, on one line.
fn text(text: &str) -> String {
    let text = neutral(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn code(foreign: &str) -> String {
    format!("<code>{}</code>", text(foreign))
}

fn mood_class(mood: Mood) -> &'static str {
    match mood {
        Mood::Calm => "calm",
        Mood::Changes => "changes",
        Mood::Risky => "risky",
        Mood::Wrong => "wrong",
    }
}

fn banners(out: &mut String, plan: &Plan) {
    if !plan.complete {
        out.push_str(
            "<p class=\"banner wrong\">The plan is incomplete: something could not be read. \
             Whether it differs is not known.</p>\n",
        );
    }
    let consents = review::consents(plan);
    if !consents.is_empty() {
        let flags: Vec<String> = consents
            .iter()
            .map(|risk| format!("<code>--allow {}</code>", risk.word()))
            .collect();
        let _ = writeln!(
            out,
            "<p class=\"banner risky\">Applying this needs consent: {}</p>",
            flags.join(" ")
        );
    }
}

fn findings(out: &mut String, found: &[DiagnosticDocument]) {
    if found.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings <span \
         class=\"count\">{}</span></h2>\n<ul class=\"findings\">",
        found.len()
    );
    for finding in found {
        let _ = write!(
            out,
            "<li class=\"{severity}\"><p><span class=\"badge {severity}\">{severity}</span> \
             <code>{}</code> <strong>{}</strong>",
            finding.code,
            text(&finding.summary),
            severity = finding.severity,
        );
        if let Some(place) = review::finding_place(finding) {
            let _ = write!(out, " <span class=\"place\">{}</span>", code(&place));
        }
        out.push_str("</p>");
        if !finding.detail.is_empty() {
            let lines: Vec<String> = finding.detail.lines().map(text).collect();
            let _ = write!(out, "<p class=\"detail\">{}</p>", lines.join("<br>"));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n</section>\n");
}

fn risks(out: &mut String, plan: &Plan) {
    let risky = review::risky(plan);
    if risky.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"risks\">\n<h2 id=\"risks\">Risks <span \
         class=\"count\">{}</span></h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" \
         aria-labelledby=\"risks\"><table>\n<thead><tr><th scope=\"col\">Risk</th><th \
         scope=\"col\">Action</th><th scope=\"col\">Object</th><th scope=\"col\">Declared \
         at</th></tr></thead>\n<tbody>",
        risky.len()
    );
    for (index, step) in risky {
        let _ = writeln!(
            out,
            "<tr data-change=\"{index}\"><td>{}</td><td>{}</td><td><a href=\"#c{index}\">{}</a>\
             </td><td>{}</td></tr>",
            risk_badges(step),
            review::action_words(step),
            code(&step.address.to_string()),
            code(&review::place(step)),
        );
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn risk_badges(step: &Step) -> String {
    let risks = step.risks.iter().rev();
    let badges: Vec<String> = risks.map(|risk| risk_badge(*risk)).collect();
    badges.join(" ")
}

fn risk_badge(risk: Risk) -> String {
    format!(
        "<span class=\"badge risk {word}\" title=\"{}\">{word}</span>",
        review::risk_explanation(risk),
        word = risk.word(),
    )
}

fn changes(out: &mut String, plan: &Plan) {
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
        "<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">Changes <span class=\"count\">\
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
        text(&plan_text::reason(step)),
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
        say("side effect", "risky", text(&effect.text));
    }
    if let Some(blocked) = &step.blocked {
        say("blocked", "wrong", text(&blocked.reason));
    }
    if let Some(error) = &step.error {
        say("error", "wrong", text(error));
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

fn unmanaged(out: &mut String, plan: &Plan) {
    if plan.unmanaged.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section aria-labelledby=\"unmanaged\">\n<h2 id=\"unmanaged\">Unmanaged <span \
         class=\"count\">{count}</span></h2>\n<p>{} in the cloud and in no manifest; left \
         alone.</p>\n<ul>",
        counted(plan.unmanaged.len(), "object"),
        count = plan.unmanaged.len(),
    );
    for found in &plan.unmanaged {
        let name = format!("{}/{}/{}", found.account, found.kind, found.cloud_name);
        let _ = writeln!(out, "<li>{}</li>", code(&name));
    }
    out.push_str("</ul>\n</section>\n");
}

#[cfg(test)]
mod tests;
