//! stub
#![allow(missing_docs)]
use crate::model::{Account, SourceMap, Span, Value};
use crate::provider::ResourceKind;
use std::collections::BTreeMap;
pub struct Manifests {
    pub sources: SourceMap,
    pub accounts: Vec<Account>,
    pub documents: Vec<Document>,
}
pub struct Document {
    pub kind: &'static dyn ResourceKind,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub owner: Option<String>,
    pub lifecycle: Lifecycle,
    pub account: Spanned<String>,
    pub cloud_name: Option<Spanned<String>>,
    pub spec: BTreeMap<String, Given>,
    pub origin: Span,
}
#[derive(Clone, Debug)]
pub struct Lifecycle {
    pub ensure: Ensure,
    pub mode: Mode,
    pub protect: bool,
    pub ignore: Vec<String>,
    pub depends_on: Vec<Spanned<String>>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensure {
    Present,
    Absent,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Manage,
    Observe,
}
#[derive(Clone, Debug)]
pub struct Given {
    pub value: GivenValue,
    pub span: Span,
    pub key: Span,
}
#[derive(Clone, Debug)]
pub enum GivenValue {
    Cleared,
    Value(Value),
    Local(String),
    External(String),
    IssuerKeys,
    IssuerFingerprints,
}
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}
