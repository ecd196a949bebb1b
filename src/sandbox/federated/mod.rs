//! What the emulated token services have in common: they check a token of an identity provider
//! against its keys and a role's trust policy, and give out credentials that work.
//!
//! [`jwt`] checks signatures, [`outside`] fetches an issuer's keys as Alibaba Cloud does,
//! [`trust`] evaluates trust policies, [`issued`] makes temporary keys.

pub mod issued;
pub(crate) mod jwt;
pub mod outside;
pub(crate) mod trust;

#[cfg(test)]
mod tests;
