//! Rules of the operator's own: Rego policies that read a plan and deny it or warn about it.
//!
//! Pure but for its own clock and thread: texts and a plan document in, findings out. Policies have
//! no way to the network, to files, to the environment or to the time of day; `engine.rs` is the
//! only file that names the Rego crate. Reading the folder is the command line's business.
//!
//! What is bounded: the time for one plan, the bytes of each file and of the plan, the number of
//! rules (and with it how deep they nest on the stack of the thread they run on), the number and
//! length of messages. Rules and functions that call themselves are refused before anything runs.
//! What is not bounded by itself is memory: a rule may build large values for as long as its time
//! lasts. The operator's own folder is where such a rule would come from.
//!
//! Decided in November 2026: Rego and not CEL, because a rule here walks a list of changes and gives
//! a set of messages, which is Rego's own form and a pile of macros in CEL; because plan documents
//! follow Terraform's shape, for which people have Rego rules already; and because the same files
//! run under `opa eval` and `conftest`.

mod calls;
mod engine;

use std::time::Duration;

use serde_json::Value;

use crate::model::{Code, Diagnostic};

/// How long all rules together may take over one plan. A plan of ten thousand objects takes the
/// example policies well under a second.
pub const TIME: Duration = Duration::from_secs(10);
/// Largest plan document that is judged, in bytes of JSON; some 100,000 objects.
const PLAN_BYTES: usize = 512 * 1024 * 1024;
/// Most rules and functions of all files together.
const RULES: usize = 2000;
/// Most messages of one rule that are shown; of the others, how many there are.
const MESSAGES: usize = 1000;
/// Longest message that is shown, in characters; a policy may build one out of a whole key set.
const MESSAGE_CHARACTERS: usize = 500;
/// The package whose `deny` and `warn` count. Packages below it may hold what rules share.
const PACKAGE: &str = "idform";

/// One file of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name as the operator knows it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Rules that were read and tried.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    sources: Vec<Source>,
    time: Duration,
}

impl Policies {
    /// Parses rules and tries them on a plan without changes, so that a mistake is told before a
    /// cloud is contacted.
    ///
    /// # Errors
    /// What is wrong, as findings: a file that is no Rego or in another package, rules that fail or
    /// do not end, no `deny` and no `warn` at all (which would look like consent).
    pub fn parse(sources: Vec<Source>, time: Duration) -> Result<Self, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut trees = Vec::new();
        for source in &sources {
            match engine::tree(source) {
                Ok(tree) => trees.push((source, tree)),
                Err(finding) => wrong.push(*finding),
            }
        }
        if wrong.is_empty() {
            wrong.extend(calls::mistake(&trees));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let policies = Self { sources, time };
        let nothing = serde_json::json!({
            "resource_changes": [], "unmanaged": [], "diagnostics": [], "summary": {},
        });
        match engine::evaluate(&policies.sources, &nothing, time) {
            Ok(answer) if answer.deny.is_none() && answer.warn.is_none() => {
                Err(vec![invalid("no policy has a rule `deny` or `warn`").help(
                    "write `package idform` and `deny contains msg if { … }`",
                )])
            }
            Ok(_) => Ok(policies),
            Err(finding) => Err(vec![*finding]),
        }
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Judges a plan document: denials first, then warnings, then what failed. A failure is an
    /// error: a rule that cannot be asked has not agreed.
    pub fn judge(&self, plan: &Value) -> Vec<Diagnostic> {
        if self.is_empty() {
            return Vec::new();
        }
        if !fits(plan, PLAN_BYTES) {
            return vec![
                invalid("the plan is too large to be judged by policies")
                    .help("plan a part of it: `--account`, `--target` or `--shard`"),
            ];
        }
        let answer = match engine::evaluate(&self.sources, plan, self.time) {
            Ok(answer) => answer,
            Err(finding) => return vec![*finding],
        };
        let mut findings = verdicts("deny", answer.deny.as_ref(), plan);
        findings.extend(verdicts("warn", answer.warn.as_ref(), plan));
        findings
    }
}

/// Whether a document has at most so many bytes as JSON.
fn fits(document: &Value, most: usize) -> bool {
    /// Counts and forgets.
    struct Room(usize);
    impl std::io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let left = self.0.checked_sub(bytes.len());
            self.0 = left.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::FileTooLarge))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Room(most), document).is_ok()
}

fn verdicts(rule: &str, answer: Option<&engine::Given>, plan: &Value) -> Vec<Diagnostic> {
    match answer {
        None => Vec::new(),
        Some(engine::Given::Messages { first, more }) => {
            let mut verdicts: Vec<Diagnostic> = first
                .iter()
                .map(|message| verdict(rule, message, plan))
                .collect();
            if *more > 0 {
                let text = format!("and {more} more messages of this rule, which are not shown");
                verdicts.push(verdict(rule, &Value::from(text), plan));
            }
            verdicts
        }
        Some(engine::Given::Other) => vec![
            invalid(format!("the rule `{rule}` gives no set of messages"))
                .help(format!("write `{rule} contains msg if {{ … }}`")),
        ],
    }
}

fn verdict(rule: &str, message: &Value, plan: &Value) -> Diagnostic {
    let (text, address) = match message {
        Value::String(text) => (Some(text.as_str()), None),
        Value::Object(parts) => (
            parts.get("msg").and_then(Value::as_str),
            parts.get("address").and_then(Value::as_str),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => (None, None),
    };
    let Some(text) = text else {
        return invalid(format!(
            "the rule `{rule}` gives something that is no message"
        ))
        .note(shortened(&message.to_string()))
        .help(
            "a message is a text, or an object with `msg` and, where it is about one, `address`",
        );
    };
    let text = shortened(text);
    let title = match address {
        Some(address) => format!("{address}: {text}"),
        None => text,
    };
    let finding = if rule == "deny" {
        Diagnostic::error(Code::PolicyDenied, title)
            .help("nothing is applied while a policy denies it; change the manifest or the policy")
    } else {
        Diagnostic::warning(Code::PolicyWarned, title)
    };
    match address.and_then(|address| place(plan, address)) {
        Some((file, line)) => finding.on_line(file, line),
        None => finding,
    }
}

/// File and line of a declared object.
fn place(plan: &Value, address: &str) -> Option<(String, u32)> {
    let changes = plan.get("resource_changes")?.as_array()?;
    let found = changes
        .iter()
        .find(|change| change.get("address").and_then(Value::as_str) == Some(address))?;
    let source = found.get("source")?;
    let (file, line) = (source.get("file")?.as_str()?, source.get("line")?.as_u64()?);
    Some((file.to_owned(), u32::try_from(line).ok()?))
}

/// One line of bounded length.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MESSAGE_CHARACTERS {
        return line;
    }
    let mut short: String = line.chars().take(MESSAGE_CHARACTERS).collect();
    short.push('…');
    short
}

fn invalid(title: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::PolicyInvalid, title)
}

#[cfg(test)]
mod tests;
