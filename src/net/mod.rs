//! Talking to clouds: HTTP, budgets, retries, the clock.

pub mod clock;
pub mod http;
pub mod limit;
pub mod session;

pub use session::{Access, Patience, Reader, Writer};
