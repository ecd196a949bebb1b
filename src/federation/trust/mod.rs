//! Trust policies of roles: who may take one. Read into facts, compared by meaning, made from the
//! short form.
//!
//! Two clouds, one frame with two vocabularies ([`Grammar`]): statements that allow principals
//! actions under conditions. Pure; nothing here resolves a name.

mod canonical;
mod check;
mod differences;
mod facts;
mod grammar;
mod make;
mod operator;

pub use canonical::canonical;
pub use check::problems;
pub use differences::{Differences, differences};
pub use facts::{Condition, FederatedTrust, Matched, OtherTrust, TrustFacts, facts};
pub use grammar::{CAM, Grammar, Keys, Provider, ProviderKind, RAM};
pub use make::{Entry, MOST_SUBJECTS, policy};
pub use operator::{Comparison, Operator};

#[cfg(test)]
mod tests;
