//! Text to documents and back. Knows YAML and field tables, knows no cloud.
//!
//! `load` finds and reads files, `yaml` turns text into nodes, `envelope` and `account` read them into
//! the types of `document`, `fields` a `spec` by its table with the words of `check`, and `portable`
//! lets a document for many clouds become one for each object. `schema` and `explain` say the
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
mod metadata;
mod node;
mod portable;
mod read;
mod scalar;
mod schema;
#[cfg(test)]
mod tests;
mod trust;
pub mod write;
mod yaml;

pub use document::{
    Document, Ensure, Given, GivenValue, Lifecycle, Mode, Spanned, TrustEntry, TrustProvider,
    Waiver,
};
pub use explain::{explain, form_words, nearest_topic, topics};
pub use node::{Entry, Node, NodeValue, Scalar};
pub use scalar::AllowedEnv;
pub use schema::manifest_schema;

use crate::model::{Account, Code, Diagnostic, Diagnostics, SourceId, SourceMap};
use crate::provider::Catalogue;
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

impl Manifests {
    /// Whether there is no document at all, not even one with mistakes.
    fn declares_nothing(&self) -> bool {
        self.accounts.is_empty()
            && self.documents.is_empty()
            && self.unusable_accounts.is_empty()
            && self.unusable_objects.is_empty()
    }
}

/// Reads and checks all manifests under the paths; `-` stands for `stdin`. All mistakes of all files
/// are in the diagnostics; what could be read is in the result even then.
pub fn load(
    paths: &[PathBuf],
    stdin: Option<String>,
    catalogue: impl Into<Catalogue>,
    env: &AllowedEnv,
) -> (Manifests, Diagnostics) {
    let catalogue = catalogue.into();
    let mut sources = SourceMap::default();
    let mut out = Diagnostics::default();
    let found = load::manifests(paths, stdin, &mut sources, &mut out);
    let sides = SideFiles::default();
    let manifests = read::all(sources, &found, &sides, catalogue, env, &mut out);
    if manifests.declares_nothing() && !out.has_errors() {
        // A generator that failed in front of a pipe must not look like a valid state of things.
        out.push(
            Diagnostic::warning(Code::NoDocuments, "no document was found")
                .note(format!("read {}", load::shown_list(paths)))
                .help("a document has apiVersion, kind, metadata and spec; see `idform explain`"),
        );
    }
    (manifests, out)
}

/// As [`load`], for texts by name instead of files; `side_files` are what `file:` references find,
/// by the words of the reference.
pub fn parse_texts(
    texts: &[(&str, &str)],
    side_files: &[(&str, &str)],
    catalogue: impl Into<Catalogue>,
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
    let manifests = read::all(sources, &found, &sides, catalogue.into(), env, &mut out);
    (manifests, out)
}

/// The finding that no manifest declares an account, with the nearest name that is.
pub fn unknown_account<'k>(
    named: &Spanned<String>,
    known: impl Iterator<Item = &'k str>,
) -> Diagnostic {
    let near = known
        .map(|known| (strsim::damerau_levenshtein(known, &named.value), known))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let help = match near {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => "declare it: a document with `kind: Account` and this name".to_owned(),
    };
    Diagnostic::error(Code::UnknownAccount, "no manifest declares this account")
        .at(named.span, "not declared")
        .help(help)
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
