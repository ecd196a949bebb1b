//! The oracles, for the fuzz targets.

#[path = "oracles.rs"]
pub mod oracles;
