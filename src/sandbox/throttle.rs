//! How often an account may call an action, counted in whole seconds as the clouds do.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Above this many counters, those of past seconds are dropped.
const COUNTERS_KEPT: usize = 1024;

/// Counters per account and action for the current second.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    counters: Mutex<BTreeMap<(String, String), (i64, u32)>>,
}

impl Throttle {
    /// Counts one request and says whether it is within `per_second` (0: without limit).
    pub(crate) fn admits(
        &self,
        account: &str,
        action: &str,
        per_second: u32,
        unix_seconds: i64,
    ) -> bool {
        if per_second == 0 {
            return true;
        }
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() > COUNTERS_KEPT {
            counters.retain(|_, (second, _)| *second == unix_seconds);
        }
        let counter = counters
            .entry((account.to_owned(), action.to_owned()))
            .or_insert((unix_seconds, 0));
        if counter.0 != unix_seconds {
            *counter = (unix_seconds, 0);
        }
        counter.1 = counter.1.saturating_add(1);
        counter.1 <= per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_action_of_each_account_by_itself() {
        let throttle = Throttle::default();
        for _ in 0..20 {
            assert!(throttle.admits("1", "Describe", 20, 100));
        }
        assert!(!throttle.admits("1", "Describe", 20, 100));
        assert!(throttle.admits("1", "Create", 20, 100));
        assert!(throttle.admits("2", "Describe", 20, 100));
        assert!(throttle.admits("1", "Describe", 20, 101));
        assert!(throttle.admits("1", "Describe", 0, 101));
    }
}
