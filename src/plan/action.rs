//! The closed lists of a plan: actions, reasons, risks, and their words.

use serde::{Deserialize, Serialize};

use crate::model::Address;

/// What would be done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is absent and will be made.
    Create,
    /// It differs and will be changed in place.
    Update,
    /// It is deleted and made anew, because a field cannot change in place.
    Replace,
    /// It will be deleted.
    Delete,
    /// It will be switched off; the cloud keeps the record.
    Disable,
    /// Nothing.
    NoOp,
    /// It needs something that cannot be done as things are.
    Blocked,
    /// Nobody knows.
    Unreadable,
}

impl Action {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Disable => "disable",
            Self::NoOp => "no-op",
            Self::Blocked => "blocked",
            Self::Unreadable => "unreadable",
        }
    }

    /// The sign before it in text.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Replace => "±",
            Self::Delete | Self::Disable => "-",
            Self::NoOp => "=",
            Self::Blocked => "!",
            Self::Unreadable => "?",
        }
    }

    /// Terraform's words for the same.
    pub fn terraform(self) -> &'static [&'static str] {
        match self {
            Self::Create => &["create"],
            Self::Update | Self::Disable => &["update"],
            Self::Replace => &["delete", "create"],
            Self::Delete => &["delete"],
            Self::NoOp | Self::Blocked => &["no-op"],
            Self::Unreadable => &["read"],
        }
    }
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The cloud does not have it.
    NotOnCloud,
    /// Fields differ.
    FieldsDiffer,
    /// A field differs that cannot change in place.
    ImmutableFieldDiffers(Vec<String>),
    /// It is part of something that is replaced.
    GoesWith(Address),
    /// It is as wanted.
    SameAsLive,
    /// The manifest says `ensure: absent`.
    EnsureAbsent,
    /// It shall be absent and is.
    AlreadyAbsent,
    /// The manifest says `mode: observe`, and it differs.
    ObserveOnly,
    /// Reading failed.
    CouldNotRead,
}

impl Reason {
    /// The slug in JSON.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::NotOnCloud => "not_on_cloud",
            Self::FieldsDiffer => "fields_differ",
            Self::ImmutableFieldDiffers(_) => "immutable_field_differs",
            Self::GoesWith(_) => "goes_with_replaced",
            Self::SameAsLive => "same_as_live",
            Self::EnsureAbsent => "ensure_absent",
            Self::AlreadyAbsent => "already_absent",
            Self::ObserveOnly => "observe_only",
            Self::CouldNotRead => "could_not_read",
        }
    }

    /// A few words for people.
    pub fn text(&self) -> String {
        match self {
            Self::NotOnCloud => "not on the cloud".to_owned(),
            Self::FieldsDiffer => "differs from the manifest".to_owned(),
            Self::ImmutableFieldDiffers(fields) => {
                format!("{} cannot change in place", fields.join(", "))
            }
            Self::GoesWith(address) => format!("goes with {address}, which is replaced"),
            Self::SameAsLive => "as the manifest says".to_owned(),
            Self::EnsureAbsent => "shall be absent".to_owned(),
            Self::AlreadyAbsent => "is absent, as it shall be".to_owned(),
            Self::ObserveOnly => "differs; only observed".to_owned(),
            Self::CouldNotRead => "could not be read".to_owned(),
        }
    }
}

/// What may go wrong; the order is from harmless to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Nothing that concerns sign-in.
    Cosmetic,
    /// Somebody or something more is accepted.
    WidensTrust,
    /// Something that was accepted is accepted no more.
    MayBreakSignIn,
    /// The way people sign in to an account changes.
    SwitchesSignIn,
    /// Something is deleted.
    Destroys,
}

impl Risk {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Cosmetic,
        Self::WidensTrust,
        Self::MayBreakSignIn,
        Self::SwitchesSignIn,
        Self::Destroys,
    ];

    /// The word for outputs and `--allow`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cosmetic => "cosmetic",
            Self::WidensTrust => "widens-trust",
            Self::MayBreakSignIn => "may-break-sign-in",
            Self::SwitchesSignIn => "switches-sign-in",
            Self::Destroys => "destroys",
        }
    }

    /// Whether `--yes` alone covers it.
    pub fn is_covered_by_yes(self) -> bool {
        matches!(self, Self::Cosmetic | Self::WidensTrust)
    }
}

/// Why a needed change is not made, and what would have been done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Blocked {
    /// What would be needed.
    pub needed: Action,
    /// By what.
    pub by: BlockedBy,
    /// One or two sentences.
    pub reason: String,
}

/// What blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockedBy {
    /// A guard that no consent lifts.
    Guard,
    /// Something is missing or impossible.
    Impossible,
    /// Something that it waits for is blocked or unreadable.
    Waiting,
}
