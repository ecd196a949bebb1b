//! Files on their way to the folder of `--out`: aside until they are known to be right.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::import::{Import, SCHEMA_FILE};
use crate::manifest::manifest_schema;
use crate::model::{Code, Diagnostic};

/// The hidden folder in which files lie until they are known to be right.
const ASIDE: &str = ".idform-import";

/// Files that are there already; nothing is written then.
pub(super) fn existing(out: &Path, import: &Import) -> Vec<Diagnostic> {
    import
        .files
        .keys()
        .filter(|path| fs_err::symlink_metadata(out.join(path)).is_ok())
        .map(|path| {
            Diagnostic::error(
                Code::FileExists,
                "a file that would be written is there already",
            )
            .in_file(out.join(path).to_string_lossy())
            .help("nothing was written: name another folder, or put --out among the paths")
        })
        .collect()
}

/// Files that have not got their final names yet; dropped, they are gone.
pub(super) struct Aside {
    pub(super) folder: PathBuf,
    /// The folder of `--out`, when it was made for this.
    made: Option<PathBuf>,
}

impl Aside {
    pub(super) fn write(out: &Path, import: &Import) -> Result<Self> {
        let made = (!out.exists()).then(|| out.to_owned());
        fs_err::create_dir_all(out).context("make the folder of --out")?;
        let folder = out.join(ASIDE);
        fs_err::create_dir(&folder)
            .context("begin to write; is another import under way, or was one killed?")?;
        let aside = Self { folder, made };
        for (path, text) in &import.files {
            let path = aside.folder.join(path);
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent).context("make a folder for manifests")?;
            }
            fs_err::write(&path, text).context("write a manifest")?;
        }
        Ok(aside)
    }

    /// Gives every file its final name, side files first, and the schema if there is none.
    pub(super) fn publish(&self, out: &Path, import: &Import) -> Result<()> {
        let is_manifest =
            |path: &&String| import.objects.iter().any(|object| object.file == **path);
        let sides = import.files.keys().filter(|path| !is_manifest(path));
        for path in sides.chain(import.files.keys().filter(is_manifest)) {
            let to = out.join(path);
            if let Some(parent) = to.parent() {
                fs_err::create_dir_all(parent).context("make a folder for manifests")?;
            }
            if fs_err::symlink_metadata(&to).is_ok() {
                bail!(
                    "{} appeared while it was written; import again",
                    to.display()
                );
            }
            fs_err::rename(self.folder.join(path), &to).context("put a manifest in its place")?;
        }
        let schema = out.join(SCHEMA_FILE);
        if fs_err::symlink_metadata(&schema).is_err() {
            let text = manifest_schema(crate::compile::portable::CATALOGUE);
            let text = serde_json::to_string_pretty(&text).context("write the schema")? + "\n";
            fs_err::write(&schema, text).context("write the schema")?;
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What stays is hidden and said when the next import begins.
        let _ = fs_err::remove_dir_all(&self.folder);
        if let Some(out) = &self.made {
            // Only when it is empty, which is when it was made for nothing.
            let _ = fs_err::remove_dir(out);
        }
    }
}
