//! Is the checker able to fail? A finished run is falsified by SQL, one way after the other, then by what a verdict hears of it,
//! and clients ask nodes that lie: each has to be seen.

mod liar;
mod lies;
mod verdicts;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Tried;
use crate::checker::{self, Violation};
use crate::ledger::Shared;
use crate::round::until_written;
use crate::setup::{self, Forum};
use crate::world::World;
use crate::writers::Writers;
use lies::Lie;

/// Acknowledged writes before it begins.
const WRITES: u64 = 400;

pub async fn run(seed: u64, world: &World) -> Tried<()> {
    let verdicts = verdicts::run()?;
    // Nodes that say nothing take their time.
    let (liars, checked) = tokio::join!(liar::run(seed), falsify(seed, world));
    let (liars, checked) = (liars?, checked?);
    println!("Seen: {checked} falsifications of what is there, {verdicts} of a run, {liars} of what nodes say.");
    Ok(())
}

/// What was seen, as it is printed.
fn seen(what: &str, as_what: impl std::fmt::Display) {
    println!("  {what:<58} {as_what}");
}

async fn falsify(seed: u64, world: &World) -> Tried<usize> {
    let forum = setup::forum(&world.nodes[0].url).await?;
    let shared = Arc::new(Shared::default());
    let writers = Writers::start(seed, &forum, world.lives(), &shared)?;
    until_written(WRITES, &shared).await?;
    writers.finish().await?;
    let mut known = check(world, &forum, &shared).await?;
    if let Some(violation) = known.first() {
        return Err(format!("nothing was falsified yet, and the checker says: {violation}"));
    }
    if let Some(complaint) = shared.lock().complaints.first() {
        return Err(format!("nothing was falsified yet, and a client complains: {complaint}"));
    }
    let lies = lies::lies(&shared.lock(), &forum)?;
    let count = lies.len();
    for lie in lies {
        known = tell(&lie, &known, world, &forum, &shared).await?;
    }
    Ok(count)
}

/// Tells one lie; gives all that is found then.
async fn tell(
    lie: &Lie,
    known: &BTreeSet<Violation>,
    world: &World,
    forum: &Forum,
    shared: &Shared,
) -> Tried<BTreeSet<Violation>> {
    let changed = world.cluster()?.sql().await?.batch_execute(&lie.sql).await;
    let said = |e: tokio_postgres::Error| e.as_db_error().map_or_else(|| e.to_string(), ToString::to_string);
    changed.map_err(|e| format!("{}: {}", lie.what, said(e)))?;
    let found = check(world, forum, shared).await?;
    let as_what = found.difference(known).find(|violation| violation.wrong == lie.wrong);
    seen(lie.what, as_what.ok_or_else(|| format!("{}: the checker did not see it", lie.what))?);
    Ok(found)
}

async fn check(world: &World, forum: &Forum, shared: &Shared) -> Tried<BTreeSet<Violation>> {
    let seen = checker::read(world, forum).await?;
    let mut found: BTreeSet<_> = checker::hold(&shared.lock(), &seen, forum).into_iter().collect();
    found.extend(checker::counters(world).await?);
    Ok(found)
}
