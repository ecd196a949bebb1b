//! What a trust policy says, as facts to judge it by.

use serde_json::{Map, Value};

use super::grammar::{Grammar, Provider, ProviderKind};
use super::operator::Operator;

/// What a trust policy says. A document that is none says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustFacts {
    /// Statements about identity providers, one for each provider that one names.
    pub statements: Vec<FederatedTrust>,
    /// Everybody else who is named.
    pub others: Vec<OtherTrust>,
}

impl TrustFacts {
    /// The statements that let somebody in.
    pub fn allowing(&self) -> impl Iterator<Item = &FederatedTrust> {
        self.statements.iter().filter(|statement| statement.allows)
    }
}

/// What one statement says of one identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedTrust {
    /// Number of the statement, from 0.
    pub statement: usize,
    /// Whether it lets in; otherwise it keeps out.
    pub allows: bool,
    /// Under which key the provider stands; not always the one for identity providers.
    pub principal_kind: String,
    /// The provider.
    pub provider: Provider,
    /// The provider's protocol.
    pub kind: ProviderKind,
    /// The actions, as written.
    pub actions: Vec<String>,
    /// Issuers that a condition demands; of a negated condition none.
    pub issuers: Vec<String>,
    /// Audiences (for SAML on Alibaba Cloud: recipients) that a condition demands.
    pub audiences: Vec<String>,
    /// What conditions say of the subject, whatever their operator. Patterns of one operator are
    /// alternatives; different operators must all hold.
    pub subjects: Vec<Matched>,
    /// All other conditions.
    pub conditions: Vec<Condition>,
}

impl FederatedTrust {
    /// Whether a condition demands something of the subject. One that negates, or that holds where
    /// there is no subject, does not count.
    pub fn has_subject_condition(&self) -> bool {
        self.subjects
            .iter()
            .any(|matched| matched.operator().demands())
    }
}

/// One text or pattern of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The operator, as written.
    pub operator: String,
    /// The text or pattern.
    pub pattern: String,
}

impl Matched {
    /// The operator taken apart.
    pub fn operator(&self) -> Operator {
        Operator::read(&self.operator)
    }
}

/// One key of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator, as written.
    pub operator: String,
    /// What is asked for: `saml:sub_type`.
    pub key: String,
    /// The values, numbers and switches as JSON.
    pub values: Vec<String>,
}

/// A principal that is no identity provider of a known form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTrust {
    /// Number of the statement, from 0.
    pub statement: usize,
    /// Whether it lets in; otherwise it keeps out.
    pub allows: bool,
    /// Its kind, as written: `Service`.
    pub kind: String,
    /// Who: `ecs.aliyuncs.com`.
    pub name: String,
}

/// Reads the facts. What does not fit the grammar is passed over; `problems` tells of it.
pub fn facts(grammar: &Grammar, policy: &Value) -> TrustFacts {
    let mut facts = TrustFacts::default();
    for (number, statement) in statements(grammar, policy).enumerate() {
        let allows =
            statement.get(grammar.effect).and_then(Value::as_str) == Some(grammar.effects[0]);
        let principals = statement.get(grammar.principal).and_then(Value::as_object);
        for (kind, named) in principals.into_iter().flatten() {
            for name in texts(named) {
                match grammar.provider(&name) {
                    Some(provider) => {
                        let trust = of_provider(grammar, statement, provider);
                        facts.statements.push(FederatedTrust {
                            statement: number,
                            allows,
                            principal_kind: kind.clone(),
                            ..trust
                        });
                    }
                    None => facts.others.push(OtherTrust {
                        statement: number,
                        allows,
                        kind: kind.clone(),
                        name,
                    }),
                }
            }
        }
    }
    facts
}

fn of_provider(
    grammar: &Grammar,
    statement: &Map<String, Value>,
    provider: Provider,
) -> FederatedTrust {
    let keys = grammar.keys(provider.kind);
    let mut trust = FederatedTrust {
        statement: 0,
        allows: false,
        principal_kind: String::new(),
        kind: provider.kind,
        provider,
        actions: statement.get(grammar.action).map(texts).unwrap_or_default(),
        issuers: Vec::new(),
        audiences: Vec::new(),
        subjects: Vec::new(),
        conditions: Vec::new(),
    };
    for Condition {
        operator,
        key,
        values,
    } in conditions(grammar, statement)
    {
        let demands = Operator::read(&operator).demands();
        if Some(key.as_str()) == keys.subject {
            let matched = values.into_iter().map(|pattern| Matched {
                operator: operator.clone(),
                pattern,
            });
            trust.subjects.extend(matched);
        } else if demands && key == keys.audience {
            trust.audiences.extend(values);
        } else if demands && Some(key.as_str()) == keys.issuer {
            trust.issuers.extend(values);
        } else {
            trust.conditions.push(Condition {
                operator,
                key,
                values,
            });
        }
    }
    trust
}

/// The statements that are objects.
pub(super) fn statements<'a>(
    grammar: &Grammar,
    policy: &'a Value,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    let list = policy.get(grammar.statements).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

/// All conditions of a statement, operator by operator.
pub(super) fn conditions(grammar: &Grammar, statement: &Map<String, Value>) -> Vec<Condition> {
    let condition = statement.get(grammar.condition).and_then(Value::as_object);
    let operators = condition.into_iter().flatten();
    operators
        .flat_map(|(operator, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.map(|(key, values)| Condition {
                operator: operator.clone(),
                key: key.clone(),
                values: texts(values),
            })
        })
        .collect()
}

/// The elements of a list, or the one value; what is no text as JSON.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    };
    match value {
        Value::Array(items) => items.iter().map(one).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            vec![one(value)]
        }
    }
}
