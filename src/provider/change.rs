//! What shall happen to an object, and the calls that bring it about, in phases.

use serde::{Deserialize, Serialize};

use super::{Facts, Live, Write};
use crate::model::Fields;

/// What should happen to one object.
#[derive(Debug, Clone, Copy)]
pub enum Intent<'a> {
    /// It is absent and shall have these fields (complete: a replacement has the live ones too).
    Create {
        /// Identity in the cloud.
        identity: &'a str,
        /// Canonical fields to create it with.
        fields: &'a Fields,
        /// The disabled record or facts that are there instead.
        facts: &'a Facts,
    },
    /// It is there and differs.
    Update {
        /// Identity in the cloud.
        identity: &'a str,
        /// The managed fields.
        desired: &'a Fields,
        /// What is there.
        live: &'a Live,
        /// Names of the fields that differ.
        changed: &'a [String],
    },
    /// It is there and shall not be.
    Remove {
        /// Identity in the cloud.
        identity: &'a str,
        /// What is there.
        live: &'a Live,
    },
}

/// When, among the changes of other objects, calls are made.
///
/// For an object and those that refer to it: its `Quiesce` comes before anything is done to them,
/// its `Remove` after theirs, its `Write` before theirs, its `Activate` after theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Switch off before others are touched.
    Quiesce,
    /// Delete, dependants first.
    Remove,
    /// Create or update, dependencies first.
    Write,
    /// Switch on when all that refers to it is done.
    Activate,
}

impl Phase {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quiesce => "quiesce",
            Self::Remove => "remove",
            Self::Write => "write",
            Self::Activate => "activate",
        }
    }
}

/// The calls of one phase and what they leave behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseWrites {
    /// When.
    pub phase: Phase,
    /// In this order; no limit is crossed on the way.
    pub calls: Vec<Write>,
    /// The canonical fields that the object has afterwards ([`None`]: it is gone).
    pub leaves: Option<Fields>,
}

impl PhaseWrites {
    /// A create or an update: the object has these fields afterwards.
    pub fn write(calls: Vec<Write>, leaves: Fields) -> Self {
        Self {
            phase: Phase::Write,
            calls,
            leaves: Some(leaves),
        }
    }

    /// A deletion: nothing is left.
    pub fn delete(calls: Vec<Write>) -> Self {
        Self {
            phase: Phase::Remove,
            calls,
            leaves: None,
        }
    }

    /// A switch that is turned off instead of a deletion; the record stays.
    pub fn switch_off(call: Write, leaves: Fields) -> Self {
        Self {
            phase: Phase::Remove,
            calls: vec![call],
            leaves: Some(leaves),
        }
    }
}

/// Why a change cannot be made as things are; a sentence for the person who must act.
pub type Impossible = String;

/// Something the cloud does by itself when a change is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SideEffect {
    /// One sentence.
    pub text: String,
    /// Whether it changes how people sign in to the account.
    pub switches_sign_in: bool,
}
