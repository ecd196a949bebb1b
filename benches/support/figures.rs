//! How figures are taken together and shown.

use std::time::Duration;

/// Milliseconds, with one digit after the point.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The least and the middle of some times in milliseconds.
pub(crate) fn least_and_middle(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}

/// `VmHWM` out of the text of a `/proc/PID/status`, in MB (1,000,000 bytes).
pub(crate) fn peak_megabytes(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
