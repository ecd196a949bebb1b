//! The field table: one row for each field of a kind.
//!
//! It drives checking, schema, `explain`, diff, risks and the capability matrix, so a field is
//! described once.

use std::borrow::Cow;

use serde_json::Map;

use crate::federation::saml_metadata;
use crate::federation::trust::{self, Grammar, ProviderKind};
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

impl Field {
    /// Whether two values of the field mean the same. Nothing means the same as the value that
    /// clearing leaves.
    pub fn same(&self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let empty = match self.clear {
            Clear::Text => Some(Value::String(String::new())),
            Clear::Set => Some(Value::Array(Vec::new())),
            Clear::Mapping => Some(Value::Object(Map::new())),
            Clear::Refused(_) => None,
        };
        let left = left.or(empty.as_ref());
        let right = right.or(empty.as_ref());
        match (left, right) {
            // Equal texts need no canonical form, which for metadata is work.
            (Some(left), Some(right)) => {
                left == right || self.canonical(left) == self.canonical(right)
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Most values are canonical already; documents of a cloud's own grammar are kept as written.
    fn canonical<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        match &self.form {
            Form::Json { canonical, .. } => Cow::Owned(canonical(value)),
            Form::Metadata { .. } => match value.as_str() {
                None | Some("") => Cow::Borrowed(value),
                Some(text) => Cow::Owned(Value::String(saml_metadata::canonical(text))),
            },
            Form::Trust(form) => Cow::Owned(trust::canonical(form.grammar, value)),
            Form::Text(_)
            | Form::Flag
            | Form::Integer { .. }
            | Form::Choice(_)
            | Form::TextSet { .. }
            | Form::Keys { .. }
            | Form::Fingerprints { .. }
            | Form::Reference { .. }
            | Form::Tags { .. } => Cow::Borrowed(value),
        }
    }
}

/// What values a field takes. Also decides how they are compared: sets as sets, keys by key,
/// fingerprints without case, JSON as JSON, SAML metadata as XML, everything else exactly.
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
    /// SAML metadata of one identity provider: exactly one of `{file}`, `{inline}`. The value is the
    /// XML as its author wrote it, one text in UTF-8 without a byte order mark; that text is what is
    /// sent. It is compared by meaning: `federation::saml_metadata` says what means nothing. A live
    /// value is what `saml_metadata::decode_live` makes of the cloud's bytes.
    Metadata {
        /// Longest text the cloud takes, in bytes of UTF-8.
        max_bytes: usize,
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
        /// Whose grammar it is.
        grammar: JsonGrammar,
        /// What it is, in words.
        shape: &'static str,
        /// Finds what the cloud would refuse: path inside the document and sentence.
        check: fn(&Value) -> Vec<(String, String)>,
        /// The form in which equal documents are equal; what is sent stays as written.
        canonical: fn(&Value) -> Value,
    },
    /// A role's trust policy: `{policy: <document>}` in the cloud's own grammar, or the short form
    /// `{federated: [...]}`, which is compiled to it.
    Trust(TrustForm),
    /// A mapping of texts to texts.
    Tags {
        /// Each key.
        key: TextRule,
        /// Each value.
        value: TextRule,
        /// Most pairs.
        max_items: usize,
    },
}

impl Form {
    /// The trust policy, where it is one.
    pub fn trust(&self) -> Option<&TrustForm> {
        match self {
            Self::Trust(form) => Some(form),
            Self::Text(_)
            | Self::Flag
            | Self::Integer { .. }
            | Self::Choice(_)
            | Self::TextSet { .. }
            | Self::Keys { .. }
            | Self::Metadata { .. }
            | Self::Fingerprints { .. }
            | Self::Reference { .. }
            | Self::Json { .. }
            | Self::Tags { .. } => None,
        }
    }
}

/// What a trust policy is written in, and whom its short form may name.
#[derive(Debug)]
pub struct TrustForm {
    /// The cloud's words.
    pub grammar: &'static Grammar,
    /// Kinds of identity providers, the one that is meant when nothing is said first. A kind that
    /// is not registered yet is as good as one that nobody declares.
    pub providers: &'static [(&'static str, ProviderKind)],
    /// What the short form asks of the audience of a SAML assertion when the manifest does not say,
    /// by the account's site; empty where only the person knows.
    pub saml_audiences: fn(site: Option<&str>) -> &'static [&'static str],
}

/// Grammars of JSON documents that are read for their meaning, not only compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonGrammar {
    /// Conversion rules, `local` and `remote`: [`crate::federation::mapping`] reads them.
    MappingRules,
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
    /// The mapping is emptied.
    Mapping,
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
