//! An answer as it is kept: its bytes, also compressed, until when it may be shown, and what it was made of.

use std::any::Any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;

use super::changes::{Changes, Stamp};
use super::coding::{Coding, exact};
use crate::ids::ThreadId;

/// After so many uses in one coding the answer is compressed better.
const WORTH_MORE: u32 = 16;

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
        let bytes = coding.code(&self.body).await?;
        let mut kept = form.bytes.write().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get_or_insert(bytes).clone())
    }

    fn compress_better(self: &Arc<Self>, coding: Coding) {
        let this = self.clone();
        actix_web::rt::spawn(async move {
            match coding.code_well(this.body.clone()).await {
                Ok(bytes) => {
                    let form = &this.coded[coding as usize];
                    *form.bytes.write().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
                }
                Err(error) => tracing::warn!(%error, "an answer could not be compressed"),
            }
        });
    }
}
