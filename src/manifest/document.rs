//! What a document says, once it is checked by itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Code, Span};
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
    /// Lints that are known here and shall not be told for a while.
    pub waivers: Vec<Waiver>,
}

/// A lint that somebody looked at and let stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Which lint; one of [`Code::LINTS`].
    pub code: Code,
    /// Why it is right here.
    pub reason: String,
    /// The last day on which the waiver holds.
    pub until: jiff::civil::Date,
    /// Where it stands.
    pub span: Span,
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
    /// The short form of a trust policy.
    Federated(Vec<TrustEntry>),
}

/// One provider in the short form of a trust policy.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustEntry {
    /// Which provider.
    pub provider: Spanned<TrustProvider>,
    /// Audiences, in order and without doubles; empty when not given.
    pub audiences: Vec<String>,
    /// Subjects; empty when not given.
    pub subjects: Vec<String>,
    /// Place of the entry.
    pub span: Span,
}

/// How a provider is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustProvider {
    /// By the `metadata.name` of a document in the same account.
    Local(String),
    /// By its name in the cloud.
    External {
        /// The name.
        name: String,
        /// The kind; [`None`] for the first that the field knows.
        kind: Option<&'static str>,
    },
}
