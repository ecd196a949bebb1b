//! The client-side request budget of one account.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::gate::{Gate, HeldUp};

/// The window the budget is counted in. A tenth over a second, because requests that leave a second
/// apart may arrive closer together: one that a busy machine or network held back for up to this
/// margin still falls into its own second at the cloud. With a margin of 30 ms a loaded machine was
/// seen to put 120 % of a budget into one second at the emulator.
///
/// What it costs: a run that its budget limits gets 1/1.1, or 91 %, of the requests it may send in
/// a second. A burst up to the budget starts at once all the same.
const WINDOW: Duration = Duration::from_millis(1100);

/// Lets at most `per_second` requests start in any window of one second, in order of asking.
///
/// Every request to the cloud counts, also those by which an account signs in: exchanges of tokens,
/// roles assumed, passwords. What is asked of the machine itself or of its CI system does not.
#[derive(Debug)]
pub struct Limit {
    per_second: usize,
    /// Held while waiting, so that the queue is fair.
    queue: tokio::sync::Mutex<()>,
    /// When the last `per_second` requests started.
    started: Mutex<VecDeque<Instant>>,
    /// How many requests wait for room in the budget.
    waiting: AtomicUsize,
}

/// A request that waits for room in its account's budget.
struct Waiting<'l> {
    limit: &'l Limit,
    _at_the_gate: HeldUp<'l>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.limit.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Limit {
    /// A budget; zero counts as one.
    pub fn new(per_second: u32) -> Self {
        let per_second = usize::try_from(per_second.max(1)).unwrap_or(usize::MAX);
        Self {
            per_second,
            queue: tokio::sync::Mutex::default(),
            started: Mutex::new(VecDeque::with_capacity(per_second.min(64))),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Returns when the next request may start, with its place in the gate that all accounts
    /// share. The gate comes second and the start is counted after it: requests that the budget
    /// lets go but a full gate holds back would otherwise meet those of the next second. It also
    /// makes the gate fair: at most one request of each account stands before it.
    pub async fn start<'g>(&self, gate: &'g Gate) -> Option<SemaphorePermit<'g>> {
        // Also who is not the first to wait waits for the budget.
        let mut waiting = self.full_until().map(|_| self.wait(gate));
        let _turn = self.queue.lock().await;
        while let Some(free) = self.full_until() {
            waiting.get_or_insert_with(|| self.wait(gate));
            tokio::time::sleep_until(free).await;
        }
        drop(waiting);
        let place = gate.place().await;
        self.count().await;
        place
    }

    /// Whether a request waits for room in the budget; another would only wait behind it.
    pub fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    fn wait<'l>(&'l self, gate: &'l Gate) -> Waiting<'l> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting {
            limit: self,
            _at_the_gate: gate.hold_up(),
        }
    }

    /// Returns when a request may start that is made within another's place, in order to sign in:
    /// it stands in no queue, since whoever is in the queue may be waiting for it.
    pub async fn count(&self) {
        while let Some(free) = self.take() {
            tokio::time::sleep_until(free).await;
        }
    }

    /// When there is room again; [`None`] when there is now.
    fn full_until(&self) -> Option<Instant> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        self.free_after(&started)
    }

    /// Counts a start, or says when there is room for it. Whoever stops waiting has started nothing.
    fn take(&self) -> Option<Instant> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let full = self.free_after(&started);
        if full.is_none() {
            if started.len() >= self.per_second {
                started.pop_front();
            }
            started.push_back(Instant::now());
        }
        full
    }

    fn free_after(&self, started: &VecDeque<Instant>) -> Option<Instant> {
        let oldest = started.front().filter(|_| started.len() >= self.per_second);
        let free = oldest.map(|oldest| *oldest + WINDOW);
        free.filter(|free| *free > Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_window_of_one_second_holds_more_than_the_budget() {
        let limit = Limit::new(5);
        let gate = Gate::new(1);
        let mut starts = Vec::new();
        for _ in 0..23 {
            drop(limit.start(&gate).await);
            starts.push(Instant::now());
        }
        for window in starts.windows(6) {
            assert!(window[5] - window[0] >= Duration::from_secs(1));
        }
        assert_eq!(
            starts[4], starts[0],
            "a burst up to the budget starts at once"
        );
    }

    /// Who waits for the budget is counted as long as it does, and keeps no place from others.
    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_the_budget_is_told_and_holds_no_place() {
        let limit = Limit::new(1);
        let gate = Gate::new(1);
        let held_up = gate.held_up();
        drop(limit.start(&gate).await);
        assert!(!limit.is_waited_for());
        let waits = async {
            for _ in 0..2 {
                drop(limit.start(&gate).await);
            }
        };
        let looks = async {
            tokio::task::yield_now().await;
            let others = Limit::new(1);
            drop(others.start(&gate).await);
            (
                limit.is_waited_for(),
                others.is_waited_for(),
                *held_up.borrow(),
            )
        };
        let ((), seen) = tokio::join!(waits, looks);
        assert_eq!(seen, (true, false, 1));
        assert!(!limit.is_waited_for());
        assert_eq!(*held_up.borrow(), 0);

        let gives_up = tokio::time::timeout(Duration::from_millis(1), limit.start(&gate));
        assert!(gives_up.await.is_err());
        assert!(!limit.is_waited_for(), "nor who stopped waiting");
        assert_eq!(*held_up.borrow(), 0);
    }

    /// Signing in happens in the place of a request, while others stand before the gate: nobody
    /// waits for the other for ever, and both count.
    #[tokio::test(start_paused = true)]
    async fn a_sign_in_counts_and_waits_for_nobody_in_the_queue() {
        let limit = Limit::new(2);
        let gate = Gate::new(1);
        let mut starts = Vec::new();
        let place = limit.start(&gate).await;
        starts.push(Instant::now());
        let waiting = async {
            drop(limit.start(&gate).await);
            Instant::now()
        };
        let signing_in = async {
            // Let the other stand before the gate first.
            tokio::task::yield_now().await;
            let mut own = Vec::new();
            for _ in 0..3 {
                limit.count().await;
                own.push(Instant::now());
            }
            drop(place);
            own
        };
        let (other, own) = tokio::join!(waiting, signing_in);
        starts.extend(own);
        starts.push(other);
        starts.sort();
        for window in starts.windows(3) {
            assert!(
                window[2] - window[0] >= Duration::from_secs(1),
                "{starts:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_gate_does_not_save_up_starts() {
        let limit = Limit::new(2);
        let gate = Gate::new(1);
        let held = gate.place().await.expect("it is open");
        let mut starts = Vec::new();
        let all = async {
            for _ in 0..4 {
                drop(limit.start(&gate).await);
                starts.push(Instant::now());
            }
        };
        let free = async {
            tokio::time::sleep(Duration::from_millis(900)).await;
            drop(held);
        };
        tokio::join!(all, free);
        assert!(starts[2] - starts[0] >= Duration::from_secs(1));
    }
}
