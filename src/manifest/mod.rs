//! Text to documents and back. Knows YAML and field tables, knows no cloud.
//!
//! `load` finds and reads files, `yaml` turns text into nodes, `envelope` and `account` read them into
//! the types of `document`, `fields` a `spec` by its table with the words of `check`. `schema` and `explain` say the
//! same tables to editors and people; `write` is the way back, for `import`. No clock, no environment, no network; files in `load` alone.

use std::collections::BTreeSet;
use std::path::PathBuf;

mod account;
mod budget;
mod check;
mod document;
mod envelope;
mod explain;
#[cfg(test)]
mod fake;
mod fields;
mod json;
mod keys;
mod load;
mod node;
mod read;
mod scalar;
mod schema;
#[cfg(test)]
mod tests;
pub mod write;
mod yaml;

pub use document::{Document, Ensure, Given, GivenValue, Lifecycle, Mode, Spanned};
pub use explain::explain;
pub use node::{Entry, Node, NodeValue, Scalar};
pub use scalar::AllowedEnv;
pub use schema::manifest_schema;

use crate::model::{Account, Code, Diagnostic, Diagnostics, SourceId, SourceMap};
use crate::provider::Cloud;
use load::{Manifest, Place, SideFiles};

/// Everything that the manifests of a run declare.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The texts, for showing places in them.
    pub sources: SourceMap,
    /// Accounts, in the order of files and documents.
    pub accounts: Vec<Account>,
    /// Declared objects, in the order of files and documents.
    pub documents: Vec<Document>,
    /// Names of `Account` documents with mistakes that leave no account. What refers to them is not
    /// dangling; the mistake was reported.
    pub unusable_accounts: BTreeSet<String>,
    /// Names of other documents with mistakes that leave no object, for the same reason.
    pub unusable_objects: BTreeSet<String>,
}

/// Reads and checks all manifests under the paths; `-` stands for `stdin`. All mistakes of all files
/// are in the diagnostics; what could be read is in the result even then.
pub fn load(
    paths: &[PathBuf],
    stdin: Option<String>,
    clouds: &'static [&'static Cloud],
    env: &AllowedEnv,
) -> (Manifests, Diagnostics) {
    let mut sources = SourceMap::default();
    let mut out = Diagnostics::default();
    let found = load::manifests(paths, stdin, &mut sources, &mut out);
    let sides = SideFiles::default();
    let manifests = read::all(sources, &found, &sides, clouds, env, &mut out);
    (manifests, out)
}

/// As [`load`], for texts by name instead of files; `side_files` are what `file:` references find,
/// by the words of the reference.
pub fn parse_texts(
    texts: &[(&str, &str)],
    side_files: &[(&str, &str)],
    clouds: &'static [&'static Cloud],
    env: &AllowedEnv,
) -> (Manifests, Diagnostics) {
    let mut sources = SourceMap::default();
    let mut out = Diagnostics::default();
    let found: Vec<Manifest> = texts
        .iter()
        .map(|(name, text)| Manifest {
            source: sources.add(*name, *text),
            place: Place::nowhere(),
        })
        .collect();
    let sides = SideFiles::from_texts(side_files);
    let manifests = read::all(sources, &found, &sides, clouds, env, &mut out);
    (manifests, out)
}

/// Reads a text of one YAML document into a tree, within the same bounds as manifests; for files
/// that the program itself writes. [`None`] for an empty text and after a report.
pub fn tree(sources: &SourceMap, source: SourceId, out: &mut Diagnostics) -> Option<Node> {
    let length = sources.text(source).len();
    let mut documents = yaml::Documents::new(sources, source, 0..length);
    let first = documents.next();
    if let Some(second) = documents.next() {
        out.push(
            Diagnostic::error(Code::YamlSyntax, "the file holds more than one document")
                .at(second.span, "the second one begins here")
                .help("keep one of them"),
        );
    }
    let wrong = documents.finish();
    let is_broken = wrong.has_errors();
    out.extend(wrong);
    first.filter(|_| !is_broken)
}
