//! Whether more is asked of the connections than they can do. A burst is waited for; a crowd is turned away early, so that those who
//! are let in do not wait long (the two timeouts of "Fail at Scale", Maurer, ACM Queue 13 (8), 2015). Not that some wait makes a
//! crowd, but that they wait for long: behind writers of one row there are always some, and each waits for a moment ("Controlling
//! Queue Delay", Nichols and Jacobson, ACM Queue 10 (5), 2012).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pool::PoolLimits;

/// Where nobody has been let in soon for so long a time, there is a crowd; when somebody is, and nobody has waited in vain for a while,
/// there is none.
const CROWDED: Duration = Duration::from_secs(1);
const AT_EASE: Duration = Duration::from_millis(200);

/// Those who wait for connections of one kind.
pub(super) struct Crowd {
    /// For so long one waits at most, and for so long in a crowd. Less than half of that is soon.
    wait: Duration,
    wait_in_crowd: Duration,
    seen: Mutex<Seen>,
}

/// What was seen of those who wait.
#[derive(Default)]
struct Seen {
    /// When the first of them came, since somebody was let in soon.
    since: Option<Instant>,
    /// When somebody last waited in vain. Who comes just when others have given up is let in at once, and that means nothing.
    last_in_vain: Option<Instant>,
}

impl Crowd {
    pub(super) fn new(limits: &PoolLimits) -> Self {
        let (wait, wait_in_crowd) = (limits.wait, limits.wait_in_crowd);
        Self { wait, wait_in_crowd, seen: Mutex::default() }
    }

    /// Somebody found one free.
    pub(super) fn is_let_in_at_once(&self) {
        self.is_let_in_after(Duration::ZERO);
    }

    /// Somebody waits for one, as long as one does at the moment: an error is that it was in vain.
    pub(super) async fn wait<T, E>(&self, get: impl AsyncFnOnce(Duration) -> Result<T, E>) -> Result<T, E> {
        let from = Instant::now();
        let is_crowded = from - *self.seen().since.get_or_insert(from) > CROWDED;
        let got = get(if is_crowded { self.wait_in_crowd } else { self.wait }).await;
        match got {
            Ok(_) => self.is_let_in_after(from.elapsed()),
            Err(_) => self.seen().last_in_vain = Some(Instant::now()),
        }
        got
    }

    fn is_let_in_after(&self, wait: Duration) {
        let mut seen = self.seen();
        if wait < self.wait_in_crowd / 2 && seen.last_in_vain.is_none_or(|last| last.elapsed() > AT_EASE) {
            *seen = Seen::default();
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
