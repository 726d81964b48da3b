//! What can go wrong, and in which order it does.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::ledger::{Answer, Asked};

/// So soon after a fault the service is as it was.
pub const BACK_WITHIN: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    NodeKilled,
    NodeKilledWhileStarting,
    NodeStopped,
    NodeFrozen,
    PostgresRestartedFast,
    PostgresRestartedImmediate,
    PostgresKilled,
    BackendKilled,
    PostgresFrozen,
    ConnectionsCut,
    EverythingKilled,
}

impl Fault {
    pub const ALL: [Self; 11] = [
        Self::NodeKilled,
        Self::NodeKilledWhileStarting,
        Self::NodeStopped,
        Self::NodeFrozen,
        Self::PostgresRestartedFast,
        Self::PostgresRestartedImmediate,
        Self::PostgresKilled,
        Self::BackendKilled,
        Self::PostgresFrozen,
        Self::ConnectionsCut,
        Self::EverythingKilled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::NodeKilled => "node killed (-9), started again",
            Self::NodeKilledWhileStarting => "node killed (-9), again while it starts",
            Self::NodeStopped => "node stopped (SIGTERM), started again",
            Self::NodeFrozen => "node frozen, 2 to 6 s",
            Self::PostgresRestartedFast => "PostgreSQL restarted, fast",
            Self::PostgresRestartedImmediate => "PostgreSQL restarted, immediate",
            Self::PostgresKilled => "PostgreSQL's postmaster killed (-9)",
            Self::BackendKilled => "one of PostgreSQL's backends killed (-9)",
            Self::PostgresFrozen => "PostgreSQL frozen, 1 to 9 s",
            Self::ConnectionsCut => "all connections cut",
            Self::EverythingKilled => "both nodes and PostgreSQL killed (-9)",
        }
    }

    /// Whether it is one node alone that was away.
    pub fn is_of_node(self) -> bool {
        matches!(self, Self::NodeKilled | Self::NodeKilledWhileStarting | Self::NodeStopped | Self::NodeFrozen)
    }

    /// Whether it is the database alone that was away.
    pub fn is_of_database(self) -> bool {
        !self.is_of_node() && self != Self::EverythingKilled
    }

    /// For so long a request may take that is told of it with 503.
    pub fn told_within(self) -> Duration {
        Duration::from_secs(if self == Self::PostgresFrozen { 7 } else { 3 })
    }
}

/// A fault that was.
#[derive(Clone, Debug)]
pub struct Struck {
    pub fault: Fault,
    /// The node that it befell, where it is of one.
    pub node: Option<usize>,
    pub began: Instant,
    /// What was broken works again: PostgreSQL runs statements, the node is ready.
    pub ended: Instant,
    /// From when to when PostgreSQL was away for sure.
    pub away: Option<(Instant, Instant)>,
    /// How long the stopped node took to end.
    pub ending: Option<Duration>,
    /// How long the node took from its start until it was ready.
    pub starting: Option<Duration>,
    pub broken_promises: Vec<String>,
}

impl Struck {
    pub fn new(fault: Fault, node: usize, began: Instant) -> Self {
        let node = fault.is_of_node().then_some(node);
        let (ending, starting, broken_promises) = (None, None, Vec::new());
        Self { fault, node, began, ended: began, away: None, ending, starting, broken_promises }
    }

    /// Whether a request met it, or came while the service may not yet be as it was.
    pub fn met(&self, answer: &Answer) -> bool {
        answer.from <= self.ended + BACK_WITHIN && answer.to >= self.began
    }

    /// Whether it is why a request failed. What befalls one node is no reason for the other, but for writes: a frozen node
    /// may hold the rows that they need, longer than a statement waits for a lock.
    pub fn explains(&self, answer: &Answer) -> bool {
        let there = self.node.is_none_or(|node| node == answer.node);
        let frozen = self.fault == Fault::NodeFrozen;
        let is_why =
            if answer.is_too_late() { there && frozen } else { there || frozen && answer.asked == Asked::Write };
        self.met(answer) && is_why
    }
}

/// Deals faults: every kind equally often, in an order that the seed gives.
pub struct Deck {
    chance: StdRng,
    left: Vec<Fault>,
}

impl Deck {
    pub fn new(seed: u64) -> Self {
        Self { chance: StdRng::seed_from_u64(seed), left: Vec::new() }
    }

    pub fn next(&mut self) -> Fault {
        if self.left.is_empty() {
            self.left = Fault::ALL.to_vec();
            self.left.shuffle(&mut self.chance);
        }
        self.left.pop().unwrap_or(Fault::NodeKilled)
    }

    pub fn number(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.chance.random_range(range)
    }
}
