//! The HTTP client: one request, one answer, sizes and times capped.

/// A shared client.
#[derive(Debug, Clone)]
pub struct Http;
