//! The one integration binary: everything that is seen from outside.

mod binary;
mod cases;
mod clouds;
mod contract;
mod doctor;
mod drift;
mod ecosystem;
mod gitops;
mod import;
mod kill;
mod lints;
mod manifests;
mod matrix;
mod policies;
mod portable;
mod properties;
mod published;
mod roles;
mod saml;
mod secrets;
mod story;
mod support;
mod terraform;
mod tidy;
mod user_sso;
mod weather;
