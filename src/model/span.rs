//! Where something was written: source texts and places in them.

use std::sync::Arc;

/// The number of a text in its [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A range of bytes in one source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A place as people count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

#[derive(Debug, Clone)]
struct Source {
    name: String,
    text: Arc<str>,
    /// Byte offset of the first character of each line.
    lines: Vec<u32>,
}

/// All texts of one run, by id, with the names people know them by.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// Adds a text under its display name (a path as the person wrote it, with `/`).
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let text = text.into();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| to_u32(at + 1)))
            .collect();
        self.sources.push(Source {
            name: name.into(),
            text,
            lines,
        });
        SourceId(to_u32(self.sources.len() - 1))
    }

    /// The display name of a text.
    pub fn name(&self, id: SourceId) -> &str {
        &self.sources[id.0 as usize].name
    }

    /// The whole text.
    pub fn text(&self, id: SourceId) -> &str {
        &self.sources[id.0 as usize].text
    }

    /// The characters a span covers; empty when it points outside its text.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.source)
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    /// Line and column of a byte offset; offsets past the end count as the end.
    pub fn position(&self, id: SourceId, byte: u32) -> Position {
        let source = &self.sources[id.0 as usize];
        let line = source.lines.partition_point(|start| *start <= byte) - 1;
        let start = source.lines[line] as usize;
        let end = (byte as usize).min(source.text.len());
        let column = source
            .text
            .get(start..end)
            .map_or(0, |text| text.chars().count());
        Position {
            line: to_u32(line + 1),
            column: to_u32(column + 1),
        }
    }

    /// Byte offset of the first character of a line (from 1) of the text of this name.
    pub fn line_start(&self, name: &str, line: u32) -> Option<u32> {
        let source = self.sources.iter().find(|source| source.name == name)?;
        let index = usize::try_from(line.checked_sub(1)?).ok()?;
        source.lines.get(index).copied()
    }

    /// Line and column where a span begins.
    pub fn start(&self, span: Span) -> Position {
        self.position(span.source, span.start)
    }
}

/// Source texts are capped far below 4 GiB before they get here; saturating keeps a broken cap from
/// becoming a panic.
fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_as_people_count() {
        let mut map = SourceMap::default();
        let id = map.add("a.yaml", "é: 1\nb: 2\n");
        let at = |byte| {
            let position = map.position(id, byte);
            (position.line, position.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 2));
        assert_eq!(at(6), (2, 1));
        assert_eq!(at(900), (3, 1));
    }
}
