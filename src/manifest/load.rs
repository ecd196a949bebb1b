//! Finds and reads manifests and the files they refer to: the only file access of this room.
//!
//! Nothing outside of the folders named on the command line is opened, and no file is read further
//! than its cap, whatever its metadata said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::keys::KeySets;
use crate::model::{Code, Diagnostic, Diagnostics, SourceId, SourceMap};

/// Largest manifest, in bytes.
const MANIFEST_BYTES: u64 = 8 * 1024 * 1024;
/// Largest file that a manifest refers to, in bytes.
const SIDE_FILE_BYTES: u64 = 1024 * 1024;
/// Most bytes of manifests in one run.
const ALL_MANIFESTS_BYTES: u64 = 256 * 1024 * 1024;
/// Deepest nesting of folders; deeper ones are a mistake or a trap.
const FOLDERS_DEEP: usize = 64;

/// One manifest text and where its side files are looked for.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    /// The text.
    pub(super) source: SourceId,
    /// Where it lies.
    pub(super) place: Place,
}

/// Where a manifest lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The canonical folder that nothing may leave; [`None`] for texts without files.
    root: Option<Arc<Path>>,
    /// The folder of the manifest.
    folder: PathBuf,
    /// How many folders it lies below the root; [`None`] when it cannot be told. Found once: many
    /// documents of one manifest refer to files.
    depth: Option<usize>,
}

impl Place {
    /// The place of a text that came without files.
    pub(super) fn nowhere() -> Self {
        Self {
            root: None,
            folder: PathBuf::new(),
            depth: None,
        }
    }

    fn in_folder(folder: PathBuf, root: Arc<Path>) -> Self {
        let canonical = folder.canonicalize().ok();
        Self {
            depth: canonical.map(|folder| depth(&folder, &root)),
            folder,
            root: Some(root),
        }
    }
}

/// Why a file cannot be used, in words for its reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The stable code.
    pub(super) code: Code,
    /// What is wrong with the file.
    pub(super) why: String,
}

impl Refusal {
    fn new(code: Code, why: impl Into<String>) -> Self {
        Self {
            code,
            why: why.into(),
        }
    }
}

/// Reads every manifest under the paths, in the order of the paths and then of names.
pub(super) fn manifests(
    paths: &[PathBuf],
    stdin: Option<String>,
    sources: &mut SourceMap,
    out: &mut Diagnostics,
) -> Vec<Manifest> {
    let mut walk = Walk {
        sources,
        out,
        found: Vec::new(),
        seen: BTreeSet::new(),
        bytes: 0,
        is_quiet: true,
    };
    let mut stdin = stdin;
    for path in paths {
        if path.as_os_str() == "-" {
            if let Some(text) = stdin.take() {
                walk.stdin(text);
            }
        } else {
            walk.argument(path);
        }
    }
    let Walk {
        found, is_quiet, ..
    } = walk;
    if found.is_empty() && is_quiet {
        out.push(
            Diagnostic::error(Code::NoManifests, "no manifest was found")
                .note(format!("looked in {}", shown_list(paths)))
                .help("name a folder that holds *.yaml or *.yml files, or a file"),
        );
    }
    found
}

struct Walk<'a> {
    sources: &'a mut SourceMap,
    out: &'a mut Diagnostics,
    found: Vec<Manifest>,
    /// Canonical paths that were read or entered; each counts once, under the first path.
    seen: BTreeSet<PathBuf>,
    bytes: u64,
    /// Whether no error was reported yet.
    is_quiet: bool,
}

impl Walk<'_> {
    fn stdin(&mut self, text: String) {
        let Ok(root) = Path::new(".").canonicalize() else {
            self.refuse(
                "-",
                &Refusal::new(Code::FileUnreadable, "the working folder is gone"),
            );
            return;
        };
        if text.len() as u64 > MANIFEST_BYTES {
            self.refuse("-", &too_large(MANIFEST_BYTES));
            return;
        }
        let place = Place::in_folder(root.clone(), root.into());
        let source = self.sources.add("-", text);
        self.found.push(Manifest { source, place });
    }

    fn argument(&mut self, path: &Path) {
        let name = shown(path);
        let canonical = match path.canonicalize() {
            Ok(canonical) => canonical,
            Err(error) => return self.refuse(&name, &unreadable(error.kind())),
        };
        if canonical.is_dir() {
            let root: Arc<Path> = canonical.as_path().into();
            let prefix = if name == "." { String::new() } else { name };
            self.folder(&canonical, &prefix, &root, 0);
        } else {
            // The root of a file is the folder it was named in, not where a link leads.
            let root = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize(),
                _ => Path::new(".").canonicalize(),
            };
            match root {
                Ok(root) => self.file(path, &name, &Arc::from(root.as_path())),
                Err(error) => self.refuse(&name, &unreadable(error.kind())),
            }
        }
    }

    fn folder(&mut self, folder: &Path, prefix: &str, root: &Arc<Path>, deep: usize) {
        let shown_folder = if prefix.is_empty() { "." } else { prefix };
        if !self.seen.insert(folder.to_path_buf()) {
            return;
        }
        if deep > FOLDERS_DEEP {
            let why = format!("folders may lie at most {FOLDERS_DEEP} deep");
            return self.refuse(shown_folder, &Refusal::new(Code::TooComplex, why));
        }
        let mut entries: Vec<PathBuf> = Vec::new();
        match fs::read_dir(folder) {
            Ok(listing) => {
                for entry in listing {
                    match entry {
                        Ok(entry) => entries.push(entry.path()),
                        Err(error) => self.refuse(shown_folder, &unreadable(error.kind())),
                    }
                }
            }
            Err(error) => return self.refuse(shown_folder, &unreadable(error.kind())),
        }
        entries.sort();
        for path in entries {
            let Some(own) = path.file_name().map(|name| name.to_string_lossy()) else {
                continue;
            };
            // Hidden folders by contract; hidden files (.gitlab-ci.yml, .pre-commit-config.yaml)
            // belong to other tools, as Terraform has it too. Named outright, they are read.
            if own.starts_with('.') {
                continue;
            }
            let name = match prefix {
                "" => own.to_string(),
                "/" => format!("/{own}"),
                prefix => format!("{}/{own}", prefix.trim_end_matches('/')),
            };
            let is_manifest = own.ends_with(".yaml") || own.ends_with(".yml");
            if path.is_dir() {
                match path.canonicalize() {
                    Ok(canonical) if !canonical.starts_with(root) => {
                        self.refuse(&name, &outside());
                    }
                    Ok(canonical) => self.folder(&canonical, &name, root, deep + 1),
                    Err(error) => self.refuse(&name, &unreadable(error.kind())),
                }
            } else if is_manifest {
                self.file(&path, &name, root);
            }
        }
    }

    fn file(&mut self, path: &Path, name: &str, root: &Arc<Path>) {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        if let Ok(canonical) = path.canonicalize()
            && !self.seen.insert(canonical)
        {
            return;
        }
        match read_confined(path, root, MANIFEST_BYTES).and_then(utf8) {
            Ok(text) => {
                self.bytes += text.len() as u64;
                if self.bytes > ALL_MANIFESTS_BYTES {
                    self.refuse(name, &too_large(ALL_MANIFESTS_BYTES));
                    return;
                }
                let source = self.sources.add(name, text);
                let place = Place::in_folder(folder, Arc::clone(root));
                self.found.push(Manifest { source, place });
            }
            Err(refusal) => self.refuse(name, &refusal),
        }
    }

    fn refuse(&mut self, name: &str, refusal: &Refusal) {
        self.is_quiet = false;
        self.out.push(
            Diagnostic::error(refusal.code, "a path cannot be read")
                .in_file(name)
                .note(refusal.why.clone()),
        );
    }
}

/// What reading a file came to.
type ReadFile = Result<Arc<[u8]>, Refusal>;

/// The files that manifests refer to, each read once.
#[derive(Debug, Default)]
pub(super) struct SideFiles {
    /// Texts by name, for manifests that came without files.
    texts: BTreeMap<String, String>,
    read: Mutex<BTreeMap<PathBuf, ReadFile>>,
    /// What those are that are key sets.
    pub(super) key_sets: KeySets,
}

impl SideFiles {
    /// Takes texts instead of files; names are as manifests write them.
    pub(super) fn from_texts(texts: &[(&str, &str)]) -> Self {
        Self {
            texts: texts
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
            ..Self::default()
        }
    }

    /// The bytes of a file that the manifest at `place` refers to.
    pub(super) fn bytes(&self, place: &Place, reference: &str) -> ReadFile {
        let Some(root) = &place.root else {
            return self
                .texts
                .get(reference)
                .map(|text| Arc::from(text.as_bytes()))
                .ok_or_else(|| unreadable(ErrorKind::NotFound));
        };
        if leads_out(place, reference) {
            return Err(outside());
        }
        let path = place.folder.join(reference);
        // Nothing below panics while it holds the lock; should it ever, a file is read twice.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(path)
            .or_insert_with_key(|path| read_confined(path, root, SIDE_FILE_BYTES).map(Arc::from))
            .clone()
    }
}

/// Whether a reference leaves the root by its words alone, so that nothing outside is even asked
/// for: whether a file exists there is nobody's business.
fn leads_out(place: &Place, reference: &str) -> bool {
    let Some(mut depth) = place.depth else {
        return false;
    };
    for component in Path::new(reference).components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return true,
        }
    }
    false
}

fn depth(folder: &Path, root: &Path) -> usize {
    folder
        .strip_prefix(root)
        .map_or(0, |below| below.components().count())
}

fn read_confined(path: &Path, root: &Path, cap: u64) -> Result<Vec<u8>, Refusal> {
    let path = path
        .canonicalize()
        .map_err(|error| unreadable(error.kind()))?;
    if !path.starts_with(root) {
        return Err(outside());
    }
    let metadata = fs::metadata(&path).map_err(|error| unreadable(error.kind()))?;
    // Opening a pipe or a device may wait for ever.
    if !metadata.is_file() {
        return Err(Refusal::new(
            Code::FileUnreadable,
            "it is not a regular file",
        ));
    }
    if metadata.len() > cap {
        return Err(too_large(cap));
    }
    let file = File::open(&path).map_err(|error| unreadable(error.kind()))?;
    let mut bytes = Vec::new();
    // The file may grow between the two; one byte more than the cap tells.
    file.take(cap + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.kind()))?;
    if bytes.len() as u64 > cap {
        return Err(too_large(cap));
    }
    Ok(bytes)
}

pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Refusal::new(Code::NotText, format!("byte {at} is not UTF-8"))
    })
}

fn unreadable(kind: ErrorKind) -> Refusal {
    let why = if kind == ErrorKind::NotFound {
        "there is no such file or folder".to_owned()
    } else if kind == ErrorKind::PermissionDenied {
        "it is not readable for this user".to_owned()
    } else {
        kind.to_string()
    };
    Refusal::new(Code::FileUnreadable, why)
}

fn too_large(cap: u64) -> Refusal {
    Refusal::new(
        Code::FileTooLarge,
        format!("more than {} MiB", cap / (1024 * 1024)),
    )
}

fn outside() -> Refusal {
    Refusal::new(
        Code::OutsideRoot,
        "it leads out of the folder that was named on the command line",
    )
}

/// A path as the person wrote it, with `/`.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    }
}

pub(super) fn shown_list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| shown(path)).collect();
    names.join(", ")
}
