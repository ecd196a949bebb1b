//! The one integration binary: everything that is seen from outside.

mod contract;
mod policies;
mod support;
mod terraform;
mod tidy;
mod weather;
