//! `idform`: a declarative reconciler for identity-provider federation.

pub mod apply;
pub mod cli;
pub mod clouds;
pub mod compile;
pub mod federation;
pub mod manifest;
pub mod model;
pub mod net;
pub mod observe;
pub mod plan;
pub mod provider;
pub mod sandbox;
pub mod view;
