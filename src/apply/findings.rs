//! What a person must hear about a run: changes that failed or were left alone.

use std::collections::BTreeMap;

use crate::compile::Origin;
use crate::model::{Address, Code, Diagnostic};
use crate::plan::Plan;
use crate::provider::ProviderError;

use super::{Failure, Outcome, Report, StepOutcome};

/// One finding for each change that failed or was stale; what was skipped follows from these. Each
/// names the line of its object's manifest, which the plan knows.
pub fn findings(report: &Report, plan: &Plan) -> Vec<Diagnostic> {
    let origins: BTreeMap<&Address, &Origin> = plan
        .steps
        .iter()
        .map(|step| (&step.address, &step.origin))
        .collect();
    report
        .outcomes
        .iter()
        .filter_map(|step| {
            let finding = finding(step)?;
            Some(match origins.get(&step.address) {
                Some(origin) => finding.on_line(&*origin.file, origin.line),
                None => finding,
            })
        })
        .collect()
}

fn finding(step: &StepOutcome) -> Option<Diagnostic> {
    let what = format!("{} of {}", step.action.word(), step.address);
    match &step.outcome {
        Outcome::Done | Outcome::Skipped { .. } | Outcome::Cancelled => None,
        Outcome::Stale { moved } => Some(
            Diagnostic::error(Code::ChangeStale, format!("{what} was left out"))
                .note(format!(
                    "changed since it was planned: {}",
                    moved.join(", ")
                ))
                .help("plan again"),
        ),
        Outcome::Failed(failure) => Some(failed(&what, failure)),
    }
}

fn failed(what: &str, failure: &Failure) -> Diagnostic {
    let finding = |how: &str| Diagnostic::error(Code::ChangeFailed, format!("{what} {how}"));
    let because = |how: &str, error: &ProviderError| {
        let finding = finding(how).note(error.to_string());
        match error.hint() {
            Some(hint) => finding.help(hint),
            None => finding,
        }
    };
    match failure {
        Failure::Read(error) => because("failed, because it could not be read", error),
        Failure::Write(error) => because("was refused", error),
        Failure::Unknown(error) => finding("has an unknown outcome")
            .note(error.to_string())
            .help("plan again: the plan shows what is there"),
        Failure::NotAsWritten { fields } => finding("was accepted, but reads back differently")
            .note(format!("different: {}", fields.join(", ")))
            .help("plan again; somebody else may be writing the same object"),
        Failure::Internal(why) => finding("failed through a bug").note(why.clone()),
    }
}
