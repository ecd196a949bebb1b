//! `idform apply`: plans by the same code, asks, and brings the changes about.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::apply::{self, Listener, Outcome, Report};
use crate::model::{Code, Diagnostic, SourceMap};
use crate::plan::file::Saved;
use crate::plan::guard::{self, Consent, Guards};
use crate::plan::{Plan, Step, compare};
use crate::policy::Policies;
use crate::view::progress::Progress;
use crate::view::{apply_text, compare_text, plan_text};

use super::args::{self, Apply as Command, ApplyFormat, Common};
use super::config::Config;
use super::output::Output;
use super::plan::{has_errors, is_guarded};
use super::render::without_plan;
use super::run::{Connected, Loaded, Survey};
use super::signals::{self, unless_interrupted};
use super::{Exit, last_words, policies, rim, run, saved};

mod consent;
mod records;
mod told;

use records::Records;
use told::Told;

pub(super) fn run(command: &Command, common: &Common, output: &Output) -> Result<Exit> {
    if let Some(path) = &command.telling.report {
        begin_report(path)?;
    }
    let config = Config::load(common)?;
    let guards = config.guards(command.judging.max_changes)?;
    let approved = command.plan.as_deref().map(saved::read).transpose()?;
    // A saved plan says which manifests it is about; only its digest is trusted, and planned anew.
    let (manifests, selection) = match &approved {
        Some(saved) => (
            args::Manifests {
                paths: saved.paths.clone(),
                env: saved.env.clone(),
            },
            saved.selection.clone(),
        ),
        None => (
            command.compared.manifests.clone(),
            command.compared.selecting.selection(),
        ),
    };
    let mut loaded = match &approved {
        Some(_) => run::load_again(&manifests, &selection, &config)?,
        None => run::load(&manifests, &selection, &config)?,
    };
    let flag = command.judging.policies.as_deref();
    let policies = policies::load(flag, &config, &mut loaded.diagnostics)?;
    run::lint(&mut loaded, None, &config)?;
    if loaded.diagnostics.has_errors() {
        return Ok(invalid(command, loaded, output));
    }
    let records = Records::open(command)?;
    run::block_on(async {
        let connected = Connected::new(&loaded.world, &command.compared.clouds, &config).await?;
        let job = Job {
            command,
            approved,
            guards,
            policies,
            connected: &connected,
            records,
            progress: Arc::new(Progress::new(output.draws_bars())),
            output,
        };
        let exit = job.plan_and_apply(loaded).await;
        connected.close().await;
        exit
    })?
}

/// Says that the manifests are invalid, in the form that was asked for.
fn invalid(command: &Command, loaded: Loaded, output: &Output) -> Exit {
    let found = loaded.diagnostics.into_sorted();
    output.diagnostics(&found, &loaded.manifests.sources);
    let what = policies::what_is_invalid(&found);
    output.say(&format!("The {what} are invalid; no cloud was contacted."));
    let told = Told {
        plan: None,
        report: None,
        errors: true,
        found,
        sources: &loaded.manifests.sources,
    };
    told.write(Exit::Error, &command.telling, output)
}

/// Puts a report in place that says that the run did not end, until another says how it ended: a
/// run that is killed must not leave the good news of an earlier one.
fn begin_report(path: &Path) -> Result<()> {
    let finding = Diagnostic::error(
        Code::Interrupted,
        "the run that began this report has not ended; it goes on, or was killed",
    )
    .help("the journal (`--journal`) has what it did; `apply` again reads each object first");
    let document = without_plan("apply", Exit::Error, &[finding], &SourceMap::default());
    rim::replace_file(path, &document).context("begin the report")?;
    let path = path.to_owned();
    last_words::keep(move || cut_report(&path));
    Ok(())
}

/// Says in the report that a signal ended the run at once.
fn cut_report(path: &Path) {
    let title = "stopped at once by a signal; calls in flight were not waited for";
    let finding = Diagnostic::error(Code::Interrupted, title).help(
        "the journal (`--journal`) has what was sent and answered; `apply` again reads each object \
         first",
    );
    let document = without_plan(
        "apply",
        Exit::Interrupted,
        &[finding],
        &SourceMap::default(),
    );
    // Nobody is left who could be told that it cannot be written; what stands there is no good news.
    let _ = rim::replace_file(path, &document);
}

/// Why nothing is written.
enum Refusal {
    /// It is not what was approved.
    Stale,
    /// A guard, or consent that was not given.
    Guard,
    /// A policy that could not be asked.
    Policy,
}

struct Job<'a> {
    command: &'a Command,
    approved: Option<Saved>,
    guards: Guards,
    policies: Policies,
    connected: &'a Connected,
    records: Records,
    progress: Arc<Progress>,
    output: &'a Output,
}

impl Job<'_> {
    async fn plan_and_apply(self, loaded: Loaded) -> Result<Exit> {
        let output = self.output;
        let survey = self
            .connected
            .survey(&loaded.world, &self.guards, &self.progress);
        let Survey { plan, findings } = unless_interrupted(survey).await?;
        let plan = Arc::new(plan);
        let text = self.command.telling.format == ApplyFormat::Text;
        let sources = &loaded.manifests.sources;
        let mut found = loaded.diagnostics.into_sorted();
        found.extend(findings);
        policies::judge(&self.policies, &plan, &mut found, sources)?;
        if text {
            output.result(&plan_text::render(&plan, &output.theme, output.width));
        }
        let errors = has_errors(&plan, &found);
        let refusal = self.refusal(&plan, &found);
        found.extend(refusal.iter().map(|(_, finding)| finding.clone()));
        output.diagnostics(&found, sources);
        self.records.begin(&plan, &found);

        let report = match refusal {
            None => Some(self.carry_out(&plan).await),
            Some(_) => None,
        };
        let exit = match (&report, &refusal) {
            (Some(report), _) => exit(report, errors),
            (None, Some((Refusal::Stale, _))) => Exit::Stale,
            (None, Some((Refusal::Policy, _))) => Exit::Error,
            (None, _) => Exit::Guarded,
        };
        let failures = report
            .as_ref()
            .map_or_else(Vec::new, |report| apply::findings(report, &plan));
        self.records.end(report.as_ref(), &failures);
        if !text {
            output.diagnostics(&failures, sources);
        }
        found.extend(failures);
        let incomplete = self.records.incomplete();
        output.diagnostics(&incomplete, sources);
        let exit = exit.unless_lost(incomplete.is_empty());
        found.extend(incomplete);
        let told = Told {
            plan: Some(&plan),
            report: report.as_ref(),
            errors,
            found,
            sources,
        };
        Ok(told.write(exit, &self.command.telling, output))
    }

    async fn carry_out(&self, plan: &Arc<Plan>) -> Report {
        let word = "interrupted: finishing the calls in flight; once more to stop at once";
        let listening = signals::listen(Some(word));
        self.progress
            .applying(plan.steps.iter().filter(|step| step.is_change()).count());
        let options = apply::Options {
            parallelism: usize::from(self.command.compared.clouds.parallelism),
            read_back: apply::ReadBack::default(),
        };
        let lines = !self.output.draws_bars();
        let (records, progress) = (self.records.clone(), Arc::clone(&self.progress));
        let output = self.output.clone();
        let listener: Listener = Arc::new(move |event| {
            records.event(event);
            progress.event(event);
            if lines && let Some(line) = apply_text::event_line(event, &output.talk) {
                output.say(&line);
            }
        });
        let writers = self.connected.writers();
        let cancel = listening.token.clone();
        let report = apply::run(Arc::clone(plan), &writers, &options, cancel, listener).await;
        self.progress.done();
        report
    }

    /// Why nothing may be written: not what was approved, then guards, then missing consent.
    fn refusal(&self, plan: &Plan, found: &[Diagnostic]) -> Option<(Refusal, Diagnostic)> {
        if let Some(finding) = self.stale(plan) {
            return Some((Refusal::Stale, finding));
        }
        if policies::failed(found) {
            let title = "a policy could not be asked; nothing was written";
            let finding = Diagnostic::error(Code::PolicyInvalid, title);
            return Some((Refusal::Policy, finding));
        }
        if policies::denied(found) {
            let title = "a policy denies this plan; nothing was written";
            let finding = Diagnostic::error(Code::PolicyDenied, title);
            return Some((Refusal::Guard, finding));
        }
        if is_guarded(plan) {
            // The findings of the plan name each protected object and threshold.
            let title = "a guard stands against this plan; nothing was written";
            return Some((Refusal::Guard, Diagnostic::error(Code::Protected, title)));
        }
        if !plan.steps.iter().any(Step::is_change) {
            return None;
        }
        let mut consent = Consent {
            yes: self.command.yes,
            allow: self.command.allow.iter().copied().collect(),
        };
        let mut missing = guard::missing(plan, &consent);
        if !missing.is_empty() && !self.command.yes && std::io::stdin().is_terminal() {
            consent::ask(&mut consent, &missing, self.output);
            missing = guard::missing(plan, &consent);
        }
        let finding = (!missing.is_empty()).then(|| consent::missing(self.command, &missing));
        finding.map(|finding| (Refusal::Guard, finding))
    }

    fn stale(&self, plan: &Plan) -> Option<Diagnostic> {
        let now = plan.digest.to_string();
        let (expected, approved) = match (&self.approved, &self.command.expect) {
            (Some(saved), _) => (saved.plan.digest.to_string(), Some(&saved.plan)),
            (None, Some(digest)) => (digest.trim().to_owned(), None),
            (None, None) => return None,
        };
        if expected == now {
            return None;
        }
        if let Some(then) = approved {
            let differences = compare::differences(then, plan);
            let (theme, width) = (&self.output.talk, self.output.width);
            let text = compare_text::render(&differences, then, plan, theme, width);
            self.output.insist(&text);
        }
        let finding = Diagnostic::error(
            Code::PlanStale,
            "the plan is not the approved one any more; nothing was written",
        )
        .note(format!("approved {expected}, now {now}"))
        .help("review the plan of now, and approve that");
        Some(finding)
    }
}

/// Contract §2.1.
fn exit(report: &Report, errors: bool) -> Exit {
    let any = |wanted: fn(&Outcome) -> bool| {
        report
            .outcomes
            .iter()
            .any(|outcome| wanted(&outcome.outcome))
    };
    if report.interrupted {
        Exit::Interrupted
    } else if errors || any(|outcome| matches!(outcome, Outcome::Failed(_))) {
        Exit::Error
    } else if any(|outcome| matches!(outcome, Outcome::Stale { .. })) {
        Exit::Stale
    } else {
        Exit::Success
    }
}
