//! What can go wrong, and doing it.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use tokio::time::{sleep, timeout};

use crate::Tried;
use crate::ask::{Ask, client};
use crate::node::Node;
use crate::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    NodeKilled,
    NodeStopped,
    PostgresRestartedFast,
    PostgresRestartedImmediate,
    PostgresKilled,
    PostgresFrozen,
    ConnectionsCut,
    EverythingKilled,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::NodeKilled,
        Self::NodeStopped,
        Self::PostgresRestartedFast,
        Self::PostgresRestartedImmediate,
        Self::PostgresKilled,
        Self::PostgresFrozen,
        Self::ConnectionsCut,
        Self::EverythingKilled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::NodeKilled => "node killed (-9), started again",
            Self::NodeStopped => "node stopped (SIGTERM), started again",
            Self::PostgresRestartedFast => "PostgreSQL restarted, fast",
            Self::PostgresRestartedImmediate => "PostgreSQL restarted, immediate",
            Self::PostgresKilled => "PostgreSQL's postmaster killed (-9)",
            Self::PostgresFrozen => "PostgreSQL frozen, 1 to 9 s",
            Self::ConnectionsCut => "all connections cut",
            Self::EverythingKilled => "both nodes and PostgreSQL killed (-9)",
        }
    }

    /// Whether it is the database alone that was away.
    pub fn is_of_database(self) -> bool {
        !matches!(self, Self::NodeKilled | Self::NodeStopped | Self::EverythingKilled)
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
    pub began: Instant,
    /// What was broken works again: PostgreSQL runs statements, the node is ready.
    pub ended: Instant,
    /// How long the stopped node took to end.
    pub ending: Option<Duration>,
    /// How long the node took from its start until it was ready.
    pub starting: Option<Duration>,
    pub broken_promises: Vec<String>,
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

pub async fn strike(fault: Fault, deck: &mut Deck, world: &mut World) -> Tried<Struck> {
    let node = deck.number(0..world.nodes.len() as u64) as usize;
    let milliseconds = deck.number(1_000..9_000);
    let began = Instant::now();
    let mut struck = Struck { fault, began, ended: began, ending: None, starting: None, broken_promises: Vec::new() };
    match fault {
        Fault::NodeKilled => {
            world.nodes[node].kill().await?;
            struck.starting = Some(world.nodes[node].start().await?);
        }
        Fault::NodeStopped => {
            let (status, took) = world.nodes[node].terminate().await?;
            if !status.success() {
                struck.broken_promises.push(format!("a node ended with {status} after SIGTERM"));
            }
            struck.ending = Some(took);
            struck.starting = Some(world.nodes[node].start().await?);
        }
        Fault::PostgresRestartedFast => world.cluster.as_mut().ok_or("no PostgreSQL")?.restart().await?,
        Fault::PostgresRestartedImmediate => world.cluster()?.end_by(Signal::QUIT).await?,
        Fault::PostgresKilled => world.cluster()?.end_by(Signal::KILL).await?,
        Fault::PostgresFrozen => {
            struck.broken_promises = freeze(Duration::from_millis(milliseconds), world).await?;
        }
        Fault::ConnectionsCut => drop(world.cluster()?.cut().await?),
        Fault::EverythingKilled => struck.starting = Some(kill_everything(world).await?),
    }
    struck.ended = if fault.is_of_database() { world.cluster()?.back().await? } else { Instant::now() };
    Ok(struck)
}

/// As when a machine with all of it ends. Gives how long the nodes took to start again, over a database that was just back.
async fn kill_everything(world: &mut World) -> Tried<Duration> {
    for node in &mut world.nodes {
        node.kill().await?;
    }
    world.cluster()?.end_by(Signal::KILL).await?;
    let back = world.cluster()?.back().await?;
    let started = futures_util::future::join_all(world.nodes.iter_mut().map(Node::start)).await;
    started.into_iter().collect::<Tried<Vec<_>>>()?;
    Ok(back.elapsed())
}

/// The time for which it is frozen is the fault itself; meanwhile balancers are told that no node is ready.
async fn freeze(time: Duration, world: &World) -> Tried<Vec<String>> {
    let frozen = world.cluster()?.freeze()?;
    let within = Fault::PostgresFrozen.told_within();
    let mut broken = Vec::new();
    if time < within {
        sleep(time).await;
        return Ok(broken);
    }
    let from = Instant::now();
    let (http, ask) = (client()?, Ask::get("/health/ready"));
    let asked = world.nodes.iter().map(|node| timeout(within, ask.send(&http, &node.url, None)));
    for told in futures_util::future::join_all(asked).await {
        match told {
            Ok(Ok(told)) if told.status == 503 => {}
            Ok(Ok(told)) => broken.push(format!("/health/ready said {} while PostgreSQL was frozen", told.kind())),
            Ok(Err(error)) => broken.push(format!("/health/ready while PostgreSQL was frozen: {error}")),
            Err(_) => broken.push(format!("/health/ready said nothing for {within:?} while PostgreSQL was frozen")),
        }
    }
    sleep(time.saturating_sub(from.elapsed())).await;
    drop(frozen);
    Ok(broken)
}
