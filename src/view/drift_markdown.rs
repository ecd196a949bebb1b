//! What moved, as Markdown for an issue: a hidden mark by which it is found and replaced, a ranked
//! table, the details folded.
//!
//! Names and values come from clouds and manifests. Every one of them stands in a code element with
//! its punctuation written as character references, so that none can end the table, call a person
//! or load a picture.

use std::fmt::Write as _;

use super::drift_json::DriftDocument;
use super::drift_text::{inline, signed, summary};
use super::text::{neutral, shorten};

/// By which an issue is found again. Stays as it is.
const MARK: &str = "<!-- idform:drift -->";
/// Most bytes; GitHub takes 65,536 characters in an issue.
const MOST_BYTES: usize = 60_000;
/// Longest value shown.
const VALUE_COLUMNS: usize = 200;

/// The whole report as Markdown.
pub fn render(document: &DriftDocument) -> String {
    let mut out = format!("{MARK}\n## Drift\n\n{}\n", plain(&summary(document)));
    if !document.complete {
        out.push_str(
            "\n**Incomplete:** something could not be read; whether it differs is not known.\n",
        );
    }
    if let Some(part) = &document.partial {
        let _ = writeln!(out, "\nPartial report: {}.", code(part));
    }
    table(&mut out, document);
    let details = details(document);
    let left_out = "\nThe details are left out, because the report is too long for an issue.\n";
    let rest = rest(document);
    if out.len() + details.len() + rest.len() > MOST_BYTES {
        out.push_str(left_out);
    } else {
        out.push_str(&details);
    }
    if out.len() + rest.len() > MOST_BYTES {
        cut(&mut out);
    } else {
        out.push_str(&rest);
    }
    out
}

/// The rows that fit, and a word about the others.
fn cut(out: &mut String) {
    if out.len() > MOST_BYTES {
        let end = out.floor_char_boundary(MOST_BYTES);
        let end = out[..end].rfind('\n').unwrap_or(end);
        out.truncate(end);
    }
    out.push_str("\n\nThe report is too long for an issue; the rest is left out.\n");
}

fn table(out: &mut String, document: &DriftDocument) {
    let objects = document.resource_drift.iter().map(|found| {
        let owner = found.change.owner.as_deref();
        (
            &found.effect,
            found.change.address.clone(),
            found.what(),
            owner,
        )
    });
    let strangers = document.unmanaged.iter().map(|found| {
        let name = format!("{}/{}/{}", found.account, found.kind, found.cloud_name);
        let name = name.trim_end_matches('/').to_owned();
        (
            &found.effect,
            name,
            "no manifest declares it".to_owned(),
            None,
        )
    });
    let mut rows: Vec<_> = objects.chain(strangers).collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|(effect, ..)| std::cmp::Reverse(super::drift_json::rank(effect)));
    out.push_str("\n| Effect | Object | What | Owner |\n| --- | --- | --- | --- |\n");
    for (effect, name, what, owner) in rows {
        let owner = owner.map(code).unwrap_or_default();
        let (effect, name, what) = (plain(effect), code(&name), plain(&what));
        let _ = writeln!(out, "| {effect} | {name} | {what} | {owner} |");
    }
}

fn details(document: &DriftDocument) -> String {
    let mut out = String::new();
    for found in &document.resource_drift {
        let mut lines = Vec::new();
        for change in &found.change.field_changes {
            lines.push(neutral(&change.field).into_owned());
            for (sign, text) in signed(change) {
                lines.push(format!(
                    "{sign} {}",
                    shorten(&neutral(&text), VALUE_COLUMNS)
                ));
            }
        }
        let risks = found.change.risks.join(", ");
        let place = format!("{}:{}", found.change.source.file, found.change.source.line);
        let mut said = format!("Risks: {}. Declared at {}.", plain(&risks), code(&place));
        expired(&mut said, found.accepted_until.as_deref());
        folded(&mut out, &found.change.address, &said, &lines);
    }
    for found in &document.unmanaged {
        let live = found.live.iter();
        let lines: Vec<String> = live
            .filter_map(|(field, value)| {
                let text = shorten(&inline(value)?, VALUE_COLUMNS);
                Some(format!("+ {}: {text}", neutral(field)))
            })
            .collect();
        let name = format!("{}/{}/{}", found.account, found.kind, found.cloud_name);
        let mut said = "It is on the cloud, and no manifest declares it.".to_owned();
        expired(&mut said, found.accepted_until.as_deref());
        folded(&mut out, name.trim_end_matches('/'), &said, &lines);
    }
    out
}

fn expired(said: &mut String, until: Option<&str>) {
    if let Some(until) = until {
        let _ = write!(said, " It was accepted until {}.", plain(until));
    }
}

fn folded(out: &mut String, name: &str, said: &str, lines: &[String]) {
    let _ = write!(
        out,
        "\n<details><summary>{}</summary>\n\n{said}\n",
        code(name)
    );
    if !lines.is_empty() {
        let text = lines.join("\n");
        let fence = "`".repeat(3.max(longest_run(&text, '`') + 1));
        let _ = write!(out, "\n{fence}diff\n{text}\n{fence}\n");
    }
    out.push_str("\n</details>\n");
}

/// What is not known, what is accepted, and what standard error said.
fn rest(document: &DriftDocument) -> String {
    let mut out = String::new();
    let mut list = |heading: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(out, "\n### {heading}\n\n");
            for line in lines {
                let _ = writeln!(out, "- {line}");
            }
        }
    };
    let unreadable = document.unreadable.iter();
    let unreadable =
        unreadable.map(|found| format!("{}: {}", code(&found.address), code(&found.error)));
    list("Unreadable", unreadable.collect());
    let unlisted = document.unlisted.iter().map(|found| {
        let name = format!("{}/{}", found.account, found.kind);
        format!("{}: {}", code(&name), code(&found.reason))
    });
    list("Not listed", unlisted.collect());
    let accepted = document.accepted.iter().map(|found| {
        let name = format!("{}/{}/{}", found.account, found.kind, found.name);
        format!(
            "{} ({}), until {}, {}: {}",
            code(name.trim_end_matches('/')),
            plain(&found.effect),
            plain(&found.until),
            code(&found.owner),
            code(&found.reason)
        )
    });
    list("Accepted", accepted.collect());
    let issuers = document.issuers.iter().flat_map(|found| {
        let unknown = (!found.reachable).then(|| "could not be fetched".to_owned());
        let changes = found.changes.iter().map(|change| {
            let objects: Vec<String> = change.objects.iter().map(|name| code(name)).collect();
            let objects = if objects.is_empty() {
                String::new()
            } else {
                format!(" ({})", objects.join(", "))
            };
            format!(
                "{}: {}{objects}",
                plain(&change.urgency),
                code(&change.detail)
            )
        });
        let said = unknown.into_iter().chain(changes);
        said.map(|said| format!("{}, {said}", code(&found.issuer)))
    });
    list("Issuers", issuers.collect());
    let findings = document.diagnostics.iter();
    let findings =
        findings.map(|found| format!("{}: {}", plain(&found.severity), code(&found.summary)));
    list("Messages", findings.collect());
    out
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of)
        .map(str::len)
        .max()
        .unwrap_or_default()
}

/// Foreign text, in a code element where nothing is taken for a mention or a link.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("<code>{}</code>", escaped(text, "-/"))
}

/// A text of our own words, which may still name fields.
fn plain(text: &str) -> String {
    escaped(text, "-/.,:")
}

fn escaped(text: &str, harmless: &str) -> String {
    let text = neutral(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !harmless.contains(c) {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        assert_eq!(
            code("a|b\n@team ![x](http://e.example) `<b>`"),
            "<code>a&#124;b&#92;n&#64;team &#33;&#91;x&#93;&#40;http&#58;//e&#46;example&#41; &#96;&#60;b&#62;&#96;</code>"
        );
        let mut out = String::new();
        folded(&mut out, "x", "", &["+ ```` </details>".to_owned()]);
        assert!(out.contains("`````diff\n"), "{out}");
    }
}
