//! Reads the clouds into a snapshot. Compares nothing.

pub mod live;
pub mod snapshot;

pub use snapshot::{AccountReading, Snapshot, Unmanaged};
