//! Ordinary clients: what they were answered, and how fast.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::READERS;
use crate::Tried;
use crate::ask::{Ask, client};
use crate::setup::Forum;
use crate::world::World;

/// Of many clients one in so many writes.
const ONE_WRITES_IN: usize = 5;

#[derive(Default)]
pub struct Seen {
    /// What was taken: 200 or 201.
    times: Vec<Duration>,
    pub others: BTreeMap<String, u32>,
    took: Duration,
}

impl Seen {
    /// In milliseconds; `share` of all took no longer.
    pub fn at(&self, share: f64) -> f64 {
        let mut times: Vec<f64> = self.times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        times.sort_by(f64::total_cmp);
        times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
    }

    pub fn p99(&self) -> f64 {
        self.at(0.99)
    }

    pub fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }

    fn of_all(seen: Vec<Self>, took: Duration) -> Self {
        seen.into_iter().fold(Self { took, ..Self::default() }, |mut all, seen| {
            all.times.extend(seen.times);
            seen.others.into_iter().for_each(|(kind, count)| *all.others.entry(kind).or_default() += count);
            all
        })
    }
}

/// Some clients read pages for so long.
pub async fn read(world: &World, forum: &Forum, clients: usize, window: Duration) -> Tried<Seen> {
    let until = Instant::now() + window;
    all(&world.nodes[0].url, forum, clients, usize::MAX, || Instant::now() >= until).await
}

/// The usual clients read pages until something has come to its end.
pub async fn read_until(world: &World, forum: &Forum, ended: impl Fn() -> bool) -> Tried<Seen> {
    all(&world.nodes[0].url, forum, READERS, usize::MAX, ended).await
}

/// Many clients, of which some write.
pub async fn crowd(node: &str, forum: &Forum, clients: usize, window: Duration) -> Tried<Seen> {
    let until = Instant::now() + window;
    all(node, forum, clients, ONE_WRITES_IN, || Instant::now() >= until).await
}

async fn all(node: &str, forum: &Forum, clients: usize, one_writes_in: usize, ended: impl Fn() -> bool) -> Tried<Seen> {
    let (http, from) = (client()?, Instant::now());
    let path = |number: usize| format!("/api/v1/threads/{}/posts", forum.threads[number % forum.threads.len()]);
    let one = async |number: usize| {
        let writes = number % one_writes_in == one_writes_in - 1;
        let body = json!({"body": "said where many speak"});
        let ask = if writes { Ask::new(Method::POST, path(number)).json(body) } else { Ask::get(path(0)) };
        let token = writes.then(|| forum.members[number % forum.members.len()].token.as_str());
        let mut seen = Seen::default();
        while !ended() {
            let from = Instant::now();
            match ask.send(&http, node, token).await {
                Ok(told) if told.is_success() => seen.times.push(from.elapsed()),
                Ok(told) if told.retry_after => {
                    *seen.others.entry(format!("{} with Retry-After", told.kind())).or_default() += 1
                }
                Ok(told) => *seen.others.entry(told.kind()).or_default() += 1,
                Err(error) => *seen.others.entry(error).or_default() += 1,
            }
        }
        seen
    };
    let seen = join_all((0..clients).map(one)).await;
    Ok(Seen::of_all(seen, from.elapsed()))
}

/// In KiB.
pub fn memory(pid: u32, what: &str) -> Tried<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(|e| e.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).ok_or_else(|| format!("no {what} of {pid}"))
}
