//! Names of things: clouds, kinds, addresses, selectors.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::intern::{Word, word};

/// A cloud, as manifests spell it: `tencent`, `alibaba`, `huawei`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CloudId(#[serde(deserialize_with = "word")] pub Word);

impl fmt::Display for CloudId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A kind, as manifests spell it: `AlibabaOidcProvider`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KindName(#[serde(deserialize_with = "word")] pub Word);

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// `<account>/<Kind>/<name>`: one declared object. Sorts by account, kind, name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// `metadata.name` of the account.
    pub account: String,
    /// The native kind.
    pub kind: KindName,
    /// `metadata.name` of the object.
    pub name: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.kind, self.name)
    }
}

/// Whether `text` may be a `metadata.name`: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`.
pub fn is_name(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63
        && text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|c| edge(c) || c == '-')
}

/// An address pattern: three parts with `*` globs that do not cross a `/`.
///
/// Fewer parts select more: `alibaba-prod` is every object of that account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Selector {
    parts: Vec<String>,
}

impl Selector {
    /// Reads `account[/Kind[/name]]`.
    ///
    /// # Errors
    /// More than three parts or an empty one; the text says which form is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = text.split('/').map(str::to_owned).collect();
        if parts.len() > 3 || parts.iter().any(String::is_empty) {
            return Err(format!(
                "`{text}` is no selector; write account/Kind/name, each part may hold `*`"
            ));
        }
        Ok(Self { parts })
    }

    /// Whether an account of this name is selected, whatever it holds.
    pub fn takes_account(&self, name: &str) -> bool {
        self.parts
            .first()
            .is_some_and(|pattern| glob(pattern, name))
    }

    /// Whether objects of this kind in this account may be selected.
    pub fn takes_kind(&self, account: &str, kind: KindName) -> bool {
        self.takes_account(account)
            && self
                .parts
                .get(1)
                .is_none_or(|pattern| glob(pattern, kind.0))
    }

    /// The one name that this selects among the objects of a kind; [`None`] when it may select
    /// several, or none of that kind.
    pub fn names_one(&self, account: &str, kind: KindName) -> Option<&str> {
        let name = self.parts.get(2).filter(|name| !name.contains('*'))?;
        self.takes_kind(account, kind).then_some(name.as_str())
    }

    /// Whether it holds no `*`.
    pub fn is_exact(&self) -> bool {
        self.parts.iter().all(|part| !part.contains('*'))
    }

    /// Whether the address is selected.
    pub fn matches(&self, address: &Address) -> bool {
        let parts = [address.account.as_str(), address.kind.0, &address.name];
        self.parts
            .iter()
            .zip(parts)
            .all(|(pattern, text)| glob(pattern, text))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts.join("/"))
    }
}

impl TryFrom<String> for Selector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Selector> for String {
    fn from(selector: Selector) -> Self {
        selector.to_string()
    }
}

/// Whether `text` matches `pattern`, where `*` stands for any run of characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut rest = rest;
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_runs_of_characters() {
        for (pattern, text, expected) in [
            ("a*", "abc", true),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "ab", false),
            ("ab", "abc", false),
            ("*b*", "abc", true),
            ("ab*ba", "aba", false),
            ("a*b*c", "aXbYc", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn names_have_the_documented_form() {
        for good in ["a", "a-b", "0a", &"a".repeat(63)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", &"a".repeat(64)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
