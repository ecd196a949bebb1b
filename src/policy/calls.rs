//! Which functions of the policies call themselves, directly or through others, in whatever file.
//!
//! Rego forbids it, but the engine looks for it among rules only (it says so of a rule that comes
//! back to itself, also through functions): functions alone would go on until the stack ends, and
//! the program with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{RULES, Source, invalid};
use crate::model::Diagnostic;

/// What is wrong with all files together. Takes their trees as the engine gives them.
pub(super) fn mistake(files: &[(&Source, Value)]) -> Option<Diagnostic> {
    let count = files
        .iter()
        .map(|(_, tree)| rules(tree).len())
        .sum::<usize>();
    if count > RULES {
        return Some(
            invalid(format!(
                "the policies have {count} rules; {RULES} are the most"
            ))
            .help("write one rule that goes through data instead of one rule for each item"),
        );
    }
    let mut graph = Graph::default();
    for (source, tree) in files {
        graph.add(source, tree);
    }
    let circle = graph.circle();
    let file = graph.files.get(circle.first()?)?;
    let names: Vec<String> = circle
        .iter()
        .map(|name| format!("`{}`", name.strip_prefix("data.").unwrap_or(name)))
        .collect();
    let title = format!(
        "policies have functions that call themselves: {}",
        names.join(", ")
    );
    let help = "Rego forbids that; walk with `some … in` or `walk` instead";
    Some(invalid(title).in_file(file.clone()).help(help))
}

fn rules(tree: &Value) -> &[Value] {
    tree["rules"].as_array().map_or(&[], Vec::as_slice)
}

/// Functions by their full names, `data.idform.lib.f`.
#[derive(Default)]
struct Graph {
    calls: BTreeMap<String, BTreeSet<String>>,
    files: BTreeMap<String, String>,
}

impl Graph {
    fn add(&mut self, source: &Source, tree: &Value) {
        let scope = Scope::of(source, tree);
        for rule in rules(tree) {
            let name = rule.pointer("/Spec/head/Func/refr").and_then(path);
            if let Some(name) = name {
                let name = format!("{}.{}", scope.package, name.join("."));
                let called = self.calls.entry(name.clone()).or_default();
                scope.called(rule, called);
                self.files
                    .entry(name)
                    .or_insert_with(|| source.name.clone());
            }
            self.replaced(&scope, rule);
        }
    }

    /// `with f as g`, wherever it stands: calls of the one may be calls of the other.
    fn replaced(&mut self, scope: &Scope, tree: &Value) {
        match tree {
            Value::Object(members) => {
                if let (Some(from), Some(to)) = (members.get("refr"), members.get("as"))
                    && let (Some(from), Some(to)) = (scope.resolve(from), scope.resolve(to))
                {
                    self.calls.entry(from).or_default().insert(to);
                }
                members.values().for_each(|part| self.replaced(scope, part));
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.replaced(scope, part)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The functions of circles, by name.
    fn circle(&self) -> Vec<String> {
        let circular = |name: &&String| {
            let mut seen: BTreeSet<&String> = BTreeSet::new();
            let mut ahead: Vec<&String> = vec![name];
            while let Some(next) = ahead.pop() {
                let called = self.calls.get(next).into_iter().flatten();
                ahead.extend(called.filter(|other| seen.insert(other)));
            }
            seen.contains(name)
        };
        let declared = self
            .calls
            .keys()
            .filter(|name| self.files.contains_key(*name));
        declared.filter(circular).cloned().collect()
    }
}

/// What names mean in one file.
struct Scope {
    /// `data.idform`.
    package: String,
    /// Imports by the names they have here.
    imports: BTreeMap<String, String>,
}

impl Scope {
    fn of(source: &Source, tree: &Value) -> Self {
        let package = tree.pointer("/package/refr").and_then(path);
        let package = format!("data.{}", package.unwrap_or_default().join("."));
        let mut imports = BTreeMap::new();
        for import in tree["imports"].as_array().into_iter().flatten() {
            let Some(path) = import.get("refr").and_then(path) else {
                continue;
            };
            // The tree gives an alias as a place in the text.
            let byte = |end: &str| {
                let byte = import.get("as")?.get(end)?.as_u64()?;
                usize::try_from(byte).ok()
            };
            let alias = byte("start")
                .zip(byte("end"))
                .and_then(|(start, end)| source.text.get(start..end));
            let alias = alias.or(path.last().map(String::as_str)).map(str::to_owned);
            imports.extend(alias.map(|alias| (alias, path.join("."))));
        }
        Self { package, imports }
    }

    /// The full name that an expression has as a function, if it can be one.
    fn resolve(&self, expression: &Value) -> Option<String> {
        let path = path(expression)?;
        let (first, rest) = path.split_first()?;
        let start = match (first.as_str(), self.imports.get(first)) {
            ("data", _) => first.clone(),
            (_, Some(import)) => import.clone(),
            (_, None) => format!("{}.{first}", self.package),
        };
        Some(
            rest.iter()
                .fold(start, |name, part| format!("{name}.{part}")),
        )
    }

    fn called(&self, tree: &Value, names: &mut BTreeSet<String>) {
        match tree {
            Value::Object(members) => {
                let called = members.get("fcn");
                names.extend(called.and_then(|called| self.resolve(called)));
                members.values().for_each(|part| self.called(part, names));
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.called(part, names)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The parts of `a.b["c"]`.
fn path(expression: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(name) = expression.pointer("/Var/value") {
        return Some(vec![text(name)?]);
    }
    let (inner, last) = match (expression.get("RefDot"), expression.get("RefBrack")) {
        // A place and the text.
        (Some(dotted), _) => (dotted.get("refr")?, dotted.get("field")?.get(1)?),
        (None, Some(bracket)) => (
            bracket.get("refr")?,
            bracket.pointer("/index/String/value")?,
        ),
        (None, None) => return None,
    };
    let mut path = path(inner)?;
    path.push(text(last)?);
    Some(path)
}
