//! Doing what can go wrong.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::time::sleep;

use crate::Tried;
use crate::cluster::Back;
use crate::faults::{Deck, Fault, Struck};
use crate::node::Node;
use crate::world::World;

pub async fn strike(fault: Fault, deck: &mut Deck, world: &mut World) -> Tried<Struck> {
    let node = deck.number(0..world.nodes.len() as u64) as usize;
    let mut struck = Struck::new(fault, node, Instant::now());
    if fault.is_of_node() {
        befall(&mut struck, &mut world.nodes[node], deck).await?;
        struck.ended = Instant::now();
    } else if fault == Fault::EverythingKilled {
        struck.starting = Some(kill_everything(world).await?);
        struck.ended = Instant::now();
    } else {
        struck.away = take_away(fault, deck, world).await?;
        let back = world.cluster()?.back().await?;
        struck.ended = back.at;
        struck.away = struck.away.map(|(from, to)| (from, last_away(&back, to)));
    }
    Ok(struck)
}

/// What one node suffers.
async fn befall(struck: &mut Struck, node: &mut Node, deck: &mut Deck) -> Tried<()> {
    match struck.fault {
        Fault::NodeFrozen => return node.freeze(Duration::from_millis(deck.number(2_000..6_000))).await,
        Fault::NodeStopped => {
            let (status, took) = node.terminate().await?;
            if !status.success() {
                struck.broken_promises.push(format!("a node ended with {status} after SIGTERM"));
            }
            struck.ending = Some(took);
        }
        Fault::NodeKilledWhileStarting => {
            node.kill().await?;
            node.start_in_vain(Duration::from_millis(deck.number(0..500))).await?;
        }
        _ => node.kill().await?,
    }
    struck.starting = Some(node.start().await?);
    Ok(())
}

/// What the database suffers. Gives from when on it was away for sure, and until when as far as is known here.
async fn take_away(fault: Fault, deck: &mut Deck, world: &mut World) -> Tried<Option<(Instant, Instant)>> {
    match fault {
        Fault::PostgresRestartedFast => {
            return world.cluster.as_mut().ok_or("no PostgreSQL")?.restart().await.map(Some);
        }
        Fault::PostgresFrozen => {
            return freeze(Duration::from_millis(deck.number(1_000..9_000)), world).await.map(Some);
        }
        Fault::ConnectionsCut => {
            return match world.cluster()?.cut().await? {
                0 => Err("no connection was there to cut".to_owned()),
                _ => Ok(None),
            };
        }
        Fault::PostgresRestartedImmediate => world.cluster()?.end_by(Signal::QUIT).await?,
        Fault::BackendKilled => world.cluster()?.kill_backend().await?,
        _ => world.cluster()?.end_by(Signal::KILL).await?,
    }
    let gone = Instant::now();
    Ok(Some((gone, gone)))
}

/// The later of what is known.
fn last_away(back: &Back, known: Instant) -> Instant {
    back.last_away.map_or(known, |seen| seen.max(known))
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
    Ok(back.at.elapsed())
}

/// The time for which it is frozen is the fault itself.
async fn freeze(time: Duration, world: &World) -> Tried<(Instant, Instant)> {
    let frozen = world.cluster()?.freeze()?;
    let from = Instant::now();
    sleep(time).await;
    let away = (from, Instant::now());
    drop(frozen);
    Ok(away)
}
