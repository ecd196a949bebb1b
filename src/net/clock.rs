//! The one place that asks the machine for the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970 in UTC. A clock before 1970 counts as 1970; every cloud then answers that it
/// is skewed, and the session corrects it.
pub fn unix_seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}
