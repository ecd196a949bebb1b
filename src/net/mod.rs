//! Talking to clouds and issuers: HTTP, guarded addresses, budgets, retries, the clock.

pub mod cause;
pub mod clock;
pub mod guard;
pub mod http;
pub mod limit;
pub mod session;

pub use session::{Access, Patience, Reader, Writer};
