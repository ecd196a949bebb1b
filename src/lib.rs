//! `idform`: a declarative reconciler for identity-provider federation.

pub mod model;
pub mod net;
pub mod provider;
pub mod sandbox;
