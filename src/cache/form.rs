//! An answer in one coding: compressed once for all who ask for it.

use std::io::{Error, Result};
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout_at;

use super::coding::{Coding, Room, is_short};
use super::held::Reservation;

/// Bytes as they are sent, and the tag that they are known by.
#[derive(Clone, Debug)]
pub struct Packed {
    pub bytes: Bytes,
    pub etag: HeaderValue,
}

/// What is to be packed.
pub struct Plain<'a> {
    pub body: &'a Bytes,
    pub etag: &'a HeaderValue,
}

/// The form of an answer in one coding.
#[derive(Debug)]
pub struct Form {
    coding: Coding,
    packed: RwLock<Option<Packed>>,
    /// Held by whoever compresses it beside the requests.
    turn: Arc<Mutex<()>>,
}

impl Form {
    /// Of nothing yet.
    pub fn new(coding: Coding) -> Self {
        let (packed, turn) = Default::default();
        Self { coding, packed, turn }
    }

    /// It, if it is there or there is little to compress.
    pub fn at_once(&self, plain: &Plain<'_>) -> Option<Result<Packed>> {
        let pack = || is_short(plain.body.len() as u64).then(|| self.pack(plain, Reservation::none()));
        self.get().map(Ok).or_else(pack)
    }

    /// The same of something long, once for all who wait. None where others are compressed and it would not be its turn soon.
    pub async fn beside(self: &Arc<Self>, plain: &Plain<'_>, room: &Room) -> Result<Option<Packed>> {
        let soon = Room::soon();
        let Ok(turn) = timeout_at(soon, self.turn.clone().lock_owned()).await else { return Ok(None) };
        if let Some(packed) = self.get() {
            return Ok(Some(packed));
        }
        let Some(taken) = room.by(soon).await else { return Ok(None) };
        let Some(memory) = room.memory_for(plain.body.len()) else { return Ok(None) };
        let (this, body, etag) = (self.clone(), plain.body.clone(), plain.etag.clone());
        // It goes on, and is kept, when whoever asked for it has gone away.
        let work = move || {
            let _held = (turn, taken);
            this.pack(&Plain { body: &body, etag: &etag }, memory).map(Some)
        };
        spawn_blocking(work).await?
    }

    fn get(&self) -> Option<Packed> {
        self.packed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pack(&self, plain: &Plain<'_>, memory: Reservation) -> Result<Packed> {
        let bytes = memory.hold(self.coding.compress(plain.body)?);
        let tag = self.coding.tag(plain.etag.to_str().map_err(Error::other)?);
        let packed = Packed { bytes, etag: HeaderValue::try_from(tag).map_err(Error::other)? };
        *self.packed.write().unwrap_or_else(PoisonError::into_inner) = Some(packed.clone());
        Ok(packed)
    }
}
