//! What commands have in common: the database that they work on, and the secret that belongs to it.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::cache::Store;
use crate::clock::Clock;
use crate::config::{Config, ServeConfig};
use crate::db::local::LocalPostgres;
use crate::db::{self, BESIDE, Pool, PoolLimits, Replicas};
use crate::private_files::{self, NotPrivate};
use crate::state::{Random, RequestLimits, Secret, State};

/// How long a request waits for a connection to the database, a statement for a lock, and a statement runs.
const POOL_WAIT: Duration = Duration::from_secs(2);
const CROWD_WAIT: Duration = Duration::from_millis(100);
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// Limits of pipelined connections: with one blocked statement of each of its 8 readers, a connection is free again within a second.
const PIPELINED_LOCK_WAIT: Duration = Duration::from_millis(100);
const PIPELINED_READ_WAIT: Duration = Duration::from_secs(1);
const STATEMENT_TIME: Duration = Duration::from_secs(5);
/// How many connections a worker has, if it can; with fewer, whoever waits for one keeps all others of that worker waiting.
const FOR_A_WORKER: usize = 8;
const LEAST_FOR_A_WORKER: usize = 3;
/// The shortest secret, in characters.
const MIN_SECRET: usize = 32;
/// The fewest different ones: what is made by chance has more.
const SECRET_VARIETY: usize = 8;

/// A migrated database, given or private.
pub struct Database {
    /// How to reach it.
    pub url: String,
    /// What is said of it to people.
    pub told: String,
    private: Option<LocalPostgres>,
}

/// Whether a command needs the data folder for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// A server does.
    Mine,
    /// Other commands share that of a running server.
    Shared,
}

impl Database {
    /// Finds or starts the database.
    pub async fn find(config: &Config, program: &str, folder: Folder) -> Result<Self, String> {
        match config.database.given() {
            Some(url) => Ok(Self { told: told(&url), url, private: None }),
            None => Self::private(&config.database.data_dir, program, folder).await,
        }
    }

    /// The same, with its schema up to date.
    pub async fn open(config: &Config, program: &str, folder: Folder) -> Result<Self, String> {
        let database = Self::find(config, program, folder).await?;
        match database.prepare().await {
            Ok(()) => Ok(database),
            Err(message) => {
                database.close().await?;
                Err(message)
            }
        }
    }

    async fn private(data_dir: &Path, program: &str, folder: Folder) -> Result<Self, String> {
        let started = match folder {
            Folder::Mine => LocalPostgres::start(data_dir, program, &[]).await,
            Folder::Shared => LocalPostgres::attach_or_start(data_dir, program).await,
        };
        let private = started.map_err(|e| e.to_string())?;
        let told = format!("a private PostgreSQL in {}", data_dir.display());
        Ok(Self { url: private.url().to_owned(), told, private: Some(private) })
    }

    /// Brings its schema up to date.
    pub async fn prepare(&self) -> Result<(), String> {
        db::check_version(&self.url).await?;
        let run = db::migrate(&self.url).await.map_err(|e| e.to_string())?;
        if !run.is_empty() {
            tracing::info!(migrations = run.len(), "schema brought up to date");
        }
        Ok(())
    }

    /// Stops what was started.
    pub async fn close(self) -> Result<(), String> {
        match self.private {
            Some(private) => private.stop().await.map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    /// What requests and commands work with.
    pub fn state(&self, config: &Config, public_url: String) -> Result<State, String> {
        let secret = match given_secret(config)? {
            Some(secret) => secret.to_owned(),
            None => kept_secret(&config.database.data_dir)?,
        };
        let limits = limits(config);
        let clock = Clock::default();
        Ok(State {
            db: Pool::new(&self.url, limits).map_err(|e| e.to_string())?,
            replicas: Replicas::default(),
            store: Arc::new(Store::new(0, clock.clone())),
            clock,
            random: Random,
            views: Arc::default(),
            public_url: public_url.trim_end_matches('/').to_owned(),
            secret: Secret::new(secret),
            limits: RequestLimits::default(),
            stopping: Arc::default(),
        })
    }
}

fn limits(config: &Config) -> PoolLimits {
    PoolLimits {
        connections: connections(config),
        wait: POOL_WAIT,
        wait_in_crowd: CROWD_WAIT,
        connect: POOL_WAIT,
        statement: STATEMENT_TIME,
        lock: LOCK_WAIT,
        pipelined_lock: PIPELINED_LOCK_WAIT,
        pipelined_read: PIPELINED_READ_WAIT,
    }
}

/// Where guests may read.
pub fn replicas(config: &Config, serve: &ServeConfig) -> Result<Replicas, String> {
    Replicas::new(&serve.replica_urls, limits(config)).map_err(|e| format!("--replica-urls: {e}"))
}

/// The most connections to the database.
fn connections(config: &Config) -> usize {
    let usual = || (BESIDE + FOR_A_WORKER * cores()).clamp(16, 64);
    config.database.database_connections.map_or_else(usual, usize::from)
}

/// How many threads answer requests: as many as have enough connections to the database.
pub fn workers(config: &Config, serve: &ServeConfig) -> Result<usize, String> {
    let most = (connections(config).saturating_sub(BESIDE) / LEAST_FOR_A_WORKER).max(1);
    match serve.workers.map(usize::from) {
        Some(workers) if workers > most => Err(format!(
            "--workers {workers} need --database-connections {}: {LEAST_FOR_A_WORKER} for each and {BESIDE} beside",
            workers * LEAST_FOR_A_WORKER + BESIDE
        )),
        given => Ok(given.unwrap_or_else(|| cores().min(most))),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A database's address without its password.
fn told(url: &str) -> String {
    let Ok(config) = url.parse::<tokio_postgres::Config>() else { return "the given one".into() };
    let name = config.get_dbname().unwrap_or("?");
    let hosts: Vec<_> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            tokio_postgres::config::Host::Tcp(name) => name.clone(),
            tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    format!("{name} at {}", hosts.join(", "))
}

/// The operator's secret, where one is given: with a database of its own the program needs none.
pub fn given_secret(config: &Config) -> Result<Option<&str>, String> {
    let Some(secret) = config.identity.secret.as_deref() else {
        return match config.database.given() {
            Some(_) => Err("with --database-url a --secret is needed: 32 characters or more, kept safe".into()),
            None => Ok(None),
        };
    };
    if secret.chars().count() < MIN_SECRET {
        return Err(format!("the secret has to have {MIN_SECRET} characters or more"));
    }
    if secret.chars().collect::<HashSet<_>>().len() < SECRET_VARIETY {
        return Err("the secret can be guessed: take one that is made by chance, as `openssl rand -hex 32` does".into());
    }
    Ok(Some(secret))
}

/// Returns the secret of the data folder, which is made at the first start, for its owner's eyes only.
fn kept_secret(data_dir: &Path) -> Result<String, String> {
    let path = data_dir.join("secret");
    match read_secret(&path) {
        Err(error) if error.is_not_found() => make_secret(data_dir, &path),
        read => read.map_err(|error| error.to_string()),
    }
}

fn read_secret(path: &Path) -> Result<String, NotPrivate> {
    let mut secret = String::new();
    let read = private_files::open_secret(path)?.read_to_string(&mut secret);
    read.map_err(|source| NotPrivate::Io { act: "read", path: path.to_owned(), source })?;
    Ok(secret.trim().to_owned())
}

fn make_secret(data_dir: &Path, path: &Path) -> Result<String, String> {
    let secret = BASE64_URL_SAFE_NO_PAD.encode(Random.bytes::<32>().map_err(|e| e.to_string())?);
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    // Made under a name that nothing has, with the mode 0600, and removed with the value.
    let mut new = tempfile::Builder::new().prefix("secret.").tempfile_in(data_dir).map_err(failed)?;
    new.write_all(secret.as_bytes()).and_then(|()| new.as_file().sync_all()).map_err(failed)?;
    // A secret that another program made meanwhile stays.
    match new.persist_noclobber(path) {
        Ok(_) => Ok(secret),
        Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => read_secret(path).map_err(|e| e.to_string()),
        Err(e) => Err(failed(e.error)),
    }
}
