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
/// How soon a replica is asked again whether it is there too.
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
    known: Arc<Known>,
}

/// What is known of a replica.
struct Known {
    url: String,
    since: Instant,
    /// It has all that was committed before this moment, in microseconds after `since`; 0 before that is known.
    as_of: AtomicU64,
}

/// Why a replica is not asked for the moment.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Connecting(#[from] diesel::ConnectionError),
    #[error(transparent)]
    Asking(#[from] tokio_postgres::Error),
    #[error("no answer in time")]
    Late(#[from] Elapsed),
}

impl Replicas {
    /// Replicas at these addresses, each with as many connections as the primary. Nothing is asked of them before they are watched.
    pub fn new(urls: &[String], limits: PoolLimits) -> Result<Self, Error> {
        let replica = |url: &String| {
            let known = Known { url: url.clone(), since: Instant::now(), as_of: AtomicU64::new(0) };
            Ok(Replica { pool: Pool::new(url, limits)?, known: Arc::new(known) })
        };
        Ok(Self { all: urls.iter().map(replica).collect::<Result<_, Error>>()?, next: Arc::default() })
    }

    /// The same for one of so many workers, with connections of its own.
    pub fn for_one_of(&self, workers: usize) -> Self {
        let own = |replica: &Replica| Replica { pool: replica.pool.for_one_of(workers), known: replica.known.clone() };
        Self { all: self.all.iter().map(own).collect(), next: self.next.clone() }
    }

    /// One that is near, and has all that was committed before this moment. They take turns.
    pub fn near(&self, at_least: Option<Instant>) -> Option<&Pool> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        (0..self.all.len()).map(|n| &self.all[(first + n) % self.all.len()]).find_map(|replica| {
            let as_of = replica.known.as_of()?;
            let is_near = as_of.elapsed() < NEAR && at_least.is_none_or(|moment| as_of >= moment);
            (is_near && !replica.pool.is_frozen()).then_some(&replica.pool)
        })
    }

    /// How late each is, in their order, and whether that is near; nothing of one that is left out.
    pub fn late(&self) -> impl Iterator<Item = Option<(Duration, bool)>> {
        let late = |as_of: Instant| (as_of.elapsed(), as_of.elapsed() < NEAR);
        self.all.iter().map(move |replica| replica.known.as_of().map(late))
    }

    /// Finds out how far each is, for as long as the service runs.
    pub async fn watch(&self, primary: &str) {
        futures_util::future::join_all(self.all.iter().map(|replica| replica.watch(primary))).await;
    }
}

impl Known {
    fn as_of(&self) -> Option<Instant> {
        let us = self.as_of.load(Ordering::Acquire);
        (us > 0).then(|| self.since + Duration::from_micros(us))
    }
}

impl Replica {
    async fn watch(&self, primary: &str) {
        let mut is_first = true;
        loop {
            let Err(lost) = self.ask(primary).await;
            let was_there = self.known.as_of.swap(0, Ordering::AcqRel) > 0;
            // Lines to one that is gone without a word would never end by themselves.
            self.pool.believe(IsFrozen(true));
            if was_there || std::mem::take(&mut is_first) {
                tracing::warn!(%lost, "a replica is left out");
            }
            sleep(PATIENCE).await;
        }
    }

    /// Each time: where is the primary now? Then, until the replica is there too: are you?
    async fn ask(&self, primary: &str) -> Result<std::convert::Infallible, Lost> {
        let primary = timeout(PATIENCE, connect(primary)).await??;
        let replica = timeout(PATIENCE, connect(&self.known.url)).await??;
        loop {
            let moment = Instant::now();
            let place = timeout(PATIENCE, place_of(&primary)).await??;
            while !timeout(PATIENCE, has_replayed(&place, &replica)).await?? {
                sleep(SOON).await;
            }
            let us = u64::try_from(moment.duration_since(self.known.since).as_micros()).unwrap_or(u64::MAX);
            self.pool.believe(IsFrozen(false));
            self.known.as_of.store(us.max(1), Ordering::Release);
            sleep(OFTEN).await;
        }
    }
}

/// Where the primary is in its write-ahead log: what is committed stands before it.
async fn place_of(primary: &Client) -> Result<String, tokio_postgres::Error> {
    Ok(primary.query_one("SELECT pg_current_wal_lsn()::text", &[]).await?.get(0))
}

/// Whether a replica shows all up to there. One that is no replica shows nothing of the primary.
async fn has_replayed(place: &String, replica: &Client) -> Result<bool, tokio_postgres::Error> {
    let sql = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn";
    Ok(replica.query_one(sql, &[place]).await?.get::<_, Option<bool>>(0).unwrap_or(false))
}
