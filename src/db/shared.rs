//! Connections that many requests read from at the same time: what is sent on one at once goes to the server together and is
//! answered together, so that a page takes few round trips and wakes nobody more often than it must. PostgreSQL works on one
//! statement of a connection after the other, so only reads by key belong here: a slow one would stand in front of all others.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use diesel::ConnectionError;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel_async::AsyncPgConnection;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::loan::cancel;
use super::pool::{PoolLoad, Tls};
use super::watch::Alive;

/// So many requests read from one connection at a time: enough that the server never waits for a node's next statement, and few
/// enough that none of them waits long.
const READERS: usize = 8;

/// A read that was given up after less than this has not clogged its connection: a read by key ends in a few milliseconds. Otherwise a client
/// could have a connection closed by closing its own. Readers behind a statement that takes longer end by their own timeout.
const MIN_CLOGGED: Duration = Duration::from_millis(100);

/// The shared connections of a worker. None is made before it is needed.
pub struct Shared {
    lines: Vec<Line>,
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    tls: Tls,
}

#[derive(Default)]
struct Line {
    readers: Arc<AtomicUsize>,
    connection: Mutex<Option<Arc<Pipelined>>>,
}

struct Pipelined {
    connection: AsyncPgConnection,
    alive: Alive,
    /// A read was given up before its end: its statements still stand in front of whatever is sent next.
    is_clogged: AtomicBool,
    tls: Tls,
}

impl Drop for Pipelined {
    /// Cancels the statement that nobody waits for any more, so that a slow server has no more of them than there are connections.
    fn drop(&mut self) {
        if self.is_clogged.load(Ordering::Relaxed) && self.alive.is_so() {
            cancel(self.connection.cancel_token(), self.tls.clone());
        }
    }
}

impl Pipelined {
    fn is_usable(&self) -> bool {
        self.alive.is_so() && !self.is_clogged.load(Ordering::Relaxed)
    }
}

/// The right to read from one of them.
pub type Turn = OwnedSemaphorePermit;

/// A shared connection, for one request.
pub(super) struct Reader {
    pipelined: Arc<Pipelined>,
    /// Whether nobody else was reading from it.
    pub is_first: bool,
    has_ended: bool,
    begun: Instant,
    _counted: OneMore,
    _turn: Turn,
}

impl Reader {
    /// Notes that the read has come to its end.
    pub fn ends(&mut self) {
        self.has_ended = true;
    }
}

impl Deref for Reader {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.pipelined.connection
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if !self.has_ended && self.begun.elapsed() >= MIN_CLOGGED {
            self.pipelined.is_clogged.store(true, Ordering::Relaxed);
        }
    }
}

/// One more, as long as it is kept.
pub(super) struct OneMore(Arc<AtomicUsize>);

impl OneMore {
    pub(super) fn among(among: &Arc<AtomicUsize>) -> Self {
        among.fetch_add(1, Ordering::Relaxed);
        Self(among.clone())
    }
}

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts statements.
pub struct Count(pub Arc<AtomicU64>);

impl Instrumentation for Count {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Shared {
    /// So many, at most.
    pub fn new(connections: usize, tls: Tls) -> Self {
        let lines = (0..connections).map(|_| Line::default()).collect();
        Self { lines, turns: Arc::new(Semaphore::new(connections * READERS)), waiting: Arc::default(), tls }
    }

    /// A turn, if it is to be had at once.
    pub fn turn(&self) -> Option<Turn> {
        self.turns.clone().try_acquire_owned().ok()
    }

    /// The next turn.
    pub async fn next_turn(&self) -> Turn {
        let _waits = OneMore::among(&self.waiting);
        match self.turns.clone().acquire_owned().await {
            Ok(turn) => turn,
            Err(_) => unreachable!("it is never closed"),
        }
    }

    /// The connection with the fewest readers; it is made with `connect` where it is not there, or no more.
    pub async fn reader(
        &self,
        turn: Turn,
        connect: impl AsyncFnOnce() -> Result<(AsyncPgConnection, Alive), ConnectionError>,
    ) -> Result<Reader, ConnectionError> {
        let fewest = self.lines.iter().min_by_key(|line| line.readers.load(Ordering::Relaxed));
        let line = fewest.ok_or_else(|| ConnectionError::BadConnection("there are no shared connections".into()))?;
        let is_first = line.readers.load(Ordering::Relaxed) == 0;
        let counted = OneMore::among(&line.readers);
        let mut connection = line.connection.lock().await;
        let pipelined = match &*connection {
            Some(present) if present.is_usable() => present.clone(),
            _ => {
                let (fresh, alive) = connect().await?;
                let (is_clogged, tls) = (AtomicBool::new(false), self.tls.clone());
                let fresh = Pipelined { connection: fresh, alive, is_clogged, tls };
                connection.insert(Arc::new(fresh)).clone()
            }
        };
        Ok(Reader { pipelined, is_first, has_ended: false, begun: Instant::now(), _counted: counted, _turn: turn })
    }

    /// What they have to do at the moment.
    pub fn load(&self) -> PoolLoad {
        let readers = |line: &&Line| line.readers.load(Ordering::Relaxed) > 0;
        let open = |line: &&Line| line.connection.try_lock().is_ok_and(|connection| connection.is_some());
        PoolLoad {
            connections: self.lines.iter().filter(open).count(),
            in_use: self.lines.iter().filter(readers).count(),
            most: self.lines.len(),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}
