//! Talking to clouds and issuers: HTTP, guarded addresses, budgets, retries, the clock.

pub mod cause;
pub mod clock;
mod gate;
pub mod guard;
pub mod http;
pub mod limit;
pub mod session;

pub use gate::Gate;
pub use session::{Access, Patience, Reader, Writer};
