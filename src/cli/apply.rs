//! `idform apply`: plans by the same code, asks, and brings the changes about.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use crate::apply::{self, Outcome, Report};
use crate::model::{Code, Diagnostic};
use crate::plan::guard::{self, Consent, Missing};
use crate::plan::{Plan, Risk};
use crate::view::progress::Progress;
use crate::view::{apply_json, apply_text, plan_json, plan_text};

use super::args::{Apply as Command, Common, Format};
use super::output::Output;
use super::plan::{has_errors, invalid, is_guarded};
use super::run::{Connected, Loaded, Survey};
use super::{Exit, run};

pub(super) fn run(command: &Command, _common: &Common, output: &Output) -> Result<Exit> {
    let loaded = run::load(&command.manifests)?;
    if loaded.diagnostics.has_errors() {
        return Ok(invalid("apply", loaded, command.manifests.format, output));
    }
    run::block_on(async {
        let connected = Connected::new(&loaded.world, &command.clouds).await?;
        let exit = plan_and_apply(command, loaded, &connected, output).await;
        connected.close().await;
        Ok(exit)
    })?
}

async fn plan_and_apply(
    command: &Command,
    loaded: Loaded,
    connected: &Connected,
    output: &Output,
) -> Exit {
    let progress = Progress::new(output.draws_bars());
    let Survey { plan, findings } = connected.survey(&loaded.world, &progress).await;
    let plan = Arc::new(plan);
    let text = command.manifests.format == Format::Text;
    let sources = &loaded.manifests.sources;
    let mut found = loaded.diagnostics.into_sorted();
    found.extend(findings);
    if text {
        output.result(&plan_text::render(&plan, &output.theme, output.width));
    }
    let errors = has_errors(&plan, &found);
    let refused = refusal(command, &plan, output);
    found.extend(refused.iter().cloned());
    output.diagnostics(&found, sources);

    let report = if refused.is_empty() {
        Some(carry_out(command, &plan, connected, &progress, output).await)
    } else {
        None
    };
    let exit = report
        .as_ref()
        .map_or(Exit::Guarded, |report| exit(report, errors));
    if text {
        if let Some(report) = &report {
            output.result(&if errors && report.outcomes.is_empty() {
                // "Nothing to do" would be a claim about what could not be read.
                "Apply incomplete: nothing was done.\n".to_owned()
            } else {
                apply_text::render(report, &output.theme, output.width)
            });
        }
    } else {
        let failures = report.as_ref().map(apply::findings).unwrap_or_default();
        output.diagnostics(&failures, sources);
        found.extend(failures);
        let plan = plan_json::PlanInput {
            plan: Some(&plan),
            command: "apply",
            exit_code: exit.code(),
            errored: exit == Exit::Error,
            diagnostics: &found,
            sources,
        };
        output.result(&apply_json::to_json(&apply_json::document(
            &plan,
            report.as_ref(),
        )));
    }
    exit
}

async fn carry_out(
    command: &Command,
    plan: &Arc<Plan>,
    connected: &Connected,
    progress: &Progress,
    output: &Output,
) -> Report {
    let cancel = CancellationToken::new();
    let watch = tokio::spawn(watch_signals(cancel.clone()));
    progress.applying(plan.steps.iter().filter(|step| step.is_change()).count());
    let options = apply::Options {
        parallelism: usize::from(command.clouds.parallelism),
        read_back: apply::ReadBack::default(),
    };
    let lines = !output.draws_bars();
    let report = apply::run(
        Arc::clone(plan),
        &connected.writers(),
        &options,
        cancel,
        |event| {
            progress.event(&event);
            if lines && let Some(line) = apply_text::event_line(&event, &output.talk) {
                output.say(&line);
            }
        },
    )
    .await;
    progress.done();
    watch.abort();
    report
}

/// The first signal lets calls in flight finish, the second ends at once.
async fn watch_signals(cancel: CancellationToken) {
    let mut term = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(term) => term,
        Err(error) => {
            tracing::warn!(%error, "cannot watch for signals");
            return;
        }
    };
    for second in [false, true] {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        if second {
            std::process::exit(Exit::Interrupted.code().into());
        }
        tracing::warn!("interrupted: finishing the calls in flight; once more to stop at once");
        cancel.cancel();
    }
}

/// Why nothing may be written: guards first, then missing consent.
fn refusal(command: &Command, plan: &Plan, output: &Output) -> Vec<Diagnostic> {
    if is_guarded(plan) {
        // The findings of the plan name each protected object.
        return vec![Diagnostic::error(
            Code::Protected,
            "a guard blocks this plan; nothing was written",
        )];
    }
    if !plan.steps.iter().any(crate::plan::Step::is_change) {
        return Vec::new();
    }
    let mut consent = Consent {
        yes: command.yes,
        allow: command.allow.iter().copied().collect(),
    };
    let mut missing = guard::missing(plan, &consent);
    if !missing.is_empty() && !command.yes && std::io::stdin().is_terminal() {
        ask(&mut consent, &missing, output);
        missing = guard::missing(plan, &consent);
    }
    if missing.is_empty() {
        return Vec::new();
    }
    vec![consent_missing(command, &missing)]
}

/// Asks on the terminal: a grave risk by its word, the rest with `yes`.
fn ask(consent: &mut Consent, missing: &[Missing], output: &Output) {
    let risks: BTreeSet<Risk> = missing.iter().map(|missing| missing.risk).collect();
    for risk in &risks {
        let word = if risk.is_covered_by_yes() {
            "yes"
        } else {
            risk.word()
        };
        if word == "yes" && consent.yes {
            continue;
        }
        output.insist(&format!(
            "The plan {}. Type `{word}` to go on:",
            match risk {
                Risk::Cosmetic => "changes things that do not concern sign-in",
                Risk::WidensTrust => "lets more sign in than before",
                Risk::MayBreakSignIn => "may break sign-in that works now",
                Risk::SwitchesSignIn => "switches the way people sign in",
                Risk::Destroys => "deletes things",
            }
        ));
        let mut answer = String::new();
        if std::io::stdin().lock().read_line(&mut answer).is_err() || answer.trim() != word {
            return;
        }
        if word == "yes" {
            consent.yes = true;
        } else {
            consent.allow.insert(*risk);
        }
    }
}

fn consent_missing(command: &Command, missing: &[Missing]) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        Code::ConsentMissing,
        "the plan needs consent that was not given; nothing was written",
    );
    let risks: BTreeSet<Risk> = missing.iter().map(|missing| missing.risk).collect();
    for risk in &risks {
        let addresses: Vec<String> = missing
            .iter()
            .filter(|missing| missing.risk == *risk)
            .map(|missing| missing.address.to_string())
            .collect();
        diagnostic = diagnostic.note(format!("{}: {}", risk.word(), addresses.join(", ")));
    }
    let mut flags: Vec<String> = Vec::new();
    if !command.yes {
        flags.push("--yes".to_owned());
    }
    flags.extend(
        risks
            .iter()
            .filter(|risk| !risk.is_covered_by_yes())
            .map(|risk| format!("--allow {}", risk.word())),
    );
    diagnostic.help(format!("if that is what you want, add {}", flags.join(" ")))
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
