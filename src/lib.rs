//! `idform`: a declarative reconciler for identity-provider federation.
//!
//! The tour, thirty minutes:
//!
//! 1. [`model`]: addresses and diagnostics, the words everybody uses.
//! 2. [`plan`]: the heart. [`plan::make`] compares a [`compile::World`] with an
//!    [`observe::Snapshot`] and gives a [`plan::Plan`] that leaves nothing to decide.
//! 3. [`provider`]: the contract with clouds. A kind is a table of fields and a few pure functions.
//! 4. `clouds/alibaba/oidc_provider.rs`: one kind, whole.
//! 5. [`apply`]: `walk.rs` (what may start), `step.rs` (one phase of one change).
//! 6. `cli/plan.rs`: how the rooms are called in order.
//!
//! The order below is the order in which data flows; arrows between rooms never turn round.

pub mod model;

pub mod federation;
pub mod provider;

pub mod manifest;

pub mod lock;

pub mod compile;

pub mod clouds;
pub mod net;
pub mod observe;

pub mod lint;
pub mod plan;
pub mod policy;

pub mod doctor;
pub mod drift;

pub mod apply;
pub mod import;
pub mod view;

#[cfg(not(fuzzing))] // A third of the code, which no fuzz target calls.
pub mod sandbox;

#[cfg(not(fuzzing))]
pub mod cli;
