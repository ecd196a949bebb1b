//! The subject matter, pure: issuers, key sets, certificates. Canonical forms and meaningful
//! differences live here, never inside a cloud.

mod curve;
pub mod jwks;
pub mod mapping;
