//! Work that takes a core for long, such as rendering or comparing long texts: beside the requests, on half of the cores at most, with a
//! bound on what waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::{Code, Error};

/// How many wait at most. Each holds its texts in memory.
pub const MAX_WAITING: usize = 64;
/// How long one waits.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Texts of fewer bytes are worked on where requests are: that takes a few milliseconds at most.
pub const MIN_LONG: usize = 4 * 1024;

/// Bounds one kind of work of a node.
pub struct WorkQueue {
    /// Work on fewer bytes is done at once.
    min_long: usize,
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

/// The right to work, as long as this is kept.
pub type WorkPermit = OwnedSemaphorePermit;

impl WorkQueue {
    /// Creates a queue for work on at least this many bytes.
    pub fn new(min_long: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let running = Arc::new(Semaphore::new((cores / 2).max(1)));
        Self { min_long, running, waiting: Semaphore::new(MAX_WAITING) }
    }

    /// Does work on a text of so many bytes: a short one at once, a long one beside the requests when it is its turn.
    ///
    /// # Errors
    ///
    /// 503 `overloaded` where `MAX_WAITING` wait already, or none ended for `MAX_WAIT`.
    pub async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        if bytes < self.min_long {
            return Ok(work());
        }
        let permit = self.turn().await.ok_or_else(|| {
            Error::new(Code::Overloaded, "Too many long texts are rendered or compared at the moment.")
        })?;
        let work = move || {
            // The work goes on, and counts, when its request has been given up.
            let _permit = permit;
            work()
        };
        spawn_blocking(work).await.map_err(Error::internal)
    }

    /// Returns the right to work, if there is room now.
    pub fn try_turn(&self) -> Option<WorkPermit> {
        self.running.clone().try_acquire_owned().ok()
    }

    async fn turn(&self) -> Option<WorkPermit> {
        if let Some(permit) = self.try_turn() {
            return Some(permit);
        }
        let _waits = self.waiting.try_acquire().ok()?;
        timeout(MAX_WAIT, self.running.clone().acquire_owned()).await.ok()?.ok()
    }
}
