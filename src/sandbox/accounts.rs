//! Where an emulated cloud keeps what its accounts hold: one readable JSON file for each account.
//!
//! The file is the state. It is read at each request and written after each change, so a person
//! (or a test) may edit it to play the colleague who changes something in the console.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The accounts of one emulated cloud, in memory or in a folder.
#[derive(Debug)]
pub struct Accounts<A> {
    folder: Option<PathBuf>,
    held: Mutex<BTreeMap<String, A>>,
}

impl<A: Serialize + DeserializeOwned + Default + Clone + PartialEq> Accounts<A> {
    /// Opens the accounts under `folder` (created at the first write), or in memory.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            held: Mutex::new(BTreeMap::new()),
        }
    }

    /// Runs `action` on the state of account `id` (default when it has none yet) and keeps what
    /// it leaves. One request at a time: a cloud's writes to one account are serial.
    ///
    /// # Errors
    /// The state file cannot be read, is no longer valid JSON, or cannot be written.
    pub fn with<R>(&self, id: &str, action: impl FnOnce(&mut A) -> R) -> io::Result<R> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match &self.folder {
            Some(_) => self.load(id)?,
            None => held.get(id).cloned().unwrap_or_default(),
        };
        let mut state = before.clone();
        let answer = action(&mut state);
        if state != before {
            if self.folder.is_some() {
                self.save(id, &state)?;
            } else {
                held.insert(id.to_owned(), state);
            }
        }
        Ok(answer)
    }

    /// The accounts that hold anything, in order; none when the folder cannot be read.
    pub fn ids(&self) -> Vec<String> {
        let Some(folder) = &self.folder else {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            return held.keys().cloned().collect();
        };
        let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
        let mut ids: Vec<String> = entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                name.strip_suffix(".json").map(str::to_owned)
            })
            .collect();
        ids.sort();
        ids
    }

    fn path(&self, id: &str) -> Option<PathBuf> {
        // Ids come off the wire: anything but a plain word must not become a path.
        let plain: String = id
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        self.folder
            .as_ref()
            .map(|folder| folder.join(format!("{plain}.json")))
    }

    fn load(&self, id: &str) -> io::Result<A> {
        let Some(path) = self.path(id) else {
            return Ok(A::default());
        };
        match fs_err::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{} is not a valid sandbox state: {error}", path.display()),
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(A::default()),
            Err(error) => Err(error),
        }
    }

    fn save(&self, id: &str, state: &A) -> io::Result<()> {
        let Some(path) = self.path(id) else {
            return Ok(());
        };
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        // Write aside and rename: a killed sandbox must not leave half a file.
        let aside = path.with_extension("json.new");
        let mut text = serde_json::to_string_pretty(state).map_err(io::Error::other)?;
        text.push('\n');
        fs_err::write(&aside, text)?;
        fs_err::rename(&aside, &path)
    }
}

/// `settings` with one switch changed, named and written as in the state file.
///
/// # Errors
/// There is no such switch, or the value does not fit it.
pub fn with_setting<S: Serialize + DeserializeOwned>(
    settings: &S,
    name: &str,
    value: serde_json::Value,
) -> Result<S, String> {
    let mut whole = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    let Some(switch) = whole.get_mut(name) else {
        return Err(format!("there is no setting `{name}`"));
    };
    *switch = value;
    serde_json::from_value(whole).map_err(|error| error.to_string())
}
