//! `idform`: a declarative reconciler for identity-provider federation.

pub mod sandbox;
