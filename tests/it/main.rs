//! The one integration binary: everything that is seen from outside.

mod contract;
mod ecosystem;
mod policies;
mod support;
mod terraform;
mod tidy;
mod weather;
