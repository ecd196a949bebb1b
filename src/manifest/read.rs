//! Reads the parts of all manifests, several at a time, and puts the answers in order: the result is
//! that of reading one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::check::Checker;
use super::document::Spanned;
use super::envelope::{self, Read};
use super::load::{Manifest, Place, SideFiles};
use super::portable::{self, Portable};
use super::{AllowedEnv, Document, Manifests, yaml};
use crate::model::{Account, Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use crate::provider::Catalogue;

/// Most threads; beyond that, putting together takes longer than reading.
const THREADS_LIMIT: usize = 8;

/// Least length of the parts that a text is cut into, in bytes: some milliseconds of work.
const PART_BYTES: usize = 512 * 1024;

/// A run of documents of one manifest.
struct Part<'m> {
    source: SourceId,
    range: Range<usize>,
    place: &'m Place,
}

/// What a part holds.
#[derive(Default)]
struct Found<'m> {
    accounts: Vec<Spanned<Account>>,
    documents: Vec<Document>,
    portables: Vec<(Portable, &'m Place)>,
    unusable_accounts: BTreeSet<String>,
    unusable_objects: BTreeSet<String>,
    out: Diagnostics,
}

/// What all workers read with.
#[derive(Clone, Copy)]
struct Reading<'a> {
    sources: &'a SourceMap,
    sides: &'a SideFiles,
    catalogue: Catalogue,
    env: &'a AllowedEnv,
}

/// Reads and checks all manifests.
pub(super) fn all(
    sources: SourceMap,
    manifests: &[Manifest],
    sides: &SideFiles,
    catalogue: Catalogue,
    env: &AllowedEnv,
    out: &mut Diagnostics,
) -> Manifests {
    let parts: Vec<Part<'_>> = manifests
        .iter()
        .flat_map(|manifest| {
            let text = sources.text(manifest.source);
            parts(text).into_iter().map(|range| Part {
                source: manifest.source,
                range,
                place: &manifest.place,
            })
        })
        .collect();
    let reading = Reading {
        sources: &sources,
        sides,
        catalogue,
        env,
    };
    let found = side_by_side(reading, &parts);
    let mut result = Manifests::default();
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    let mut portables = Vec::new();
    for part in found {
        out.extend(part.out);
        result.documents.extend(part.documents);
        portables.extend(part.portables);
        result.unusable_accounts.extend(part.unusable_accounts);
        result.unusable_objects.extend(part.unusable_objects);
        for account in part.accounts {
            if let Some(before) = names.get(&account.value.name) {
                let title = "two documents declare the same account";
                out.push(
                    Diagnostic::error(Code::DuplicateObject, title)
                        .at(account.span, "the second one")
                        .at(*before, "the first one")
                        .note(format!("in Account {}", account.value.name))
                        .help("give one of them another name"),
                );
            } else {
                names.insert(account.value.name.clone(), account.span);
                result.accounts.push(account.value);
            }
        }
    }
    // Which objects a portable document stands for is known when the accounts are.
    for (document, place) in &portables {
        let mut checker = reading.checker(place, out);
        let natives = portable::natives(&mut checker, document, &result, catalogue);
        result.documents.extend(natives);
    }
    if !portables.is_empty() {
        result.documents.sort_by_key(|document| document.origin);
    }
    result.sources = sources;
    result
}

impl Reading<'_> {
    fn checker<'c>(&'c self, place: &'c Place, out: &'c mut Diagnostics) -> Checker<'c> {
        Checker {
            sources: self.sources,
            env: self.env,
            sides: self.sides,
            place,
            out,
            object: None,
            cloud: None,
        }
    }
}

/// Cuts a long text where documents begin, so that the parts can be read side by side: reading
/// events is most of the work, and a thousand documents in one file are no rarity.
pub(super) fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    // A directive belongs to the document after it. Nobody writes any; a text with lines that look
    // like one is left whole.
    if !text.starts_with('%') && !text.contains("\n%") {
        while let Some(rest) = text.get(start + PART_BYTES..) {
            // `---` at the beginning of a line begins a document wherever it stands, even within
            // what would be a quoted text (YAML 1.2.2 §9.1.2).
            let cut = rest.match_indices("\n---").find(|(at, mark)| {
                let after = rest.as_bytes().get(at + mark.len());
                after.is_none_or(u8::is_ascii_whitespace)
            });
            let Some((at, _)) = cut else {
                break;
            };
            let end = start + PART_BYTES + at + 1;
            parts.push(start..end);
            start = end;
        }
    }
    parts.push(start..text.len());
    parts
}

/// Reads the parts with as many threads as are worth it; the answers are in the order of the parts.
fn side_by_side<'m>(reading: Reading<'_>, parts: &[Part<'m>]) -> Vec<Found<'m>> {
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS_LIMIT)
        .min(parts.len());
    if threads < 2 {
        return parts.iter().map(|part| one(reading, part)).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Found<'m>>> = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(part) = parts.get(index) else {
                        break;
                    };
                    let found = one(reading, part);
                    // A poisoned lock means that another worker panicked; the scope passes it on.
                    if let Ok(mut done) = done.lock() {
                        done.insert(index, found);
                    }
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_default();
    done.into_values().collect()
}

fn one<'m>(reading: Reading<'_>, part: &Part<'m>) -> Found<'m> {
    let mut found = Found::default();
    let mut nodes = yaml::Documents::new(reading.sources, part.source, part.range.clone());
    let mut checker = reading.checker(part.place, &mut found.out);
    for node in nodes.by_ref() {
        match envelope::read(&mut checker, &node, reading.catalogue) {
            Read::Object(document) => found.documents.push(*document),
            Read::Portable(document) => found.portables.push((*document, part.place)),
            Read::Account(account) => found.accounts.push(*account),
            Read::Unusable {
                name: Some(name),
                is_account,
            } => {
                if is_account {
                    found.unusable_accounts.insert(name);
                } else {
                    found.unusable_objects.insert(name);
                }
            }
            Read::Unusable { name: None, .. } => {}
        }
    }
    found.out.extend(nodes.finish());
    found
}
