//! YAML text to [`Node`]s: what was written and where. The only file that names the YAML crate.
//!
//! It reads the crate's event stream (its re-exported parser), not its serde face (2026-11): events
//! tell plain from quoted text, keep every byte offset, hand aliases over unexpanded, and let
//! reading go on at the next document after a mistake. Deserialising into spanned values was tried:
//! it stops at the first mistake of a file and has to guess quoting from the text.
//!
//! Everything here is bounded: nesting, nodes, aliases and the text they copy.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_yaml::granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, Tag, options,
};

use super::budget::{Budget, NESTING_LIMIT, Size, Stop, too_deep};
use super::node::{Entry, Node, NodeValue, Scalar, merge, place};
use crate::model::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};

/// Most broken documents reported for one file; after that it is no manifest at all.
const SYNTAX_ERRORS_LIMIT: usize = 50;
/// Most doubled keys reported for one mapping; a hostile one could hold a hundred thousand.
const DOUBLES_LIMIT: usize = 50;
/// Most keys of a mapping that are compared in pairs.
const PAIRS_LIMIT: usize = 16;

/// The documents of a text one after the other, as far as they can be read; empty ones are left
/// out. One at a time, so that the trees of a large file are never in memory together.
pub(super) struct Documents<'t> {
    parser: Parser<'t, StrInput<'t>>,
    reader: Reader<'t>,
    /// Documents given up so far; past the limit nothing more is read.
    stops: usize,
}

impl<'t> Documents<'t> {
    /// Begins to read a part of a text, as [`super::read::parts`] cuts it.
    pub(super) fn new(sources: &'t SourceMap, source: SourceId, part: Range<usize>) -> Self {
        let mut base = part.start;
        let mut text = sources.text(source).get(part).unwrap_or_default();
        // A byte order mark is legal at the beginning, and some editors leave one.
        if let Some(rest) = text.strip_prefix('\u{feff}') {
            text = rest;
            base += '\u{feff}'.len_utf8();
        }
        let limits = options! {
            emit_comments: false,
            flow_nesting_limit: NESTING_LIMIT,
            block_nesting_limit: NESTING_LIMIT,
        };
        Self {
            parser: Parser::new_from_str_with_options(text, limits),
            reader: Reader::new(text, source, base),
            stops: 0,
        }
    }

    /// What was wrong with the text itself.
    pub(super) fn finish(self) -> Diagnostics {
        self.reader.out
    }
}

impl Iterator for Documents<'_> {
    type Item = Node;

    fn next(&mut self) -> Option<Node> {
        while self.stops < SYNTAX_ERRORS_LIMIT {
            let stop = match self.parser.next_event()? {
                Ok((event, span)) => {
                    let span = self.reader.span(&span);
                    match self.reader.event(event, span) {
                        Ok(()) => match self.reader.ready.take() {
                            Some(node) => return Some(node),
                            None => continue,
                        },
                        Err(stop) => stop,
                    }
                }
                Err(error) => Stop::document(self.reader.syntax_error(&error)),
            };
            self.reader.frames.clear();
            self.reader.anchors.clear();
            self.stops += 1;
            match stop {
                Stop::Document(diagnostic) => self.reader.out.push(*diagnostic),
                Stop::File(diagnostic) => {
                    self.reader.out.push(*diagnostic);
                    self.stops = SYNTAX_ERRORS_LIMIT;
                }
            }
            if !self.parser.proceed_next_document().unwrap_or(false) {
                self.stops = SYNTAX_ERRORS_LIMIT;
            }
        }
        None
    }
}

/// What an anchor stands for, with what a copy of it costs.
struct Anchored {
    node: Node,
    size: Size,
}

/// A list or mapping that is still open.
struct Frame {
    value: NodeValue,
    span: Span,
    anchor: usize,
    /// The key whose value comes next; [`None`] inside where a key could not be read.
    key: KeyState,
    size: Size,
}

enum KeyState {
    /// A list, or a mapping that waits for a key.
    Waiting,
    /// A mapping that waits for the value of this key.
    Read(String, Span),
    /// A mapping that waits for a value which nobody wants: its key was no text.
    Refused,
}

struct Reader<'t> {
    text: &'t str,
    source: SourceId,
    base: usize,
    out: Diagnostics,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, Anchored>,
    budget: Budget,
    /// A whole document.
    ready: Option<Node>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, source: SourceId, base: usize) -> Self {
        Self {
            text,
            source,
            base,
            out: Diagnostics::default(),
            frames: Vec::new(),
            anchors: BTreeMap::new(),
            budget: Budget::default(),
            ready: None,
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::Anchor(..)
            | Event::UnresolvedAlias(_)
            | Event::Comment(..) => Ok(()),
            Event::DocumentEnd => {
                self.frames.clear();
                self.anchors.clear();
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = says(tag.as_deref(), "str", span)?;
                let node = Node {
                    value: NodeValue::Scalar(Scalar {
                        is_plain: style == ScalarStyle::Plain && !is_text,
                        text: text.into_owned(),
                    }),
                    span,
                };
                let bytes = match &node.value {
                    NodeValue::Scalar(scalar) => scalar.text.len(),
                    NodeValue::List(_) | NodeValue::Map(_) => 0,
                };
                let size = Size {
                    nodes: 1,
                    bytes,
                    depth: 0,
                };
                self.budget.node(span)?;
                self.finished(node, size, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                says(tag.as_deref(), "seq", span)?;
                self.open(NodeValue::List(Vec::new()), span, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                says(tag.as_deref(), "map", span)?;
                self.open(NodeValue::Map(Vec::new()), span, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            // The crate may grow events; skipping one that carries a value would lose it silently.
            _ => Err(Stop::document(
                Diagnostic::error(
                    Code::YamlSyntax,
                    "the document is not YAML that idform reads",
                )
                .at(span, "this is not known"),
            )),
        }
    }

    fn open(&mut self, value: NodeValue, span: Span, anchor: usize) -> Result<(), Stop> {
        Budget::nest(self.frames.len(), 1, span)?;
        self.budget.node(span)?;
        self.frames.push(Frame {
            value,
            span,
            anchor,
            key: KeyState::Waiting,
            size: Size {
                nodes: 1,
                ..Size::default()
            },
        });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let Frame {
            value,
            mut span,
            anchor,
            size,
            ..
        } = frame;
        let value = match value {
            NodeValue::Map(entries) => NodeValue::Map(merge(self.unique(entries))),
            other @ (NodeValue::List(_) | NodeValue::Scalar(_)) => other,
        };
        let is_flow = self.slice(span).starts_with(['[', '{']);
        if is_flow {
            span.end = end.end.max(span.end);
        } else if let NodeValue::Map(entries) = &value {
            span = entries.first().map_or(span, |entry| entry.key_span);
        } else if span.end == span.start && self.slice_from(span).starts_with('-') {
            span.end += 1;
        }
        self.finished(Node { value, span }, size, anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        self.budget.alias(span)?;
        let Some(Anchored { node, size }) = self.anchors.get(&anchor) else {
            return Err(Stop::document(
                Diagnostic::error(Code::YamlSyntax, "an alias refers to itself")
                    .at(span, "this alias lies inside of what it stands for")
                    .help("write the value out"),
            ));
        };
        let size = *size;
        Budget::nest(self.frames.len(), size.depth, span)?;
        self.budget.copy(size, span)?;
        let mut node = node.clone();
        place(&mut node, span);
        self.finished(node, size, 0)
    }

    /// Puts a finished value where it belongs.
    fn finished(&mut self, mut node: Node, size: Size, anchor: usize) -> Result<(), Stop> {
        if anchor != 0 {
            self.keep(&node, size, anchor)?;
        }
        let Some(frame) = self.frames.last_mut() else {
            if !node.is_null() {
                self.ready = Some(node);
            }
            return Ok(());
        };
        frame.size.nodes += size.nodes;
        frame.size.bytes += size.bytes;
        frame.size.depth = frame.size.depth.max(size.depth + 1);
        let entries = match &mut frame.value {
            NodeValue::List(items) => {
                items.push(node);
                return Ok(());
            }
            NodeValue::Map(entries) => entries,
            NodeValue::Scalar(_) => return Ok(()),
        };
        match std::mem::replace(&mut frame.key, KeyState::Waiting) {
            KeyState::Read(key, key_span) => {
                if node.span.start == node.span.end {
                    node.span = key_span;
                }
                entries.push(Entry {
                    key,
                    key_span,
                    value: node,
                });
            }
            KeyState::Refused => {}
            KeyState::Waiting => match node.value {
                NodeValue::Scalar(scalar) => frame.key = KeyState::Read(scalar.text, node.span),
                NodeValue::List(_) | NodeValue::Map(_) => {
                    frame.key = KeyState::Refused;
                    self.out.push(
                        Diagnostic::error(Code::WrongType, "a key is no text")
                            .at(node.span, "keys are single words or quoted texts"),
                    );
                }
            },
        }
        Ok(())
    }

    fn keep(&mut self, node: &Node, size: Size, anchor: usize) -> Result<(), Stop> {
        self.budget.copy(size, node.span)?;
        let node = node.clone();
        self.anchors.insert(anchor, Anchored { node, size });
        Ok(())
    }

    /// Refuses keys that stand twice; the first stays, so that the mistake makes no echoes.
    fn unique(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        // Almost all mappings are small and right; comparing all pairs is quicker than a map then.
        if entries.len() <= PAIRS_LIMIT
            && (1..entries.len()).all(|at| {
                entries[..at]
                    .iter()
                    .all(|other| other.key != entries[at].key)
            })
        {
            return entries;
        }
        let mut first: BTreeMap<&str, Span> = BTreeMap::new();
        let mut doubled: BTreeMap<usize, Span> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            if let Some(before) = first.get(entry.key.as_str()) {
                doubled.insert(index, *before);
            } else {
                first.insert(&entry.key, entry.key_span);
            }
        }
        if doubled.is_empty() {
            return entries;
        }
        for (index, before) in doubled.iter().take(DOUBLES_LIMIT) {
            self.out.push(
                Diagnostic::error(Code::DuplicateKey, "a key stands twice in one mapping")
                    .at(entries[*index].key_span, "the second time")
                    .at(*before, "the first time")
                    .help("keep one of them"),
            );
        }
        entries
            .into_iter()
            .enumerate()
            .filter(|(index, _)| !doubled.contains_key(index))
            .map(|(_, entry)| entry)
            .collect()
    }

    fn syntax_error(&self, error: &ScanError) -> Diagnostic {
        let mut at = error
            .marker()
            .byte_offset()
            .unwrap_or(self.text.len())
            .min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let width = self.text[at..]
            .chars()
            .next()
            .filter(|c| *c != '\n' && *c != '\r')
            .map_or(0, char::len_utf8);
        let span = self.range(at, at + width);
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return too_deep(span);
        }
        Diagnostic::error(Code::YamlSyntax, "the document is not valid YAML")
            .at(span, one_line(&error.kind().to_string()))
            .note("nothing of this document was checked")
    }

    fn span(&self, span: &serde_yaml::granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        // The scanner's end of a block scalar or plain text may lie past trailing line breaks.
        let end = range.end.min(self.text.len());
        let start = range.start.min(end);
        let text = self.text.get(start..end).unwrap_or_default();
        self.range(start, start + text.trim_end().len())
    }

    fn range(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at + self.base).unwrap_or(u32::MAX);
        Span {
            source: self.source,
            start: offset(start),
            end: offset(end),
        }
    }

    fn slice(&self, span: Span) -> &'t str {
        let to = (span.end as usize).saturating_sub(self.base);
        self.text
            .get((span.start as usize).saturating_sub(self.base)..to)
            .unwrap_or_default()
    }

    fn slice_from(&self, span: Span) -> &'t str {
        self.text
            .get((span.start as usize).saturating_sub(self.base)..)
            .unwrap_or_default()
    }
}

/// Whether the tag says what `expected` says; tags that mean anything else are refused, since
/// a document is pure data.
fn says(tag: Option<&Tag>, expected: &str, span: Span) -> Result<bool, Stop> {
    match tag {
        None => Ok(false),
        Some(tag) if tag.is_yaml_core_schema_tag(expected) => Ok(true),
        Some(_) => Err(Stop::document(
            Diagnostic::error(Code::InvalidValue, "YAML tags are not used in manifests")
                .at(span, "this value has a tag")
                .help("leave the `!tag` out; quote a text that looks like something else"),
        )),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
