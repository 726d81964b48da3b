//! A run with faults: clients write, one fault comes after the other, then everything is held against what the clients know.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::sleep;

use crate::Tried;
use crate::checker;
use crate::faults::{Deck, Struck, strike};
use crate::ledger::{Ledger, Outcome, Shared};
use crate::probe::Probe;
use crate::report;
use crate::setup::{self, Forum};
use crate::verdict;
use crate::world::World;
use crate::writers::Writers;

const POLL: Duration = Duration::from_millis(10);
/// For so long writes may take to go on, and a node to answer again, before the run is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Writes that are acknowledged between two faults.
const BETWEEN: std::ops::Range<u64> = 20..80;

pub async fn run(faults: u32, seed: u64, world: &mut World) -> Tried<()> {
    let from = Instant::now();
    let forum = setup::forum(&world.nodes[0].url).await?;
    let shared = Arc::new(Shared::default());
    let probes =
        world.nodes.iter().map(|node| Probe::start(node, forum.threads[0], &shared)).collect::<Tried<Vec<_>>>()?;
    let writers = Writers::start(seed, &forum, &world.urls(), &shared)?;
    let mut deck = Deck::new(seed);
    let bar = progress(faults);
    let mut struck = Vec::new();
    for _ in 0..faults {
        until_written(deck.number(BETWEEN), &shared).await?;
        let fault = deck.next();
        bar.set_message(fault.name());
        struck.push((strike(fault, &mut deck, world).await?, Vec::new()));
        if let Some((struck, back)) = struck.last_mut() {
            *back = until_back(struck, &probes).await?;
        }
        bar.inc(1);
    }
    until_written(BETWEEN.end, &shared).await?;
    bar.set_message("clients end, everything is read back");
    writers.finish().await?;
    let pages: Vec<_> = probes.iter().flat_map(|probe| probe.answers.failures()).collect();
    drop(probes);
    let violations = checked(world, &forum, &shared).await?;
    bar.finish_and_clear();
    let ledger = shared.lock();
    let verdict = verdict::of(&struck, &ledger, pages, violations);
    report::print(&verdict, &ledger, from.elapsed());
    verdict.result()
}

async fn checked(world: &World, forum: &Forum, shared: &Shared) -> Tried<Vec<checker::Violation>> {
    let seen = checker::read(world, forum).await?;
    let mut violations = checker::hold(&shared.lock(), &seen, forum);
    violations.extend(checker::counters(world).await?);
    Ok(violations)
}

fn progress(faults: u32) -> ProgressBar {
    let bar = ProgressBar::new(faults.into());
    // Where the template is wrong the plain bar does.
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} {pos} of {len} faults {wide_bar} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Until so many more writes are acknowledged.
pub async fn until_written(count: u64, shared: &Shared) -> Tried<()> {
    let goal = acknowledged(&shared.lock()) + count;
    let deadline = Instant::now() + PATIENCE;
    while acknowledged(&shared.lock()) < goal {
        if Instant::now() > deadline {
            return Err(format!("clients do not get on: {:?}", shared.lock().tally.answers));
        }
        sleep(POLL).await;
    }
    Ok(())
}

fn acknowledged(ledger: &Ledger) -> u64 {
    let replies = ledger.replies.iter().filter(|reply| matches!(reply.outcome, Outcome::Done(_))).count();
    let edits = ledger.edits.iter().filter(|edit| matches!(edit.outcome, Outcome::Done(_))).count();
    (replies + edits) as u64 + ledger.tally.likes
}

/// How long each node took to its first page after the fault's end.
async fn until_back(struck: &Struck, probes: &[Probe]) -> Tried<Vec<Duration>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let back: Vec<_> = probes.iter().filter_map(|probe| probe.answers.first_after(struck.ended)).collect();
        if back.len() == probes.len() {
            return Ok(back.into_iter().map(|at| at.duration_since(struck.ended)).collect());
        }
        if Instant::now() > deadline {
            return Err(format!("after \"{}\" a node does not answer again", struck.fault.name()));
        }
        sleep(POLL).await;
    }
}
