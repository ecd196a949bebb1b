//! The one integration binary: everything that is seen from outside.

mod binary;
mod cases;
mod clouds;
mod contract;
mod credentials;
mod drift;
mod ecosystem;
mod gitops;
mod import;
mod manifests;
mod policies;
mod properties;
mod published;
mod secrets;
mod story;
mod support;
mod terraform;
mod tidy;
mod weather;
