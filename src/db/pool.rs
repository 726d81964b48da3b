//! The pool of connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool::managed::TimeoutType;
use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{self as diesel_deadpool, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use rustls::RootCertStore;
use tokio_postgres::Socket;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::loan::Connection;
use super::watch::Watch;
use crate::error::{Code, Error};

/// The connections of this node to its database.
#[derive(Clone)]
pub struct Pool {
    connections: diesel_deadpool::Pool<AsyncPgConnection>,
    statements: Arc<AtomicU64>,
    watch: Watch,
    tls: Tls,
}

/// How many connections there are, and how long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// The most connections.
    pub connections: usize,
    /// For so long a request waits for a connection.
    pub wait: Duration,
    /// For so long a connection may take to be made.
    pub connect: Duration,
    /// For so long a statement may run.
    pub statement: Duration,
    /// For so long a statement waits for a lock.
    pub lock: Duration,
}

/// What a pool has to do at a moment.
#[derive(Clone, Copy, Debug)]
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
    /// A pool in which no connection is made before it is needed.
    pub fn new(url: &str, limits: PoolLimits) -> Result<Self, Error> {
        let mut config = ManagerConfig::default();
        // The default asks the server at each loan whether it still lives: a round trip more for every request.
        config.recycling_method = RecyclingMethod::Fast;
        let statements = Arc::new(AtomicU64::new(0));
        let tls = tls_for(&url.parse().map_err(Error::internal)?).map_err(Error::internal)?;
        let watch = Watch::new(url);
        let watched = watch.clone();
        config.custom_setup = Box::new(move |_| connect_for_requests(watched.clone(), limits).boxed());
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let connections = diesel_deadpool::Pool::builder(manager)
            .max_size(limits.connections)
            .wait_timeout(Some(limits.wait))
            .create_timeout(Some(limits.connect))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(Error::internal)?;
        Ok(Self { connections, statements, watch, tls })
    }

    /// How much it has to do.
    pub fn load(&self) -> PoolLoad {
        let status = self.connections.status();
        let in_use = status.size.saturating_sub(status.available);
        PoolLoad { connections: status.size, in_use, most: status.max_size, waiting: status.waiting }
    }

    /// Whether the database is known not to answer.
    pub fn is_frozen(&self) -> bool {
        self.watch.is_frozen()
    }

    /// How many statements were run since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Watches the database, for as long as the service runs: without that, requests to a frozen one hang.
    pub async fn watch(&self) {
        self.watch.run().await;
    }

    /// A connection. A request holds one at a time.
    pub async fn get(&self) -> Result<Connection, Error> {
        if self.watch.is_frozen() {
            return Err(Error::database_unavailable("it does not answer"));
        }
        let lent = self.connections.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => {
                tracing::warn!("no connection to the database was free in time");
                Error::new(Code::Overloaded, "The server has too many requests at the moment.")
            }
            error => Error::database_unavailable(error),
        })?;
        Ok(Connection::new(lent, self.statements.clone(), self.tls.clone()))
    }
}

async fn connect_for_requests(watch: Watch, limits: PoolLimits) -> Result<AsyncPgConnection, ConnectionError> {
    let mut connection = watch.connect().await?;
    // Errors are known by their words (`error::database`): in English, where this role may ask for that.
    let settings = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; \
         SELECT set_config('lc_messages', 'C', false) WHERE has_parameter_privilege('lc_messages', 'SET')",
        limits.statement.as_millis(),
        limits.lock.as_millis()
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
