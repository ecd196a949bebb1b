//! The one integration binary: everything that is seen from outside.

mod binary;
mod cases;
mod clouds;
mod contract;
mod drift;
mod ecosystem;
mod fetching;
mod gitops;
mod import;
mod issuer;
mod lock;
mod manifests;
mod policies;
mod properties;
mod published;
mod rotation;
mod secrets;
mod story;
mod support;
mod terraform;
mod tidy;
mod weather;
