//! Replicas that follow the primary: what guests read may come from one that is near enough. How far each is, is found out all the
//! time: where the primary was at a moment, and when the replica had that too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::time::{error::Elapsed, sleep, timeout};
use tokio_postgres::Client;

use super::pool::{Pool, PoolLimits, connect};
use super::watch::IsFrozen;
use crate::error::Error;

/// Guests see what is a second old at most. A replica that is farther behind is left out; the rest is left for the reading.
pub const NEAR: Duration = Duration::from_millis(500);
/// How often the primary is asked where it is.
const OFTEN: Duration = Duration::from_millis(100);
/// How soon a replica is asked again whether it is there too; each time later, as one that is late may be so for long.
const SOON: Duration = Duration::from_millis(10);
/// Without an answer for so long a replica is given up, and asked anew later.
const PATIENCE: Duration = Duration::from_secs(1);

/// The replicas of a node, or of one of its workers.
#[derive(Clone, Default)]
pub struct Replicas {
    all: Vec<Replica>,
    next: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Replica {
    pool: Pool,
    as_of: Arc<AsOf>,
}

/// The moment before which a replica has all that was committed.
struct AsOf {
    since: Instant,
    /// In microseconds after `since`; 0 before it is known.
    us: AtomicU64,
}

/// Whether a replica is left out, as the log has it: each beginning and each end is told once.
#[derive(Default)]
struct Absence {
    has_begun: bool,
}

/// Why a replica is not asked for the moment.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Connecting(#[from] diesel::ConnectionError),
    #[error(transparent)]
    Asking(#[from] tokio_postgres::Error),
    #[error("no answer in time")]
    Silent(#[from] Elapsed),
    #[error("it follows nobody")]
    Leading,
}

impl Replicas {
    /// Replicas at these addresses, each with as many connections as the primary. Nothing is asked of them before they are watched.
    pub fn new(urls: &[String], limits: PoolLimits) -> Result<Self, Error> {
        let replica = |url: &String| {
            let as_of = AsOf { since: Instant::now(), us: AtomicU64::new(0) };
            Ok(Replica { pool: Pool::new(url, limits)?, as_of: Arc::new(as_of) })
        };
        Ok(Self { all: urls.iter().map(replica).collect::<Result<_, Error>>()?, next: Arc::default() })
    }

    /// The same for one of so many workers, with connections of its own.
    pub fn for_one_of(&self, workers: usize) -> Self {
        let own = |replica: &Replica| Replica { pool: replica.pool.for_one_of(workers), as_of: replica.as_of.clone() };
        Self { all: self.all.iter().map(own).collect(), next: self.next.clone() }
    }

    /// One that is near, and has all that was committed before this moment. They take turns.
    pub fn near(&self, at_least: Option<Instant>) -> Option<&Pool> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        (0..self.all.len()).map(|n| &self.all[(first + n) % self.all.len()]).find_map(|replica| {
            let as_of = replica.as_of.get()?;
            let is_near = as_of.elapsed() < NEAR && at_least.is_none_or(|moment| as_of >= moment);
            (is_near && !replica.pool.is_frozen()).then_some(&replica.pool)
        })
    }

    /// How late each is, in their order, and whether that is near; nothing of one that does not answer.
    pub fn late(&self) -> impl Iterator<Item = Option<(Duration, bool)>> {
        let late = |as_of: Instant| (as_of.elapsed(), as_of.elapsed() < NEAR);
        self.all.iter().map(move |replica| replica.as_of.get().map(late))
    }

    /// Finds out how far each is, for as long as the service runs.
    pub async fn watch(&self, primary: &str) {
        futures_util::future::join_all(self.all.iter().map(|replica| replica.watch(primary))).await;
    }
}

impl AsOf {
    fn get(&self) -> Option<Instant> {
        let us = self.us.load(Ordering::Acquire);
        (us > 0).then(|| self.since + Duration::from_micros(us))
    }

    fn set(&self, moment: Instant) {
        let us = u64::try_from(moment.duration_since(self.since).as_micros()).unwrap_or(u64::MAX);
        self.us.store(us.max(1), Ordering::Release);
    }

    fn forget(&self) {
        self.us.store(0, Ordering::Release);
    }
}

impl Absence {
    fn begins(&mut self, why: impl std::fmt::Display) {
        if !std::mem::replace(&mut self.has_begun, true) {
            tracing::warn!(%why, "a replica is left out");
        }
    }

    fn ends(&mut self) {
        if std::mem::take(&mut self.has_begun) {
            tracing::info!("a replica is near again");
        }
    }
}

impl Replica {
    async fn watch(&self, primary: &str) {
        let mut absence = Absence::default();
        loop {
            let Err(lost) = self.ask(primary, &mut absence).await;
            self.as_of.forget();
            // Lines to one that is gone without a word would never end by themselves.
            self.pool.believe(IsFrozen(true));
            absence.begins(lost);
            sleep(PATIENCE).await;
        }
    }

    /// Each time: where is the primary now? Then, until the replica is there too: are you?
    async fn ask(&self, primary: &str, absence: &mut Absence) -> Result<std::convert::Infallible, Lost> {
        let primary = timeout(PATIENCE, connect(primary)).await??;
        let replica = timeout(PATIENCE, connect(self.pool.url())).await??;
        loop {
            let moment = Instant::now();
            let place = timeout(PATIENCE, place_of(&primary)).await??;
            let mut pause = SOON;
            while !timeout(PATIENCE, has_replayed(&place, &replica)).await?? {
                if self.as_of.get().unwrap_or(moment).elapsed() >= NEAR {
                    absence.begins("it is late");
                }
                sleep(pause).await;
                pause = OFTEN.min(2 * pause);
            }
            self.pool.believe(IsFrozen(false));
            self.as_of.set(moment);
            if moment.elapsed() < NEAR {
                absence.ends();
            }
            sleep(OFTEN).await;
        }
    }
}

/// Where the primary is in its write-ahead log: what is committed stands before it. It is written before anybody sees it, unless
/// `synchronous_commit` is off; and where it is inserted next may lie behind the head of a page to which nothing comes for long.
async fn place_of(primary: &Client) -> Result<String, tokio_postgres::Error> {
    let sql = "SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn() \
               ELSE pg_current_wal_lsn() END::text";
    Ok(primary.query_one(sql, &[]).await?.get(0))
}

/// Whether a replica shows all up to there. One that was promoted, or never was one, shows nothing of the primary.
async fn has_replayed(place: &String, replica: &Client) -> Result<bool, Lost> {
    let sql = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= $1::text::pg_lsn";
    let row = replica.query_one(sql, &[place]).await?;
    if !row.get::<_, bool>(0) {
        return Err(Lost::Leading);
    }
    Ok(row.get::<_, Option<bool>>(1).unwrap_or(false))
}
