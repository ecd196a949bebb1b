//! Text that others wrote, made safe to show, and text made to fit.
//!
//! Names, descriptions and messages come from manifests and clouds, and whoever may write one of
//! them must not be able to move the cursor, recolour a plan or reorder its lines. Everything
//! foreign goes through [`neutral`] before it reaches a terminal, and through [`json_safe`] before
//! it is written as JSON.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Stands for what was left out.
const CUT: char = '…';

/// Whether a character acts on a terminal or cannot be seen: controls, line separators,
/// directional overrides, zero-width and other invisible ones.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// `text` as one line without any hidden character: those are written out (`\n`, `\u{1b}`).
pub fn neutral(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_neutral(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// One character of [`neutral`], for who must know where each one went.
pub(super) fn push_neutral(shown: &mut String, c: char) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        c if is_hidden(c) => shown.extend(c.escape_unicode()),
        c => shown.push(c),
    }
}

/// JSON in which hidden characters stand as `\u` escapes: the same document, safe to look at.
pub(super) fn json_safe(json: String) -> String {
    // Nearly always, and told a hundred times faster than letter by letter.
    if json.bytes().all(|b| b == b'\n' || matches!(b, b' '..=b'~')) {
        return json;
    }
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        // Raw line breaks are the writer's own layout; those inside strings are escaped already.
        if c == '\n' || !is_hidden(c) {
            safe.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

/// Columns that `text` takes on a terminal.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// `text`, or its beginning and end with `…` between them when it takes more than `most` columns.
pub(super) fn shorten(text: &str, most: usize) -> String {
    window(text, 0, most)
}

/// Like [`shorten`], but so that what stands at byte `focus` is among what is shown.
pub(super) fn window(text: &str, focus: usize, most: usize) -> String {
    /// Columns shown of the beginning, and before the focus, when the focus lies deep inside.
    const LEAD: usize = 8;
    if columns(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let head = room - room / 3;
    let ahead = text.get(..focus).map_or(0, columns);
    if ahead + LEAD.min(head) <= head {
        let start = take(text.chars(), head);
        let end: Vec<char> = take(text.chars().rev(), room / 3).chars().rev().collect();
        return format!("{start}{CUT}{}", end.into_iter().collect::<String>());
    }
    let lead = take(text.chars(), LEAD.min(room / 4));
    let before = take(text[..focus].chars().rev(), LEAD.min(room / 4));
    let rest = &text[focus - before.len()..];
    let left = room.saturating_sub(columns(&lead));
    let shown = if columns(rest) <= left {
        rest.to_owned()
    } else {
        format!("{}{CUT}", take(rest.chars(), left.saturating_sub(1)))
    };
    format!("{lead}{CUT}{shown}")
}

fn take(from: impl Iterator<Item = char>, most: usize) -> String {
    let mut taken = 0;
    from.take_while(|c| {
        taken += c.width().unwrap_or(0);
        taken <= most
    })
    .collect()
}

/// `text` broken at spaces into lines of at most `most` columns; a longer word has a line of its
/// own.
pub(super) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Spaces that bring `text` to `to` columns.
pub(super) fn gap(text: &str, to: usize) -> String {
    " ".repeat(to.saturating_sub(columns(text)))
}

/// `1 object`, `2 objects`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out() {
        for (text, shown) in [
            (
                "GitHub → Aktionen für Straße",
                "GitHub → Aktionen für Straße",
            ),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{202e}evil\u{2066}", "\\u{202e}evil\\u{2066}"),
            ("pay\u{200b}pal\u{feff}", "pay\\u{200b}pal\\u{feff}"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("\u{e0041}", "\\u{e0041}"),
        ] {
            assert_eq!(neutral(text), shown);
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a": "\u{1b}\u{9b}\u{202e}\u{e0041}\n"});
        let safe = json_safe(serde_json::to_string_pretty(&value).unwrap());
        assert!(!safe.replace('\n', "").contains(is_hidden));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).unwrap(),
            value
        );
    }

    #[test]
    fn long_text_is_cut_where_it_says_least() {
        assert_eq!(shorten("abcdefghij", 10), "abcdefghij");
        assert_eq!(shorten("abcdefghijk", 10), "abcdef…ijk");
        let long = format!("{}X{}", "a".repeat(50), "b".repeat(50));
        let shown = window(&long, 50, 30);
        assert!(shown.contains('X'), "{shown}");
        assert!(columns(&shown) <= 30, "{shown}");
        assert_eq!(columns(&shorten("日本語日本語日本語", 10)), 9);
    }

    proptest::proptest! {
        #[test]
        fn what_is_cut_fits(text in ".{0,80}", focus in 0_usize..90, most in 4_usize..40) {
            let text = neutral(&text);
            let shown = window(&text, focus, most);
            proptest::prop_assert!(columns(&shown) <= most, "{shown}");
        }
    }
}
