//! Whether more is asked of the connections than they can do. A burst is waited for; a crowd is turned away early, so that those who
//! are let in do not wait long (the two timeouts of "Fail at Scale", Maurer, ACM Queue 13 (8), 2015).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where some wait for so long, one after the other, there is a crowd; when nobody has waited for so long, there is none.
const CROWDED: Duration = Duration::from_secs(1);
const AT_EASE: Duration = Duration::from_millis(200);

/// Who waits, over some time.
#[derive(Default)]
pub(super) struct Crowd(Mutex<Waits>);

#[derive(Default)]
struct Waits {
    /// Since when there have always been some who wait.
    since: Option<Instant>,
    /// When somebody last had to wait.
    last: Option<Instant>,
}

impl Crowd {
    /// Somebody has to wait: whether many do, for some time.
    pub(super) fn waits(&self) -> bool {
        let waits = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        waits.last = Some(now);
        now - *waits.since.get_or_insert(now) > CROWDED
    }

    /// Somebody had not to wait. That one was let in between others means nothing.
    pub(super) fn is_at_ease(&self) {
        let waits = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waits.last.is_some_and(|last| last.elapsed() > AT_EASE) {
            *waits = Waits::default();
        }
    }
}
