//! The INI dialect of the vendors' credential files. Pure.
//!
//! Sections in brackets, `key = value` lines, comments at the start of a line only: a secret may
//! hold `#` and `;`. Values are trimmed, quotes stay part of them (apis/tencent.md §6.2).

use std::collections::BTreeMap;

/// The keys of one section; [`None`] when the file has no such section. A key that stands twice
/// has its last value.
pub(super) fn section<'a>(text: &'a str, name: &str) -> Option<BTreeMap<&'a str, &'a str>> {
    let mut found: Option<BTreeMap<&str, &str>> = None;
    let mut inside = false;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(title) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = title.trim() == name;
            if inside {
                found.get_or_insert_default();
            }
        } else if inside && let Some((key, value)) = line.split_once('=') {
            found
                .get_or_insert_default()
                .insert(key.trim(), value.trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_by_name() {
        let text = "\u{feff}# first\n[default]\nid = AK\nkey=a=b;c#d\r\n; no\n\n[ other ]\nid = \"q\"\nid=z\n[empty]\n";
        let of = |name| section(text, name).map(|keys| keys.into_iter().collect::<Vec<_>>());
        assert_eq!(of("default"), Some(vec![("id", "AK"), ("key", "a=b;c#d")]));
        assert_eq!(of("other"), Some(vec![("id", "z")]));
        assert_eq!(of("empty"), Some(vec![]));
        assert_eq!(of("absent"), None);
    }
}
