//! A kind of object: what it is, as data, and the few pure functions that every kind has.

use std::collections::BTreeMap;

use super::{
    Answer, Field, Impossible, Intent, Observed, PhaseWrites, Read, Scope, SideEffect, TextRule,
};
use crate::model::{Account, Fields, KindName, Value};

/// What one kind is, as data.
pub struct KindInfo {
    /// As manifests spell it.
    pub name: KindName,
    /// One or two sentences for `explain` and the documentation.
    pub doc: &'static str,
    /// Section of the cloud's fact sheet.
    pub source: &'static str,
    /// Fields of `spec` besides `account` and `name`.
    pub fields: &'static [Field],
    /// What an object is called in its cloud.
    pub naming: Naming,
    /// What `ensure: absent` does.
    pub removal: Removal,
    /// Why all objects of this kind cannot be listed, or [`None`] when they can.
    pub cannot_list: Option<&'static str>,
    /// Names of objects that the cloud itself manages, with `*` globs; never reported.
    pub cloud_managed: &'static [&'static str],
    /// Risks that a create carries besides `widens-trust`.
    pub create_switches_sign_in: bool,
    /// Further objects to wait for: those of `kind` whose field of the same name has the same value.
    pub waits: Option<Waits>,
    /// The kind that an object of this one cannot be switched on beside, in one account. One of
    /// the two kinds says so for both.
    pub excludes: Option<Excludes>,
}

/// Two kinds of which an account has one switched on; to switch on the one switches off the other.
pub struct Excludes {
    /// The other kind.
    pub kind: KindName,
    /// The switch that both have: a [`Form::Flag`](super::Form::Flag), on where a new object does not mention it.
    pub switch: &'static str,
    /// One sentence.
    pub why: &'static str,
}

/// Wait for objects of another kind that share a field's value, though no field refers to them.
pub struct Waits {
    /// The kind to wait for.
    pub kind: KindName,
    /// The field that both have.
    pub same_field: &'static str,
    /// A field of the other kind and the value that one of those that are declared must have; what is
    /// not declared may be there all the same.
    pub one_has: Option<(&'static str, &'static str)>,
}

/// How an object is named in its cloud.
#[derive(Debug, Clone, Copy)]
pub enum Naming {
    /// `spec.name`, by default `metadata.name`.
    Named(TextRule),
    /// One for each account, without a name.
    Singleton,
    /// By the values of these fields, joined with `/`.
    ByFields(&'static [&'static str]),
}

/// What the cloud offers for `ensure: absent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// A call that deletes.
    Delete,
    /// Only a call that disables; the record stays.
    Disable,
    /// None: it goes with the object that this field refers to.
    WithParent(&'static str),
}

/// A finding of [`ResourceKind::check`]: field, code, what, help.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The field it is about.
    pub field: &'static str,
    /// The stable code.
    pub code: crate::model::Code,
    /// One line.
    pub title: String,
    /// What to do.
    pub help: String,
}

/// Examples that feed the contract suite and the documentation: fields in manifest form.
pub struct Samples {
    /// Only what a create needs.
    pub minimal: Value,
    /// Everything.
    pub full: Value,
    /// `full` with every mutable field changed.
    pub changed: Value,
}

/// One kind: pure functions over values, tested with written-down answers and no server.
pub trait ResourceKind: Sync {
    /// What the kind is, as data.
    fn info(&self) -> &'static KindInfo;

    /// Checks what the field table cannot say: fields that exclude each other, sites.
    fn check(&self, _fields: &Fields, _account: &Account, _findings: &mut Vec<Finding>) {}

    /// Fields that only serve to create the object while the others are as in `desired`: they are
    /// neither compared nor written afterwards (keys that the cloud rotates by itself).
    fn not_compared(&self, _desired: &Fields) -> &'static [&'static str] {
        &[]
    }

    /// Whose names the names of this kind are told apart from, in one account: by default its own.
    /// Kinds that share a name space answer with one of them.
    fn name_space(&self) -> KindName {
        self.info().name
    }

    /// Whether an account knows the calls of a change.
    ///
    /// # Errors
    /// A sentence that says why the change cannot be made there.
    fn known_there(&self, _account: &Account, _phases: &[PhaseWrites]) -> Result<(), Impossible> {
        Ok(())
    }

    /// Whether objects that no manifest declares are reported. What is reported are identity
    /// providers; roles, of which every account has many for its own purposes, are not.
    fn reports_unmanaged(&self) -> bool {
        true
    }

    /// The calls that read what `scope` asks for, the fewest that do.
    fn reads(&self, scope: Scope<'_>) -> Vec<Read>;

    /// Reads the answers, in the order of [`Self::reads`], into canonical form.
    fn observe(&self, scope: Scope<'_>, answers: &[Answer]) -> Observed;

    /// The calls that bring the intent about, in phases.
    ///
    /// # Errors
    /// A sentence that says why it cannot be done as things are.
    fn writes(&self, intent: Intent<'_>) -> Result<Vec<PhaseWrites>, Impossible>;

    /// What the cloud will do by itself.
    fn side_effects(&self, _intent: Intent<'_>) -> Vec<SideEffect> {
        Vec::new()
    }

    /// Live objects of the kind that must be gone before one with these fields can be created,
    /// each with the reason. Those there are come with their fields, by identity.
    fn rivals(&self, _fields: &Fields, _live: &BTreeMap<&str, &Fields>) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Examples for the contract suite.
    fn samples(&self) -> Samples;

    /// What must be in the account for the samples, besides what they refer to: kinds with the
    /// `spec` of each.
    fn scenery(&self) -> Vec<(KindName, Value)> {
        Vec::new()
    }
}

/// Finds a field of a kind's table by its manifest name.
pub fn field_of(info: &KindInfo, name: &str) -> Option<&'static Field> {
    info.fields.iter().find(|field| field.name == name)
}
