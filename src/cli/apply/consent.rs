//! Consent to the risks of a plan: asked for on a terminal, or named as the flags that give it.

use std::collections::BTreeSet;
use std::io::BufRead as _;

use crate::cli::args::Apply as Command;
use crate::cli::output::Output;
use crate::model::{Code, Diagnostic};
use crate::plan::Risk;
use crate::plan::guard::{Consent, Missing};

/// Asks on the terminal: a grave risk by its word, the rest with `yes`.
pub(super) fn ask(consent: &mut Consent, missing: &[Missing], output: &Output) {
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

/// What to add for the consent that is missing.
pub(super) fn missing(command: &Command, missing: &[Missing]) -> Diagnostic {
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
