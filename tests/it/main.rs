//! The one integration binary: everything that is seen from outside.

mod cases;
mod contract;
mod properties;
mod support;
mod terraform;
mod tidy;
mod weather;
