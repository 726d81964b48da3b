//! The only reader of the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// A clock that can be set forward: tests do, nobody else.
#[derive(Clone, Debug)]
pub struct Clock {
    ahead_us: Arc<AtomicI64>,
    /// None where only tests move what has elapsed.
    started: Option<Instant>,
}

impl Default for Clock {
    #[allow(clippy::disallowed_methods)]
    fn default() -> Self {
        Self { started: Some(Instant::now()), ..Self::still() }
    }
}

impl Clock {
    /// One by which no time elapses but what it is set forward.
    pub fn still() -> Self {
        Self { ahead_us: Arc::default(), started: None }
    }

    /// The time now, in whole microseconds: what PostgreSQL keeps, so that what is answered is what is stored.
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6) + Duration::microseconds(self.ahead_us.load(Ordering::Relaxed))
    }

    /// What has elapsed since the clock was made, whatever becomes of the system's time.
    pub fn elapsed(&self) -> std::time::Duration {
        let ahead = self.ahead_us.load(Ordering::Relaxed).unsigned_abs();
        self.started.map_or(std::time::Duration::ZERO, |started| started.elapsed())
            + std::time::Duration::from_micros(ahead)
    }

    /// Sets this clock and its clones forward.
    pub fn advance(&self, by: Duration) {
        let us = by.num_microseconds().unwrap_or(i64::MAX / 4);
        self.ahead_us.fetch_add(us, Ordering::Relaxed);
    }
}
