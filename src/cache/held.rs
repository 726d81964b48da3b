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

/// Rows of at most this many bytes are read without a reservation: the connections to the database bound how many are read at a time.
pub const FREE_ROWS: u64 = 512 << 10;

/// Memory for long answers, beside twice the size of the cache: once for short answers in it, once for long ones.
const BESIDE_CACHE: u64 = 80 << 20;

/// Longest wait for memory.
const WAIT: Duration = Duration::from_secs(1);

/// Memory of an answer while it is made, in tenths of the size of its rows: the rows, and the JSON, which escapes characters.
const MAKING_TENTHS: u64 = 25;

/// The budget of a node.
#[derive(Clone)]
pub struct Held(Arc<Budget>);

struct Budget {
    /// Has a permit for each KiB.
    free: Arc<Semaphore>,
    /// Requests that wait for memory.
    waiting: AtomicUsize,
    begin: Instant,
    /// Time when the last answer was refused for want of memory, in milliseconds after `begin`. 0: none was.
    refused_at: AtomicU64,
}

/// A part of the budget; given back when this is dropped.
pub struct Reservation(Option<OwnedSemaphorePermit>);

/// Bytes, and the memory that they take.
struct Counted {
    bytes: Bytes,
    _memory: OwnedSemaphorePermit,
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
    to_make(rows) <= BESIDE_CACHE
}

impl Held {
    /// Creates the budget of a node whose cache has this many bytes.
    pub(super) fn beside(cache: u64) -> Self {
        let permits = usize::try_from((cache + BESIDE_CACHE) >> 10).unwrap_or(usize::MAX);
        let free = Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        let (waiting, refused_at) = Default::default();
        Self(Arc::new(Budget { free, waiting, begin: Instant::now(), refused_at }))
    }

    /// Reserves this many bytes, if they are free. More than the whole budget counts as the whole.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reservation> {
        if bytes == 0 {
            return Some(Reservation::none());
        }
        let permit = self.0.free.clone().try_acquire_many_owned(permits(bytes)).ok();
        permit.map(|permit| Reservation(Some(permit)))
    }

    /// Reserves this many bytes as soon as they are free.
    ///
    /// # Errors
    ///
    /// 503 `overloaded` if that takes too long.
    pub async fn reserve(&self, bytes: u64) -> Result<Reservation, Error> {
        if let Some(reservation) = self.try_reserve(bytes) {
            return Ok(reservation);
        }
        let _waits = Waits::new(&self.0);
        let permit = timeout(WAIT, self.0.free.clone().acquire_many_owned(permits(bytes))).await;
        permit.map_err(|_| exhausted())?.map(|permit| Reservation(Some(permit))).map_err(Error::internal)
    }

    /// Reserves this many bytes beside a connection. A connection is given back during a wait, and `connect` gets another one.
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
            Some(more) => reservation.merge(self.reserve(u64::from(more) << 10).await?),
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
struct Waits<'a>(&'a Budget);

impl<'a> Waits<'a> {
    fn new(budget: &'a Budget) -> Self {
        budget.waiting.fetch_add(1, Ordering::Relaxed);
        Self(budget)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reservation {
    /// Reserves nothing, for answers that need no reservation.
    pub fn none() -> Self {
        Self(None)
    }

    /// Gives back all but so many permits. Returns how many are left.
    fn shrink_to(&mut self, permits: u32) -> u32 {
        let Some(memory) = &mut self.0 else { return 0 };
        drop(memory.split(memory.num_permits().saturating_sub(permits as usize)));
        u32::try_from(memory.num_permits()).unwrap_or(u32::MAX)
    }

    fn merge(&mut self, more: Self) {
        match (&mut self.0, more.0) {
            (Some(memory), Some(more)) => memory.merge(more),
            (none, Some(more)) => *none = Some(more),
            (_, None) => {}
        }
    }

    /// Counts these bytes in it until the last reference to them is dropped, and gives back what they do not need.
    pub fn hold(mut self, bytes: Bytes) -> Bytes {
        if bytes.len() < LONG {
            return bytes;
        }
        self.shrink_to(permits(bytes.len() as u64));
        match self.0 {
            Some(memory) => Bytes::from_owner(Counted { bytes, _memory: memory }),
            None => bytes,
        }
    }
}

fn permits(bytes: u64) -> u32 {
    u32::try_from(bytes.min(BESIDE_CACHE).div_ceil(1 << 10)).unwrap_or(u32::MAX)
}

fn exhausted() -> Error {
    Error::new(Code::Overloaded, "There is no memory for another long answer at the moment.")
}
