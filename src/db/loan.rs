//! A connection on loan from the pool, and what becomes of it when a request is given up in the middle of its work.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncConnection, AsyncPgConnection};

/// A connection on loan. It goes back to the pool, unless a transaction is open or a statement still runs: then it is closed,
/// and PostgreSQL takes back what was not committed and lets go of what it held; a statement that runs ends first, by its own
/// limit at the latest.
pub struct Connection {
    /// Nothing only while it is given back.
    lent: Option<Object<AsyncPgConnection>>,
    is_busy: Arc<AtomicBool>,
}

/// Notes whether a statement runs, and counts them.
struct Statements {
    is_busy: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
}

impl Instrumentation for Statements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.count.fetch_add(1, Ordering::Relaxed);
                self.is_busy.store(true, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { .. } => self.is_busy.store(false, Ordering::Relaxed),
            _ => {}
        }
    }
}

impl Connection {
    /// Lends it; `count` grows by each statement.
    pub(super) fn new(mut lent: Object<AsyncPgConnection>, count: Arc<AtomicU64>) -> Self {
        let is_busy = Arc::new(AtomicBool::new(false));
        lent.set_instrumentation(Statements { is_busy: is_busy.clone(), count });
        Self { lent: Some(lent), is_busy }
    }
}

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        match &self.lent {
            Some(lent) => lent,
            None => unreachable!("it is given back when it is dropped"),
        }
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        match &mut self.lent {
            Some(lent) => lent,
            None => unreachable!("it is given back when it is dropped"),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(mut lent) = self.lent.take()
            && (self.is_busy.load(Ordering::Relaxed) || lent.is_broken())
        {
            drop(Object::take(lent));
        }
    }
}
