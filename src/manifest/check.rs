//! The checker: reads nodes as mappings, texts, numbers and switches, and reports every mistake.
//!
//! It knows the words of messages, not the fields; those come from tables.

use super::load::{Place, SideFiles};
use super::node::{Entry, Node, NodeValue};
use super::scalar::{self, AllowedEnv, Meaning};
use crate::model::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use crate::provider::TextRule;

/// Most unknown keys reported for one mapping.
const UNKNOWN_KEYS_LIMIT: usize = 50;
/// Longest text that is repeated in a help line, in bytes.
const QUOTED_BYTES: usize = 60;
/// How alike two words must be for one to be suggested for the other; 1 is equal.
const ALIKE: f64 = 0.8;

/// What checking needs to know, and where it reports to.
pub(super) struct Checker<'a> {
    /// The texts, for judging what a reported line would show.
    pub(super) sources: &'a SourceMap,
    /// Variables that values may use.
    pub(super) env: &'a AllowedEnv,
    /// Files that values may refer to.
    pub(super) sides: &'a SideFiles,
    /// Where the manifest lies.
    pub(super) place: &'a Place,
    /// The collector.
    pub(super) out: &'a mut Diagnostics,
    /// The object that findings are about, once it is known.
    pub(super) object: Option<String>,
    /// The cloud whose limits apply.
    pub(super) cloud: Option<&'static str>,
}

impl Checker<'_> {
    /// Reports a finding, with the object it is about.
    pub(super) fn report(&mut self, mut finding: Diagnostic) {
        if let Some(object) = &self.object {
            finding.notes.push(format!("in {object}"));
        }
        self.out.push(finding);
    }

    /// The members of a mapping; keys it does not know are reported.
    pub(super) fn mapping<'n>(
        &mut self,
        node: &'n Node,
        name: &str,
        known: &[&str],
    ) -> Option<&'n [Entry]> {
        let NodeValue::Map(entries) = &node.value else {
            self.wrong_type(node, name, "a mapping", "write it as `key: value` lines");
            return None;
        };
        let unknown = entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()));
        for entry in unknown.take(UNKNOWN_KEYS_LIMIT) {
            let finding = Diagnostic::error(Code::UnknownField, format!("unknown key in {name}"))
                .at(entry.key_span, "this key is not known here")
                .help(suggestion(&entry.key, known, "known keys"));
            self.report(finding);
        }
        Some(entries)
    }

    /// A text: variables replaced, no control characters.
    pub(super) fn text(&mut self, node: &Node, name: &str) -> Option<String> {
        let NodeValue::Scalar(scalar) = &node.value else {
            self.wrong_type(node, name, "text", "write one text");
            return None;
        };
        let meaning = scalar::meaning(scalar);
        if meaning != Meaning::Text {
            self.unquoted(node, name, &scalar.text, meaning);
            return None;
        }
        self.plain_text(node, name, &scalar.text)
    }

    /// As [`Self::text`], for text whose type is settled.
    pub(super) fn plain_text(&mut self, node: &Node, name: &str, text: &str) -> Option<String> {
        let text = match scalar::expand(text, self.env) {
            Ok(text) => text,
            Err(problem) => {
                let title = format!("{name} uses a variable that it cannot have");
                let finding = Diagnostic::error(problem.code, title)
                    .at(node.span, problem.why)
                    .help(problem.help);
                self.report(finding);
                return None;
            }
        };
        self.is_printable(node.span, name, &text).then_some(text)
    }

    /// Whether a text holds no control character; reported when it does.
    pub(super) fn is_printable(&mut self, span: Span, name: &str, text: &str) -> bool {
        let control = |c: &char| c.is_control() && !matches!(c, '\n' | '\t');
        let Some(found) = text.chars().find(control) else {
            return true;
        };
        let title = format!("{name} holds a control character");
        let finding = Diagnostic::error(Code::InvalidCharacter, title)
            .at(span, format!("U+{:04X} in here", u32::from(found)))
            .help("only line breaks and tabs are allowed besides printable characters");
        self.report(finding);
        false
    }

    /// A text within a rule.
    pub(super) fn ruled_text(
        &mut self,
        node: &Node,
        name: &str,
        rule: &TextRule,
    ) -> Option<String> {
        let text = self.text(node, name)?;
        self.rule(node.span, name, rule, &text).then_some(text)
    }

    /// Whether a text is within a rule; reported when not.
    pub(super) fn rule(&mut self, span: Span, name: &str, rule: &TextRule, text: &str) -> bool {
        let length = text.chars().count();
        if length < rule.min || length > rule.max {
            let finding = self
                .out_of_range(name)
                .at(
                    span,
                    format!("must have {}, has {length}", length_words(rule)),
                )
                .help(format!("write a text of {}", length_words(rule)));
            self.report(finding);
            return false;
        }
        if !(rule.check)(text) {
            let words = if rule.allowed.is_empty() {
                "another form"
            } else {
                rule.allowed
            };
            let title = format!("{name} has the wrong form{}", self.for_cloud());
            let finding = Diagnostic::error(Code::InvalidValue, title)
                .at(span, format!("needed: {words}"))
                .help(format!("write {words}"));
            self.report(finding);
            return false;
        }
        true
    }

    /// `true` or `false`, nothing else.
    pub(super) fn flag(&mut self, node: &Node, name: &str) -> Option<bool> {
        if let NodeValue::Scalar(scalar) = &node.value
            && let Meaning::Flag(on) = scalar::meaning(scalar)
        {
            return Some(on);
        }
        self.wrong_type(
            node,
            name,
            "a switch",
            "write true or false, without quotes",
        );
        None
    }

    /// A whole number within bounds; `unit` says what is counted, `otherwise` what else would do.
    pub(super) fn integer(
        &mut self,
        node: &Node,
        name: &str,
        (min, max): (i64, i64),
        unit: &str,
        otherwise: &str,
    ) -> Option<i64> {
        let NodeValue::Scalar(scalar) = &node.value else {
            self.wrong_type(node, name, "a whole number", "write one number");
            return None;
        };
        let number = match scalar::meaning(scalar) {
            Meaning::Integer(number) => number,
            Meaning::Null
            | Meaning::Flag(_)
            | Meaning::Float(_)
            | Meaning::Ambiguous
            | Meaning::Text => {
                let help = "write digits, without quotes and without a zero in front";
                self.wrong_type(node, name, "a whole number", help);
                return None;
            }
        };
        if let Some(number) = number.filter(|number| (min..=max).contains(number)) {
            return Some(number);
        }
        let bounds = format!("must be between {min} and {max} {unit}");
        let finding = self
            .out_of_range(name)
            .at(node.span, bounds.trim_end())
            .help(format!("write a value from {min} to {max}, or {otherwise}"));
        self.report(finding);
        None
    }

    /// One of some words.
    pub(super) fn choice(&mut self, node: &Node, name: &str, words: &[&str]) -> Option<String> {
        let text = self.text(node, name)?;
        if words.contains(&text.as_str()) {
            return Some(text);
        }
        let title = format!("{name} is not one of its words");
        let finding = Diagnostic::error(Code::ValueOutOfRange, title)
            .at(node.span, format!("may be {}", words.join(", ")))
            .help(suggestion(&text, words, "write one of"));
        self.report(finding);
        None
    }

    /// The items of a list.
    pub(super) fn list<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n [Node]> {
        if let NodeValue::List(items) = &node.value {
            return Some(items);
        }
        self.wrong_type(
            node,
            name,
            "a list",
            "write it as [one, two], or with a dash for each",
        );
        None
    }

    /// A list of texts, each as it stands.
    pub(super) fn texts(&mut self, node: &Node, name: &str) -> Vec<(String, Span)> {
        let items = self.list(node, name).unwrap_or_default();
        let element = element_of(name);
        items
            .iter()
            .filter_map(|item| Some((self.text(item, &element)?, item.span)))
            .collect()
    }

    /// Reports a key that is needed and absent.
    pub(super) fn missing(&mut self, at: Span, name: &str, help: &str) {
        let finding = Diagnostic::error(Code::MissingField, format!("{name} is missing"))
            .at(at, format!("{name} is needed here"))
            .help(help);
        self.report(finding);
    }

    /// Reports a value of another type.
    pub(super) fn wrong_type(&mut self, node: &Node, name: &str, wanted: &str, help: &str) {
        let found = match &node.value {
            NodeValue::Scalar(scalar) => scalar::meaning(scalar).words(),
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a mapping",
        };
        let finding = Diagnostic::error(Code::WrongType, format!("{name} is not {wanted}"))
            .at(node.span, format!("this is {found}"))
            .help(help);
        self.report(finding);
    }

    /// Reports a text that YAML takes for something else, and how to say that it is none.
    pub(super) fn unquoted(&mut self, node: &Node, name: &str, text: &str, meaning: Meaning) {
        let help = if text.is_empty() {
            "write a text, or drop the key".to_owned()
        } else if text.len() > QUOTED_BYTES {
            "put it in quotes".to_owned()
        } else {
            format!("put it in quotes: \"{text}\"")
        };
        let finding = Diagnostic::error(Code::WrongType, format!("{name} is not text"))
            .at(
                node.span,
                format!("without quotes this is {}", meaning.words()),
            )
            .help(help);
        self.report(finding);
    }

    /// A finding that a value is beyond a documented limit.
    pub(super) fn out_of_range(&self, name: &str) -> Diagnostic {
        Diagnostic::error(
            Code::ValueOutOfRange,
            format!("{name} is out of range{}", self.for_cloud()),
        )
    }

    /// ` for alibaba`, when a cloud's limits are meant.
    pub(super) fn for_cloud(&self) -> String {
        self.cloud
            .map_or(String::new(), |cloud| format!(" for {cloud}"))
    }
}

/// What a member of a list is called in messages.
pub(super) fn element_of(name: &str) -> String {
    format!("an element of {name}")
}

/// The member of a mapping with this key.
pub(super) fn member<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    entries.iter().find(|entry| entry.key == key)
}

/// ``did you mean `clientIds`?``, or all there is to choose from.
pub(super) fn suggestion(word: &str, known: &[&str], otherwise: &str) -> String {
    let best = known
        .iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&fold(word), &fold(candidate)),
                candidate,
            )
        })
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None => format!("{otherwise}: {}", known.join(", ")),
    }
}

/// Spelling without case and separators: `client_ids` is `clientIds`. Cut, since comparing grows
/// with the product of the lengths.
fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .take(64)
        .flat_map(char::to_lowercase)
        .collect()
}

/// `1 to 64 characters`.
pub(super) fn length_words(rule: &TextRule) -> String {
    match (rule.min, rule.max) {
        (min, max) if min == max => format!("{max} characters"),
        (0, max) => format!("at most {max} characters"),
        (min, max) => format!("{min} to {max} characters"),
    }
}
