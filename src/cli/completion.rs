//! `idform __complete`: what the completion scripts ask for while somebody types.
//!
//! A word that the command line does not know, instead of clap's own dynamic completions, which need the feature
//! `unstable-dynamic` of `clap_complete` 4.6. The scripts hand over the words of the line up to the
//! cursor; the answer is one candidate a line, each a whole word, or exit 1 where the line asks for
//! something that the static script knows better. Only files are read, mistakes in them are passed
//! over in silence, and whoever types never waits longer than [`PATIENCE`].

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use clap::{ArgAction, CommandFactory};

use crate::compile::compile;
use crate::compile::portable::CATALOGUE;
use crate::manifest::{self, AllowedEnv};
use crate::model::Diagnostics;

use super::args::Args;
use super::output;
use super::{Exit, lock_file};

/// The longest that somebody who pressed a key waits. A folder that takes longer (a home folder, a
/// slow share) is one whose manifests were not meant.
const PATIENCE: Duration = Duration::from_secs(2);

/// What stands behind a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Names of accounts.
    Accounts,
    /// Addresses of declared objects.
    Addresses,
    /// `account/Kind/`: the rest is a name in the cloud, which no file tells.
    Kinds,
    /// `KEY=VALUE` of labels that objects carry.
    Labels,
    /// Issuers that manifests pin or the lock file holds.
    Issuers,
    /// What `explain` explains.
    Topics,
}

/// Options whose values come from manifests: command (empty: any), option, what.
const VALUES: &[(&str, &str, Wanted)] = &[
    ("import", "target", Wanted::Kinds),
    ("lock", "retire", Wanted::Issuers),
    ("", "account", Wanted::Accounts),
    ("", "target", Wanted::Addresses),
    ("", "label", Wanted::Labels),
    ("", "exclude", Wanted::Addresses),
];

/// A line as far as it is typed, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    wanted: Wanted,
    /// What stands before the value in the same word: `--target=`, or nothing.
    before: String,
    /// The value as far as it is typed.
    prefix: String,
    /// Where the manifests are.
    paths: Vec<PathBuf>,
}

/// The first word of a question; not part of the command line, so that no help, manual page or script
/// offers it.
const WORD: &str = "__complete";

/// The words of the line up to the cursor, when the program was called by a script.
pub(super) fn asked(arguments: &[OsString]) -> Option<Vec<String>> {
    let [_, word, dashes, line @ ..] = arguments else {
        return None;
    };
    // What is no text is no value of ours.
    (word == WORD && dashes == "--").then(|| {
        let words = line.iter().map(|word| word.to_string_lossy().into_owned());
        words.collect()
    })
}

pub(super) fn run(words: &[String]) -> Exit {
    let Some(question) = question(words) else {
        return Exit::Error;
    };
    let Question { before, prefix, .. } = &question;
    let mut text = String::new();
    for found in candidates(&question) {
        // Words go to a command line as they are: what a shell would take for more than text
        // stays out of it, since manifests may come from a stranger's pull request.
        if found.starts_with(prefix.as_str()) && is_plain(&found) {
            text.push_str(before);
            text.push_str(&found);
            text.push('\n');
        }
    }
    output::result(&text);
    Exit::Success
}

fn is_plain(word: &str) -> bool {
    word.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-._/:@%+,=".contains(c))
}

/// The options of `command` that are completed here, each with whether its value follows `=` alone.
pub(super) fn options(command: &clap::Command) -> impl Iterator<Item = (&str, bool)> {
    command.get_arguments().filter_map(|argument| {
        let long = argument.get_long()?;
        wanted(command.get_name(), long)?;
        Some((long, argument.is_require_equals_set()))
    })
}

fn wanted(command: &str, option: &str) -> Option<Wanted> {
    VALUES
        .iter()
        .find(|(of, name, _)| (of.is_empty() || *of == command) && *name == option)
        .map(|(_, _, wanted)| *wanted)
}

/// Takes the words after the program's name apart, the last being the one that is typed. [`None`]
/// when its value is none of ours.
fn question(words: &[String]) -> Option<Question> {
    let (last, typed) = words.split_last()?;
    let program = Args::command();
    let mut before = typed.iter();
    let mut command = None;
    while let Some(word) = before.next() {
        if takes_next(&program, word) {
            before.next();
        } else if !word.starts_with('-') {
            command = program.find_subcommand(word);
            break;
        }
    }
    let command = command?;
    let mut paths = Vec::new();
    let mut previous = None;
    for word in before {
        if let Some(option) = previous.take() {
            let _: &str = option;
        } else if takes_next(command, word) || takes_next(&program, word) {
            previous = word.strip_prefix("--").or(Some(""));
        } else if !word.starts_with('-') {
            paths.push(PathBuf::from(word));
        }
    }
    let is_ours = |option: &str| {
        options(command).find_map(|(name, equals)| (name == option).then_some(equals))
    };
    let (option, before, prefix) = match (previous, last.split_once('=')) {
        (Some(option), _) if is_ours(option) == Some(false) => {
            (option, String::new(), last.as_str())
        }
        (None, Some((option, prefix))) => {
            let name = option.strip_prefix("--")?;
            is_ours(name)?;
            (name, format!("{option}="), prefix)
        }
        (None, None) if command.get_name() == "explain" && !last.starts_with('-') => {
            return Some(Question {
                wanted: Wanted::Topics,
                before: String::new(),
                prefix: last.clone(),
                paths,
            });
        }
        (Some(_), _) | (None, None) => return None,
    };
    let wanted = wanted(command.get_name(), option)?;
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    Some(Question {
        wanted,
        before,
        prefix: prefix.to_owned(),
        paths,
    })
}

/// Whether `word` is an option whose value is the next word.
fn takes_next(command: &clap::Command, word: &str) -> bool {
    command.get_arguments().any(|argument| {
        let long = word
            .strip_prefix("--")
            .is_some_and(|it| argument.get_long() == Some(it));
        let short = word.strip_prefix('-').is_some_and(|it| {
            let mut letters = it.chars();
            letters.next() == argument.get_short()
                && argument.get_short().is_some()
                && letters.next().is_none()
        });
        let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
        (long || short) && takes && !argument.is_require_equals_set()
    })
}

fn candidates(question: &Question) -> BTreeSet<String> {
    let wanted = question.wanted;
    if wanted == Wanted::Topics {
        return manifest::topics(CATALOGUE, &question.prefix)
            .into_iter()
            .collect();
    }
    let paths = question.paths.clone();
    let (sender, answer) = mpsc::channel();
    // A thread that is too late ends with the process.
    std::thread::spawn(move || sender.send(read(wanted, &paths)));
    answer.recv_timeout(PATIENCE).unwrap_or_default()
}

/// What manifests and lock file tell; whatever is wrong with them, `validate` says.
fn read(wanted: Wanted, paths: &[PathBuf]) -> BTreeSet<String> {
    let mut nobody = Diagnostics::default();
    let (mut manifests, _) = manifest::load(paths, None, CATALOGUE, &AllowedEnv::default());
    match wanted {
        Wanted::Accounts => {
            let usable = manifests.accounts.into_iter().map(|account| account.name);
            usable.chain(manifests.unusable_accounts).collect()
        }
        Wanted::Addresses => {
            let documents = manifests.documents.iter();
            documents
                .map(|document| {
                    let kind = document.kind.info().name;
                    format!("{}/{kind}/{}", document.account.value, document.name)
                })
                .collect()
        }
        Wanted::Labels => {
            let labels = manifests
                .documents
                .iter()
                .flat_map(|document| &document.labels);
            // Without a key it would be no selector, and to zsh the path of a command.
            let named = labels.filter(|(key, _)| !key.is_empty());
            named.map(|(key, value)| format!("{key}={value}")).collect()
        }
        Wanted::Kinds => manifests
            .accounts
            .iter()
            .filter_map(|account| Some((&account.name, crate::clouds::cloud(account.cloud)?)))
            .flat_map(|(name, cloud)| {
                let kinds = cloud.kinds.iter().map(|kind| kind.info().name);
                kinds.map(move |kind| format!("{name}/{kind}/"))
            })
            .collect(),
        Wanted::Issuers => {
            let lock = lock_file::read(paths, &mut manifests.sources, &mut nobody);
            let world = compile(&mut manifests, None, &mut nobody);
            let pinned = world.issuers().into_keys().map(str::to_owned);
            let locked = lock.into_iter().flat_map(|lock| lock.issuers.into_keys());
            locked.chain(pinned).collect()
        }
        Wanted::Topics => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Question> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        question(&words)
    }

    fn of(wanted: Wanted, before: &str, prefix: &str, path: &str) -> Question {
        Question {
            wanted,
            before: before.to_owned(),
            prefix: prefix.to_owned(),
            paths: vec![PathBuf::from(path)],
        }
    }

    #[test]
    fn a_line_is_taken_apart_at_the_cursor() {
        use Wanted::{Accounts, Addresses, Issuers, Kinds};
        for (line, expected) in [
            ("plan --target ", of(Addresses, "", "", ".")),
            ("plan --target=a/", of(Addresses, "--target=", "a/", ".")),
            (
                "--color never plan idp --exclude a",
                of(Addresses, "", "a", "idp"),
            ),
            (
                "-v plan --timeout 3s idp --account p",
                of(Accounts, "", "p", "idp"),
            ),
            (
                "plan --target a/b/c idp --target d",
                of(Addresses, "", "d", "idp"),
            ),
            ("import idp --target h", of(Kinds, "", "h", "idp")),
            (
                "lock --retire=https://",
                of(Issuers, "--retire=", "https://", "."),
            ),
        ] {
            assert_eq!(asked(line), Some(expected), "{line}");
        }
        for other in [
            "",
            "plan",
            "pl",
            "plan --tar",
            "plan ",
            "plan idp",
            "plan --out ",
            "plan --out=x",
            // `--retire` takes its value after `=` alone: what follows is a path.
            "lock --retire ",
            "nothing --target ",
            "validate --target ",
            "--target ",
            "=",
            "--=",
            "plan --target=a --out ",
        ] {
            assert_eq!(asked(other), None, "{other}");
        }
    }

    #[test]
    fn every_option_that_is_completed_exists() {
        let program = Args::command();
        for (of, name, _) in VALUES {
            let mut commands = program.get_subcommands();
            assert!(
                commands.any(|command| (of.is_empty() || command.get_name() == *of)
                    && options(command).any(|(option, _)| option == *name)),
                "{of} {name}"
            );
        }
    }

    #[test]
    fn a_word_that_a_shell_would_run_is_not_offered() {
        assert!(is_plain("https://issuer.example/a_b%20c:443"));
        for bad in [
            "a b", "$(id)", "a;b", "a`b", "a\nb", "a&b", "a'b", "~a", "a*",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
