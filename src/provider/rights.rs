//! What an identity must be allowed to do: the calls of each kind, and the cloud's form of saying so.

use crate::model::Value;

/// The rights that a cloud's kinds need.
#[derive(Debug)]
pub struct Rights {
    /// Rights that every run needs, whatever the kinds; empty where asking who one is needs none.
    pub always: &'static [&'static str],
    /// The calls of each kind.
    pub kinds: &'static [KindCalls],
    /// The permission that a call needs, as the cloud's policies spell it.
    pub permission: fn(&'static str) -> String,
    /// The least policy document that grants these permissions.
    pub document: fn(&[String]) -> Value,
    /// What else a person must know to grant them.
    pub note: &'static str,
}

/// The documented names of the calls that one kind makes.
#[derive(Debug)]
pub struct KindCalls {
    /// The kind.
    pub kind: &'static str,
    /// Calls that only read.
    pub reads: &'static [&'static str],
    /// Calls that change something.
    pub writes: &'static [&'static str],
}

impl Rights {
    /// The calls of a kind; nothing for a kind of another cloud.
    pub fn of(&self, kind: &str) -> Option<&'static KindCalls> {
        self.kinds.iter().find(|calls| calls.kind == kind)
    }
}
