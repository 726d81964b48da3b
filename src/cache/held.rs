//! How much memory long answers may take: while they are kept, and until the slowest of those whom they are sent to has taken his.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Code, Error};

/// Shorter ones are not counted: how many there are is bounded by the number of connections.
const LONG: usize = 256 << 10;

/// What may be on its way to clients, beside what is kept.
const ON_THE_WAY: u64 = 256 << 20;

/// The room for the long answers of a node, in KiB.
pub struct Held(Arc<Semaphore>);

/// Bytes, and the room that they take.
struct Counted {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Held {
    /// Where so many bytes may be kept.
    pub(super) fn beside(kept: u64) -> Self {
        let room = usize::try_from((kept + ON_THE_WAY) >> 10).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS))))
    }

    /// The same bytes, counted until nobody has any of them any more.
    ///
    /// # Errors
    ///
    /// 503 where too much is on its way: a client that waits for what it asked for finds room later.
    pub fn hold(&self, bytes: Bytes) -> Result<Bytes, Error> {
        if bytes.len() < LONG {
            return Ok(bytes);
        }
        let room = u32::try_from(bytes.len() >> 10).unwrap_or(u32::MAX);
        match self.0.clone().try_acquire_many_owned(room) {
            Ok(room) => Ok(Bytes::from_owner(Counted { bytes, _room: room })),
            Err(_) => Err(Error::new(Code::Overloaded, "Too many long answers are on their way at the moment.")),
        }
    }
}
