//! A run with faults: clients write, one fault comes after the other, then everything is held against what the clients know.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::sleep;

use crate::Tried;
use crate::checker;
use crate::faults::{Deck, Struck};
use crate::ledger::{Answer, Counted, Ledger, Shared};
use crate::probe::Probe;
use crate::repeats;
use crate::report;
use crate::setup::{self, Forum};
use crate::strike::strike;
use crate::verdict::{self, Run};
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
    let probe =
        |(number, (url, life)): (usize, &(String, _))| Probe::start(number, url, life, forum.threads[0], &shared);
    let probes = world.lives().iter().enumerate().map(probe).collect::<Tried<Vec<_>>>()?;
    let writers = Writers::start(seed, &forum, world.lives(), &shared)?;
    let mut deck = Deck::new(seed);
    let bar = progress(faults);
    let mut struck = Vec::new();
    for _ in 0..faults {
        until_written(deck.number(BETWEEN), &shared).await?;
        let fault = deck.next();
        bar.set_message(fault.name());
        let done = strike(fault, &mut deck, world).await?;
        until_back(&done, &probes).await?;
        struck.push(done);
        bar.inc(1);
    }
    until_written(BETWEEN.end, &shared).await?;
    bar.set_message("clients end, everything is read back");
    writers.finish().await?;
    let probed: Vec<Answer> = probes.iter().flat_map(|probe| probe.answers.all()).collect();
    drop(probes);
    repeats::everywhere(&world.urls(), &shared).await?;
    let found = checked(world, &forum, &shared).await?;
    bar.finish_and_clear();
    let ledger = shared.lock();
    let run = Run { struck: &struck, nodes: world.nodes.len(), ledger: &ledger, probed: &probed, found: &found };
    let verdict = verdict::of(&run);
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
    let replies = Counted::of(ledger.replies.iter().map(|reply| &reply.outcome)).done;
    let edits = Counted::of(ledger.edits.iter().map(|edit| &edit.outcome)).done;
    replies + edits + ledger.tally.likes.done
}

/// Until each node gave a page after the fault's end; how soon is judged at the end.
async fn until_back(struck: &Struck, probes: &[Probe]) -> Tried<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if probes.iter().all(|probe| probe.answers.page_since(struck.ended)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("after \"{}\" a node does not answer again", struck.fault.name()));
        }
        sleep(POLL).await;
    }
}
