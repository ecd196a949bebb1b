//! The capability matrix as text, JSON and Markdown.

use std::fmt::Write as _;

use serde::Serialize;

use super::report_json::{FORMAT_VERSION, to_json};
use super::text::wrap;
use crate::compile::capabilities::{Capabilities, HeldEntry, KindEntry, PortableEntry};

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    command: &'static str,
    exit_code: u8,
    #[serde(flatten)]
    matrix: &'a Capabilities,
    diagnostics: [(); 0],
}

/// The whole matrix, with every field and its limits.
pub fn json(matrix: &Capabilities) -> String {
    to_json(&Document {
        format_version: FORMAT_VERSION,
        command: "capabilities",
        exit_code: 0,
        matrix,
        diagnostics: [],
    })
}

/// For people at a terminal.
pub fn text(matrix: &Capabilities, width: usize) -> String {
    let mut text = "Portable kinds\n".to_owned();
    let say = |text: &mut String, indent: usize, words: &str| {
        for line in wrap(words, width.saturating_sub(indent)) {
            let _ = writeln!(text, "{:indent$}{line}", "");
        }
    };
    for entry in &matrix.portable {
        let PortableEntry {
            kind,
            purpose,
            meaning,
            clouds,
        } = entry;
        let _ = writeln!(text, "\n  {kind}, use: {purpose} ({meaning})");
        for held in clouds {
            let kinds = match held.kinds.as_slice() {
                [] => "no".to_owned(),
                kinds => kinds.join(", "),
            };
            let _ = writeln!(text, "    {:8}  {kinds}", held.cloud);
            for remark in remarks(held) {
                say(&mut text, 14, &remark);
            }
        }
    }
    text.push_str("\nNative kinds\n");
    for cloud in &matrix.clouds {
        let _ = writeln!(text, "\n  {} ({})", cloud.cloud, cloud.title);
        for kind in matrix.kinds.iter().filter(|it| it.cloud == cloud.cloud) {
            let _ = writeln!(text, "    {}", kind.kind);
            let facts = format!(
                "named by {}; `ensure: absent` {}; {}",
                named(kind),
                absent(kind),
                match kind.cannot_list {
                    None => "can be listed".to_owned(),
                    Some(why) => format!("cannot be listed: {why}"),
                },
            );
            say(&mut text, 8, &facts);
            let fixed = fixed(kind);
            if !fixed.is_empty() {
                say(
                    &mut text,
                    8,
                    &format!("cannot change in place: {}", fixed.join(", ")),
                );
            }
            let kept: Vec<&str> = kind
                .fields
                .iter()
                .filter(|field| field.cannot_clear.is_some())
                .map(|field| field.field)
                .collect();
            if !kept.is_empty() {
                say(
                    &mut text,
                    8,
                    &format!("cannot be cleared: {}", kept.join(", ")),
                );
            }
        }
    }
    text.push_str("\n`idform explain KIND.field` has the limits of a field.\n");
    text
}

/// For a README or a wiki: two tables, and what cannot be expressed below the first one.
pub fn markdown(matrix: &Capabilities) -> String {
    let mut text = String::new();
    let titles: Vec<&str> = matrix.clouds.iter().map(|cloud| cloud.title).collect();
    let _ = writeln!(text, "| portable kind | {} |", titles.join(" | "));
    let _ = writeln!(text, "| --- |{}", " --- |".repeat(titles.len()));
    let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
    for entry in &matrix.portable {
        let mut cells = Vec::new();
        for held in &entry.clouds {
            cells.push(match held.kinds.as_slice() {
                [] => "no".to_owned(),
                kinds => code_list(kinds),
            });
            let title = matrix.clouds.iter().find(|it| it.cloud == held.cloud);
            let title = title.map_or(held.cloud, |cloud| cloud.title);
            for remark in needs(held).chain(gaps(held)) {
                let note = format!("{title}, `{}`: {remark}", entry.kind);
                // What holds for several words of `use` is said once.
                match notes.iter_mut().find(|(known, _)| *known == note) {
                    Some((_, uses)) => uses.push(entry.purpose),
                    None => notes.push((note, vec![entry.purpose])),
                }
            }
        }
        let _ = writeln!(
            text,
            "| `{}`, `use: {}` | {} |",
            entry.kind,
            entry.purpose,
            cells.join(" | ")
        );
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    for (note, uses) in notes {
        let _ = writeln!(text, "- For {}: {note}", uses.join(" and "));
    }
    text.push_str(
        "\n| native kind | what it is | named by | `ensure: absent` | listed | cannot change in place |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for kind in &matrix.kinds {
        let fixed = fixed(kind);
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            kind.kind,
            first_sentence(kind.doc),
            named(kind),
            absent(kind),
            if kind.cannot_list.is_none() {
                "yes"
            } else {
                "no"
            },
            if fixed.is_empty() {
                "—".to_owned()
            } else {
                code_list(&fixed)
            },
        );
    }
    text
}

/// What is to be known of a portable kind in one cloud besides its native kinds.
fn remarks(held: &HeldEntry) -> impl Iterator<Item = String> + '_ {
    let not_used = held.fields.iter().filter_map(|taken| {
        let why = taken.not_used?;
        Some(format!("`{}` is not used: {why}.", taken.field))
    });
    needs(held).chain(gaps(held)).chain(not_used)
}

fn needs(held: &HeldEntry) -> impl Iterator<Item = String> + '_ {
    held.needs
        .iter()
        .map(|need| format!("needs `set: {{{}: …}}`: {}.", need.field, need.why))
}

fn gaps(held: &HeldEntry) -> impl Iterator<Item = String> + '_ {
    held.cannot.iter().map(|cannot| {
        format!(
            "no {}: {}. Instead: {}.",
            cannot.what, cannot.why, cannot.instead
        )
    })
}

fn named(kind: &KindEntry) -> String {
    match kind.named_by.as_slice() {
        [] => "the account".to_owned(),
        fields => code_list(fields),
    }
}

/// A verb, and with what.
fn absent(kind: &KindEntry) -> String {
    match kind.absent.split_once(' ') {
        Some((with, field)) => format!("goes {with} its `{field}`"),
        None => format!("{} it", kind.absent),
    }
}

fn fixed(kind: &KindEntry) -> Vec<&'static str> {
    let fields = kind.fields.iter().filter(|field| !field.changes_in_place);
    fields.map(|field| field.field).collect()
}

fn code_list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// What stands before the first full stop that ends a sentence.
fn first_sentence(text: &str) -> &str {
    text.split_once(". ")
        .map_or_else(|| text.trim_end_matches('.'), |(first, _)| first)
}
