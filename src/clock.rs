//! The only reader of the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// A clock that can be set forward: tests do, nobody else.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_us: Arc<AtomicI64>,
}

impl Clock {
    /// The time now, in whole microseconds: what PostgreSQL keeps, so that what is answered is what is stored.
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6) + Duration::microseconds(self.ahead_us.load(Ordering::Relaxed))
    }

    /// Sets this clock and its clones forward.
    pub fn advance(&self, by: Duration) {
        let us = by.num_microseconds().unwrap_or(i64::MAX / 4);
        self.ahead_us.fetch_add(us, Ordering::Relaxed);
    }
}
