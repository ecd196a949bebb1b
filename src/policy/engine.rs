//! The Rego engine, and the limits within which it runs. The only file that names its crate.

use std::num::NonZeroU32;
use std::sync::mpsc;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;
use serde_json::Value;

use super::{MESSAGES, PACKAGE, Source, invalid};
use crate::model::{Diagnostic, FilePlace};

/// Evaluation steps between two looks at the clock.
const CHECK_STEPS: NonZeroU32 = NonZeroU32::new(256).expect("256 is not zero");
/// Stack for the evaluation: rules that call rules nest deeper than this program does. Enough for
/// [`super::RULES`] that each call the next; memory is taken only as it is used.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// What the two rules gave; [`None`] where there is no such rule.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) deny: Option<Given>,
    pub(super) warn: Option<Given>,
}

/// What one rule gave.
#[derive(Debug)]
pub(super) enum Given {
    /// A set of messages.
    Messages {
        /// As many as are shown.
        first: Vec<Value>,
        /// How many others there are.
        more: usize,
    },
    /// Something else.
    Other,
}

/// The tree of one file, as the engine gives it.
///
/// # Errors
/// What is wrong with the file by itself.
pub(super) fn tree(source: &Source) -> Result<Value, Box<Diagnostic>> {
    let mut engine = Engine::new();
    let unread =
        |error: &anyhow::Error| Box::new(failed("cannot be read as Rego", Some(source), error));
    let package = engine
        .add_policy(source.name.clone(), source.text.clone())
        .map_err(|error| unread(&error))?;
    let name = package.strip_prefix("data.").unwrap_or(&package);
    let ours = name == PACKAGE || name.starts_with(&format!("{PACKAGE}."));
    if !ours {
        let finding = invalid(format!(
            "a policy is in the package `{name}`, where nobody asks it"
        ))
        .in_file(source.name.clone())
        .help("write `package idform`, or a package below it for what rules share");
        return Err(Box::new(finding));
    }
    let text = engine.get_ast_as_json().map_err(|error| unread(&error))?;
    let mut files: Value =
        serde_json::from_str(&text).map_err(|error| unread(&anyhow::Error::from(error)))?;
    Ok(files[0]["ast"].take())
}

/// Asks the rules about a plan.
///
/// The engine looks at the clock between its steps. A single step (a huge range, a product of huge
/// numbers) is one it cannot look into, so the thread is given up on soon after; it ends with the
/// program, which has nothing left to do then but to say so.
pub(super) fn evaluate(
    sources: &[Source],
    plan: &Value,
    time: Duration,
) -> Result<Answer, Box<Diagnostic>> {
    let (tell, hear) = mpsc::channel();
    let (sources, plan) = (sources.to_vec(), plan.clone());
    let started = std::thread::Builder::new()
        .name("policies".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            // Nobody hears it when it comes too late.
            let _ = tell.send(run(sources, &plan, time));
        });
    let refused = match started {
        Err(error) => invalid("the policies could not be started").note(error.to_string()),
        Ok(_) => match hear.recv_timeout(time.saturating_mul(2)) {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => failed("failed while it judged the plan", None, &error),
            Err(mpsc::RecvTimeoutError::Timeout) => too_long(),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                invalid("the policies made the evaluator fail; this is a bug of it")
            }
        },
    };
    Err(Box::new(refused))
}

fn run(sources: Vec<Source>, plan: &Value, time: Duration) -> anyhow::Result<Answer> {
    let mut engine = Engine::new();
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: time,
        check_interval: CHECK_STEPS,
    });
    // A builtin that fails makes its rule undefined by default: a denial that is not heard.
    engine.set_strict_builtin_errors(true);
    // Otherwise `print` writes to standard error by itself.
    engine.set_gather_prints(true);
    for source in sources {
        engine.add_policy(source.name, source.text)?;
    }
    engine.set_input(regorus::Value::from(plan.clone()));
    let mut ask = |rule: &str| {
        let query = format!("data.{PACKAGE}.{rule}");
        let results = engine.eval_query(query, false)?;
        let answer = results
            .result
            .first()
            .and_then(|row| row.expressions.first());
        match answer.map(|expression| &expression.value) {
            None | Some(regorus::Value::Undefined) => Ok(None),
            Some(value) => anyhow::Ok(Some(given(value)?)),
        }
    };
    Ok(Answer {
        deny: ask("deny")?,
        warn: ask("warn")?,
    })
}

/// A set is an array where a plain `deny := [...]` is written.
fn given(value: &regorus::Value) -> anyhow::Result<Given> {
    fn messages<'a>(
        all: impl ExactSizeIterator<Item = &'a regorus::Value>,
    ) -> anyhow::Result<Given> {
        let more = all.len().saturating_sub(MESSAGES);
        let first = all.take(MESSAGES).map(serde_json::to_value);
        let first = first.collect::<Result<_, _>>()?;
        Ok(Given::Messages { first, more })
    }
    if let Ok(set) = value.as_set() {
        messages(set.iter())
    } else if let Ok(array) = value.as_array() {
        messages(array.iter())
    } else {
        Ok(Given::Other)
    }
}

/// The crate's errors are texts of several lines with the place drawn into them.
fn failed(what: &str, source: Option<&Source>, error: &anyhow::Error) -> Diagnostic {
    let text = format!("{error:#}");
    if text.contains("exceeded time limit") {
        return too_long();
    }
    let place = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("--> "))
        .map(drawn_place)
        .or_else(|| source.map(|source| whole(&source.name)));
    let why = text
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix("error: "))
        .unwrap_or(text.trim());
    let finding = invalid(format!("a policy {what}")).note(super::shortened(why));
    match place {
        Some(place) => finding.in_place(place),
        None => finding,
    }
}

/// `file:line:column`, as the crate draws it; the file's name may hold colons.
fn drawn_place(text: &str) -> FilePlace {
    let mut parts = text.rsplitn(3, ':');
    let column = parts.next().and_then(|part| part.parse().ok());
    let line = parts.next().and_then(|part| part.parse().ok());
    match parts.next() {
        Some(name) if line.is_some() && column.is_some() => FilePlace {
            name: name.to_owned(),
            line,
            column,
        },
        _ => whole(text),
    }
}

fn whole(name: &str) -> FilePlace {
    FilePlace {
        name: name.to_owned(),
        line: None,
        column: None,
    }
}

fn too_long() -> Diagnostic {
    invalid("the policies took too long and were stopped")
        .help("look for rules that go through large ranges, or through all pairs of all objects")
}
