//! What reading one file, or one part of a long one, may cost, so that a hostile one ends in an error soon and within bounded
//! memory: nesting, nodes, aliases and the text they copy.

use crate::model::{Code, Diagnostic, Span};

/// Deepest nesting of lists and mappings, aliases expanded. The readers of nodes recurse this deep.
pub(super) const NESTING_LIMIT: usize = 64;
/// Most nodes, keys included, aliases expanded: more than 8 MiB of sensible manifests have (ten
/// thousand full documents: 600,000), and at most some 200 MiB of memory if one document has all.
const NODES_LIMIT: usize = 1_000_000;
/// Most aliases in one file.
const ALIASES_LIMIT: usize = 100;
/// Most bytes of text that anchors and aliases may copy in one file.
const COPIED_BYTES_LIMIT: usize = 8 * 1024 * 1024;

/// Why a document was given up.
pub(super) enum Stop {
    /// The next one can be read.
    Document(Box<Diagnostic>),
    /// A budget of the whole file is used up.
    File(Box<Diagnostic>),
}

impl Stop {
    /// Gives up this document.
    pub(super) fn document(diagnostic: Diagnostic) -> Self {
        Self::Document(Box::new(diagnostic))
    }

    fn file(diagnostic: Diagnostic) -> Self {
        Self::File(Box::new(diagnostic))
    }
}

/// What a value costs to copy.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// Itself and everything in it.
    pub(super) nodes: usize,
    /// Text in it.
    pub(super) bytes: usize,
    /// Lists and mappings above its deepest part.
    pub(super) depth: usize,
}

/// What is used up of one file's budget.
#[derive(Debug, Default)]
pub(super) struct Budget {
    nodes: usize,
    aliases: usize,
    copied_bytes: usize,
}

impl Budget {
    /// Counts one written node.
    pub(super) fn node(&mut self, at: Span) -> Result<(), Stop> {
        self.nodes(1, at)
    }

    /// Checks that something as deep as `inner` may lie `outer` deep.
    pub(super) fn nest(outer: usize, inner: usize, at: Span) -> Result<(), Stop> {
        if outer + inner > NESTING_LIMIT {
            return Err(Stop::document(too_deep(at)));
        }
        Ok(())
    }

    /// Counts one alias, whatever it stands for.
    pub(super) fn alias(&mut self, at: Span) -> Result<(), Stop> {
        self.aliases += 1;
        if self.aliases > ALIASES_LIMIT {
            let words = format!("a file may have at most {ALIASES_LIMIT} aliases");
            return Err(Stop::file(too_complex(at, &words)));
        }
        Ok(())
    }

    /// Counts a copy that is about to be made: for an alias, and for what an anchor keeps, since
    /// anchors inside of anchors would otherwise multiply for free.
    pub(super) fn copy(&mut self, size: Size, at: Span) -> Result<(), Stop> {
        self.nodes(size.nodes, at)?;
        self.copied_bytes += size.bytes;
        if self.copied_bytes > COPIED_BYTES_LIMIT {
            let words = "anchors and aliases copy more than 8 MiB of text";
            return Err(Stop::file(too_complex(at, words)));
        }
        Ok(())
    }

    fn nodes(&mut self, nodes: usize, at: Span) -> Result<(), Stop> {
        self.nodes += nodes;
        if self.nodes > NODES_LIMIT {
            let words = format!("a file may hold at most {NODES_LIMIT} values, aliases expanded");
            let finding = too_complex(at, &words).help("spread the documents over several files");
            return Err(Stop::file(finding));
        }
        Ok(())
    }
}

/// The finding that something lies too deep.
pub(super) fn too_deep(at: Span) -> Diagnostic {
    let words = format!("lists and mappings may lie at most {NESTING_LIMIT} deep");
    too_complex(at, &words)
}

fn too_complex(at: Span, words: &str) -> Diagnostic {
    Diagnostic::error(
        Code::TooComplex,
        "the file goes past the limits of a manifest",
    )
    .at(at, words)
}
