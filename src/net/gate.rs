//! What all accounts of a run share: the places of requests.

use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// How many requests may be under way at once.
#[derive(Debug)]
pub struct Gate {
    requests: Semaphore,
    /// As many places again for accounts that begin; see [`Gate::begin`].
    beginners: Semaphore,
    /// How many requests wait for their accounts' budgets, and take no place meanwhile.
    held_up: watch::Sender<usize>,
}

impl Gate {
    /// A gate with this many places.
    pub fn new(places: usize) -> Self {
        Self {
            requests: Semaphore::new(places),
            beginners: Semaphore::new(places),
            held_up: watch::Sender::new(0),
        }
    }

    /// A place for a request, in order of asking; kept until it is dropped.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // The gate is never closed; without a place there would merely be no cap.
        self.requests.acquire().await.ok()
    }

    /// The turn of an account that begins, to be kept until the requests after its first stand
    /// before the gate. If all accounts of a company began at once, the first requests of hundreds
    /// would stand there before the second of any: accounts whose budgets take longest would get to
    /// use them last.
    pub(super) async fn begin(&self) -> Option<SemaphorePermit<'_>> {
        self.beginners.acquire().await.ok()
    }

    /// Counts a request that waits for its account's budget, until this is dropped.
    pub(super) fn hold_up(&self) -> HeldUp<'_> {
        self.held_up.send_modify(|count| *count += 1);
        HeldUp { gate: self }
    }

    /// How many requests wait for their accounts' budgets, and when that changes.
    pub(super) fn held_up(&self) -> watch::Receiver<usize> {
        self.held_up.subscribe()
    }
}

/// A request that waits for its account's budget.
pub(super) struct HeldUp<'g> {
    gate: &'g Gate,
}

impl Drop for HeldUp<'_> {
    fn drop(&mut self) {
        self.gate.held_up.send_modify(|count| *count -= 1);
    }
}
