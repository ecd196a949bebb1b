//! The value tree in which desired and live settings are compared.
//!
//! It is serde_json's tree on purpose (2026-11): its objects are ordered maps, every cloud answers
//! in it, and a second tree with the same seven variants would only need converting. No room may
//! rely on anything of it that depends on the order in which members were written.

use std::collections::BTreeMap;

pub use serde_json::Value;

/// The fields of one object in their canonical form, by manifest name. A field that is not in the
/// map is not managed (desired) or not known (live).
pub type Fields = BTreeMap<String, Value>;

/// `below` with every field of `above` put over it.
#[must_use]
pub fn merged(below: &Fields, above: &Fields) -> Fields {
    let mut fields = below.clone();
    let above = above.iter();
    fields.extend(above.map(|(name, value)| (name.clone(), value.clone())));
    fields
}
