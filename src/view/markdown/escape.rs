//! Foreign text in Markdown, so that it stays where it was put.
//!
//! GitHub reads a comment three times: as blocks (tables, fences), as inline Markdown, and as HTML
//! whose texts it searches for mentions, issues, links and emoji. Character references end the
//! first two readings: they are never structure. A comment inside a word ends the third: it cuts
//! the text in which a mention or an address would be found, and nobody sees it.

use std::fmt::Write as _;

use crate::view::text::{neutral, shorten};

/// Cuts a text that GitHub would make a link or a mention of.
const CUT: &str = "<!-- -->";

/// One line of foreign text as code, good in paragraphs, lists, tables and `<summary>`.
pub(super) fn code(text: &str) -> String {
    let mut out = "<code>".to_owned();
    push(&mut out, &neutral(text));
    out.push_str("</code>");
    out
}

/// Like [`code`], for text of any length.
pub(super) fn short_code(text: &str, most: usize) -> String {
    code(&shorten(&neutral(text), most))
}

/// One line of foreign prose; what stands between a pair of backticks becomes code.
pub(super) fn prose(text: &str, most: usize) -> String {
    let text = shorten(&neutral(text), most);
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len() + 16);
    if parts.len().is_multiple_of(2) {
        push(&mut out, &text);
        return out;
    }
    for (index, part) in parts.into_iter().enumerate() {
        if index % 2 == 1 {
            out.push_str(&code(part));
        } else {
            push(&mut out, part);
        }
    }
    out
}

/// A block of lines in a fence that none of them can close.
pub(super) fn fence(language: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|line| backticks(line)).max();
    let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

/// The longest run of backticks.
fn backticks(line: &str) -> usize {
    let runs = line.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or_default()
}

/// `@name` or `@organisation/team`, if the text is exactly that: the only foreign text that may
/// act, since calling the owner is what it is for.
pub(super) fn mention(owner: &str) -> Option<&str> {
    /// GitHub's longest name of a person or an organisation.
    const LONGEST_NAME: usize = 39;
    /// Longer than any team's.
    const LONGEST_TEAM: usize = 100;
    let is_name = |name: &str| {
        name.len() <= LONGEST_NAME
            && !name.is_empty()
            && !name.starts_with('-')
            && !name.ends_with('-')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let is_team = |team: &str| {
        let team_letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_inner = |c: char| team_letter(c) || c == '_';
        team.len() <= LONGEST_TEAM
            && team.starts_with(team_letter)
            && team.ends_with(team_letter)
            && team.chars().all(is_inner)
    };
    let name = owner.strip_prefix('@')?;
    let fits = match name.split_once('/') {
        Some((organisation, team)) => is_name(organisation) && is_team(team),
        None => is_name(name),
    };
    fits.then_some(owner)
}

fn push(out: &mut String, text: &str) {
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let next = letters.peek().copied().unwrap_or(' ');
        match c {
            '@' | '#' => {
                let _ = write!(out, "&#{};{CUT}", u32::from(c));
            }
            // `:emoji:`, `https://`, `mailto:`.
            ':' if !next.is_whitespace() && !next.is_ascii_digit() => {
                let _ = write!(out, "&#58;{CUT}");
            }
            // `www.`
            '.' if matches!(before, 'w' | 'W') => {
                let _ = write!(out, "&#46;{CUT}");
            }
            // `GH-1`
            '-' if matches!(before, 'h' | 'H') && next.is_ascii_digit() => {
                let _ = write!(out, "&#45;{CUT}");
            }
            '&' | '<' | '>' | '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' | '"' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            // Beginnings of lists, headings and rules; our own text always stands before it, but
            // let that not be what it depends on.
            '+' | '-' | '=' if out.is_empty() => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
        before = c;
    }
}
