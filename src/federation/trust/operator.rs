//! Condition operators: their many spellings, few meanings.

/// What an operator compares by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Texts that are equal.
    Equals,
    /// Texts that are equal but for upper and lower case.
    EqualsIgnoringCase,
    /// Patterns with `*` and `?`.
    Like,
    /// Anything else: numbers, dates, addresses, unknown operators.
    Other,
}

/// A condition operator taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// What it compares by.
    pub comparison: Comparison,
    /// Whether it demands that the comparison fails.
    pub negates: bool,
    /// Whether it also holds where the key is missing.
    pub holds_when_missing: bool,
}

impl Operator {
    /// Reads `StringNotEquals`, `string_like_if_exist`, `for_any_value:string_equal` and the like.
    pub fn read(text: &str) -> Self {
        let plain: String = text
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|c| *c != '_')
            .flat_map(char::to_lowercase)
            .collect();
        let (plain, holds_when_missing) = match plain
            .strip_suffix("ifexists")
            .or_else(|| plain.strip_suffix("ifexist"))
        {
            Some(rest) => (rest, true),
            None => (plain.as_str(), false),
        };
        let (comparison, negates) = match plain {
            "stringequal" | "stringequals" => (Comparison::Equals, false),
            "stringnotequal" | "stringnotequals" => (Comparison::Equals, true),
            "stringequalignorecase" | "stringequalsignorecase" => {
                (Comparison::EqualsIgnoringCase, false)
            }
            "stringnotequalignorecase" | "stringnotequalsignorecase" => {
                (Comparison::EqualsIgnoringCase, true)
            }
            "stringlike" => (Comparison::Like, false),
            "stringnotlike" => (Comparison::Like, true),
            _ => (Comparison::Other, false),
        };
        Self {
            comparison,
            negates,
            holds_when_missing,
        }
    }

    /// Whether only texts that are listed, or fit what is listed, satisfy it.
    pub fn demands(self) -> bool {
        self.comparison != Comparison::Other && !self.negates && !self.holds_when_missing
    }
}

/// Whether every text that fits `narrow` fits `wide`, as far as that is easily seen. `*` of
/// `narrow` is only taken by `*` of `wide`, so the answer true is always right.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    let wide: Vec<char> = wide.chars().collect();
    let narrow: Vec<char> = narrow.chars().collect();
    // Where the last `*` stood, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    let (mut w, mut n) = (0, 0);
    while n < narrow.len() {
        let fits = match wide.get(w) {
            Some('*') => {
                star = Some((w, n));
                w += 1;
                continue;
            }
            Some('?') => narrow[n] != '*',
            Some(c) => *c == narrow[n],
            None => false,
        };
        if fits {
            w += 1;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            w = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    wide[w..].iter().all(|c| *c == '*')
}
