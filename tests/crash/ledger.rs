//! What the clients know: each write they sent, and what they were told of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What is known of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    /// A 2xx, the first time or after repeats.
    Done(T),
    /// A 4xx, with its code.
    Refused(String),
    /// No answer, however often it was sent.
    Unknown,
}

/// A reply, known by its body, which no other has.
#[derive(Clone, Debug)]
pub struct Reply {
    pub thread: i64,
    pub member: i64,
    pub key: String,
    pub body: String,
    pub outcome: Outcome<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub id: i64,
    pub position: i64,
}

/// An edit of a post, made to its version `base`.
#[derive(Clone, Debug)]
pub struct Edit {
    pub post: i64,
    pub member: i64,
    pub key: String,
    pub base: i64,
    pub body: String,
    /// The version that it made.
    pub outcome: Outcome<i64>,
}

/// A post that clients know of, to edit and to like.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub id: i64,
    pub member: i64,
    pub version: i64,
}

#[derive(Default)]
pub struct Ledger {
    pub replies: Vec<Reply>,
    pub edits: Vec<Edit>,
    /// By member and post: whether it is liked; none where that is not known.
    pub likes: BTreeMap<(i64, i64), Option<bool>>,
    pub posts: Vec<Known>,
    /// What should not have been said, in sentences.
    pub complaints: Vec<String>,
    pub tally: Tally,
}

/// What was counted on the way.
#[derive(Default)]
pub struct Tally {
    /// Tries by their answers.
    pub answers: BTreeMap<String, u64>,
    /// Writes that were unknown at first, and were then known by a repeat.
    pub settled_by_repeat: u64,
    /// Of these, how many the first try had done.
    pub done_before: u64,
    /// Acknowledged writes that were sent again and gave the same answer.
    pub sent_again: u64,
    /// Writes that were sent to both nodes at once, and that both answered.
    pub answered_twice: u64,
    pub likes: u64,
    /// 5xx, with when they were asked for and told.
    pub failures: Vec<Failure>,
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub from: Instant,
    pub to: Instant,
    pub kind: String,
}

/// The ledger as tasks share it.
#[derive(Default)]
pub struct Shared(Mutex<Ledger>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn complain(&self, text: String) {
        self.lock().complaints.push(text);
    }
}
