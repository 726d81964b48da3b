//! What has changed. Whoever reads something to keep it takes a stamp first; once the thing has changed the stamp is void, and so is
//! all that was read under it, whether it is kept already or still being read.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::ids::{MemberId, PostId, ThreadId};

/// Things share a slot by chance: then a change of one voids stamps of the other too, which costs a read and nothing else.
const SLOTS_LOG2: u32 = 14;
/// What other nodes changed is seen after a second at most; a little of it is left for the answer's way.
pub const SURE_FOR: Duration = Duration::from_millis(900);

/// Something that answers are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A thread with all that its pages show of its own.
    Thread(ThreadId),
    /// A post by itself.
    Post(PostId),
    /// A member, its rights and its sessions.
    Member(MemberId),
    /// Which threads can be seen at all.
    Visibility,
    /// What posts show of those that they quote.
    Quotes,
    /// What lists and counters are made of.
    Lists,
    /// Everything at once.
    All,
}

/// That a thing was at some moment as it is.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    slot: usize,
    count: u64,
    of_all: u64,
}

/// How often things were changed, and when that was last known, in microseconds after the first moment.
#[derive(Debug, Default)]
struct Slot {
    count: AtomicU64,
    at: AtomicU64,
}

/// What this node knows of changes, its own and others'.
#[derive(Debug)]
pub struct Changes {
    slots: Box<[Slot]>,
    all: Slot,
    since: Instant,
    /// Until when, in microseconds after `since`, all changes of other nodes are known as far as they must be.
    sure_until: AtomicU64,
    /// There is something new in the log.
    pub news: Notify,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            slots: (0..1 << SLOTS_LOG2).map(|_| Slot::default()).collect(),
            all: Slot::default(),
            since: Instant::now(),
            sure_until: AtomicU64::new(0),
            news: Notify::new(),
        }
    }
}

impl Changes {
    /// To be taken before a thing is read.
    pub fn stamp(&self, thing: Thing) -> Stamp {
        let slot = slot(thing);
        Stamp {
            slot,
            count: self.slots[slot].count.load(Ordering::Acquire),
            of_all: self.all.count.load(Ordering::Acquire),
        }
    }

    /// Whether the thing has not changed since.
    pub fn holds(&self, stamp: &Stamp) -> bool {
        self.slots[stamp.slot].count.load(Ordering::Acquire) == stamp.count
            && self.all.count.load(Ordering::Acquire) == stamp.of_all
    }

    /// A thing has changed.
    pub fn void(&self, thing: Thing) {
        let slot = if thing == Thing::All { &self.all } else { &self.slots[slot(thing)] };
        slot.at.fetch_max(u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::AcqRel);
        slot.count.fetch_add(1, Ordering::AcqRel);
    }

    /// When one of these things was last found changed: whatever is read of them has to be as of then at least.
    pub fn last_change(&self, things: &[Thing]) -> Instant {
        let at = |slot: &Slot| slot.at.load(Ordering::Acquire);
        let last = things.iter().map(|thing| at(&self.slots[slot(*thing)])).max().unwrap_or(0);
        self.since + Duration::from_micros(last.max(at(&self.all)))
    }

    /// All that was committed before this moment, on whichever node, has been voided.
    pub fn sure_as_of(&self, moment: Instant) {
        let until = moment.saturating_duration_since(self.since) + SURE_FOR;
        self.sure_until.store(u64::try_from(until.as_micros()).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// How long ago that was last known of some moment.
    pub fn age(&self) -> Duration {
        let until = Duration::from_micros(self.sure_until.load(Ordering::Acquire));
        self.since.elapsed().saturating_sub(until.saturating_sub(SURE_FOR))
    }

    /// Whether what is kept may be shown: what others changed until a second ago is known.
    pub fn is_sure(&self) -> bool {
        self.since.elapsed().as_micros() < u128::from(self.sure_until.load(Ordering::Acquire))
    }
}

/// Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4) of kind and id.
fn slot(thing: Thing) -> usize {
    let (kind, id) = match thing {
        Thing::Thread(id) => (1, id.0),
        Thing::Post(id) => (2, id.0),
        Thing::Member(id) => (3, id.0),
        Thing::Visibility | Thing::All => (4, 0),
        Thing::Lists => (5, 0),
        Thing::Quotes => (6, 0),
    };
    let mixed = (id.cast_unsigned() << 3 | kind).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> (u64::BITS - SLOTS_LOG2)) as usize
}

tokio::task_local! {
    static CHANGED: Rc<RefCell<Vec<Thing>>>;
}

/// Notes that the request which is being worked on changes a thing. Work beside requests is told of by the log alone.
pub fn note(thing: Thing) {
    // An error says that there is no request.
    _ = CHANGED.try_with(|changed| changed.borrow_mut().push(thing));
}

/// What a request changes. Stamps are voided when this is dropped: after the commit, and before the answer goes out.
pub struct Changed {
    things: Rc<RefCell<Vec<Thing>>>,
    known: Arc<Changes>,
}

impl Changed {
    /// Nothing yet.
    pub fn new(known: Arc<Changes>) -> Self {
        Self { things: Rc::default(), known }
    }

    /// Works on a request.
    pub async fn by<T>(&self, work: impl Future<Output = T>) -> T {
        CHANGED.scope(self.things.clone(), work).await
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        let things = self.things.take();
        things.iter().for_each(|thing| self.known.void(*thing));
        if !things.is_empty() {
            self.known.news.notify_one();
        }
    }
}
