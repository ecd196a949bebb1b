//! What a change of a trust policy means: who gets in that did not, and who no longer does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::check::misshapen;
use super::facts::{conditions, statements, texts};
use super::operator::{Comparison, Operator, covers};
use super::{Grammar, canonical};

/// A change of a trust policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// What is only in the new one: `subject repo:acme/app:*`.
    pub added: Vec<String>,
    /// What is only in the old one.
    pub removed: Vec<String>,
    /// Whether somebody may get in who did not.
    pub is_wider: bool,
    /// Whether somebody may no longer get in who did.
    pub is_narrower: bool,
}

/// One principal of one statement, and under what it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    actions: BTreeSet<String>,
    /// By key and operator.
    conditions: BTreeMap<(String, String), BTreeSet<String>>,
}

/// Effect, kind and name of a principal.
type Whom = (String, String, String);

/// Compares two trust policies; [`None`] stands for none at all. What cannot be read counts as
/// letting anybody in and keeping anybody out.
pub fn differences(
    grammar: &Grammar,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Differences {
    let mut found = Differences::default();
    let readable = |policy: &&Value| misshapen(grammar, policy).is_empty();
    if [before, after]
        .into_iter()
        .flatten()
        .any(|policy| !readable(&policy))
    {
        found.is_wider = true;
        found.is_narrower = before.is_some();
        return found;
    }
    let mut before = before
        .map(|policy| grants(grammar, policy))
        .unwrap_or_default();
    let mut after = after
        .map(|policy| grants(grammar, policy))
        .unwrap_or_default();
    let several = before
        .keys()
        .chain(after.keys())
        .collect::<BTreeSet<_>>()
        .len()
        > 1;
    let everybody: BTreeSet<Whom> = before.keys().chain(after.keys()).cloned().collect();
    for whom in everybody {
        let mut old = before.remove(&whom).unwrap_or_default();
        let mut new = after.remove(&whom).unwrap_or_default();
        // What both have in the same words is not a change, wherever it stands.
        old.retain(|grant| match new.iter().position(|other| other == grant) {
            Some(at) => {
                new.remove(at);
                false
            }
            None => true,
        });
        let mut part = Differences::default();
        let told = Telling {
            grammar,
            whom: &whom,
            several,
        };
        told.compare(&old, &new, &mut part);
        // A statement that keeps people out turns everything round.
        if whom.0 != grammar.effects[0] {
            std::mem::swap(&mut part.is_wider, &mut part.is_narrower);
        }
        found.added.extend(part.added);
        found.removed.extend(part.removed);
        found.is_wider |= part.is_wider;
        found.is_narrower |= part.is_narrower;
    }
    found
}

struct Telling<'a> {
    grammar: &'a Grammar,
    whom: &'a Whom,
    /// Whether it must be said whom a line is about.
    several: bool,
}

impl Telling<'_> {
    fn compare(&self, old: &[Grant], new: &[Grant], found: &mut Differences) {
        match (old, new) {
            ([], []) => {}
            ([old], [new]) => self.compare_grants(old, new, found),
            (old, new) => {
                for grant in old {
                    found.removed.push(self.statement(grant));
                }
                for grant in new {
                    found.added.push(self.statement(grant));
                }
                found.is_narrower |= !old.is_empty();
                found.is_wider |= !new.is_empty();
            }
        }
    }

    /// One statement against its successor.
    fn compare_grants(&self, old: &Grant, new: &Grant, found: &mut Differences) {
        for action in new.actions.difference(&old.actions) {
            found.added.push(self.line("action", action));
            found.is_wider = true;
        }
        for action in old.actions.difference(&new.actions) {
            found.removed.push(self.line("action", action));
            found.is_narrower = true;
        }
        let keys: BTreeSet<&String> = old
            .conditions
            .keys()
            .chain(new.conditions.keys())
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            let of_key = |grant: &Grant| -> BTreeMap<String, BTreeSet<String>> {
                let conditions = grant.conditions.iter();
                conditions
                    .filter(|((of, _), _)| of == key)
                    .map(|((_, operator), values)| (operator.clone(), values.clone()))
                    .collect()
            };
            self.compare_key(key, &of_key(old), &of_key(new), found);
        }
    }

    /// What the old and the new statement ask of one key, by operator.
    fn compare_key(
        &self,
        key: &str,
        old: &BTreeMap<String, BTreeSet<String>>,
        new: &BTreeMap<String, BTreeSet<String>>,
        found: &mut Differences,
    ) {
        if old == new {
            return;
        }
        let atoms = |of: &BTreeMap<String, BTreeSet<String>>| -> BTreeSet<(String, String)> {
            of.iter()
                .flat_map(|(operator, values)| {
                    values
                        .iter()
                        .map(move |value| (operator.clone(), value.clone()))
                })
                .collect()
        };
        let (before, after) = (atoms(old), atoms(new));
        let told = |(operator, value): &(String, String)| self.condition(key, operator, value);
        found.added.extend(after.difference(&before).map(told));
        found.removed.extend(before.difference(&after).map(told));
        let (wider, narrower) = match (one_demand(old), one_demand(new)) {
            (Some(old), Some(new)) => (!covered(&new, &old), !covered(&old, &new)),
            // Something was asked of the key, and now nothing is; or the other way round.
            _ if new.is_empty() => (true, false),
            _ if old.is_empty() => (false, true),
            _ => (true, true),
        };
        found.is_wider |= wider;
        found.is_narrower |= narrower;
    }

    fn condition(&self, key: &str, operator: &str, value: &str) -> String {
        let kind = self
            .grammar
            .provider(&self.whom.2)
            .map(|provider| provider.kind);
        let keys = kind.map(|kind| self.grammar.keys(kind));
        let word = match keys {
            Some(keys) if Some(key) == keys.subject => "subject",
            Some(keys) if key == keys.audience => "audience",
            Some(keys) if Some(key) == keys.issuer => "issuer",
            Some(_) | None => key,
        };
        if operator == self.grammar.equals {
            self.line(word, value)
        } else {
            self.line(&format!("{word} ({operator})"), value)
        }
    }

    fn statement(&self, grant: &Grant) -> String {
        let (effect, kind, name) = self.whom;
        let who = match self.grammar.provider(name) {
            Some(provider) => provider.to_string(),
            None => format!("{kind} {name}"),
        };
        let allows = if *effect == self.grammar.effects[0] {
            "statement for"
        } else {
            "denying statement for"
        };
        let mut line = format!("{allows} {who}");
        let mut conditions = grant.conditions.iter().peekable();
        if conditions.peek().is_none() {
            line.push_str(", without a condition");
        }
        for ((key, operator), values) in conditions {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let how = if *operator == self.grammar.equals {
                String::new()
            } else {
                format!(" ({operator})")
            };
            line.push_str(&[", ", key, &how, " ", &values.join(" | ")].concat());
        }
        line
    }

    fn line(&self, word: &str, value: &str) -> String {
        let (_, kind, name) = self.whom;
        match self.grammar.provider(name) {
            _ if !self.several => format!("{word} {value}"),
            Some(provider) => format!("{word} {value}, {provider}"),
            None => format!("{word} {value}, {kind} {name}"),
        }
    }
}

/// The patterns of a key of which a single operator demands something; [`None`] otherwise. Exact
/// texts become patterns that only they fit.
fn one_demand(operators: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut operators = operators.iter();
    let (Some((operator, values)), None) = (operators.next(), operators.next()) else {
        return None;
    };
    let operator = Operator::read(operator);
    let comparable = match operator.comparison {
        // An exact text with a `*` in it is no pattern, and cannot be said as one.
        Comparison::Equals => values.iter().all(|value| !value.contains(['*', '?'])),
        Comparison::Like => true,
        Comparison::EqualsIgnoringCase | Comparison::Other => false,
    };
    (operator.demands() && comparable).then(|| values.iter().cloned().collect())
}

/// Whether everything that fits one of `narrow` fits one of `wide`.
fn covered(narrow: &[String], wide: &[String]) -> bool {
    narrow
        .iter()
        .all(|pattern| wide.iter().any(|other| covers(other, pattern)))
}

/// What a policy grants, by whom, in the order of its statements.
fn grants(grammar: &Grammar, policy: &Value) -> BTreeMap<Whom, Vec<Grant>> {
    let policy = canonical(grammar, policy);
    let mut grants: BTreeMap<Whom, Vec<Grant>> = BTreeMap::new();
    for statement in statements(grammar, &policy) {
        let effect = statement.get(grammar.effect).and_then(Value::as_str);
        let actions = statement.get(grammar.action).map(texts).unwrap_or_default();
        let grant = Grant {
            actions: actions.into_iter().collect(),
            conditions: conditions(grammar, statement)
                .into_iter()
                .map(|condition| {
                    let values = condition.values.into_iter().collect();
                    ((condition.key, condition.operator), values)
                })
                .collect(),
        };
        let principals = statement.get(grammar.principal).and_then(Value::as_object);
        for (kind, named) in principals.into_iter().flatten() {
            for name in texts(named) {
                let whom = (effect.unwrap_or_default().to_owned(), kind.clone(), name);
                grants.entry(whom).or_default().push(grant.clone());
            }
        }
    }
    grants
}
