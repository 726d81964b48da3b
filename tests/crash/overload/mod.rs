//! More than a node can take: what becomes of an ordinary client's time beside clients that are slow, idle or many.

mod crowd;
mod ordinary;

use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::Tried;
use crate::setup::{self, Forum};
use crate::world::World;
use crowd::{done, elsewhere};
use ordinary::Seen;

/// How much is asked, and for how long ordinary clients are looked at.
struct Amount {
    slow: usize,
    idle: usize,
    logins: usize,
    /// Ordinary clients that are more than it can take.
    many: usize,
    window: Duration,
    /// What a p99 may be, as a multiple of that of nobody beside: more than is promised, as clients and service share the cores
    /// and a few requests make a p99.
    held: f64,
}

const WHOLE: Amount =
    Amount { slow: 2_000, idle: 10_000, logins: 500, many: 600, window: Duration::from_secs(6), held: 2.5 };
/// It shows that nobody is forgotten and that memory is bounded: of a window so short one pause of the machine is the p99.
const SHORT: Amount =
    Amount { slow: 400, idle: 2_000, logins: 100, many: 200, window: Duration::from_secs(2), held: 10.0 };

/// Ordinary clients: each asks for a page, and for the next one when it has come.
const READERS: usize = 4;
/// So many are as much as it can take.
const SATURATING: usize = 16;
/// An idle connection is closed after 5 s, and they are not opened all at once.
const IDLE_WINDOW: Duration = Duration::from_secs(3);

/// What the p99 of others may be beside slow and idle clients, as a multiple of that of nobody beside.
const PROMISED: f64 = 1.5;
/// Nothing is promised: hashing passwords takes the cores that pages are made on.
const BESIDE_LOGINS: f64 = 8.0;
const OVERLOADED: f64 = 2.0;
/// The most memory that it may have at any time, in MB.
const MEMORY: u64 = 400;
/// Of a hundred logins at once so many are done.
const LOGINS_DONE: usize = 10;

/// What was not as it should be, and what the lines of the table are held against.
struct Table {
    usual: f64,
    broken: Vec<String>,
    /// What the lines do not say.
    also: Vec<String>,
}

pub async fn run(short: bool, world: &mut World) -> Tried<()> {
    let amount = if short { SHORT } else { WHOLE };
    let forum = setup::forum(&world.nodes[0].url).await?;
    println!("| beside | pages/s | median, ms | p99, ms | p99 to alone | promised, held to | not 200 | memory, MB |");
    println!("|---|---|---|---|---|---|---|---|");
    // What a fresh process does for the first time takes longer.
    ordinary::read(world, &forum, READERS, Duration::from_secs(1)).await?;
    let alone = ordinary::read(world, &forum, READERS, amount.window).await?;
    let mut table = Table { usual: alone.p99(), broken: Vec::new(), also: Vec::new() };
    table.line("nobody", &alone, None, world)?;
    slow(&amount, world, &forum, &mut table).await?;
    idle(&amount, world, &forum, &mut table).await?;
    logins(&amount, world, &forum, &mut table).await?;
    println!("\n{}.", table.also.join("; "));
    many(&amount, world, &forum).await?;
    let peak = ordinary::memory(world.nodes[0].pid()?, "VmHWM")? / 1024;
    println!("\nThe most memory at any time: {peak} MB (held to {MEMORY}).");
    if peak > MEMORY {
        table.broken.push(format!("{peak} MB of memory at once"));
    }
    match table.broken.is_empty() {
        true => Ok(()),
        false => Err(table.broken.join("; ")),
    }
}

impl Table {
    /// Says how ordinary clients did, and holds it against the bounds.
    fn line(&mut self, beside: &str, seen: &Seen, bound: Option<(Option<f64>, f64)>, world: &World) -> Tried<()> {
        let (ratio, mb) = (seen.p99() / self.usual, ordinary::memory(world.nodes[0].pid()?, "VmRSS")? / 1024);
        let (rate, median, p99, others) = (seen.per_second(), seen.at(0.5), seen.p99(), &seen.others);
        let promised = bound.and_then(|(promised, _)| promised).map_or("-".to_owned(), |promised| promised.to_string());
        let told = bound.map_or("-".to_owned(), |(_, held)| format!("{promised}, {held}"));
        println!("| {beside} | {rate:.0} | {median:.1} | {p99:.1} | {ratio:.2} | {told} | {others:?} | {mb} |");
        if !others.is_empty() {
            self.broken.push(format!("beside {beside} not every page was answered with 200: {others:?}"));
        }
        if let Some((_, held)) = bound.filter(|(_, held)| ratio > *held) {
            self.broken.push(format!("beside {beside} the p99 is {ratio:.2} times the usual, held to {held}"));
        }
        Ok(())
    }

    /// So many of so many were shed.
    fn all(&mut self, count: usize, shed: usize, what: &str) {
        let told = format!("{shed} of {count} {what}");
        if shed != count {
            self.broken.push(told.clone());
        }
        self.also.push(told);
    }
}

/// Bodies that come a byte a second. That they are opened is a load of its own: so many requests of a member at once.
async fn slow(amount: &Amount, world: &World, forum: &Forum, table: &mut Table) -> Tried<()> {
    let (count, address, head) = (amount.slow, world.nodes[0].address(), crowd::slow_head(forum));
    let opening = elsewhere(async move || crowd::open(count, &address, head).await);
    let beside = ordinary::read_until(world, forum, || opening.is_finished()).await?;
    table.line(&format!("{count} slow bodies, while they open"), &beside, None, world)?;
    let slow = done(opening).await??;
    let trickle = elsewhere(async move || crowd::trickle(slow).await);
    let beside = ordinary::read(world, forum, READERS, amount.window).await?;
    table.line(&format!("{count} slow bodies, all open"), &beside, Some((Some(PROMISED), amount.held)), world)?;
    let refused = done(trickle).await??;
    table.all(count, refused, "slow bodies were told 408");
    Ok(())
}

/// A first byte, so that the service knows of each, and no more.
async fn idle(amount: &Amount, world: &World, forum: &Forum, table: &mut Table) -> Tried<()> {
    let (count, address) = (amount.idle, world.nodes[0].address());
    let opening = elsewhere(async move || crowd::open(count, &address, "G".to_owned()).await);
    let beside = ordinary::read_until(world, forum, || opening.is_finished()).await?;
    table.line(&format!("{count} idle connections, while they open"), &beside, None, world)?;
    let idle: Vec<std::net::TcpStream> = done(opening).await??;
    let closed = elsewhere(async move || crowd::closed(idle).await);
    let beside = ordinary::read(world, forum, READERS, IDLE_WINDOW).await?;
    table.line(&format!("{count} idle connections, all open"), &beside, Some((Some(PROMISED), amount.held)), world)?;
    let closed = done(closed).await??;
    table.all(count, closed, "idle connections were closed");
    Ok(())
}

async fn logins(amount: &Amount, world: &World, forum: &Forum, table: &mut Table) -> Tried<()> {
    let (count, node, from) = (amount.logins, world.nodes[0].url.clone(), Instant::now());
    let logins = elsewhere(async move || crowd::log_in(&node, count).await);
    let beside = ordinary::read_until(world, forum, || logins.is_finished()).await?;
    table.line(&format!("{count} logins at once"), &beside, Some((None, BESIDE_LOGINS)), world)?;
    let (told, took) = (done(logins).await??, from.elapsed().as_secs_f64());
    table.also.push(format!("{count} logins within {took:.1} s: {told:?}"));
    let (done, least) = (told.get("200").copied().unwrap_or(0), count * LOGINS_DONE / 100);
    if done < least {
        table.broken.push(format!("{done} of {count} logins were done, at least {least} should be"));
    }
    if let Some(other) = told.keys().find(|kind| !["200", "503 with Retry-After"].contains(&kind.as_str())) {
        table.broken.push(format!("a login was told {other}"));
    }
    Ok(())
}

/// Ordinary requests, many more than it can take. This is told and not judged.
async fn many(amount: &Amount, world: &World, forum: &Forum) -> Tried<()> {
    println!(
        "\n| ordinary clients, one in five writes | taken/s | median, ms | p99, ms | p99 to saturated | not taken |"
    );
    println!("|---|---|---|---|---|---|");
    let mut usual = f64::NAN;
    for count in [SATURATING, amount.many] {
        let (node, forum, window) = (world.nodes[0].url.clone(), forum.clone(), amount.window);
        let crowd = elsewhere(async move || ordinary::crowd(&node, &forum, count, window).await);
        let seen = done(crowd).await??;
        if count == SATURATING {
            usual = seen.p99();
        }
        let (rate, median, p99, ratio) = (seen.per_second(), seen.at(0.5), seen.p99(), seen.p99() / usual);
        println!("| {count} | {rate:.0} | {median:.1} | {p99:.1} | {ratio:.2} | {:?} |", seen.others);
    }
    println!(
        "\nPromised is a p99 of at most {OVERLOADED} times that at saturation for what is taken, and 429 or 503 for the rest."
    );
    Ok(())
}

/// As other threads take it over.
fn given_away(streams: Vec<TcpStream>) -> Tried<Vec<std::net::TcpStream>> {
    streams.into_iter().map(TcpStream::into_std).collect::<Result<_, _>>().map_err(|e| e.to_string())
}
