//! Conditions on the subject that no token satisfies, or that a cloud's console does not take.

use std::collections::{BTreeMap, BTreeSet};

use super::trust::{Trusting, trusting};
use super::{Rule, Scene, Smell};
use crate::federation::subject;
use crate::federation::trust::{Comparison, MOST_SUBJECTS, Matched};
use crate::model::Code;

/// The rule.
pub(super) static RULE: Rule = Rule {
    codes: &[
        Code::InvisibleInSubject,
        Code::SubjectTooLong,
        Code::TooManySubjects,
    ],
    check,
};

fn check<'w>(scene: &Scene<'w>) -> Vec<Smell<'w>> {
    trusting(scene).iter().flat_map(of_subjects).collect()
}

fn of_subjects<'w>(one: &Trusting<'w>) -> Vec<Smell<'w>> {
    let provider = &one.trust.provider;
    let mut smells = Vec::new();
    for matched in &one.trust.subjects {
        if let Some(shown) = subject::with_hidden_escaped(&matched.pattern) {
            smells.push(one.smell(
                Code::InvisibleInSubject,
                "a subject with a character that cannot be seen",
                format!("`{shown}` of {provider}"),
                "write it on one line, in quotes, and without the escaped character",
            ));
        }
        let length = characters_at_least(matched);
        if matched.operator().demands() && length > subject::CHARACTERS_MAX {
            smells.push(one.smell(
                Code::SubjectTooLong,
                "a subject longer than any token's",
                format!("{length} characters, of {provider}"),
                "ask for a subject of at most 255 characters",
            ));
        }
    }
    let mut listed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for matched in &one.trust.subjects {
        let subjects = listed.entry(&matched.operator).or_default();
        subjects.insert(&matched.pattern);
    }
    for (operator, subjects) in listed {
        if subjects.len() > MOST_SUBJECTS {
            smells.push(one.smell(
                Code::TooManySubjects,
                "more subjects in one condition than the console takes",
                format!("{} under `{operator}`, of {provider}", subjects.len()),
                "list at most ten; for more make another role",
            ));
        }
    }
    smells
}

/// How many characters a subject that fits has at least: `*` may stand for nothing.
fn characters_at_least(matched: &Matched) -> usize {
    let is_pattern = matched.operator().comparison == Comparison::Like;
    let characters = matched.pattern.chars();
    characters.filter(|c| !(is_pattern && *c == '*')).count()
}
