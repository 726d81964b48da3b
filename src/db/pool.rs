//! The pool of connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use deadpool::managed::{TimeoutType, Timeouts};
use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{self as diesel_deadpool, Object, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::{FutureExt, TryFutureExt};
use rustls::RootCertStore;
use tokio::time::timeout;
use tokio_postgres::Socket;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::crowd::Crowd;
use super::loan::Connection;
use super::planner::BY_KEY;
use super::shared::{Count, Reader, Shared};
use super::together::{Lookup, Together};
use super::watch::{Alive, IsFrozen, Watch};
use crate::error::{Code, Error};

/// Connections to the database. Each worker has a pool of its own: a connection is driven by the worker that made it, so requests
/// wake nobody else, and a worker that ends takes no other's connections with it.
#[derive(Clone)]
pub struct Pool {
    node: Arc<Node>,
    worker: Arc<Worker>,
}

/// What is a worker's own.
struct Worker {
    connections: diesel_deadpool::Pool<AsyncPgConnection>,
    shared: Shared,
    together: Together,
    answered: tokio::sync::Mutex<Option<Answered>>,
    /// Each kind by itself: where those that are lent are all held for long, the others go on.
    for_lent: Crowd,
    for_shared: Crowd,
}

/// When the database was asked whether it answers, and what came of it.
type Answered = (Instant, Result<(), Error>);

/// The most connections of a worker that are shared: more would not keep its one thread busier.
const MOST_SHARED: usize = 4;
/// So many of a node's connections are for what is done beside requests; one of them is shared.
pub const BESIDE: usize = 3;
/// For so long it is believed that the database answers, or does not.
const BELIEVED: Duration = Duration::from_millis(250);
/// What reads by key is planned once for a connection: PostgreSQL's guess that the next plan may be better costs as much as the work.
const PLANNED_ONCE: &str = "SET plan_cache_mode = force_generic_plan";
/// For so long a transaction may wait for its next statement: PostgreSQL ends one whose node is frozen or cut off, and lets go of
/// what it held.
const BETWEEN_STATEMENTS: Duration = Duration::from_secs(10);

/// What all pools of a node share.
struct Node {
    url: String,
    limits: PoolLimits,
    tls: Tls,
    watch: Watch,
    statements: Arc<AtomicU64>,
    /// Those that have not ended: one that is begun again gets connections anew.
    workers: Mutex<Vec<Weak<Worker>>>,
}

/// How many connections there are, and how long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// The most connections.
    pub connections: usize,
    /// For so long a request waits for a connection.
    pub wait: Duration,
    /// For so long where for some time nobody has had to wait for less than half of that: who waits then waits behind more than can be
    /// done.
    pub wait_in_crowd: Duration,
    /// For so long a connection may take to be made.
    pub connect: Duration,
    /// For so long a statement may run.
    pub statement: Duration,
    /// For so long a statement waits for a lock.
    pub lock: Duration,
    /// How long a statement of a pipelined connection waits for a lock: every request behind it waits too.
    pub pipelined_lock: Duration,
    /// How long a request waits for its turn on a pipelined connection, and then for what it reads behind the statements of others.
    pub pipelined_read: Duration,
}

/// What pools have to do at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolLoad {
    /// The connections that there are.
    pub connections: usize,
    /// Those that are on loan.
    pub in_use: usize,
    /// The most that there may be.
    pub most: usize,
    /// How many wait for one, or for a statement that is theirs.
    pub waiting: usize,
}

impl Pool {
    /// The pool of what is done beside requests. No connection is made before it is needed.
    pub fn new(url: &str, limits: PoolLimits) -> Result<Self, Error> {
        let node = Node {
            url: url.to_owned(),
            limits,
            tls: tls_for(&url.parse().map_err(Error::internal)?).map_err(Error::internal)?,
            watch: Watch::new(url),
            statements: Arc::default(),
            workers: Mutex::default(),
        };
        Self::of(Arc::new(node), limits.connections.min(BESIDE - 1), 1)
    }

    /// A pool of its own for one of so many workers, with its part of the connections: one at least to lend, and one to share.
    pub fn for_one_of(&self, workers: usize) -> Self {
        let connections = self.node.limits.connections.saturating_sub(BESIDE) / workers.max(1);
        let shared = (connections / 3).clamp(1, MOST_SHARED);
        Self::of(self.node.clone(), connections.saturating_sub(shared).max(1), shared).unwrap_or_else(|error| {
            tracing::error!(%error, "a worker has no connections of its own");
            self.clone()
        })
    }

    fn of(node: Arc<Node>, lent: usize, shared: usize) -> Result<Self, Error> {
        let (limits, watched) = (node.limits, node.watch.clone());
        let mut config = ManagerConfig::default();
        // The default asks the server at each loan whether it still lives: a round trip more for every request.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| {
            connect_for_requests(watched.clone(), limits).map_ok(|(connection, _)| connection).boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(&node.url, config);
        let connections = diesel_deadpool::Pool::builder(manager)
            .max_size(lent)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(Error::internal)?;
        let worker = Arc::new(Worker {
            connections,
            shared: Shared::new(shared, node.tls.clone()),
            together: Together::default(),
            answered: tokio::sync::Mutex::default(),
            for_lent: Crowd::new(&limits),
            for_shared: Crowd::new(&limits),
        });
        node.workers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&worker));
        Ok(Self { node, worker })
    }

    /// How much the pools of this node have to do.
    pub fn load(&self) -> PoolLoad {
        let mut workers = self.node.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|worker| worker.strong_count() > 0);
        let loads = workers.iter().filter_map(Weak::upgrade).map(|worker| worker.load());
        loads.fold(PoolLoad::default(), |sum, load| PoolLoad {
            connections: sum.connections + load.connections,
            in_use: sum.in_use + load.in_use,
            most: sum.most + load.most,
            waiting: sum.waiting + load.waiting,
        })
    }

    /// How the database is reached.
    pub fn url(&self) -> &str {
        &self.node.url
    }

    /// Whether the database is known not to answer.
    pub fn is_frozen(&self) -> bool {
        self.node.watch.is_frozen()
    }

    /// Whether the database answers. It is asked some times a second at most, however often this is; that it does not is
    /// believed only by those who waited to be told.
    pub async fn answers(&self) -> Result<(), Error> {
        let from = Instant::now();
        let answered = &mut *self.worker.answered.lock().await;
        if let Some((at, answer)) = answered
            && (*at > from || answer.is_ok() && at.elapsed() < BELIEVED)
        {
            return answer.clone();
        }
        let answer = async { Ok(self.get().await?.batch_execute("SELECT 1").await?) }.await;
        *answered = Some((Instant::now(), answer.clone()));
        answer
    }

    /// How many statements this node has run since its start.
    pub fn statements(&self) -> u64 {
        self.node.statements.load(Ordering::Relaxed)
    }

    /// Watches the database, for as long as the service runs: without that, requests to a frozen one hang.
    pub async fn watch(&self) {
        self.node.watch.run().await;
    }

    /// The same for who asks the database by himself, and knows.
    pub(super) fn believe(&self, is_so: IsFrozen) {
        self.node.watch.believe(is_so);
    }

    /// A connection. A request holds one at a time.
    pub async fn get(&self) -> Result<Connection, Error> {
        if self.is_frozen() {
            return Err(Error::database_unavailable("it does not answer"));
        }
        let lent = self.lend().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => too_many(),
            error => Error::database_unavailable(error),
        })?;
        Ok(Connection::new(lent, self.node.statements.clone(), self.node.tls.clone()))
    }

    /// Looks something up by its key, together with what others look up.
    pub async fn look_up<L: Lookup>(&self, key: L::Key) -> Result<L::Found, Error> {
        self.worker.together.find::<L>(key, self).await
    }

    /// Reads on a pipelined connection: by key alone, as a slow statement keeps others waiting.
    ///
    /// # Errors
    ///
    /// 503 where the turn did not come in time, or the answer behind statements of others. The connection is then replaced.
    pub async fn share<T>(&self, read: impl AsyncFnOnce(&AsyncPgConnection) -> Result<T, Error>) -> Result<T, Error> {
        let mut reader = self.reader().await?;
        let read = read(&reader);
        let done = match reader.is_first {
            // PostgreSQL ends its statements in time.
            true => Ok(read.await),
            false => timeout(self.node.limits.pipelined_read, read).await,
        };
        let done = done.map_err(|_| too_many())?;
        reader.ends();
        done
    }

    async fn reader(&self) -> Result<Reader, Error> {
        if self.is_frozen() {
            return Err(Error::database_unavailable("it does not answer"));
        }
        let (shared, crowd, longest) = (&self.worker.shared, &self.worker.for_shared, self.node.limits.pipelined_read);
        let turn = match shared.turn() {
            Some(turn) => {
                crowd.is_let_in_at_once();
                turn
            }
            None => {
                let next = crowd.wait(|wait: Duration| timeout(wait.min(longest), shared.next_turn()));
                next.await.map_err(|_| too_many())?
            }
        };
        let (node, limits) = (&self.node, self.node.limits);
        let count = || Count(node.statements.clone());
        let connect = async || {
            let (mut connection, alive) = connect_for_requests(node.watch.clone(), limits).await?;
            let settings = format!("{PLANNED_ONCE}; SET lock_timeout = {}", limits.pipelined_lock.as_millis());
            connection.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            connection.set_instrumentation(count());
            Ok((connection, alive))
        };
        let reader = timeout(limits.connect, shared.reader(turn, connect)).await;
        reader
            .map_err(Error::database_unavailable)?
            .map_err(|error: ConnectionError| Error::database_unavailable(error))
    }

    /// How long a lookup waits for its statement to begin, and then for its end.
    pub(super) fn lookup_wait(&self) -> (Duration, Duration) {
        let limits = self.node.limits;
        (limits.wait.min(limits.pipelined_read), limits.pipelined_read)
    }

    /// A free one at once, else the next that is given back.
    async fn lend(&self) -> Result<Object<AsyncPgConnection>, PoolError> {
        let (worker, create) = (&self.worker, Some(self.node.limits.connect));
        let lend =
            async |wait| worker.connections.timeout_get(&Timeouts { wait: Some(wait), create, recycle: None }).await;
        match lend(Duration::ZERO).await {
            Err(PoolError::Timeout(TimeoutType::Wait)) => worker.for_lent.wait(lend).await,
            Ok(lent) => {
                worker.for_lent.is_let_in_at_once();
                Ok(lent)
            }
            error => error,
        }
    }
}

impl Worker {
    /// What it has to do.
    fn load(&self) -> PoolLoad {
        let (lent, shared) = (self.connections.status(), self.shared.load());
        PoolLoad {
            connections: lent.size + shared.connections,
            in_use: lent.size.saturating_sub(lent.available) + shared.in_use,
            most: lent.max_size + shared.most,
            waiting: lent.waiting + shared.waiting + self.together.waiting(),
        }
    }
}

/// What is told where more is asked than can be done.
pub(super) fn too_many() -> Error {
    tracing::debug!("no connection to the database was free in time");
    Error::new(Code::Overloaded, "The server has too many requests at the moment.")
}

/// Errors are known by their words (`error::database`): in English, where this role may ask for that.
pub(super) const IN_ENGLISH: &str =
    "SELECT set_config('lc_messages', 'C', false) WHERE has_parameter_privilege('lc_messages', 'SET')";

async fn connect_for_requests(watch: Watch, limits: PoolLimits) -> Result<(AsyncPgConnection, Alive), ConnectionError> {
    let (mut connection, alive) = watch.connect().await?;
    let settings = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; {BY_KEY}; {IN_ENGLISH}",
        limits.statement.as_millis(),
        limits.lock.as_millis(),
        BETWEEN_STATEMENTS.as_millis()
    );
    connection.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok((connection, alive))
}

pub(super) async fn connect_diesel(url: String) -> Result<AsyncPgConnection, ConnectionError> {
    let (client, connection) = open(&url).await?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

/// How connections are encrypted.
pub(super) type Tls = MakeRustlsConnect;
type TlsStream = <Tls as MakeTlsConnect<Socket>>::Stream;

/// The one way to the server, with TLS or without, as the address says.
pub(super) async fn open(
    url: &str,
) -> Result<(tokio_postgres::Client, tokio_postgres::Connection<Socket, TlsStream>), ConnectionError> {
    let config: tokio_postgres::Config = url.parse().map_err(|e| bad(&e))?;
    config.connect(tls_for(&config)?).await.map_err(|e| bad(&e))
}

fn tls_for(config: &tokio_postgres::Config) -> Result<Tls, ConnectionError> {
    match config.get_ssl_mode() {
        // It is never asked, so it needs no certificates.
        SslMode::Disable => trusting(RootCertStore::empty()),
        _ => tls(),
    }
}

/// An error with what caused it: the outer ones say little ("error connecting to server").
fn bad(error: &dyn std::error::Error) -> ConnectionError {
    let causes = std::iter::successors(Some(error), |error| error.source());
    ConnectionError::BadConnection(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// A bare client beside the pool, for what diesel does not speak (COPY). The connection is driven in the background.
pub async fn connect(url: &str) -> Result<tokio_postgres::Client, ConnectionError> {
    let (client, connection) = open(url).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "database connection lost");
        }
    });
    Ok(client)
}

/// TLS for servers that want it, checked against the system's certificates, which are read once.
fn tls() -> Result<Tls, ConnectionError> {
    static TLS: OnceLock<Tls> = OnceLock::new();
    if let Some(tls) = TLS.get() {
        return Ok(tls.clone());
    }
    let mut roots = RootCertStore::empty();
    // One that can not be read is no reason to trust none.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let made = trusting(roots)?;
    Ok(TLS.get_or_init(|| made).clone())
}

fn trusting(roots: RootCertStore) -> Result<Tls, ConnectionError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| no_tls(&e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn no_tls(error: &rustls::Error) -> ConnectionError {
    ConnectionError::BadConnection(format!("the system's root certificates can not be used: {error}"))
}
