//! What the clients know: each write they sent, and what they were told of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::ask::Ask;

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
    /// By member and post: whether it is liked, as was told last.
    pub likes: BTreeMap<(i64, i64), Outcome<bool>>,
    pub posts: Vec<Known>,
    /// Every write with a key that was answered with a 2xx, and that answer.
    pub acknowledged: Vec<Acknowledged>,
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
    /// Writes whose key was repeated at the end, on another node than the one that had answered.
    pub repeated_elsewhere: u64,
    pub likes: Counted,
    /// Of the writes: what failed, what was not answered, and what took long.
    pub answers_to_judge: Vec<Answer>,
}

/// Outcomes, counted.
#[derive(Clone, Copy, Default)]
pub struct Counted {
    pub done: u64,
    pub refused: u64,
    pub unknown: u64,
}

impl Counted {
    pub fn add<T>(&mut self, outcome: &Outcome<T>) {
        match outcome {
            Outcome::Done(_) => self.done += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Unknown => self.unknown += 1,
        }
    }

    pub fn of<'a, T: 'a>(outcomes: impl Iterator<Item = &'a Outcome<T>>) -> Self {
        let mut counted = Self::default();
        outcomes.for_each(|outcome| counted.add(outcome));
        counted
    }
}

/// A write that a node answered with a 2xx.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub ask: Ask,
    pub token: String,
    pub node: usize,
    pub status: u16,
    pub body: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Page,
    Ready,
    Write,
}

/// One try: what was asked of which node, when, and what it said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub node: usize,
    pub asked: Asked,
    pub from: Instant,
    pub to: Instant,
    pub kind: String,
}

impl Answer {
    pub fn took(&self) -> Duration {
        self.to - self.from
    }

    pub fn is_failure(&self) -> bool {
        self.kind.starts_with('5') || self.is_too_late()
    }

    /// A node that stood still for longer than a request may take to come does not look whether it has come meanwhile.
    pub fn is_too_late(&self) -> bool {
        self.kind.starts_with("408")
    }
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
