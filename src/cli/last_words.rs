//! What a run leaves behind when it is cut short: by a second signal, which waits for nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

type LastWords = Box<dyn FnOnce() + Send>;

static KEPT: Mutex<Option<LastWords>> = Mutex::new(None);

fn kept() -> MutexGuard<'static, Option<LastWords>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From here on this is done when the run is cut short.
pub(super) fn keep(words: impl FnOnce() + Send + 'static) {
    *kept() = Some(Box::new(words));
}

/// The run tells by itself how it ended; nothing is added after that. Whoever cuts it short
/// meanwhile waits, so that the one is never written over the other.
pub(super) fn instead<T>(tell: impl FnOnce() -> T) -> T {
    let mut kept = kept();
    let told = tell();
    *kept = None;
    told
}

/// Does what was kept, once; the program ends right after.
pub(super) fn speak() {
    if let Some(words) = kept().take() {
        words();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_said_once_and_not_after_the_end_was_told() {
        let said = std::sync::Arc::new(Mutex::new(0));
        let saying = || {
            let said = std::sync::Arc::clone(&said);
            move || *said.lock().unwrap() += 1
        };
        keep(saying());
        speak();
        speak();
        assert_eq!(*said.lock().unwrap(), 1);
        keep(saying());
        assert_eq!(instead(|| 7), 7);
        speak();
        assert_eq!(*said.lock().unwrap(), 1);
    }
}
