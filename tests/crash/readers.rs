//! Clients behind the balancer that keep their connections and take nothing but success.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Tried;
use crate::ask::{Ask, Told, client};
use crate::setup::Forum;

const READERS: usize = 6;
const WRITERS: usize = 4;
/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(5);

/// What the clients were answered, by method.
#[derive(Default)]
pub struct Counts {
    pub answers: BTreeMap<String, u64>,
    pub failures: Vec<String>,
}

pub struct Load {
    tasks: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    counts: Arc<Mutex<Counts>>,
}

impl Load {
    pub fn start(balancer: &str, forum: &Forum) -> Tried<Self> {
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Counts::default())));
        let mut tasks = Vec::new();
        for number in 0..READERS + WRITERS {
            let (http, balancer, stop, counts) = (client()?, balancer.to_owned(), stop.clone(), counts.clone());
            let thread = forum.threads[number % forum.threads.len()];
            let token = forum.members[number % forum.members.len()].token.clone();
            let path = format!("/api/v1/threads/{thread}/posts");
            let ask = match number < READERS {
                true => Ask::get(path),
                false => Ask::new(Method::POST, path).json(json!({"body": "said while nodes come and go"})),
            };
            tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let told = ask.send(&http, &balancer, Some(&token)).await;
                    note(&ask, told, &counts);
                    sleep(PAUSE).await;
                }
            }));
        }
        Ok(Self { tasks, stop, counts })
    }

    pub async fn finish(self) -> Tried<Counts> {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.map_err(|e| format!("a client ended: {e}"))?;
        }
        Ok(std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// How many requests were answered so far.
    pub fn total(&self) -> u64 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).answers.values().sum()
    }
}

fn note(ask: &Ask, told: Tried<Told>, counts: &Mutex<Counts>) {
    let success = told.as_ref().is_ok_and(Told::is_success);
    let kind = told.map_or_else(|error| error, |told| told.kind());
    let line = format!("{} {kind}", ask.method);
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if !success {
        counts.failures.push(line.clone());
    }
    *counts.answers.entry(line).or_default() += 1;
}
