//! The one integration binary: everything that is seen from outside.

mod contract;
mod drift;
mod support;
mod terraform;
mod tidy;
mod weather;
