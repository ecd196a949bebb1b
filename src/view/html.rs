//! A plan as one file for a browser: everything is in it, nothing is fetched.
//!
//! The page is whole without its script, which only searches, filters and folds. Its policy lets
//! nothing run but that one script and nothing be loaded at all, so foreign text that slipped
//! through would still do nothing. Foreign text goes through [`text`] and stands in elements and
//! quoted attributes only, never in script or style.

mod changes;
mod drawing;

use std::fmt::Write as _;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::order::Order;
use super::report_json::DiagnosticDocument;
use super::review::{self, Mood, ReviewInput};
use super::text::{counted, neutral};
use crate::plan::{Plan, Risk, Step};

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

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
        changes::section(&mut out, plan);
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

/// Like [`text`], for sentences: what stands between a pair of backticks becomes code.
fn prose(foreign: &str) -> String {
    let parts: Vec<&str> = foreign.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text(foreign);
    }
    let parts = parts.into_iter().enumerate();
    parts
        .map(|(index, part)| {
            if index % 2 == 1 {
                code(part)
            } else {
                text(part)
            }
        })
        .collect()
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
            prose(&finding.summary),
            severity = finding.severity,
        );
        if let Some(place) = review::finding_place(finding) {
            let _ = write!(out, " <span class=\"place\">{}</span>", code(&place));
        }
        out.push_str("</p>");
        if !finding.detail.is_empty() {
            let lines: Vec<String> = finding.detail.lines().map(prose).collect();
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
