//! The pool of connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{TimeoutType, Timeouts};
use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{self as diesel_deadpool, Object, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use rustls::RootCertStore;
use tokio_postgres::Socket;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::loan::Connection;
use super::planner::BY_KEY;
use super::watch::Watch;
use crate::error::{Code, Error};

/// Connections to the database. Each worker has a pool of its own: a connection is driven by the worker that made it, so requests
/// wake nobody else, and a worker that ends takes no other's connections with it.
#[derive(Clone)]
pub struct Pool {
    connections: diesel_deadpool::Pool<AsyncPgConnection>,
    node: Arc<Node>,
    answered: Arc<tokio::sync::Mutex<Option<Answered>>>,
    crowd: Arc<Mutex<Crowd>>,
}

/// Whether more is asked of a pool than it can do.
#[derive(Default)]
struct Crowd {
    /// Since when there have always been some who wait.
    since: Option<Instant>,
    /// When somebody last had to wait.
    waited: Option<Instant>,
}

impl Crowd {
    /// Somebody has to wait: whether many do, for some time.
    fn waits(&mut self) -> bool {
        let now = Instant::now();
        self.waited = Some(now);
        now - *self.since.get_or_insert(now) > CROWDED
    }

    /// Somebody had not to wait. That one was let in between others means nothing.
    fn is_at_ease(&mut self) {
        if self.waited.is_some_and(|waited| waited.elapsed() > AT_EASE) {
            *self = Self::default();
        }
    }
}

/// When the database was asked whether it answers, and what came of it.
type Answered = (Instant, Result<(), Error>);

/// So many of a node's connections are for what is done beside requests.
pub const BESIDE: usize = 2;
/// Where some wait for so long, one after the other, there is a crowd; when nobody has waited for so long, there is none.
const CROWDED: Duration = Duration::from_secs(1);
const AT_EASE: Duration = Duration::from_millis(200);
/// For so long it is believed that the database answers, or does not.
const BELIEVED: Duration = Duration::from_millis(250);
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
    pools: Mutex<Vec<diesel_deadpool::Pool<AsyncPgConnection>>>,
}

/// How many connections there are, and how long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// The most connections.
    pub connections: usize,
    /// For so long a request waits for a connection.
    pub wait: Duration,
    /// For so long where nobody has found one free for some time: who waits then waits behind more than can be done.
    pub wait_in_crowd: Duration,
    /// For so long a connection may take to be made.
    pub connect: Duration,
    /// For so long a statement may run.
    pub statement: Duration,
    /// For so long a statement waits for a lock.
    pub lock: Duration,
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
    /// How many wait for one.
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
            pools: Mutex::default(),
        };
        Self::of(Arc::new(node), limits.connections.min(BESIDE))
    }

    /// A pool of its own for one of so many workers, with its part of the connections: one at least.
    pub fn for_one_of(&self, workers: usize) -> Self {
        let connections = (self.node.limits.connections.saturating_sub(BESIDE) / workers.max(1)).max(1);
        Self::of(self.node.clone(), connections).unwrap_or_else(|error| {
            tracing::error!(%error, "a worker has no connections of its own");
            self.clone()
        })
    }

    fn of(node: Arc<Node>, connections: usize) -> Result<Self, Error> {
        let (limits, watched) = (node.limits, node.watch.clone());
        let mut config = ManagerConfig::default();
        // The default asks the server at each loan whether it still lives: a round trip more for every request.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |_| connect_for_requests(watched.clone(), limits).boxed());
        let manager = AsyncDieselConnectionManager::new_with_config(&node.url, config);
        let connections = diesel_deadpool::Pool::builder(manager)
            .max_size(connections)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(Error::internal)?;
        node.pools.lock().unwrap_or_else(PoisonError::into_inner).push(connections.clone());
        Ok(Self { connections, node, answered: Arc::default(), crowd: Arc::default() })
    }

    /// How much the pools of this node have to do.
    pub fn load(&self) -> PoolLoad {
        let pools = self.node.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.iter().map(diesel_deadpool::Pool::status).fold(PoolLoad::default(), |load, pool| PoolLoad {
            connections: load.connections + pool.size,
            in_use: load.in_use + pool.size.saturating_sub(pool.available),
            most: load.most + pool.max_size,
            waiting: load.waiting + pool.waiting,
        })
    }

    /// Whether the database is known not to answer.
    pub fn is_frozen(&self) -> bool {
        self.node.watch.is_frozen()
    }

    /// Whether the database answers. It is asked some times a second at most, however often this is; that it does not is
    /// believed only by those who waited to be told.
    pub async fn answers(&self) -> Result<(), Error> {
        let from = Instant::now();
        let answered = &mut *self.answered.lock().await;
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

    /// A connection. A request holds one at a time.
    pub async fn get(&self) -> Result<Connection, Error> {
        if self.is_frozen() {
            return Err(Error::database_unavailable("it does not answer"));
        }
        let lent = self.lend().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => {
                tracing::debug!("no connection to the database was free in time");
                Error::new(Code::Overloaded, "The server has too many requests at the moment.")
            }
            error => Error::database_unavailable(error),
        })?;
        Ok(Connection::new(lent, self.node.statements.clone(), self.node.tls.clone()))
    }

    /// A free one at once, else the next that is given back. A burst is waited for; a crowd is turned away early, so that those
    /// who are let in do not wait long (the two timeouts of "Fail at Scale", Maurer, ACM Queue 13 (8), 2015).
    async fn lend(&self) -> Result<Object<AsyncPgConnection>, PoolError> {
        let limits = self.node.limits;
        let within = |wait| Timeouts { wait: Some(wait), create: Some(limits.connect), recycle: None };
        match self.connections.timeout_get(&within(Duration::ZERO)).await {
            Err(PoolError::Timeout(TimeoutType::Wait)) => {}
            lent => {
                self.crowd.lock().unwrap_or_else(PoisonError::into_inner).is_at_ease();
                return lent;
            }
        }
        let is_crowded = self.crowd.lock().unwrap_or_else(PoisonError::into_inner).waits();
        let wait = if is_crowded { limits.wait_in_crowd } else { limits.wait };
        self.connections.timeout_get(&within(wait)).await
    }
}

/// Errors are known by their words (`error::database`): in English, where this role may ask for that.
pub(super) const IN_ENGLISH: &str =
    "SELECT set_config('lc_messages', 'C', false) WHERE has_parameter_privilege('lc_messages', 'SET')";

async fn connect_for_requests(watch: Watch, limits: PoolLimits) -> Result<AsyncPgConnection, ConnectionError> {
    let mut connection = watch.connect().await?;
    let settings = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; {BY_KEY}; {IN_ENGLISH}",
        limits.statement.as_millis(),
        limits.lock.as_millis(),
        BETWEEN_STATEMENTS.as_millis()
    );
    connection.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
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
