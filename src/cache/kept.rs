//! An answer as it is kept: its bytes, also compressed, until when it may be shown, and what it was made of.

use std::any::Any;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::changes::{Changes, Stamp};
use crate::ids::ThreadId;

/// After so many uses in one coding the answer is compressed better.
const WORTH_MORE: u32 = 16;

/// More than this is not compressed where requests are worked on: others would wait for it.
const AT_ONCE: usize = 64 * 1024;
/// And of those one at a time: it takes a core for as long as it lasts.
static ROOM: Semaphore = Semaphore::const_new(1);

/// How bytes can be coded for the way (RFC 9110, section 8.4.1; brotli: RFC 7932; zstd: RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Brotli, Self::Zstd];

    /// As header fields and entity tags name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// At once: quick enough not to be felt by who waits. Later: as small as is worth it for what many ask for.
    fn compress(self, bytes: &[u8], effort: Effort) -> std::io::Result<Bytes> {
        let level = |at_once, later| if effort == Effort::AtOnce { at_once } else { later };
        let room = Vec::with_capacity(bytes.len() / 3);
        let compressed = match self {
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(room, flate2::Compression::new(level(3, 9)));
                encoder.write_all(bytes)?;
                encoder.finish()?
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(room, 4096, level(3, 9), 20);
                encoder.write_all(bytes)?;
                encoder.into_inner()
            }
            Self::Zstd => zstd::bulk::compress(bytes, if effort == Effort::AtOnce { 1 } else { 12 })?,
        };
        Ok(exact(compressed))
    }
}

/// What is kept takes no more room than it needs.
fn exact(bytes: Vec<u8>) -> Bytes {
    bytes.into_boxed_slice().into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    AtOnce,
    Later,
}

/// One coded form.
#[derive(Debug, Default)]
struct Coded {
    bytes: RwLock<Option<Bytes>>,
    uses: AtomicU32,
}

/// Where a part of the reader's own can be put into an answer that is the same for all.
#[derive(Clone, Copy, Debug)]
pub struct Seams {
    /// Behind the last member.
    pub members: usize,
    /// In front of the `null` of `viewer`.
    pub viewer: usize,
}

/// An answer, as all may see it.
pub struct Kept {
    /// JSON.
    pub body: Bytes,
    /// Its entity tag, with quotes.
    pub etag: String,
    /// `Link` to the next page, if it is of a list that goes on.
    pub link: Option<String>,
    /// Where readers' own parts go, if it has such places.
    pub seams: Option<Seams>,
    /// The thread whose page it is, if it is one.
    pub thread: Option<ThreadId>,
    /// What its maker needs to know of it again.
    pub about: Box<dyn Any + Send + Sync>,
    coded: Arc<[Coded; 3]>,
    stamps: Vec<Stamp>,
    until: Duration,
}

impl Kept {
    /// JSON, and its entity tag.
    pub fn new(body: Vec<u8>, etag: String) -> Self {
        Self {
            body: exact(body),
            etag,
            link: None,
            seams: None,
            thread: None,
            about: Box::new(()),
            coded: Arc::default(),
            stamps: Vec::new(),
            until: Duration::ZERO,
        }
    }

    /// The same, as it was read under these stamps, for so long.
    pub(super) fn under(self, stamps: Vec<Stamp>, until: Duration) -> Self {
        Self { stamps, until, ..self }
    }

    /// Takes over what was compressed of the same bytes before.
    pub(super) fn take_over(&mut self, before: &Self) {
        if self.body == before.body {
            self.coded = before.coded.clone();
        }
    }

    /// Whether it may still be shown.
    pub(super) fn holds(&self, changes: &Changes, now: Duration) -> bool {
        now < self.until && self.stamps.iter().all(|stamp| changes.holds(stamp))
    }

    /// How many bytes of memory it takes, about. Codings come later: each of the three has about a quarter of the bytes.
    pub(super) fn weight(&self) -> u64 {
        (self.body.len() * 7 / 4 + 1024) as u64
    }

    /// The bytes in this coding. The first time they are compressed at once, and for what is asked for often once more beside.
    pub async fn coded(self: &Arc<Self>, coding: Coding) -> std::io::Result<Bytes> {
        let form = &self.coded[coding as usize];
        let uses = form.uses.fetch_add(1, Ordering::Relaxed);
        if uses == WORTH_MORE {
            self.compress_better(coding);
        }
        if let Some(bytes) = &*form.bytes.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(bytes.clone());
        }
        let bytes = match self.body.len() > AT_ONCE {
            true => {
                let body = self.body.clone();
                let _room = ROOM.acquire().await.map_err(std::io::Error::other)?;
                spawn_blocking(move || coding.compress(&body, Effort::AtOnce)).await??
            }
            false => coding.compress(&self.body, Effort::AtOnce)?,
        };
        let mut kept = form.bytes.write().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get_or_insert(bytes).clone())
    }

    fn compress_better(self: &Arc<Self>, coding: Coding) {
        let this = self.clone();
        spawn_blocking(move || match coding.compress(&this.body, Effort::Later) {
            Ok(bytes) => {
                let form = &this.coded[coding as usize];
                *form.bytes.write().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
            }
            Err(error) => tracing::warn!(%error, "an answer could not be compressed"),
        });
    }
}
