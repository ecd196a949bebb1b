//! Saved reports whose every text is hostile: names, descriptions and messages come from clouds and
//! from files that anybody may have edited. Whatever they hold, no form may act on a terminal, end a
//! table, call a person, load a picture or make a workflow command.

use std::collections::BTreeSet;

use serde_json::Value;

use super::apply_json::{self, ApplyDocument};
use super::drift_json::DriftDocument;
use super::plan_json::PlanInput;
use super::theme::Theme;
use super::{apply_review, drift_github, drift_markdown, drift_sarif, drift_text, fixture};
use crate::model::SourceMap;

const HOSTILE: &str = "x|`y` ```\n\n</details><script>alert(1)</script><!-- @team #1 \
    ![i](http://e.example/i) [l](javascript:alert(1)) **b**\r\n::error file=a::b\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\u{0}";

/// Members that hold words of the format and decide how it is read.
const WORDS: [&str; 13] = [
    "format_version",
    "command",
    "effect",
    "action",
    "outcome",
    "action_reason",
    "actions",
    "severity",
    "partial",
    "code",
    "kind",
    "form",
    "class",
];

/// Adds hostile text to every text that is no word of the format.
fn poison(value: &mut Value, under: &str) {
    match value {
        Value::String(text) if !WORDS.contains(&under) => text.push_str(HOSTILE),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, under)),
        Value::Object(members) => {
            for (name, member) in members {
                poison(member, name);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn drift() -> DriftDocument {
    // The golden report of the story in `tests/it/drift.rs`.
    let golden = include_str!("../../tests/it/snapshots/drift-json.snap");
    let (_, text) = golden[4..].split_once("---\n").unwrap();
    let mut value: Value = serde_json::from_str(text).unwrap();
    for (list, item) in [
        (
            "unreadable",
            serde_json::json!({"address": "a/K/n", "account": "a", "type": "K", "error": "no",
                "source": {"file": "idp.yaml", "line": 3}}),
        ),
        (
            "accepted",
            serde_json::json!({"account": "a", "type": "K", "name": "n", "is_unmanaged": false,
                "fields": ["description"], "effect": "harmless", "reason": "r", "owner": "o",
                "until": "2999-12-31"}),
        ),
        (
            "issuers",
            serde_json::json!({"issuer": "https://i.example", "reachable": true,
                "lock_behind": true, "certificate_ends": "2030-01-01T00:00:00Z",
                "left_out": ["l"], "changes": [{"change": "key_added", "urgency": "now",
                "detail": "d", "objects": ["a/b/c"]}]}),
        ),
        (
            "diagnostics",
            serde_json::json!({"severity": "error", "code": "cannot-read", "summary": "s",
                "detail": "d", "range": {"filename": "idp.yaml",
                "start": {"line": 1, "column": 1, "byte": 0},
                "end": {"line": 1, "column": 2, "byte": 1}}}),
        ),
    ] {
        value[list] = serde_json::json!([item]);
    }
    poison(&mut value, "");
    serde_json::from_value(value).unwrap()
}

fn apply() -> ApplyDocument {
    let (plan, report) = (fixture::everything(), fixture::report());
    let sources = SourceMap::default();
    let document = apply_json::document(
        &PlanInput {
            plan: Some(&plan),
            command: "apply",
            exit_code: 1,
            errored: true,
            diagnostics: &[],
            sources: &sources,
        },
        Some(&report),
    );
    let mut value = serde_json::to_value(document).unwrap();
    value["diagnostics"] = serde_json::json!([{"severity": "error", "code": "cannot-read",
        "summary": "s", "detail": "d", "range": null}]);
    poison(&mut value, "");
    serde_json::from_value(value).unwrap()
}

/// What a Markdown reader such as GitHub makes of it.
fn elements(markdown: &str) -> (BTreeSet<String>, String) {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.math_dollars = true;
    options.parse.relaxed_autolinks = true;
    options.render.r#unsafe = true;
    let html = comrak::markdown_to_html(markdown, &options);
    let names = html
        .split('<')
        .skip(1)
        .map(|tag| {
            let name: String = tag
                .trim_start_matches('/')
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '!')
                .collect();
            name
        })
        .collect();
    (names, html)
}

fn assert_calm(what: &str, text: &str) {
    for c in text.chars() {
        let acts = c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!acts, "{what} holds {c:?}");
    }
}

fn check(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots"}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn texts_do_nothing_to_a_terminal() {
    let theme = Theme::plain();
    let drift = drift_text::render(&drift(), &theme, 100);
    assert_calm("drift text", &drift);
    check("drift-hostile-text", &drift);
    let apply = apply_review::text(&apply(), &theme, 100);
    assert_calm("apply text", &apply);
    check("apply-hostile-text", &apply);
}

#[test]
fn markdown_stays_within_its_own_elements() {
    let ours: BTreeSet<&str> = [
        "!", "br", "code", "details", "em", "h2", "h3", "li", "p", "pre", "strong", "summary",
        "table", "tbody", "td", "th", "thead", "tr", "ul",
    ]
    .into();
    for (name, markdown, calm_rows) in [
        (
            "drift-hostile-markdown",
            drift_markdown::render(&drift()),
            4,
        ),
        (
            "apply-hostile-markdown",
            apply_review::markdown(&apply()),
            4,
        ),
    ] {
        assert_calm(name, &markdown);
        let (names, html) = elements(&markdown);
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        assert!(
            names.is_subset(&ours),
            "{name}: {names:?} {:?}",
            html.split("<a ")
                .skip(1)
                .map(|a| a[..80.min(a.len())].to_owned())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            html.matches("<details>").count(),
            html.matches("</details>").count()
        );
        for row in html.split("<tr>").skip(1) {
            let cells = row.matches("<td>").count() + row.matches("<th>").count();
            assert_eq!(cells, calm_rows, "{name}: {row}");
        }
        check(name, &markdown);
    }
}

#[test]
fn workflow_commands_and_logs_hold_one_line_for_each_difference() {
    let drift = drift();
    let github = drift_github::render(&drift);
    assert_calm("annotations", &github);
    let lines = drift.diagnostics.len() + drift.resource_drift.len() + drift.unmanaged.len() + 1;
    assert_eq!(github.lines().count(), lines, "{github}");
    for line in github.lines() {
        let (level, rest) = line[2..].split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        assert!(line.starts_with("::"), "{line}");
        let (properties, _) = rest.split_once("::").unwrap();
        assert!(
            !properties.contains('|') || properties.contains("title="),
            "{line}"
        );
    }
    let sarif = drift_sarif::render(&drift);
    assert_calm("the log", &sarif);
    let log: Value = serde_json::from_str(&sarif).unwrap();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len() + 1, lines);
    for result in results {
        if let Some(index) = result["ruleIndex"].as_u64() {
            let index = usize::try_from(index).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.contains("[l]("), "a link: {text}");
    }
}
