//! The answers that are kept: bounded in bytes, found by their address, read once for all who wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_utils::CachePadded;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use thread_local::ThreadLocal;

use super::changes::{Changes, Stamp, Thing};
use super::coding::Room;
use super::flights::{Boarded, Flights};
use super::held::{FREE_ROWS, Held};
use super::kept::Kept;
use super::work_queue::{MIN_LONG, WorkQueue};
use crate::clock::Clock;
use crate::error::Error;

#[derive(Clone)]
struct Weight;

impl Weighter<Arc<str>, Arc<Kept>> for Weight {
    fn weight(&self, key: &Arc<str>, kept: &Arc<Kept>) -> u64 {
        kept.weight() + key.len() as u64
    }
}

/// What an answer is called, on what it depends, and for how long it may be shown at most.
pub struct Terms<'a> {
    /// Path and query as they were read (`web::query::CanonicalUrl`).
    pub key: &'a str,
    /// It is void when one of these changes.
    pub of: &'a [Thing],
    /// For what it shows beside them.
    pub lasts: Duration,
}

type Answers = Cache<Arc<str>, Arc<Kept>, Weight>;

/// About what a page weighs.
const PAGE: u64 = 32 << 10;
/// What is heavier than a shard is not kept. So there are not as many as would be best for many cores, but as many as are this large.
const SHARD: u64 = 6 << 20;
const MOST_SHARDS: usize = 64;

/// Room for so many bytes. The library asks for no more than is said here.
fn cache(bytes: u64) -> Option<Answers> {
    let so_many = |of: u64| usize::try_from(bytes / of).unwrap_or(usize::MAX);
    let mut options = OptionsBuilder::new();
    options.weight_capacity(bytes).estimated_items_capacity(so_many(PAGE).max(16));
    let options = options.shards(so_many(SHARD).clamp(1, MOST_SHARDS)).build().ok()?;
    Some(Cache::with_options(options, Weight, DefaultHashBuilder::default(), DefaultLifecycle::default()))
}

/// The answers of a node.
pub struct Store {
    kept: Option<Answers>,
    flights: Flights,
    /// Each thread counts by itself.
    hits: ThreadLocal<CachePadded<AtomicU64>>,
    misses: AtomicU64,
    clock: Clock,
    pub changes: Arc<Changes>,
    /// Compresses them.
    pub room: Room,
    /// The memory budget of long answers.
    pub held: Held,
    /// Renders bodies that are written. Reads have queues of their own (`answers`, `revisions`): they do not delay what is written.
    pub rendering: WorkQueue,
    /// Makes the answers that memory is reserved for.
    pub answers: WorkQueue,
}

impl Store {
    /// One that takes so many bytes; nothing is kept where that is 0.
    pub fn new(bytes: u64, clock: Clock) -> Self {
        let kept = if bytes > 0 { cache(bytes) } else { None };
        let held = Held::beside(bytes);
        Self {
            kept,
            flights: Flights::default(),
            hits: ThreadLocal::default(),
            misses: AtomicU64::default(),
            clock,
            changes: Arc::default(),
            room: Room::new(held.clone()),
            held,
            rendering: WorkQueue::new(MIN_LONG),
            answers: WorkQueue::new(FREE_ROWS as usize),
        }
    }

    /// The answer to this request of a guest, if it is there and may be shown.
    pub fn find(&self, key: &str) -> Option<Arc<Kept>> {
        let kept = self.kept.as_ref()?.get(key)?;
        let found = self.changes.is_sure() && self.holds(&kept);
        found.then(|| {
            self.hits.get_or_default().fetch_add(1, Ordering::Relaxed);
            kept
        })
    }

    /// Whether nothing is known to have changed that this was made of, as it was found.
    pub fn holds(&self, kept: &Kept) -> bool {
        kept.holds(&self.changes, self.clock.elapsed())
    }

    /// The same, else what `read` reads: once for all who ask for it meanwhile.
    pub async fn find_or(
        &self,
        terms: &Terms<'_>,
        read: impl AsyncFn() -> Result<Kept, Error>,
    ) -> Result<Arc<Kept>, Error> {
        if let Some(kept) = self.find(terms.key) {
            return Ok(kept);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        self.read(terms, read).await
    }

    /// Reads it anew, or waits for who is just reading it.
    async fn read(&self, terms: &Terms<'_>, read: impl AsyncFn() -> Result<Kept, Error>) -> Result<Arc<Kept>, Error> {
        let key: Arc<str> = terms.key.into();
        loop {
            let stamps: Vec<Stamp> = terms.of.iter().map(|thing| self.changes.stamp(*thing)).collect();
            let until = self.clock.elapsed() + terms.lasts;
            match self.flights.board(&key, &stamps, &self.changes) {
                Boarded::Leads(leader) => {
                    let kept = async { read().await?.held(&self.held).await }.await;
                    let kept = kept.map(|kept| self.keep(&key, kept.under(stamps, until)));
                    leader.land(kept.clone());
                    return kept;
                }
                Boarded::Joins(mut outcome) => {
                    // An error says that it was given up.
                    if let Ok(outcome) = outcome.wait_for(Option::is_some).await
                        && let Some(outcome) = &*outcome
                    {
                        return outcome.clone();
                    }
                }
            }
        }
    }

    fn keep(&self, key: &Arc<str>, mut kept: Kept) -> Arc<Kept> {
        let Some(all) = &self.kept else { return Arc::new(kept) };
        if let Some(before) = all.peek(&**key) {
            kept.take_over(&before);
        }
        let kept = Arc::new(kept);
        if self.holds(&kept) {
            all.insert(key.clone(), kept.clone());
        }
        kept
    }

    /// How often an answer was found here, and how often it had to be read or waited for.
    pub fn found(&self) -> (u64, u64) {
        let hits = self.hits.iter().map(|hits| hits.load(Ordering::Relaxed)).sum();
        (hits, self.misses.load(Ordering::Relaxed))
    }

    /// How many answers there are, and how many bytes they take.
    pub fn size(&self) -> (usize, u64) {
        self.kept.as_ref().map_or((0, 0), |kept| (kept.len(), kept.weight()))
    }
}
