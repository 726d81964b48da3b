//! Asks each node all the time for a page from the database, whether it can answer and whether it lives: how soon it fails, how
//! soon it is back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Tried;
use crate::ask::{Ask, Told, complaint};
use crate::ledger::{Answer, Asked, Shared};
use crate::node::Life;

const INTERVAL: Duration = Duration::from_millis(40);
const PATIENCE: Duration = Duration::from_secs(20);
/// `/health/live` asks nobody else.
const LIVE_WITHIN: Duration = Duration::from_secs(3);

/// What one node said.
#[derive(Clone, Default)]
pub struct Answers(Arc<Mutex<Vec<Answer>>>);

impl Answers {
    fn lock(&self) -> MutexGuard<'_, Vec<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a page came that was asked for after this moment.
    pub fn page_since(&self, moment: Instant) -> bool {
        let answers = self.lock();
        let mut late = answers.iter().rev().take_while(|answer| answer.to >= moment);
        late.any(|answer| answer.asked == Asked::Page && answer.from >= moment && answer.kind == "200")
    }

    pub fn all(&self) -> Vec<Answer> {
        self.lock().clone()
    }
}

/// The probe of one node. It ends when the value is dropped.
pub struct Probe {
    pub answers: Answers,
    tasks: Vec<JoinHandle<()>>,
}

impl Probe {
    /// `number` is the node's among those of the run.
    pub fn start(number: usize, url: &str, life: &Life, thread: i64, shared: &Arc<Shared>) -> Tried<Self> {
        // A connection for each request: what a dead node left is never asked.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(PATIENCE).build();
        let http = http.map_err(|e| e.to_string())?;
        let answers = Answers::default();
        let prober = |path: String| Prober {
            http: http.clone(),
            number,
            url: url.to_owned(),
            life: life.clone(),
            ask: Ask::get(path),
            shared: shared.clone(),
            answers: answers.clone(),
        };
        let page = prober(format!("/api/v1/threads/{thread}/posts?per_page=1"));
        let (ready, live) = (prober("/health/ready".to_owned()), prober("/health/live".to_owned()));
        let tasks = vec![
            tokio::spawn(async move { page.notes(Asked::Page).await }),
            tokio::spawn(async move { ready.notes(Asked::Ready).await }),
            tokio::spawn(async move { live.lives().await }),
        ];
        Ok(Self { answers, tasks })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

struct Prober {
    http: reqwest::Client,
    number: usize,
    url: String,
    life: Life,
    ask: Ask,
    shared: Arc<Shared>,
    answers: Answers,
}

impl Prober {
    /// Asks once; whether the node stayed up meanwhile.
    async fn ask(&self) -> (Tried<Told>, bool) {
        let before = self.life.number();
        let told = self.ask.send(&self.http, &self.url, None).await;
        (told, before.is_some() && before == self.life.number())
    }

    async fn notes(&self, asked: Asked) {
        loop {
            let from = Instant::now();
            let (told, stayed_up) = self.ask().await;
            if let Some(text) = complaint(&self.ask, &told, stayed_up) {
                self.shared.complain(text);
            }
            if let Ok(told) = &told
                && (201..500).contains(&told.status)
                && told.status != 408
            {
                self.shared.complain(format!("GET {} was answered with {}", self.ask.path, told.kind()));
            }
            let kind = told.map_or_else(|error| error, |told| told.kind());
            self.answers.lock().push(Answer { node: self.number, asked, from, to: Instant::now(), kind });
            sleep(INTERVAL).await;
        }
    }

    /// Whatever happens to the database, the process lives.
    async fn lives(&self) {
        loop {
            let from = Instant::now();
            let (told, stayed_up) = self.ask().await;
            let kind = told.map_or_else(|error| error, |told| told.kind());
            if stayed_up && (kind != "200" || from.elapsed() > LIVE_WITHIN) {
                self.shared.complain(format!("/health/live of a node that is up: {kind} after {:?}", from.elapsed()));
            }
            sleep(INTERVAL).await;
        }
    }
}
