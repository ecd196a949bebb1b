//! The sandbox: faithful emulators of the three clouds' federation APIs.
//!
//! Written from the clouds' documented behaviour alone. Nothing here may import `clouds`,
//! `provider` or `net`: the emulator verifies signatures with its own code and speaks its own
//! JSON shapes, so that the client and its counterpart cannot share a mistake.

pub mod accounts;
pub mod credentials;
pub mod emulator;
pub mod huawei;
pub mod wire;
