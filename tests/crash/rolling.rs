//! A rolling restart: two nodes behind a balancer, each stopped by SIGTERM and started again, in turn, while clients read and
//! write. Not one request may fail.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use tokio::time::sleep;

use crate::Tried;
use crate::balancer::Balancer;
use crate::checker;
use crate::readers::Load;
use crate::setup;
use crate::world::World;

/// Requests that are answered between two steps.
const BETWEEN: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

pub async fn run(rounds: u32, _seed: u64, world: &mut World) -> Tried<()> {
    let from = Instant::now();
    let forum = setup::forum(&world.nodes[0].url).await?;
    let balancer = Balancer::start(&world.folder, &world.nodes).await?;
    balancer.until_up(world.nodes.len()).await?;
    let before = posts(world).await?;
    let load = Load::start(&balancer.url, &forum)?;
    let bar = ProgressBar::new(u64::from(rounds) * world.nodes.len() as u64);
    let (mut ended, mut started) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for number in 0..world.nodes.len() {
            some_load(&load).await?;
            let (status, took) = world.nodes[number].terminate().await?;
            if !status.success() {
                return Err(format!("a node ended with {status} after SIGTERM"));
            }
            ended.push(took);
            started.push(world.nodes[number].start().await?);
            balancer.until_up(world.nodes.len()).await?;
            bar.inc(1);
        }
    }
    some_load(&load).await?;
    let counts = load.finish().await?;
    balancer.stop().await?;
    bar.finish_and_clear();
    println!("{} restarts of {} nodes, {} s", ended.len(), world.nodes.len(), from.elapsed().as_secs());
    println!("A node ended within {:.2} s, was ready within {:.2} s (the longest)", longest(&ended), longest(&started));
    for (kind, count) in &counts.answers {
        println!("  {count:>8}  {kind}");
    }
    if let Some(violation) = checker::counters(world).await?.first() {
        return Err(violation.to_string());
    }
    if let Some(first) = counts.failures.first() {
        return Err(format!("{} requests failed, the first: {first}", counts.failures.len()));
    }
    let (told, there) = (counts.answers.get("POST 201").copied().unwrap_or(0), posts(world).await? - before);
    if there != told {
        return Err(format!("{told} replies were acknowledged, {there} are there"));
    }
    println!("No request failed, and each reply that was acknowledged is there.");
    Ok(())
}

async fn posts(world: &World) -> Tried<u64> {
    let sql = world.cluster()?.sql().await?;
    let row = sql.query_one("SELECT count(*) FROM posts", &[]).await.map_err(|e| e.to_string())?;
    u64::try_from(row.get::<_, i64>(0)).map_err(|e| e.to_string())
}

async fn some_load(load: &Load) -> Tried<()> {
    let (goal, deadline) = (load.total() + BETWEEN, Instant::now() + PATIENCE);
    while load.total() < goal {
        if Instant::now() > deadline {
            return Err("clients do not get on".to_owned());
        }
        sleep(POLL).await;
    }
    Ok(())
}

fn longest(times: &[Duration]) -> f64 {
    times.iter().max().map_or(0.0, Duration::as_secs_f64)
}
