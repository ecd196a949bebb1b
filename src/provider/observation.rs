//! What is asked of a cloud, and what its answers told: present, absent and unreadable stay apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ProviderError;
use crate::model::{Fields, Value};

/// Which objects to read.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// The wanted ones of an account, and whatever a list brings along.
    Account(&'a [String]),
    /// One, as cheaply and freshly as possible; before and after a write.
    One(&'a str),
}

impl<'a> Scope<'a> {
    /// The identities asked for.
    pub fn identities(self) -> impl Iterator<Item = &'a str> {
        let (many, one): (&[String], Option<&str>) = match self {
            Scope::Account(wanted) => (wanted, None),
            Scope::One(identity) => (&[], Some(identity)),
        };
        many.iter().map(String::as_str).chain(one)
    }
}

/// Facts about an object's neighbourhood that are no fields of it but decide about side effects
/// (is user SAML on?). Part of what a plan is about.
pub type Facts = BTreeMap<String, Value>;

/// One object as the cloud has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Live {
    /// All fields in canonical form. A plan shows them as they are, so they are shared with it.
    pub fields: Arc<Fields>,
    /// The cloud's own object, for whole-object updates that must send back what is not managed.
    pub raw: Value,
    /// Facts for side effects.
    pub facts: Facts,
}

/// What was read of one object. These three never melt into each other.
#[derive(Debug, Clone)]
pub enum Observation {
    /// It is there.
    Present(Live),
    /// The cloud said that it is not there.
    Absent(Facts),
    /// Nobody knows.
    Unreadable(ProviderError),
}

/// Everything that the answers to one kind's reads told.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The wanted identities, each with what is known of it.
    pub wanted: BTreeMap<String, Observation>,
    /// All others that a list brought along.
    pub others: Listing,
}

impl Observed {
    /// What was read of the one object that an account has of a kind.
    pub fn singleton(scope: Scope<'_>, observation: &Observation) -> Self {
        let identities = scope.identities();
        Self {
            wanted: identities
                .map(|identity| (identity.to_owned(), observation.clone()))
                .collect(),
            others: Listing::NotRead,
        }
    }
}

/// Objects nobody asked for by name.
#[derive(Debug, Clone)]
pub enum Listing {
    /// A whole list was read, and it tells everything.
    Complete(BTreeMap<String, Live>),
    /// A whole list was read, and it tells who is there but not all that there is to say of each
    /// (a list of SAML providers without their metadata): who wants to know asks for them by name.
    Names(BTreeSet<String>),
    /// No list was read, or the cloud has none.
    NotRead,
}
