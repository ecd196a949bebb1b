//! The sandbox: faithful emulators of the three clouds' federation APIs.
//!
//! Written from the clouds' documented behaviour alone. Nothing here may import `clouds`,
//! `provider` or `net`: the emulator verifies signatures with its own code and speaks its own
//! JSON shapes, so that the client and its counterpart cannot share a mistake.
//!
//! Reading order: [`wire`] (a request, an answer), [`emulator`] (the contract of one cloud and the
//! table of all), [`credentials`] (who may call), [`fault`] (what can go wrong), [`issuer`] (the
//! OpenID issuers), [`federated`] (tokens for credentials), [`server`] (HTTP).

pub mod accounts;
pub mod alibaba;
mod connection;
pub mod credentials;
mod digest;
pub mod emulator;
mod exchange;
pub mod fault;
pub mod federated;
pub mod huawei;
pub mod issuer;
pub mod server;
pub mod tencent;
#[cfg(test)]
mod testing;
mod throttle;
pub mod wire;

pub use credentials::TestCredentials;
pub use emulator::Emulator;
pub use fault::{Fault, FaultKind};
pub use server::{Options, Sandbox, SandboxError, Seen};
