//! Whether more is asked of the connections than they can do. A burst is waited for; a crowd is turned away early, so that those who
//! are let in do not wait long (the two timeouts of "Fail at Scale", Maurer, ACM Queue 13 (8), 2015). Not that some wait makes a
//! crowd, but that they wait for long: behind writers of one row there are always some, and each waits for a moment ("Controlling
//! Queue Delay", Nichols and Jacobson, ACM Queue 10 (5), 2012).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where some wait for long, one after the other for so long a time, there is a crowd; when nobody has for so long, there is none.
const CROWDED: Duration = Duration::from_secs(1);
const AT_EASE: Duration = Duration::from_millis(200);

/// Who waits, over some time.
pub(super) struct Crowd {
    /// What is a long wait.
    long: Duration,
    waits: Mutex<Waits>,
}

#[derive(Default)]
struct Waits {
    /// Since when there have always been some who wait for long, as far as is known of those who still wait.
    since: Option<Instant>,
    /// When a long wait last ended.
    last: Option<Instant>,
}

impl Crowd {
    pub(super) fn new(long: Duration) -> Self {
        Self { long, waits: Mutex::default() }
    }

    /// Somebody has to wait: whether many do, for some time.
    pub(super) fn waits(&self, from: Instant) -> bool {
        let waits = &mut *self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        from - *waits.since.get_or_insert(from) > CROWDED
    }

    /// Somebody has waited so long, for a connection or in vain. That one was let in soon in between others means nothing.
    pub(super) fn has_waited(&self, wait: Duration) {
        let waits = &mut *self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if wait > self.long {
            waits.last = Some(Instant::now());
        } else if waits.last.is_none_or(|last| last.elapsed() > AT_EASE) {
            *waits = Waits::default();
        }
    }
}
