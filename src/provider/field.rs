//! The field table: one row for each field of a kind.
//!
//! It drives checking, schema, `explain`, diff, risks and the capability matrix, so a field is
//! described once.

use crate::model::Value;

/// One field of `spec`.
#[derive(Debug)]
pub struct Field {
    /// Its name in manifests.
    pub name: &'static str,
    /// Its name in the cloud's API, for `explain`.
    pub cloud_name: &'static str,
    /// Type, limits, canonical form, comparison.
    pub form: Form,
    /// Whether a document may leave it out.
    pub need: Need,
    /// What null or empty means.
    pub clear: Clear,
    /// Whether it can change in place.
    pub change: Change,
    /// What a change of it does to sign-in.
    pub effect: Effect,
    /// Meaning, for people.
    pub doc: &'static str,
    /// Section of the fact sheet the limits are from.
    pub source: &'static str,
}

/// What values a field takes. Also decides how they are compared: sets as sets, keys by key,
/// fingerprints without case, JSON as JSON, everything else exactly.
#[derive(Debug)]
pub enum Form {
    /// One text.
    Text(TextRule),
    /// A switch.
    Flag,
    /// A whole number.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// What is counted: `hours`.
        unit: &'static str,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A set of texts; order and repetition mean nothing. Canonical: sorted, without doubles.
    TextSet {
        /// Each element.
        item: TextRule,
        /// Most elements.
        max_items: usize,
    },
    /// A JWKS: exactly one of `{file}`, `{inline}`, `{issuer: true}`.
    Keys {
        /// Longest canonical JSON text the cloud takes, in characters.
        max_characters: usize,
        /// Key types (`kty`) it takes of what an issuer publishes.
        key_types: &'static [&'static str],
    },
    /// SHA-1 fingerprints of certificates, or `{issuer: true}`.
    Fingerprints {
        /// Most elements.
        max_items: usize,
    },
    /// Another object: its `metadata.name`, or `{external: name-in-the-cloud}`.
    Reference {
        /// The kind it must be of.
        kind: &'static str,
        /// What the connection means when the other is removed.
        link: Link,
    },
    /// A JSON document of the cloud's own grammar, kept verbatim.
    Json {
        /// What it is, in words.
        shape: &'static str,
        /// Finds what the cloud would refuse: path inside the document and sentence.
        check: fn(&Value) -> Vec<(String, String)>,
        /// The form in which equal documents are equal; what is sent stays as written.
        canonical: fn(&Value) -> Value,
    },
}

/// The rule for one text.
#[derive(Debug, Clone, Copy)]
pub struct TextRule {
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: usize,
    /// The rest, in words: `letters, digits, '.', '-', '_'`.
    pub allowed: &'static str,
    /// Whether the text satisfies the words.
    pub check: fn(&str) -> bool,
}

/// A rule that only limits the length.
pub const fn text(min: usize, max: usize) -> TextRule {
    TextRule {
        min,
        max,
        allowed: "",
        check: |_| true,
    }
}

/// When a field must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Never.
    Optional,
    /// Only while the object does not exist; its absence then blocks the plan.
    ForCreate,
    /// Always: it is part of the object's identity.
    Always,
}

/// What null or empty means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clear {
    /// The value is cleared; it then reads as this.
    Text,
    /// The set is emptied.
    Set,
    /// The cloud cannot; a validation error that says why.
    Refused(&'static str),
}

/// How a field changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// In place.
    InPlace,
    /// Only by replacing the object.
    Immutable,
}

/// What a change does to sign-in; from this the risks of a plan are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: a description.
    Cosmetic,
    /// Decides who is accepted: another value accepts others and refuses those before. In sets, an
    /// addition widens trust and a removal may break sign-in.
    Accepts,
    /// Sign-in may stop working with another value, but nobody new gets in.
    MayBreak,
    /// A greater number accepts more, a smaller one less.
    Longer,
    /// Switches a way to sign in on or off.
    Switches,
    /// Nothing for sign-in, but other objects hang on it.
    Structure,
}

/// What a reference means when the referent goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Nothing by itself.
    Refers,
    /// This object is part of the referent and goes with it.
    PartOf,
    /// When the object that this one is part of goes, the referent goes too.
    TakesAlong,
}
