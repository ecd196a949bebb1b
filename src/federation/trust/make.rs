//! The short form, made into a cloud's own document: one statement for each provider.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::grammar::{Grammar, Provider, ProviderKind};

/// Most subjects of one provider (apis/alibaba.md §5.1, apis/tencent.md §4.1).
pub const MOST_SUBJECTS: usize = 10;

/// One provider that is trusted, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub provider: Provider,
    /// Its issuer, where that is known.
    pub issuer: Option<String>,
    /// The audiences, one of which a token must have.
    pub audiences: Vec<String>,
    /// The subjects, one of which a token must have; none for whomever the provider vouches for.
    pub subjects: Vec<String>,
}

/// The document. Subjects with `*` need a cloud that has a pattern operator for them; the caller
/// has made sure of that.
pub fn policy(grammar: &Grammar, entries: &[Entry]) -> Value {
    let statements: Vec<Value> = entries
        .iter()
        .map(|entry| statement(grammar, entry))
        .collect();
    let (version, value) = grammar.version;
    json!({ version: value, (grammar.statements): statements })
}

fn statement(grammar: &Grammar, entry: &Entry) -> Value {
    let keys = grammar.keys(entry.provider.kind);
    let mut exact = Map::new();
    let mut patterns = Map::new();
    if let (Some(key), Some(issuer)) = (keys.issuer, &entry.issuer) {
        exact.insert(key.to_owned(), json!([issuer]));
    }
    if !entry.audiences.is_empty() {
        exact.insert(keys.audience.to_owned(), set(&entry.audiences));
    }
    if let (Some(key), false) = (keys.subject, entry.subjects.is_empty()) {
        // Two operators on one key must both hold, so one pattern makes patterns of all.
        let is_pattern = entry.subjects.iter().any(|subject| subject.contains('*'));
        let place = if is_pattern {
            &mut patterns
        } else {
            &mut exact
        };
        place.insert(key.to_owned(), set(&entry.subjects));
    }
    let mut condition = Map::new();
    if !exact.is_empty() {
        condition.insert(grammar.equals.to_owned(), Value::Object(exact));
    }
    if let (Ok(like), false) = (grammar.like, patterns.is_empty()) {
        condition.insert(like.to_owned(), Value::Object(patterns));
    }
    let action = match entry.provider.kind {
        ProviderKind::Oidc => grammar.oidc_action,
        ProviderKind::Saml => grammar.saml_action,
    };
    let mut statement = Map::from_iter([
        (grammar.effect.to_owned(), grammar.effects[0].into()),
        (grammar.action.to_owned(), json!([action])),
        (
            grammar.principal.to_owned(),
            json!({ grammar.federated(): [grammar.resource_name(&entry.provider)] }),
        ),
    ]);
    if !condition.is_empty() {
        statement.insert(grammar.condition.to_owned(), Value::Object(condition));
    }
    Value::Object(statement)
}

fn set(texts: &[String]) -> Value {
    let texts: BTreeSet<&String> = texts.iter().collect();
    json!(texts)
}
