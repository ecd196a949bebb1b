//! Policies on disk, and their place in `plan` and `apply`.
//!
//! The operator's: the folder is named by a flag or the operator's configuration, never found
//! beside manifests, so that a pull request cannot change what it is judged by.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::model::{Code, Diagnostic, Diagnostics, Severity, SourceMap};
use crate::plan::Plan;
use crate::policy::{self, Policies, Source};
use crate::view::plan_json;

use super::Exit;
use super::config::Config;
use super::plan::has_errors;

/// Largest policy file read, in bytes: the engine's own limit.
const BYTES: u64 = 1024 * 1024;

/// Reads the policies that a flag or the configuration names; without either there are none. What
/// is wrong with one goes to `found`.
pub(super) fn load(
    flag: Option<&Path>,
    config: &Config,
    found: &mut Diagnostics,
) -> Result<Policies> {
    let Some(folder) = flag.map(Path::to_owned).or_else(|| config.policies()) else {
        return Ok(Policies::default());
    };
    let sources =
        read(&folder).with_context(|| format!("read the policies in {}", folder.display()))?;
    match Policies::parse(sources, policy::TIME) {
        Ok(policies) => Ok(policies),
        Err(wrong) => {
            for finding in wrong {
                found.push(finding);
            }
            Ok(Policies::default())
        }
    }
}

/// Every `*.rego` of the folder itself, by name; `*_test.rego` is for other tools.
fn read(folder: &Path) -> Result<Vec<Source>> {
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".rego") && !name.ends_with("_test.rego") && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        // A misspelt folder must not look like consent.
        bail!("there is no *.rego in it");
    }
    let mut sources = Vec::new();
    for path in paths {
        if fs_err::metadata(&path)?.len() > BYTES {
            bail!("{} is larger than 1 MiB", path.display());
        }
        sources.push(Source {
            name: path.display().to_string(),
            text: fs_err::read_to_string(&path)?,
        });
    }
    Ok(sources)
}

/// Adds what the policies say of a plan. They see the same document from `plan` and from `apply`.
pub(super) fn judge(
    policies: &Policies,
    plan: &Plan,
    found: &mut Vec<Diagnostic>,
    sources: &SourceMap,
) -> Result<()> {
    if policies.is_empty() {
        return Ok(());
    }
    let errored = has_errors(plan, found);
    let exit = if errored { Exit::Error } else { Exit::Success };
    let document = plan_json::document(&plan_json::PlanInput {
        plan: Some(plan),
        command: "plan",
        exit_code: exit.code(),
        errored,
        diagnostics: found,
        sources,
    });
    let input = serde_json::to_value(document).context("put the plan into its JSON form")?;
    found.extend(policies.judge(&input));
    Ok(())
}

/// What is invalid, when nothing was planned because of it.
pub(super) fn what_is_invalid(found: &[Diagnostic]) -> &'static str {
    let mut errors = found
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    if errors
        .clone()
        .all(|finding| finding.code == Code::SelectorFitsNothing)
    {
        "selectors"
    } else if !failed(found) {
        "manifests"
    } else if errors.all(|finding| finding.code == Code::PolicyInvalid) {
        "policies"
    } else {
        "manifests and the policies"
    }
}

/// Whether a policy denies the plan.
pub(super) fn denied(found: &[Diagnostic]) -> bool {
    has(found, Code::PolicyDenied)
}

/// Whether a policy could not be asked; then nothing may be written either.
pub(super) fn failed(found: &[Diagnostic]) -> bool {
    has(found, Code::PolicyInvalid)
}

fn has(found: &[Diagnostic], code: Code) -> bool {
    found.iter().any(|finding| finding.code == code)
}
