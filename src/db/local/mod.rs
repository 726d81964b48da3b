//! The private PostgreSQL: made and run by the program itself under its data folder, reached by a Unix socket only.
//!
//! In the data folder: `postgres/` (the cluster), `postgres.log`, `lock` (who owns the folder) and `postgres.lock` (whether any
//! process of PostgreSQL is left).

mod cluster;
mod error;
mod find;
mod launcher;
mod leftovers;
mod lock;
mod log;
mod server;
mod socket;
mod supervisor;

use std::path::Path;
use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use error::During;
pub use error::LocalError;
use server::{PORT, Request};
use supervisor::Supervisor;

const DATABASE: &str = "folkmoot";
/// For how long another program's server may take to start or to end.
const OTHERS_SERVER: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// A running PostgreSQL with the database `folkmoot`. Call [`LocalPostgres::stop`] at the end; a value that is merely dropped stops
/// its server too, but no one waits for that.
#[derive(Debug)]
pub struct LocalPostgres {
    url: String,
    /// `None` if the server is another program's.
    supervisor: Option<Supervisor>,
}

impl LocalPostgres {
    /// Starts the PostgreSQL of `data_dir`, which is made if it does not exist. From then on a thread keeps it running.
    ///
    /// `program` is shown to whoever comes second, for instance "folkmoot serve". `settings` are PostgreSQL's, by name, and go
    /// before those of its configuration file.
    pub async fn start(data_dir: &Path, program: &str, settings: &[(&str, &str)]) -> Result<LocalPostgres, LocalError> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let request = Request {
            data_dir: data_dir.to_owned(),
            program: program.to_owned(),
            settings: settings.iter().map(owned).collect(),
        };
        let (supervisor, ready) = Supervisor::start(request).during("start a thread for", data_dir)?;
        let stopped = |_| LocalError::Stopped { folder: data_dir.to_owned() };
        let socket_dir = ready.await.map_err(stopped)??;
        if let Err(source) = ensure_database(&socket_dir, PORT).await {
            supervisor.stop().await;
            return Err(LocalError::Connect { log: data_dir.join("postgres.log"), source });
        }
        Ok(LocalPostgres { url: url(&socket_dir, PORT, DATABASE), supervisor: Some(supervisor) })
    }

    /// Uses the PostgreSQL of the program that owns `data_dir`, or else starts it as [`LocalPostgres::start`] does.
    pub async fn attach_or_start(data_dir: &Path, program: &str) -> Result<LocalPostgres, LocalError> {
        let deadline = Instant::now() + OTHERS_SERVER;
        loop {
            let in_use = match LocalPostgres::start(data_dir, program, &[]).await {
                Err(in_use @ LocalError::InUse { .. }) => in_use,
                other => return other,
            };
            if let Some(attached) = attach(data_dir).await? {
                return Ok(attached);
            }
            if Instant::now() > deadline {
                return Err(in_use);
            }
            // The other one is about to start its server, or to end.
            tokio::time::sleep(POLL).await;
        }
    }

    /// How to connect, as words for `tokio_postgres::Config`: `host='/data/postgres' port=5432 user=folkmoot dbname=folkmoot`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Fast shutdown: breaks off what is connected, and waits until all is on the disk and the folder is free. Another program's
    /// server is left alone.
    pub async fn stop(self) -> Result<(), LocalError> {
        if let Some(supervisor) = self.supervisor {
            supervisor.stop().await;
        }
        Ok(())
    }
}

/// `None` while the owner's server takes no connections.
async fn attach(data_dir: &Path) -> Result<Option<LocalPostgres>, LocalError> {
    let Some(file) = leftovers::pid_file(&data_dir.join("postgres"))? else {
        return Ok(None);
    };
    if !file.ready {
        return Ok(None);
    }
    if let Err(error) = ensure_database(&file.socket_dir, &file.port).await {
        tracing::debug!(%error, "the owner's PostgreSQL takes no connection");
        return Ok(None);
    }
    Ok(Some(LocalPostgres { url: url(&file.socket_dir, &file.port, DATABASE), supervisor: None }))
}

/// Connects, and makes the database if there is none yet.
async fn ensure_database(socket_dir: &str, port: &str) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(&url(socket_dir, port, "postgres"), NoTls).await?;
    let make = async move {
        let made = make_database(&client).await;
        drop(client);
        made
    };
    let (made, connected) = tokio::join!(make, connection);
    made.and(connected)
}

async fn make_database(client: &Client) -> Result<(), tokio_postgres::Error> {
    let known = "SELECT 1 FROM pg_database WHERE datname = $1";
    if client.query_opt(known, &[&DATABASE]).await?.is_some() {
        return Ok(());
    }
    let create = format!("CREATE DATABASE {DATABASE}");
    match client.batch_execute(&create).await {
        // A program that attaches may have been faster. Which index tells depends on how close they were.
        Err(error)
            if [SqlState::DUPLICATE_DATABASE, SqlState::UNIQUE_VIOLATION]
                .iter()
                .any(|state| error.code() == Some(state)) =>
        {
            Ok(())
        }
        other => other,
    }
}

fn url(socket_dir: &str, port: &str, database: &str) -> String {
    let host = socket_dir.replace('\\', "\\\\").replace('\'', "\\'");
    let user = cluster::SUPERUSER;
    format!("host='{host}' port={port} user={user} dbname={database}")
}
