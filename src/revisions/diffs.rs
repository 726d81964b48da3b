//! Diffs that were computed: kept in memory by post and revision, bounded in bytes. Names, rights and all else of an answer are read
//! anew each time.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::diff::{Change, diff};
use crate::cache::{MIN_LONG, WorkQueue};
use crate::error::Error;
use crate::ids::PostId;
use crate::markup::{self, Draft};

/// How many bytes the kept diffs take.
const CAPACITY: u64 = 4 << 20;
/// About what a diff weighs.
const TYPICAL: usize = 4 << 10;

type Key = (PostId, i64);

/// A diff, and the hash of the two bodies that it is of.
#[derive(Clone)]
struct Kept {
    bodies: u64,
    changes: Arc<[Change]>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Kept> for Weight {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        let changes = kept.changes.iter().map(|change| size_of::<Change>() + change.text.capacity());
        (size_of::<(Key, Kept)>() + changes.sum::<usize>()) as u64
    }
}

/// The diffs of a node, and the bound on how many revisions are compared and rendered at a time.
pub struct Diffs {
    kept: Option<Cache<Key, Kept, Weight>>,
    hasher: RandomState,
    computed: AtomicU64,
    pub queue: WorkQueue,
}

/// A revision with the body before it.
pub struct Pair {
    pub post: PostId,
    pub number: i64,
    pub body: String,
    pub before: String,
}

/// A revision that was read and compared.
pub struct Compared {
    pub body: String,
    pub draft: Draft,
    pub changes: Arc<[Change]>,
}

impl Default for Diffs {
    fn default() -> Self {
        let mut options = OptionsBuilder::new();
        // A single shard: an entry that is larger than its shard is not kept.
        options.weight_capacity(CAPACITY).estimated_items_capacity(CAPACITY as usize / TYPICAL).shards(1);
        let hashes = DefaultHashBuilder::default();
        let kept = options
            .build()
            .ok()
            .map(|options| Cache::with_options(options, Weight, hashes, DefaultLifecycle::default()));
        Self { kept, hasher: RandomState::new(), computed: AtomicU64::default(), queue: WorkQueue::new(MIN_LONG) }
    }
}

impl Diffs {
    /// Reads a revision's body and compares it with the one before: long ones when it is their turn.
    ///
    /// # Errors
    ///
    /// 503 `overloaded` where too many wait.
    pub async fn compare(self: Arc<Self>, pair: Pair) -> Result<Compared, Error> {
        let (this, bytes) = (self.clone(), pair.body.len() + pair.before.len());
        let work = move || {
            let changes = this.changes(&pair);
            Compared { draft: markup::read_archived(&pair.body), body: pair.body, changes }
        };
        self.queue.run(bytes, work).await
    }

    /// The diff that is kept, if it is of these very bodies: an import may add a revision in between.
    fn changes(&self, pair: &Pair) -> Arc<[Change]> {
        let key = (pair.post, pair.number);
        let bodies = self.hasher.hash_one((&pair.before, &pair.body));
        let found = self.kept.as_ref().and_then(|kept| kept.get(&key)).filter(|kept| kept.bodies == bodies);
        found.map(|kept| kept.changes).unwrap_or_else(|| {
            self.computed.fetch_add(1, Ordering::Relaxed);
            let changes: Arc<[Change]> = diff(&pair.before, &pair.body).into();
            if let Some(kept) = &self.kept {
                kept.insert(key, Kept { bodies, changes: changes.clone() });
            }
            changes
        })
    }

    /// How many diffs are kept, and the bytes that they take.
    pub fn size(&self) -> (usize, u64) {
        self.kept.as_ref().map_or((0, 0), |kept| (kept.len(), kept.weight()))
    }

    /// How many diffs were computed.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }
}
