//! What a person must hear about a plan besides the plan itself: accounts and objects that could
//! not be read, and changes that cannot be made.

use crate::compile::World;
use crate::model::{Code, Diagnostic};
use crate::observe::{AccountReading, Snapshot};

use super::action::BlockedBy;
use super::{Action, Plan};

/// One finding for each account or object that stands in the way, in the order of addresses.
pub fn findings(world: &World, snapshot: &Snapshot, plan: &Plan) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (name, reading) in &snapshot.accounts {
        if let Some(finding) = of_account(name, reading) {
            let finding = match world.accounts.get(name) {
                Some(account) => finding.at(account.origin, "this account"),
                None => finding,
            };
            findings.push(finding);
        }
    }
    for step in &plan.steps {
        let readable = matches!(
            snapshot.accounts.get(&step.address.account),
            Some(AccountReading::Readable { .. })
        );
        match (step.action, &step.blocked) {
            (Action::Unreadable, _) if readable => findings.push(
                Diagnostic::error(
                    Code::ObjectUnreadable,
                    format!("{} could not be read", step.address),
                )
                .on_line(&*step.origin.file, step.origin.line)
                .note(step.error.clone().unwrap_or_default())
                .help("nothing is changed there; mend the cause and plan again"),
            ),
            (Action::Blocked, Some(blocked)) => {
                let code = match blocked.by {
                    BlockedBy::Guard => Code::Protected,
                    BlockedBy::Impossible => Code::ObjectBlocked,
                    // The first cause has its own finding.
                    BlockedBy::Waiting => continue,
                };
                findings.push(
                    Diagnostic::error(
                        code,
                        format!("{} cannot {}", step.address, verb(blocked.needed)),
                    )
                    .on_line(&*step.origin.file, step.origin.line)
                    .note(blocked.reason.clone()),
                );
            }
            _ => {}
        }
    }
    for tripped in &plan.tripped {
        findings.push(
            Diagnostic::error(
                Code::ThresholdExceeded,
                format!(
                    "{} of {} live {} objects of `{}` would change at once",
                    tripped.changes, tripped.live, tripped.kind, tripped.account
                ),
            )
            .help("look whether paths and accounts are the right ones; if so, raise --max-changes"),
        );
    }
    findings
}

fn verb(needed: Action) -> &'static str {
    match needed {
        Action::Create => "be created",
        Action::Update => "be updated",
        Action::Replace => "be replaced",
        Action::Delete => "be deleted",
        Action::Disable => "be disabled",
        Action::NoOp | Action::Blocked | Action::Unreadable => "be changed",
    }
}

/// What stands in the way of reading an account.
pub fn of_account(name: &str, reading: &AccountReading) -> Option<Diagnostic> {
    match reading {
        AccountReading::Readable { .. } => None,
        AccountReading::Mismatch { declared, found } => Some(
            Diagnostic::error(
                Code::AccountMismatch,
                format!("the credentials of `{name}` belong to another account"),
            )
            .note(format!(
                "the manifest says {declared}, the cloud says {found}"
            ))
            .help("use that account's credentials, or correct `accountId`"),
        ),
        AccountReading::NoCredentials { why, looked } => {
            let mut finding = Diagnostic::error(
                Code::CredentialsMissing,
                format!("no usable credentials for `{name}`"),
            )
            .note(why.clone());
            if !looked.is_empty() {
                finding = finding.note(format!("looked in: {}", looked.join("; ")));
            }
            Some(finding.help("set one of these, or name a profile under `credentials`"))
        }
        AccountReading::Unreadable(error) => {
            let finding = Diagnostic::error(
                Code::AccountUnreadable,
                format!("the account `{name}` could not be read"),
            )
            .note(error.to_string());
            Some(match error.hint() {
                Some(hint) => finding.help(hint),
                None => finding.help("nothing is changed there; mend the cause and plan again"),
            })
        }
    }
}
