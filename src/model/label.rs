//! Labels as selectors: `team=platform`, or `team` for whatever it says.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One label that an object has to carry. Key and value are exact texts: a `*` is a star.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabelSelector {
    key: String,
    /// [`None`] for any value.
    value: Option<String>,
}

impl LabelSelector {
    /// Reads `KEY=VALUE` or `KEY`. The value begins after the first `=` and may be empty.
    ///
    /// # Errors
    /// No key; the text says which form is right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text, None),
        };
        if key.is_empty() {
            return Err(format!(
                "`{text}` names no label; write KEY=VALUE, or KEY for any value"
            ));
        }
        Ok(Self {
            key: key.to_owned(),
            value,
        })
    }

    /// What the label is called.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is among these labels.
    pub fn is_carried(&self, labels: &BTreeMap<String, String>) -> bool {
        labels
            .get(&self.key)
            .is_some_and(|text| self.value.as_ref().is_none_or(|value| value == text))
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

impl TryFrom<String> for LabelSelector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<LabelSelector> for String {
    fn from(selector: LabelSelector) -> Self {
        selector.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_exact_texts() {
        let labels = [("team", "platform"), ("note", "a=b"), ("empty", "")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let labels = BTreeMap::from(labels);
        for (text, expected) in [
            ("team=platform", true),
            ("team", true),
            ("note=a=b", true),
            ("empty=", true),
            ("empty", true),
            ("team=", false),
            ("team=plat*", false),
            ("team=Platform", false),
            ("tea", false),
            ("*", false),
            ("note=a", false),
        ] {
            let selector = LabelSelector::parse(text).expect("a selector");
            assert_eq!(selector.is_carried(&labels), expected, "{text}");
            assert_eq!(selector.to_string(), text);
        }
    }

    #[test]
    fn a_label_without_a_key_is_none() {
        for text in ["", "=", "=platform"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }
}
