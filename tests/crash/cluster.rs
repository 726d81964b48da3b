//! The private PostgreSQL of a run, and all that can happen to it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use folkmoot::db::local::LocalPostgres;
use rustix::process::{Pid, Signal, test_kill_process};
use tokio::time::sleep;

use crate::Tried;
use crate::frozen::{Frozen, tell};

const POLL: Duration = Duration::from_millis(20);
/// For so long PostgreSQL may take to come back: after a crash it reads what it had written.
const PATIENCE: Duration = Duration::from_secs(90);

/// For so long it is left away in a restart: long enough that somebody asks.
const AWAY: Duration = Duration::from_millis(300);

/// A commit takes as long as on a slow disk, in microseconds: so faults meet it on its way, when nobody knows yet whether it is.
const SLOW_COMMIT: [(&str, &str); 2] = [("commit_delay", "20000"), ("commit_siblings", "0")];

/// When it ran statements again, and when it was last seen not to.
pub struct Back {
    pub at: Instant,
    pub last_away: Option<Instant>,
}

/// PostgreSQL as an operator runs it: the defaults for durability.
pub struct Cluster {
    folder: PathBuf,
    postgres: Option<LocalPostgres>,
    pub url: String,
}

impl Cluster {
    pub async fn start(folder: &Path) -> Tried<Self> {
        let postgres = LocalPostgres::start(folder, "crash test", &SLOW_COMMIT).await.map_err(|e| e.to_string())?;
        Ok(Self { folder: folder.to_owned(), url: postgres.url().to_owned(), postgres: Some(postgres) })
    }

    pub async fn stop(&mut self) -> Tried<()> {
        match self.postgres.take() {
            Some(postgres) => postgres.stop().await.map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    pub async fn sql(&self) -> Tried<tokio_postgres::Client> {
        folkmoot::db::connect(&self.url).await.map_err(|e| e.to_string())
    }

    /// Waits until it runs statements.
    pub async fn back(&self) -> Tried<Back> {
        let deadline = Instant::now() + PATIENCE;
        let mut last_away = None;
        loop {
            let asked = Instant::now();
            let tried = match self.sql().await {
                Ok(client) => client.simple_query("SELECT 1").await.map_err(|e| e.to_string()),
                Err(error) => Err(error),
            };
            match tried {
                Ok(_) => return Ok(Back { at: Instant::now(), last_away }),
                Err(error) if Instant::now() > deadline => {
                    return Err(format!("PostgreSQL does not come back: {error}"));
                }
                Err(_) => {
                    last_away = Some(asked);
                    sleep(POLL).await;
                }
            }
        }
    }

    /// A fast shutdown and a new start. Gives from when to when it was away for sure.
    pub async fn restart(&mut self) -> Tried<(Instant, Instant)> {
        self.stop().await?;
        let gone = Instant::now();
        sleep(AWAY).await;
        let away = (gone, Instant::now());
        let url = std::mem::take(&mut self.url);
        *self = Self::start(&self.folder).await?;
        if self.url == url { Ok(away) } else { Err(format!("PostgreSQL was at {url} and is at {}", self.url)) }
    }

    /// Sends a signal to the first process, and waits until that has ended. The program starts PostgreSQL again by itself.
    pub async fn end_by(&self, signal: Signal) -> Tried<()> {
        let postmaster = self.postmaster()?;
        tell(postmaster, signal)?;
        let deadline = Instant::now() + PATIENCE;
        while test_kill_process(postmaster).is_ok() {
            if Instant::now() > deadline {
                return Err(format!("PostgreSQL's process {} does not end", postmaster.as_raw_pid()));
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    fn postmaster(&self) -> Tried<Pid> {
        let path = self.folder.join("postgres/postmaster.pid");
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
        pid.ok_or_else(|| format!("{} names no process", path.display()))
    }

    /// Stops every process where it is. They go on when the value is dropped.
    pub fn freeze(&self) -> Tried<Frozen> {
        Frozen::with_children(self.postmaster()?)
    }

    /// Kills one process that serves a connection, so that PostgreSQL ends all of them and recovers; waits until that has begun.
    pub async fn kill_backend(&self) -> Tried<()> {
        let others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                      AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1";
        let client = self.sql().await?;
        let row = client.query_opt(others, &[]).await.map_err(|e| e.to_string())?.ok_or("nobody is connected")?;
        tell(Pid::from_raw(row.get(0)).ok_or("a backend has no process")?, Signal::KILL)?;
        let deadline = Instant::now() + PATIENCE;
        while client.simple_query("").await.is_ok() {
            if Instant::now() > deadline {
                return Err("a backend was killed, and PostgreSQL went on".to_owned());
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Ends every connection but its own; gives how many.
    pub async fn cut(&self) -> Tried<i64> {
        let others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let client = self.sql().await?;
        Ok(client.query_one(others, &[]).await.map_err(|e| e.to_string())?.get(0))
    }
}
