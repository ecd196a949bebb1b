use proptest::prelude::*;

use super::*;
use crate::view::fixture;
use crate::view::fixture::review::{findings, foreign, many};
use crate::view::graph::{GraphInput, dot, mermaid};

/// Texts that end something, begin something or act somewhere.
const NASTY: &[&str] = &[
    "<script>alert(1)</script>",
    "</script>",
    "</style>",
    "</code>",
    "</details>",
    "<img src=x onerror=alert(1)>",
    "-->",
    "<!--",
    "]]>",
    "```",
    "````````",
    "`",
    "~~~",
    "|",
    "\\|",
    "\n",
    "\r\n| a | b |\n",
    "\n\n# Title\n\n",
    "\n\n    code",
    "1. first",
    "\n2) second\n+ third\n",
    "===",
    "- [ ] todo",
    "> quote",
    "@acme/everybody",
    "#12",
    "GH-12",
    "acme/app#7",
    "https://evil.example/a",
    "http://evil.example",
    "www.evil.example",
    "someone@evil.example",
    "mailto:a@evil.example",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "<https://evil.example>",
    "\"",
    "'",
    "\" onload=alert(1) x=\"",
    "\\",
    "&lt;",
    "&#60;",
    "$x$",
    "$$",
    ":tada:",
    "~~gone~~",
    "**b**",
    "_i_",
    "%0A::error::x",
    "::error file=x::y",
    "::add-mask::x",
    "\n::set-output name=x::y",
    "{{x}}",
    "{0}",
    "\"]",
    "end",
    "\nend\nsubgraph x",
    "#quot;",
    "%%{init: {}}%%",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{200b}",
    "\u{2028}",
    "é日本",
];

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        proptest::sample::select(NASTY).prop_map(str::to_owned),
        ".{1,12}",
        "[ -~]{1,12}",
    ];
    proptest::collection::vec(part, 1..6).prop_map(|parts| parts.concat())
}

fn reviewed(format: ReviewFormat, text: &str) -> String {
    let plan = foreign(text);
    let (sources, diagnostics) = findings(text);
    render_as(
        format,
        &ReviewInput {
            plan: Some(&plan),
            diagnostics: &diagnostics,
            sources: &sources,
            command: "plan",
            errored: true,
            title: Some(text),
        },
    )
}

/// Tags and texts of HTML, in their order.
fn tokens(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        found.push(text);
        let end = if tag.starts_with("<!--") {
            tag.find("-->").map(|end| end + 3)
        } else {
            tag.find('>').map(|end| end + 1)
        };
        let (tag, after) = tag.split_at(end.expect("every tag ends"));
        found.push(tag);
        rest = after;
    }
    found.push(rest);
    found
}

/// A tag without the values of its attributes.
fn bare(tag: &str) -> String {
    tag.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// What the tags of a text come to, without those that only dress words.
fn skeleton(html: &str, dress: &[&str]) -> Vec<String> {
    tokens(html)
        .into_iter()
        .skip(1)
        .step_by(2)
        .map(bare)
        .filter(|tag| !dress.iter().any(|word| tag.starts_with(word)))
        .collect()
}

/// As GitHub reads it, with everything on that would make something of foreign text.
fn as_github(markdown: &str) -> String {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.alerts = true;
    options.extension.math_dollars = true;
    options.extension.math_code = true;
    options.parse.relaxed_autolinks = true;
    options.render.r#unsafe = true;
    comrak::markdown_to_html(markdown, &options)
}

/// Whether GitHub would call somebody, or link an issue, from this text.
fn calls(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let acts = |pair: &[char]| matches!(pair, ['@' | '#', next] if next.is_ascii_alphanumeric());
    letters.windows(2).any(acts)
}

fn check_markdown(markdown: &str, title: &str) {
    let dress = ["<code>", "</code>", "<!--", "<br"];
    let html = as_github(markdown);
    let calm = as_github(&reviewed(ReviewFormat::Markdown, title));
    assert_eq!(
        skeleton(&html, &dress),
        skeleton(&calm, &dress),
        "{markdown}"
    );
    assert!(!html.contains("<a "), "{html}");
    let mut in_code = 0;
    for (index, token) in tokens(&html).into_iter().enumerate() {
        match (index % 2, token) {
            (1, tag) if tag.starts_with("<code") => in_code += 1,
            (1, "</code>") => in_code -= 1,
            // Owners are called on purpose; `only_handles_are_called` says which.
            (0, text) if in_code == 0 && !text.starts_with("Owners: @") => {
                assert!(!calls(text), "{text}");
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn foreign_text_stays_in_its_place_in_markdown(text in hostile()) {
        check_markdown(&reviewed(ReviewFormat::Markdown, &text), "x");
    }

    #[test]
    fn foreign_text_stays_in_its_place_in_html(text in hostile()) {
        let html = reviewed(ReviewFormat::Html, &text);
        let calm = reviewed(ReviewFormat::Html, "x");
        let dress = ["<span", "</span", "<br", "<code", "</code"];
        let body = |html: &str| html[html.find("<body>").unwrap()..html.find("<script>").unwrap()].to_owned();
        prop_assert_eq!(skeleton(&body(&html), &dress), skeleton(&body(&calm), &dress));
        prop_assert_eq!(html.matches("<script").count(), 1);
        prop_assert_eq!(html.matches("<style").count(), 1);
        prop_assert!(!html.replace('\n', "").contains(char::is_control));
    }

    #[test]
    fn foreign_text_gives_no_commands(text in hostile()) {
        let lines = reviewed(ReviewFormat::Github, &text);
        let calm = reviewed(ReviewFormat::Github, "x");
        prop_assert_eq!(lines.lines().count(), calm.lines().count());
        for (line, calm) in lines.lines().zip(calm.lines()) {
            let known = ["::error ", "::warning ", "::notice "];
            prop_assert!(known.iter().any(|known| line.starts_with(known)));
            // `::level properties::message`: as many properties as ever.
            let properties = |line: &str| {
                let rest = line[2..].split("::").next().unwrap().to_owned();
                rest.matches(',').count()
            };
            prop_assert_eq!(properties(line), properties(calm));
        }
        prop_assert!(!lines.replace('\n', "").contains(char::is_control));
    }

    #[test]
    fn foreign_text_stays_in_its_place_in_sarif(text in hostile()) {
        let log: serde_json::Value = serde_json::from_str(&reviewed(ReviewFormat::Sarif, &text)).unwrap();
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let message = result["message"]["text"].as_str().unwrap();
            let plain = message.replace("\\\\", "").replace("\\[", "").replace("\\]", "");
            prop_assert!(!plain.contains(['[', ']', '\\']), "{message}");
            let plain = message.replace("{{", "").replace("}}", "");
            prop_assert!(!plain.contains(['{', '}']), "{message}");
        }
    }

    #[test]
    fn foreign_text_stays_in_its_place_in_graphs(text in hostile()) {
        let graph = |text: &str| {
            let plan = foreign(text);
            let at = |index: usize| plan.steps[index].address.clone();
            GraphInput {
                nodes: vec![(at(0), text.to_owned()), (at(1), text.to_owned())],
                edges: vec![(at(1), at(0))],
            }
        };
        let (drawn, calm) = (mermaid(&graph(&text)), mermaid(&graph("x")));
        prop_assert_eq!(drawn.lines().count(), calm.lines().count());
        let labels = drawn.lines().filter_map(|line| line.split_once("[\""));
        for label in labels.map(|(_, rest)| rest.strip_suffix("\"]").unwrap()) {
            let label = label.replace("<br/>", "");
            prop_assert!(!label.contains(['"', '<', '>', '[', ']', '`', '(', '%', '&']), "{label}");
        }
        let (drawn, calm) = (dot(&graph(&text)), dot(&graph("x")));
        let unescaped = |text: &str| {
            let text = text.replace("\\\\", "").replace("\\\"", "");
            text.lines().map(|line| line.matches('"').count()).collect::<Vec<_>>()
        };
        prop_assert_eq!(unescaped(&drawn), unescaped(&calm));
    }

    #[test]
    fn keys_are_short_names(title in hostile()) {
        let (sources, diagnostics) = findings("x");
        let input = ReviewInput {
            plan: None,
            diagnostics: &diagnostics,
            sources: &sources,
            command: "plan",
            errored: true,
            title: Some(&title),
        };
        let key = input.key();
        prop_assert!(!key.is_empty() && key.len() <= 49);
        prop_assert!(key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        prop_assert!(!key.contains("--") && !key.ends_with('-'));
    }
}

#[test]
fn every_nasty_text_stays_in_its_place() {
    for text in NASTY {
        check_markdown(&reviewed(ReviewFormat::Markdown, text), "x");
    }
}

/// A plan of one of everything, in a format.
fn everything(format: ReviewFormat) -> String {
    let plan = fixture::everything();
    let (sources, diagnostics) = findings("github");
    render_as(
        format,
        &ReviewInput {
            plan: Some(&plan),
            diagnostics: &diagnostics,
            sources: &sources,
            command: "plan",
            errored: true,
            title: Some("production"),
        },
    )
}

fn check(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!(format!("review-{name}"), text);
    });
}

#[test]
fn one_of_everything() {
    for format in [
        ReviewFormat::Markdown,
        ReviewFormat::Sarif,
        ReviewFormat::Github,
    ] {
        check(format.word(), &everything(format));
    }
    let html = everything(ReviewFormat::Html);
    let start = html.find("<body>").unwrap();
    let end = html.find("<script>").unwrap();
    check("html", &html[start..end]);
    assert_eq!(
        everything(ReviewFormat::JobSummary),
        everything(ReviewFormat::Markdown),
        "what fits into a comment needs no other summary"
    );
}

fn rendered(format: ReviewFormat, plan: Option<&Plan>, errored: bool) -> String {
    let (sources, diagnostics) = findings("github");
    let diagnostics = if errored { &diagnostics[..] } else { &[] };
    render_as(
        format,
        &ReviewInput {
            plan,
            diagnostics,
            sources: &sources,
            command: "plan",
            errored,
            title: None,
        },
    )
}

#[test]
fn nothing_to_do_and_no_plan_at_all() {
    let plan = fixture::plan(Vec::new());
    let calm = rendered(ReviewFormat::Markdown, Some(&plan), false);
    assert!(calm.starts_with("<!-- idform:plan -->\n### ✅ idform plan: no changes\n"));
    for format in ReviewFormat::ALL {
        let invalid = rendered(format, None, true);
        assert!(invalid.contains("value-out-of-range"), "{invalid}");
        assert!(!invalid.contains("Digest"), "{invalid}");
        let calm = rendered(format, Some(&plan), false);
        assert!(calm.contains("No changes."), "{calm}");
    }
}

#[test]
fn five_thousand_changes_fit_into_a_comment() {
    let plan = many(5_000);
    let comment = rendered(ReviewFormat::Markdown, Some(&plan), true);
    assert!(
        comment.len() <= markdown::COMMENT_BYTES,
        "{}",
        comment.len()
    );
    assert!(comment.len() > 60_000, "{}", comment.len());
    assert!(comment.contains("**Plan: 2500 to create, 2500 to update.**"));
    assert!(comment.contains("**Cut to fit.** Left out here: "));
    assert!(comment.contains("@acme/team-0, "));
    assert!(comment.contains(" and 10 more"));
    assert!(comment.ends_with(&format!("Digest: `{}`\n", plan.digest)));
    let rows = comment.lines().filter(|line| line.starts_with("| 🔴"));
    assert!(rows.count() > 50, "the gravest come first");
    assert!(!comment.contains("| 🔵"), "the others were left out");
    assert!(comment.contains("flowchart LR") && comment.contains("4940 changes not drawn"));
    let html = as_github(&comment);
    assert_eq!(
        html.matches("<details>").count(),
        html.matches("</details>").count()
    );
    let summary = rendered(ReviewFormat::JobSummary, Some(&plan), true);
    assert!(summary.len() <= markdown::SUMMARY_BYTES);
    assert!(summary.len() > comment.len() * 8, "{}", summary.len());
    let lines = rendered(ReviewFormat::Github, Some(&plan), true);
    assert!(lines.lines().count() <= 30);
    assert!(lines.contains("GitHub shows ten of each level"));
}

#[test]
fn limits_hold_whatever_the_texts_are() {
    let long = "<@|`".repeat(20_000);
    let comment = reviewed(ReviewFormat::Markdown, &long);
    assert!(
        comment.len() <= markdown::COMMENT_BYTES,
        "{}",
        comment.len()
    );
    assert!(comment.contains("Digest: `"));
}
