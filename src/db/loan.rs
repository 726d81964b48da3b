//! A connection on loan from the pool, and what becomes of it when a request is given up in the middle of its work.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::CancelToken;

use super::pool::Tls;

/// How long PostgreSQL may take to be told.
const CANCEL: Duration = Duration::from_secs(5);

/// A connection on loan. It goes back to the pool, unless a transaction is open or a statement still runs: then the statement is
/// cancelled and the connection closed, and PostgreSQL takes back what was not committed and lets go of what it held.
pub struct Connection {
    /// Nothing only while it is given back.
    lent: Option<Object<AsyncPgConnection>>,
    running: Arc<AtomicUsize>,
    tls: Tls,
}

/// Notes how many statements run, until their first rows come, and counts them. Some may be sent together.
struct Statements {
    running: Arc<AtomicUsize>,
    count: Arc<AtomicU64>,
}

impl Instrumentation for Statements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.count.fetch_add(1, Ordering::Relaxed);
                self.running.fetch_add(1, Ordering::Relaxed);
            }
            // The server does one after the other: what ends a transaction ends after all that was sent before, also of what nobody
            // waits for any more since another part of it has failed.
            InstrumentationEvent::CommitTransaction { .. } | InstrumentationEvent::RollbackTransaction { .. } => {
                self.running.store(0, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { .. } => _ = self.running.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
    }
}

impl Connection {
    /// Lends it; `count` grows by each statement.
    pub(super) fn new(mut lent: Object<AsyncPgConnection>, count: Arc<AtomicU64>, tls: Tls) -> Self {
        let running = Arc::new(AtomicUsize::new(0));
        lent.set_instrumentation(Statements { running: running.clone(), count });
        Self { lent: Some(lent), running, tls }
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
        let is_busy = self.running.load(Ordering::Relaxed) > 0;
        if let Some(mut lent) = self.lent.take()
            && (is_busy || lent.is_broken())
        {
            let lent = Object::take(lent);
            if is_busy {
                cancel(lent.cancel_token(), self.tls.clone());
            }
        }
    }
}

/// By a connection of its own, as PostgreSQL wants it: a server process reads nothing while it runs a statement. It may have
/// ended meanwhile, then there is nothing to cancel.
pub(super) fn cancel(statement: CancelToken, tls: Tls) {
    // None where the program ends.
    let Ok(runtime) = Handle::try_current() else { return };
    runtime.spawn(async move {
        match timeout(CANCEL, statement.cancel_query(tls)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a statement that was given up could not be cancelled"),
            Err(_) => tracing::debug!("a statement that was given up could not be cancelled in time"),
        }
    });
}
