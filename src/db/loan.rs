//! A connection on loan from the pool, and what becomes of it when a request is given up in the middle of its work.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    is_busy: Arc<AtomicBool>,
    tls: Tls,
}

/// Notes whether a statement runs, until its first rows come, and counts them.
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
    pub(super) fn new(mut lent: Object<AsyncPgConnection>, count: Arc<AtomicU64>, tls: Tls) -> Self {
        let is_busy = Arc::new(AtomicBool::new(false));
        lent.set_instrumentation(Statements { is_busy: is_busy.clone(), count });
        Self { lent: Some(lent), is_busy, tls }
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
        let is_busy = self.is_busy.load(Ordering::Relaxed);
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
fn cancel(statement: CancelToken, tls: Tls) {
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
