//! `idform plan`: reads the clouds and shows what would change.

use anyhow::Result;

use crate::model::{Diagnostic, SourceMap};
use crate::plan::action::BlockedBy;
use crate::plan::{Action, Plan};
use crate::view::progress::Progress;
use crate::view::{apply_json, plan_json, plan_text};

use super::args::{Common, Format, Plan as Command};
use super::output::Output;
use super::run::{Connected, Loaded};
use super::{Exit, run};

pub(super) fn run(command: &Command, _common: &Common, output: &Output) -> Result<Exit> {
    let loaded = run::load(&command.manifests)?;
    if loaded.diagnostics.has_errors() {
        return Ok(invalid("plan", loaded, command.manifests.format, output));
    }
    let survey = run::block_on(async {
        let connected = Connected::new(&loaded.world, &command.clouds).await?;
        let progress = Progress::new(output.draws_bars());
        let survey = connected.survey(&loaded.world, &progress).await;
        connected.close().await;
        anyhow::Ok(survey)
    })??;
    let mut found = loaded.diagnostics.into_sorted();
    found.extend(survey.findings);
    let exit = exit(&survey.plan, &found, command.detailed_exitcode);
    output.diagnostics(&found, &loaded.manifests.sources);
    match command.manifests.format {
        Format::Text => output.result(&plan_text::render(
            &survey.plan,
            &output.theme,
            output.width,
        )),
        Format::Json => {
            let document = plan_json::document(&plan_json::PlanInput {
                plan: Some(&survey.plan),
                command: "plan",
                exit_code: exit.code(),
                errored: exit == Exit::Error,
                diagnostics: &found,
                sources: &loaded.manifests.sources,
            });
            output.result(&plan_json::to_json(&document));
        }
    }
    Ok(exit)
}

/// Says that the manifests are invalid, in every form.
pub(super) fn invalid(command: &str, loaded: Loaded, format: Format, output: &Output) -> Exit {
    let found = loaded.diagnostics.into_sorted();
    output.diagnostics(&found, &loaded.manifests.sources);
    match format {
        Format::Text => output.say("The manifests are invalid; no cloud was contacted."),
        Format::Json => output.result(&without_plan(command, &found, &loaded.manifests.sources)),
    }
    Exit::Error
}

/// The document of a run that failed before there was a plan.
pub(super) fn without_plan(command: &str, found: &[Diagnostic], sources: &SourceMap) -> String {
    let input = plan_json::PlanInput {
        plan: None,
        command,
        exit_code: Exit::Error.code(),
        errored: true,
        diagnostics: found,
        sources,
    };
    if command == "apply" {
        apply_json::to_json(&apply_json::document(&input, None))
    } else {
        plan_json::to_json(&plan_json::document(&input))
    }
}

/// Contract §2.1: errors before guards, guards before pending changes.
fn exit(plan: &Plan, found: &[Diagnostic], detailed: bool) -> Exit {
    let pending = plan.steps.iter().any(super::plan::is_pending);
    if has_errors(plan, found) {
        Exit::Error
    } else if is_guarded(plan) {
        Exit::Guarded
    } else if detailed && pending {
        Exit::Pending
    } else {
        Exit::Success
    }
}

/// Whether something could not be read, or cannot be made for another reason than a guard.
pub(super) fn has_errors(plan: &Plan, found: &[Diagnostic]) -> bool {
    let blocked = |by: BlockedBy| {
        plan.steps.iter().any(|step| {
            step.blocked
                .as_ref()
                .is_some_and(|blocked| blocked.by == by)
        })
    };
    !plan.complete
        || blocked(BlockedBy::Impossible)
        || found.iter().any(|finding| {
            finding.severity == crate::model::Severity::Error
                && finding.code != crate::model::Code::Protected
        })
}

/// Whether a guard blocks something.
pub(super) fn is_guarded(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| {
        step.blocked
            .as_ref()
            .is_some_and(|blocked| blocked.by == BlockedBy::Guard)
    })
}

/// Whether applying would change it.
pub(super) fn is_pending(step: &crate::plan::Step) -> bool {
    step.is_change() || step.action == Action::Blocked
}
