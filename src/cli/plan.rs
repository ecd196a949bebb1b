//! `idform plan`: reads the clouds and shows what would change.

use anyhow::Result;

use crate::model::{Code, Diagnostic, Severity};
use crate::plan::action::BlockedBy;
use crate::plan::file::Saved;
use crate::plan::{Action, Plan, Step};
use crate::view::progress::Progress;

use super::args::{Common, Plan as Command, Rendering};
use super::config::Config;
use super::output::Output;
use super::render::Rendered;
use super::run::{Connected, Loaded};
use super::signals::unless_interrupted;
use super::{Exit, policies, run, saved};

pub(super) fn run(command: &Command, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let guards = config.guards(command.judging.max_changes)?;
    let selection = command.compared.selecting.selection();
    let mut loaded = run::load(&command.compared.manifests, &selection, &config)?;
    let flag = command.judging.policies.as_deref();
    let policies = policies::load(flag, &config, &mut loaded.diagnostics)?;
    run::lint(&mut loaded, None, &config)?;
    if loaded.diagnostics.has_errors() {
        return invalid(loaded, &command.rendering, output);
    }
    let survey = run::block_on(async {
        let connected = Connected::new(&loaded.world, &command.compared.clouds, &config).await?;
        let progress = Progress::new(output.draws_bars());
        let survey = connected.survey(&loaded.world, &guards, &progress);
        let survey = unless_interrupted(survey).await?;
        connected.close().await;
        anyhow::Ok(survey)
    })??;
    let mut found = loaded.diagnostics.into_sorted();
    found.extend(survey.findings);
    let content = Saved {
        paths: command.compared.manifests.paths.clone(),
        env: command.compared.manifests.env.clone(),
        selection,
        plan: survey.plan,
    };
    let plan = &content.plan;
    policies::judge(&policies, plan, &mut found, &loaded.manifests.sources)?;
    let exit = exit(plan, &found, command.detailed_exitcode);
    output.diagnostics(&found, &loaded.manifests.sources);
    let rendered = Rendered {
        plan: Some(plan),
        command: "plan",
        exit,
        diagnostics: &found,
        sources: &loaded.manifests.sources,
    };
    let files = match &command.out {
        Some(path) => saved::write(path, &content),
        None => Ok(()),
    };
    rendered.write_after(files, &command.rendering, output)?;
    Ok(exit)
}

/// Says that the manifests are invalid, in every form.
fn invalid(loaded: Loaded, wanted: &Rendering, output: &Output) -> Result<Exit> {
    let found = loaded.diagnostics.into_sorted();
    output.diagnostics(&found, &loaded.manifests.sources);
    let what = policies::what_is_invalid(&found);
    output.say(&format!("The {what} are invalid; no cloud was contacted."));
    let rendered = Rendered {
        plan: None,
        command: "plan",
        exit: Exit::Error,
        diagnostics: &found,
        sources: &loaded.manifests.sources,
    };
    rendered.write(wanted, output)?;
    Ok(Exit::Error)
}

/// Contract §2.1: errors before guards, guards before pending changes.
fn exit(plan: &Plan, found: &[Diagnostic], detailed: bool) -> Exit {
    if has_errors(plan, found) {
        Exit::Error
    } else if is_guarded(plan) || policies::denied(found) {
        Exit::Guarded
    } else if detailed && plan.steps.iter().any(is_pending) {
        Exit::Pending
    } else {
        Exit::Success
    }
}

/// Whether something could not be read, or cannot be made for another reason than a guard.
pub(super) fn has_errors(plan: &Plan, found: &[Diagnostic]) -> bool {
    let by_guard = [Code::Protected, Code::ThresholdExceeded, Code::PolicyDenied];
    !plan.complete
        || is_blocked_by(plan, BlockedBy::Impossible)
        || found
            .iter()
            .any(|finding| finding.severity == Severity::Error && !by_guard.contains(&finding.code))
}

/// Whether a guard stands against the plan.
pub(super) fn is_guarded(plan: &Plan) -> bool {
    is_blocked_by(plan, BlockedBy::Guard) || !plan.tripped.is_empty()
}

fn is_blocked_by(plan: &Plan, by: BlockedBy) -> bool {
    let blocked = |step: &Step| {
        step.blocked
            .as_ref()
            .is_some_and(|blocked| blocked.by == by)
    };
    plan.steps.iter().any(blocked)
}

/// Whether the object is not as wanted and would be changed, if it could.
fn is_pending(step: &Step) -> bool {
    step.is_change() || step.action == Action::Blocked
}
