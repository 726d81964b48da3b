//! An answer as it is kept: its bytes, also compressed, until when it may be shown, and what it was made of.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use bytes::Bytes;

use super::changes::{Changes, Stamp};
use super::coding::{Coding, Room, exact};
use super::form::{Form, Packed, Plain};
use super::held::{Held, Reservation};
use crate::error::Error;
use crate::ids::ThreadId;

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
    /// Its entity tag.
    pub etag: HeaderValue,
    /// `Link` to the next page, if it is of a list that goes on.
    pub link: Option<HeaderValue>,
    /// Where readers' own parts go, if it has such places.
    pub seams: Option<Seams>,
    /// The thread whose page it is, if it is one.
    pub thread: Option<ThreadId>,
    /// What its maker needs to know of it again.
    pub about: Box<dyn Any + Send + Sync>,
    /// Memory that was reserved to make it.
    memory: Reservation,
    forms: [Arc<Form>; Coding::ALL.len()],
    stamps: Vec<Stamp>,
    until: Duration,
}

impl Kept {
    /// JSON, and its entity tag.
    pub fn new(body: Vec<u8>, etag: HeaderValue) -> Self {
        Self {
            body: exact(body),
            etag,
            link: None,
            seams: None,
            thread: None,
            about: Box::new(()),
            memory: Reservation::none(),
            forms: Coding::ALL.map(|coding| Arc::new(Form::new(coding))),
            stamps: Vec::new(),
            until: Duration::ZERO,
        }
    }

    /// Says that it was made in memory that was reserved.
    pub fn made_in(self, memory: Reservation) -> Self {
        Self { memory, ..self }
    }

    /// Counts its body in the budget until nobody reads it any more.
    ///
    /// # Errors
    ///
    /// 503 `overloaded` if there is no memory for it.
    pub async fn held(self, among: &Held) -> Result<Self, Error> {
        let Self { body, memory, .. } = self;
        Ok(Self { body: among.hold_in(memory, body).await?, memory: Reservation::none(), ..self })
    }

    /// The same, as it was read under these stamps, for so long.
    pub(super) fn under(self, stamps: Vec<Stamp>, until: Duration) -> Self {
        Self { stamps, until, ..self }
    }

    /// Takes over what was compressed of the same before.
    pub(super) fn take_over(&mut self, before: &Self) {
        if self.etag == before.etag && self.body == before.body {
            self.forms = before.forms.clone();
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

    /// It in this coding, if that is there or there is little to compress.
    pub fn packed_at_once(&self, coding: Coding) -> Option<std::io::Result<Packed>> {
        self.forms[coding as usize].at_once(&self.plain())
    }

    /// The same of something long. None where others are compressed and it would not be its turn soon.
    pub async fn packed(&self, coding: Coding, room: &Room) -> std::io::Result<Option<Packed>> {
        self.forms[coding as usize].beside(&self.plain(), room).await
    }

    fn plain(&self) -> Plain<'_> {
        Plain { body: &self.body, etag: &self.etag }
    }
}
