//! The tree that YAML texts become: what was written, and where. Knows no YAML crate.

use std::collections::BTreeSet;

use crate::model::Span;

/// A value and where it was written. Behind an alias the place is the alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What was written.
    pub value: NodeValue,
    /// Where. A block mapping points at its first key, a block list at its first dash, an omitted
    /// value at its key.
    pub span: Span,
}

/// The three shapes of YAML.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// A single text; its meaning is for the reader to decide.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the text, keys unique.
    Map(Vec<Entry>),
}

/// A single text.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// The text, quotes and escapes resolved; `1e3` and `0123` stay what was written.
    pub text: String,
    /// Neither quoted, nor a block, nor tagged as text, so that it may mean null, a switch or a
    /// number.
    pub is_plain: bool,
}

/// One member of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Whether the value is null: written so, or left out.
    pub fn is_null(&self) -> bool {
        match &self.value {
            NodeValue::Scalar(scalar) => {
                scalar.is_plain
                    && matches!(scalar.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            NodeValue::List(_) | NodeValue::Map(_) => false,
        }
    }

    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value),
            NodeValue::Scalar(_) | NodeValue::List(_) => None,
        }
    }
}

/// Resolves `<<`: members of the merged mappings count where the mapping has none of its own.
pub(super) fn merge(mut entries: Vec<Entry>) -> Vec<Entry> {
    let Some(at) = entries.iter().position(|entry| entry.key == "<<") else {
        return entries;
    };
    let merged = match &entries[at].value.value {
        NodeValue::Map(_) => vec![entries[at].value.clone()],
        NodeValue::List(items)
            if items
                .iter()
                .all(|item| matches!(item.value, NodeValue::Map(_))) =>
        {
            items.clone()
        }
        // Anything else stays and is refused as an unknown key.
        NodeValue::List(_) | NodeValue::Scalar(_) => return entries,
    };
    entries.remove(at);
    let mut known: BTreeSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    for node in merged {
        if let NodeValue::Map(members) = node.value {
            entries.extend(
                members
                    .into_iter()
                    .filter(|member| known.insert(member.key.clone())),
            );
        }
    }
    entries
}

/// Lets a copy point at the alias it came through.
pub(super) fn place(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        NodeValue::Scalar(_) => {}
        NodeValue::List(items) => items.iter_mut().for_each(|item| place(item, span)),
        NodeValue::Map(entries) => {
            for entry in entries {
                entry.key_span = span;
                place(&mut entry.value, span);
            }
        }
    }
}
