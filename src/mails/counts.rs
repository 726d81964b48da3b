//! What became of mails, and how many wait, for who watches a node.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one node.
#[derive(Debug, Default)]
pub struct Counts {
    sent: AtomicU64,
    put_off: AtomicU64,
    given_up: AtomicU64,
    waiting: AtomicU64,
    oldest: AtomicU64,
}

impl Counts {
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn put_off(&self) {
        self.put_off.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn given_up(&self) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn found(&self, waiting: u64, oldest: u64) {
        self.waiting.store(waiting, Ordering::Relaxed);
        self.oldest.store(oldest, Ordering::Relaxed);
    }

    /// How often each came of an attempt, by its name.
    pub fn outcomes(&self) -> [(&'static str, u64); 3] {
        [("sent", &self.sent), ("put_off", &self.put_off), ("given_up", &self.given_up)]
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }

    /// How many mails of all nodes waited when it was last looked, and since how many seconds the oldest.
    pub fn waiting(&self) -> (u64, u64) {
        (self.waiting.load(Ordering::Relaxed), self.oldest.load(Ordering::Relaxed))
    }
}
