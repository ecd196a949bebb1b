//! Talking to clouds: HTTP, budgets, retries, clock.

pub mod http;
