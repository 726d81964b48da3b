//! How answers are compressed: short ones at once; long ones beside the requests, only so many at a time, and where there is no room
//! for one soon it is sent as it is.

use std::io::{Result, Write};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::held::{Held, Reservation};

/// More than this is not compressed where requests are worked on: others would wait for it.
const AT_ONCE: u64 = 64 * 1024;

/// So long an answer may wait for its turn.
const SOON: Duration = Duration::from_millis(100);

/// Where a node compresses what is long. Each takes a core for as long as it lasts: half of them are for that at most.
#[derive(Clone)]
pub struct Room {
    places: Arc<Semaphore>,
    /// Where the memory for what is compressed is reserved.
    held: Held,
}

/// A place in it, as long as this is kept.
pub type Taken = OwnedSemaphorePermit;

/// Where something is compressed.
pub enum Where {
    /// Where requests are worked on.
    Here,
    Beside(Taken, Reservation),
}

impl Default for Room {
    fn default() -> Self {
        Self::new(Held::beside(0))
    }
}

impl Room {
    /// Creates the room of a node with this memory budget.
    pub(super) fn new(held: Held) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { places: Arc::new(Semaphore::new((cores / 2).max(1))), held }
    }

    /// By when it has to be an answer's turn that asks now.
    pub(super) fn soon() -> Instant {
        Instant::now() + SOON
    }

    /// Where so many bytes are to be compressed; nowhere, if others are and it would not be their turn soon.
    pub async fn for_bytes(&self, length: u64) -> Option<Where> {
        if is_short(length) {
            return Some(Where::Here);
        }
        let taken = self.by(Self::soon()).await?;
        // Once for the pieces of a body in one, and once for what they become.
        Some(Where::Beside(taken, self.held.try_reserve(2 * length)?))
    }

    /// A place, if there is one by then.
    pub async fn by(&self, when: Instant) -> Option<Taken> {
        timeout_at(when, self.places.clone().acquire_owned()).await.ok()?.ok()
    }

    /// Reserves memory for the compressed form of so many bytes, if it is free: in the worst case it is as long as they are.
    pub(super) fn memory_for(&self, length: usize) -> Option<Reservation> {
        self.held.try_reserve(length as u64)
    }
}

/// How bytes can be coded for the way (RFC 9110, section 8.4.1; brotli: RFC 7932; zstd: RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

/// Compression levels, as low as is not felt by the client that waits.
const GZIP_LEVEL: u32 = 3;
const BROTLI_LEVEL: u32 = 3;
const ZSTD_LEVEL: i32 = 1;

impl Coding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Brotli, Self::Zstd];

    /// As header fields name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The same, as their value.
    pub fn field(self) -> HeaderValue {
        static FIELDS: [HeaderValue; Coding::ALL.len()] = [
            HeaderValue::from_static(Coding::Gzip.name()),
            HeaderValue::from_static(Coding::Brotli.name()),
            HeaderValue::from_static(Coding::Zstd.name()),
        ];
        FIELDS[self as usize].clone()
    }

    /// The bytes in this coding, as quickly as may be.
    pub async fn code(self, bytes: Bytes, there: Where) -> Result<Bytes> {
        let Where::Beside(taken, memory) = there else { return self.compress(&bytes) };
        let work = move || {
            // It goes on when whoever asked for it has gone away.
            let _taken = taken;
            self.compress(&bytes).map(|coded| memory.hold(coded))
        };
        spawn_blocking(work).await?
    }

    /// The tag of what has this tag, coded: the bytes of a strong tag are always the same (RFC 9110, section 8.8.3.3).
    pub fn tag(self, plain: &str) -> String {
        match plain.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) {
            Some(opaque) => format!("\"{opaque}-{}\"", self.name()),
            None => plain.to_owned(),
        }
    }

    /// What is between the quotes of a tag, without what it says of a coding.
    pub fn without(opaque: &str) -> &str {
        Self::ALL.iter().find_map(|coding| opaque.strip_suffix(coding.name())?.strip_suffix('-')).unwrap_or(opaque)
    }

    pub(super) fn compress(self, bytes: &[u8]) -> Result<Bytes> {
        let room = Vec::with_capacity(bytes.len() / 3);
        let compressed = match self {
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(room, flate2::Compression::new(GZIP_LEVEL));
                encoder.write_all(bytes)?;
                encoder.finish()?
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(room, 4096, BROTLI_LEVEL, window(bytes.len()));
                encoder.write_all(bytes)?;
                encoder.into_inner()
            }
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL)?,
        };
        Ok(exact(compressed))
    }
}

/// Whether it can be compressed where requests are worked on.
pub(super) fn is_short(length: u64) -> bool {
    length <= AT_ONCE
}

/// The logarithm of brotli's window (RFC 7932, section 9.1): as large as what is compressed, as memory is taken for all of it.
fn window(length: usize) -> u32 {
    length.next_power_of_two().trailing_zeros().clamp(10, 20)
}

/// What is kept takes no more room than it needs.
pub(super) fn exact(bytes: Vec<u8>) -> Bytes {
    bytes.into_boxed_slice().into()
}
