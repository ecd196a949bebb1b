//! The subject matter, pure: issuers, key sets, trust policies. Canonical forms and meaningful
//! differences live here, never inside a cloud.

mod curve;
pub mod jwks;
pub mod trust;
