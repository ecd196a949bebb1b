//! What a document says, once it is checked by itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Span;
use crate::provider::ResourceKind;

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

/// One declared object, checked by itself: what it refers to is not looked up yet.
#[derive(Clone)]
pub struct Document {
    /// The native kind.
    pub kind: &'static dyn ResourceKind,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `metadata.owner`.
    pub owner: Option<String>,
    /// How it is treated.
    pub lifecycle: Lifecycle,
    /// `spec.account`, as written.
    pub account: Spanned<String>,
    /// `spec.name`, for kinds whose objects have a name of their own.
    pub cloud_name: Option<Spanned<String>>,
    /// The managed fields; one that is absent is not in the map, nor is one with a mistake.
    pub spec: BTreeMap<String, Given>,
    /// Where the document begins.
    pub origin: Span,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("kind", &self.kind.info().name)
            .field("name", &self.name)
            .field("account", &self.account.value)
            .field("cloud_name", &self.cloud_name)
            .field("labels", &self.labels)
            .field("owner", &self.owner)
            .field("lifecycle", &self.lifecycle)
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

/// How an object is treated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Whether it shall exist.
    pub ensure: Ensure,
    /// Whether it is written at all.
    pub mode: Mode,
    /// Refuses changes that may break sign-in or destroy.
    pub protect: bool,
    /// Fields that are neither compared nor written, by manifest name.
    pub ignore: Vec<String>,
    /// Further addresses to wait for, as written.
    pub depends_on: Vec<Spanned<String>>,
}

/// Whether an object shall exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ensure {
    /// It shall.
    #[default]
    Present,
    /// It shall not.
    Absent,
}

/// Whether an object is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Compared and written.
    #[default]
    Manage,
    /// Compared and reported.
    Observe,
}

/// A field that a document mentions.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// What it says.
    pub value: GivenValue,
    /// Place of the value.
    pub span: Span,
    /// Place of the key.
    pub key: Span,
}

/// What a field says.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenValue {
    /// Null or empty: clear it.
    Cleared,
    /// A value in the canonical form of its [`crate::provider::Form`]; JSON documents as written.
    Value(Value),
    /// A reference to the `metadata.name` of a document in the same account.
    Local(String),
    /// A reference to an object that is not managed here, by its name in the cloud.
    External(String),
    /// The issuer's keys, from the lock.
    IssuerKeys {
        /// How long withdrawn ones stay, where the document says it.
        overlap_hours: Option<u32>,
    },
    /// The issuer's TLS fingerprints, from the lock.
    IssuerFingerprints {
        /// How long withdrawn ones stay, where the document says it.
        overlap_hours: Option<u32>,
    },
}
