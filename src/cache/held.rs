//! The memory budget of long answers: reserved before their rows are read, and held while they are made, kept and sent.
//!
//! A request never waits for memory while it holds a connection to the database (`Held::reserve_beside`), so requests for short answers,
//! which need no reservation, are served meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::{Code, Error};

/// Shorter answers are not counted: the system's send buffer takes them from the process at once, however slowly a client reads.
pub const LONG: usize = 64 << 10;

/// Rows of at most this many bytes are read without a reservation. `MAX_LOADS` and the database connections bound how many are read at
/// a time.
pub const FREE_ROWS: u64 = 512 << 10;

/// Maximum number of pages and posts that a node loads at a time over pipelined connections.
const MAX_LOADS: usize = 64;

/// Memory for long answers, beside twice the size of the cache: once for short answers in it, once for long ones.
const BESIDE_CACHE: u64 = 80 << 20;

/// Part of the budget that only reservations of at most `MAX_SHORT` bytes take. A long answer that waits for memory takes all that becomes
/// free, so without this part it would keep short ones waiting.
const FOR_SHORT: u64 = 12 << 20;
const MAX_SHORT: u64 = 1 << 20;

/// Maximum number of requests that wait for memory. Each holds the short texts of its posts, up to three quarters of `FREE_ROWS`.
const MAX_WAITING: usize = 64;

/// Longest wait for memory, and for the turn of a load.
const WAIT: Duration = Duration::from_secs(1);

/// Memory of an answer while it is made, in tenths of the size of its rows: the rows, and the JSON, which escapes characters.
const MAKING_TENTHS: u64 = 25;

/// The budget of a node.
#[derive(Clone)]
pub struct Held(Arc<Budget>);

struct Budget {
    /// Have a permit for each KiB: the memory for all, and that for short answers alone.
    free: Arc<Semaphore>,
    free_for_short: Arc<Semaphore>,
    /// Has a permit for each load.
    loads: Arc<Semaphore>,
    /// Requests that wait for memory.
    waiting: AtomicUsize,
    begin: Instant,
    /// Time when the last answer was refused for want of memory, in milliseconds after `begin`. 0: none was.
    refused_at: AtomicU64,
}

/// A part of the budget; given back when this is dropped.
#[derive(Default)]
pub struct Reservation {
    memory: Option<OwnedSemaphorePermit>,
    /// Memory that was needed beyond it.
    more: Option<OwnedSemaphorePermit>,
}

/// The right to load a page or a post, as long as this is kept.
pub type LoadPermit = OwnedSemaphorePermit;

/// Bytes, and the memory that they take.
struct Counted {
    bytes: Bytes,
    _memory: Reservation,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Returns the memory to be reserved for an answer that is made of rows of this size.
pub fn to_make(rows: u64) -> u64 {
    if rows <= FREE_ROWS { 0 } else { rows.saturating_mul(MAKING_TENTHS) / 10 }
}

/// Tells whether an answer that is made of rows of this size fits into the budget while nothing else is made.
pub fn fits(rows: u64) -> bool {
    to_make(rows) <= BESIDE_CACHE - FOR_SHORT
}

impl Held {
    /// Creates the budget of a node whose cache has this many bytes.
    pub(super) fn beside(cache: u64) -> Self {
        let memory = |bytes: u64| {
            let permits = usize::try_from(bytes >> 10).unwrap_or(usize::MAX);
            Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)))
        };
        Self(Arc::new(Budget {
            free: memory(cache + BESIDE_CACHE - FOR_SHORT),
            free_for_short: memory(FOR_SHORT),
            loads: Arc::new(Semaphore::new(MAX_LOADS)),
            waiting: AtomicUsize::default(),
            begin: Instant::now(),
            refused_at: AtomicU64::default(),
        }))
    }

    /// Returns the right to load a page or a post over a pipelined connection.
    ///
    /// # Errors
    ///
    /// 503 `overloaded` if `MAX_LOADS` are loaded already and none ends in time.
    pub async fn load_permit(&self) -> Result<LoadPermit, Error> {
        let loads = &self.0.loads;
        if let Ok(permit) = loads.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let permit = timeout(WAIT, loads.clone().acquire_owned()).await;
        permit
            .map_err(|_| Error::new(Code::Overloaded, "Too many pages are loaded at the moment."))?
            .map_err(Error::internal)
    }

    /// Reserves this many bytes, if they are free. More than the whole budget counts as the whole.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        if bytes == 0 {
            return Some(Reservation::none());
        }
        let of = |memory: &Arc<Semaphore>| memory.clone().try_acquire_many_owned(permits(bytes)).ok();
        // Cached responses should take the common part.
        let memory = of(&self.0.free).or_else(|| if bytes <= MAX_SHORT { of(&self.0.free_for_short) } else { None });
        memory.map(Reservation::of)
    }

    /// Reserves this many bytes as soon as they are free.
    ///
    /// # Errors
    ///
    /// 503 `overloaded` if that takes too long, or `MAX_WAITING` wait already.
    pub async fn reserve(&self, bytes: u64) -> Result<Reservation, Error> {
        if let Some(reservation) = self.try_reserve(bytes) {
            return Ok(reservation);
        }
        let waits = Waits::new(&self.0);
        if waits.before >= MAX_WAITING {
            return Err(exhausted());
        }
        let memory = if bytes <= MAX_SHORT { &self.0.free_for_short } else { &self.0.free };
        let permit = timeout(WAIT, memory.clone().acquire_many_owned(permits(bytes))).await;
        permit.map_err(|_| exhausted())?.map(Reservation::of).map_err(Error::internal)
    }

    /// Reserves this many bytes beside a connection or another thing of which there are few: it is given back during a wait, and
    /// `connect` gets another one.
    ///
    /// # Errors
    ///
    /// As `reserve`, and those of `connect`.
    pub async fn reserve_beside<C>(
        &self,
        bytes: u64,
        connection: C,
        connect: impl AsyncFnOnce() -> Result<C, Error>,
    ) -> Result<(Reservation, C), Error> {
        match self.try_reserve(bytes) {
            Some(reservation) => Ok((reservation, connection)),
            None => {
                drop(connection);
                let reservation = self.reserve(bytes).await?;
                Ok((reservation, connect().await?))
            }
        }
    }

    /// Counts these bytes until the last reference to them is dropped.
    ///
    /// # Errors
    ///
    /// 503 `overloaded` if there is no memory for them.
    pub fn hold(&self, bytes: Bytes) -> Result<Bytes, Error> {
        if bytes.len() < LONG {
            return Ok(bytes);
        }
        let Some(reservation) = self.try_reserve(bytes.len() as u64) else {
            self.note_refusal();
            return Err(exhausted());
        };
        Ok(reservation.hold(bytes))
    }

    /// Counts bytes for which memory was reserved: gives back what they do not need, and waits for what they need more.
    ///
    /// # Errors
    ///
    /// As `reserve`.
    pub async fn hold_in(&self, mut reservation: Reservation, bytes: Bytes) -> Result<Bytes, Error> {
        if bytes.len() < LONG {
            return Ok(bytes);
        }
        let needed = permits(bytes.len() as u64);
        match needed.checked_sub(reservation.shrink_to(needed)) {
            None | Some(0) => {}
            Some(more) => reservation.more = self.reserve(u64::from(more) << 10).await?.memory,
        }
        Ok(reservation.hold(bytes))
    }

    /// Tells whether a request waits for memory, or was refused within the last second: slow clients then give up theirs.
    pub fn is_short(&self) -> bool {
        let refused_at = self.0.refused_at.load(Ordering::Relaxed);
        let since = self.0.begin.elapsed().saturating_sub(Duration::from_millis(refused_at));
        self.0.waiting.load(Ordering::Relaxed) > 0 || refused_at > 0 && since < WAIT
    }

    fn note_refusal(&self) {
        let now = u64::try_from(self.0.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.refused_at.store(now.max(1), Ordering::Relaxed);
    }
}

/// A request that waits for memory, as long as this is kept.
struct Waits<'a> {
    budget: &'a Budget,
    /// How many waited before it.
    before: usize,
}

impl<'a> Waits<'a> {
    fn new(budget: &'a Budget) -> Self {
        Self { before: budget.waiting.fetch_add(1, Ordering::Relaxed), budget }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.budget.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reservation {
    /// Reserves nothing, for answers that need no reservation.
    pub fn none() -> Self {
        Self::default()
    }

    fn of(memory: OwnedSemaphorePermit) -> Self {
        Self { memory: Some(memory), more: None }
    }

    /// Gives back all but so many permits. Returns how many are left.
    fn shrink_to(&mut self, permits: u32) -> u32 {
        let Some(memory) = &mut self.memory else { return 0 };
        drop(memory.split(memory.num_permits().saturating_sub(permits as usize)));
        u32::try_from(memory.num_permits()).unwrap_or(u32::MAX)
    }

    /// Counts these bytes in it until the last reference to them is dropped, and gives back what they do not need.
    pub fn hold(mut self, bytes: Bytes) -> Bytes {
        if bytes.len() < LONG || self.memory.is_none() && self.more.is_none() {
            return bytes;
        }
        if self.more.is_none() {
            self.shrink_to(permits(bytes.len() as u64));
        }
        Bytes::from_owner(Counted { bytes, _memory: self })
    }
}

fn permits(bytes: u64) -> u32 {
    u32::try_from(bytes.min(BESIDE_CACHE - FOR_SHORT).div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

fn exhausted() -> Error {
    Error::new(Code::Overloaded, "There is no memory for another long answer at the moment.")
}
