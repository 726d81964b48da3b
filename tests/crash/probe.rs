//! Asks each node all the time for a page from the database and whether it lives: how soon it fails, how soon it is back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Tried;
use crate::ask::Ask;
use crate::ledger::{Failure, Shared};
use crate::node::{Life, Node};

const INTERVAL: Duration = Duration::from_millis(40);
const PATIENCE: Duration = Duration::from_secs(20);

/// What the pages of one node were answered with.
#[derive(Clone, Default)]
pub struct Answers(Arc<Mutex<Vec<Answer>>>);

#[derive(Clone, Debug)]
pub struct Answer {
    pub from: Instant,
    pub to: Instant,
    pub kind: String,
}

impl Answers {
    fn add(&self, answer: Answer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    }

    /// When the first page came that was asked for after this moment.
    pub fn first_after(&self, moment: Instant) -> Option<Instant> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let late = answers.iter().rev().take_while(|answer| answer.from >= moment);
        late.filter(|answer| answer.kind == "200").last().map(|answer| answer.to)
    }

    /// Those that were told with 5xx.
    pub fn failures(&self) -> Vec<Failure> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = answers.iter().filter(|answer| answer.kind.starts_with('5'));
        failed.map(|a| Failure { from: a.from, to: a.to, kind: a.kind.clone() }).collect()
    }
}

/// The probe of one node. It ends when the value is dropped.
pub struct Probe {
    pub answers: Answers,
    tasks: Vec<JoinHandle<()>>,
}

impl Probe {
    pub fn start(node: &Node, thread: i64, shared: &Arc<Shared>) -> Tried<Self> {
        // A connection for each request: what a dead node left is never asked.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(PATIENCE).build();
        let http = http.map_err(|e| e.to_string())?;
        let answers = Answers::default();
        let page = Prober {
            http: http.clone(),
            url: node.url.clone(),
            life: node.life.clone(),
            ask: Ask::get(format!("/api/v1/threads/{thread}/posts?per_page=1")),
            shared: shared.clone(),
        };
        let live = Prober {
            http,
            url: node.url.clone(),
            life: node.life.clone(),
            ask: Ask::get("/health/live"),
            shared: shared.clone(),
        };
        let noted = answers.clone();
        let pages = tokio::spawn(async move { page.pages(noted).await });
        Ok(Self { answers, tasks: vec![pages, tokio::spawn(async move { live.lives().await })] })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

struct Prober {
    http: reqwest::Client,
    url: String,
    life: Life,
    ask: Ask,
    shared: Arc<Shared>,
}

impl Prober {
    async fn pages(&self, answers: Answers) {
        loop {
            let from = Instant::now();
            let before = self.life.number();
            let told = self.ask.send(&self.http, &self.url, None).await;
            let stayed_up = before.is_some() && before == self.life.number();
            match &told {
                Ok(told) if told.status == 200 || told.status == 503 && told.retry_after => {}
                Ok(told) => self.shared.complain(format!("a page was answered with {}", told.kind())),
                Err(error) if stayed_up => self.shared.complain(format!("no answer from a node that is up: {error}")),
                Err(_) => {}
            }
            let kind = told.map_or_else(|error| error, |told| told.kind());
            answers.add(Answer { from, to: Instant::now(), kind });
            sleep(INTERVAL).await;
        }
    }

    /// Whatever happens to the database, the process lives.
    async fn lives(&self) {
        loop {
            let from = Instant::now();
            let before = self.life.number();
            let told = self.ask.send(&self.http, &self.url, None).await;
            let stayed_up = before.is_some() && before == self.life.number();
            let kind = told.map_or_else(|error| error, |told| told.kind());
            if stayed_up && (kind != "200" || from.elapsed() > Duration::from_secs(3)) {
                self.shared.complain(format!("/health/live of a node that is up: {kind} after {:?}", from.elapsed()));
            }
            sleep(INTERVAL).await;
        }
    }
}
