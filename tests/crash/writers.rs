//! Clients that write. Each repeats what it knows nothing of, with the same key, until it is answered, and notes that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Tried;
use crate::ask::{Ask, Told, client, complaint};
use crate::ledger::{Acknowledged, Answer, Asked, Edit, Known, Outcome, Place, Reply, Shared};
use crate::node::Life;
use crate::setup::{Forum, Member};

/// Two for each member: they edit the same posts, and so meet.
const PER_MEMBER: usize = 2;
/// A write that is not answered for so long stays unknown.
const GIVES_UP_AFTER: Duration = Duration::from_secs(120);
/// Milliseconds between two writes of a client, and between two tries of one.
const PAUSE: std::ops::Range<u64> = 0..100;
const BACK_OFF: std::ops::Range<u64> = 20..200;
/// What takes longer is noted, to be held against the faults.
const IS_LONG: Duration = Duration::from_millis(2_500);
/// Of the newest posts so many are edited and liked: few enough that clients meet.
const RECENT: usize = 30;

/// The clients of a run.
pub struct Writers {
    tasks: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Writers {
    pub fn start(seed: u64, forum: &Forum, nodes: Vec<(String, Life)>, shared: &Arc<Shared>) -> Tried<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for number in 0..forum.members.len() * PER_MEMBER {
            let mut writer = Writer {
                number,
                member: forum.members[number / PER_MEMBER].clone(),
                forum: forum.clone(),
                nodes: nodes.clone(),
                http: client()?,
                chance: StdRng::seed_from_u64(seed ^ (0x5eed + number as u64)),
                shared: shared.clone(),
                written: 0,
            };
            let stop = stop.clone();
            tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    writer.write().await;
                    writer.pause(PAUSE).await;
                }
            }));
        }
        Ok(Self { tasks, stop })
    }

    /// Ends each where it is.
    pub fn give_up(self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }

    /// Lets each end what it has begun.
    pub async fn finish(self) -> Tried<()> {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.map_err(|e| format!("a client ended: {e}"))?;
        }
        Ok(())
    }
}

struct Writer {
    number: usize,
    member: Member,
    forum: Forum,
    nodes: Vec<(String, Life)>,
    http: reqwest::Client,
    chance: StdRng,
    shared: Arc<Shared>,
    written: u64,
}

impl Writer {
    async fn pause(&mut self, range: std::ops::Range<u64>) {
        sleep(Duration::from_millis(self.chance.random_range(range))).await;
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.chance.random_range(0..n) == 0
    }

    async fn write(&mut self) {
        self.written += 1;
        match self.chance.random_range(0..100) {
            0..45 => self.reply().await,
            45..70 => self.edit().await,
            _ => self.like().await,
        }
    }

    /// A key, and a text that nobody else writes.
    fn unique(&self, what: &str) -> (String, String) {
        let key = format!("{what}-{}-{}", self.number, self.written);
        let body = format!("The {what} with the key {key}.");
        (key, body)
    }

    async fn reply(&mut self) {
        let refused = self.one_in(15);
        let open = self.forum.threads[self.chance.random_range(0..self.forum.threads.len())];
        let thread = if refused { self.forum.locked } else { open };
        let (key, body) = self.unique("reply");
        let ask =
            Ask::new(Method::POST, format!("/api/v1/threads/{thread}/posts")).key(&key).json(json!({"body": body}));
        let told = self.until_answered(&ask).await;
        let outcome = self.outcome(&ask, told, if refused { &["thread_locked"] } else { &[] }, |told| {
            Ok(Place { id: told.number("id")?, position: told.number("position")? })
        });
        let member = self.member.id;
        if let Outcome::Done(place) = outcome {
            self.shared.lock().posts.push(Known { id: place.id, member, version: 1 });
        }
        self.shared.lock().replies.push(Reply { thread, member, key, body, outcome });
    }

    async fn edit(&mut self) {
        let Some(post) = self.recent(|post, me| post.member == me) else { return };
        // A version that was, or never will be.
        let stale = self.one_in(10);
        let base = if stale { if post.version > 1 { post.version - 1 } else { 1_000_000 } } else { post.version };
        let (key, body) = self.unique("edit");
        let ask = Ask::new(Method::PATCH, format!("/api/v1/posts/{}", post.id)).key(&key).if_match(base);
        let ask = ask.json(json!({"body": body}));
        let told = self.until_answered(&ask).await;
        let outcome = self.outcome(&ask, told, &["version_mismatch"], |told| told.number("version"));
        match &outcome {
            Outcome::Done(version) => {
                if *version != base + 1 {
                    self.shared.complain(format!("an edit of version {base} of post {} made {version}", post.id));
                }
                self.learn(post.id, *version);
            }
            Outcome::Refused(_) if !stale => self.look_at(post.id).await,
            _ => {}
        }
        let edit = Edit { post: post.id, member: self.member.id, key, base, body, outcome };
        self.shared.lock().edits.push(edit);
    }

    async fn like(&mut self) {
        if self.one_in(15) {
            let Some(own) = self.recent(|post, me| post.member == me) else { return };
            let ask = Ask::new(Method::PUT, format!("/api/v1/posts/{}/like", own.id));
            let told = self.until_answered(&ask).await;
            let outcome = self.outcome(&ask, told, &["own_post"], |_| Ok(()));
            if outcome == Outcome::Done(()) {
                self.shared.complain(format!("member {} likes a post of their own, {}", self.member.id, own.id));
            }
            return self.shared.lock().tally.likes.add(&outcome);
        }
        // Likes have no key, so each is one client's alone: the last that it was told is how it is.
        let (half, halves) = ((self.number % PER_MEMBER) as i64, PER_MEMBER as i64);
        let Some(post) = self.recent(move |post, me| post.member != me && post.id % halves == half) else { return };
        let liked = self.chance.random_range(0..3) > 0;
        let method = if liked { Method::PUT } else { Method::DELETE };
        let ask = Ask::new(method, format!("/api/v1/posts/{}/like", post.id));
        let told = self.until_answered(&ask).await;
        let outcome = self.outcome(&ask, told, &[], |told| told.body["liked"].as_bool().ok_or("no `liked`".to_owned()));
        if matches!(outcome, Outcome::Done(said) if said != liked) {
            return self.shared.complain(format!("{} {} was not done", ask.method, ask.path));
        }
        let mut ledger = self.shared.lock();
        ledger.tally.likes.add(&outcome);
        ledger.likes.insert((self.member.id, post.id), outcome);
    }

    /// One of the newest posts that fit, with who is asking.
    fn recent(&mut self, fits: impl Fn(&Known, i64) -> bool) -> Option<Known> {
        let me = self.member.id;
        let fitting: Vec<Known> =
            self.shared.lock().posts.iter().rev().filter(|post| fits(post, me)).take(RECENT).copied().collect();
        (!fitting.is_empty()).then(|| fitting[self.chance.random_range(0..fitting.len())])
    }

    fn learn(&self, post: i64, version: i64) {
        let mut ledger = self.shared.lock();
        if let Some(known) = ledger.posts.iter_mut().rev().find(|known| known.id == post) {
            known.version = known.version.max(version);
        }
    }

    /// Somebody else was faster: which version is it now?
    async fn look_at(&mut self, post: i64) {
        let told = self.until_answered(&Ask::get(format!("/api/v1/posts/{post}"))).await;
        if let Some(version) = told.and_then(|told| told.number("version").ok()) {
            self.learn(post, version);
        }
    }

    /// What is known after the answer. A refusal for no reason that was given is a complaint.
    fn outcome<T>(
        &self,
        ask: &Ask,
        told: Option<Told>,
        reasons: &[&str],
        read: impl Fn(&Told) -> Tried<T>,
    ) -> Outcome<T> {
        let Some(told) = told else { return Outcome::Unknown };
        if told.is_success() {
            return read(&told).map_or_else(
                |error| {
                    self.shared.complain(error);
                    Outcome::Unknown
                },
                Outcome::Done,
            );
        }
        if !reasons.contains(&told.code()) {
            let text = format!("{} {} was refused for no reason: {}", ask.method, ask.path, told.body);
            self.shared.complain(text);
        }
        Outcome::Refused(told.code().to_owned())
    }

    /// Sends it to one node or the other until it is answered.
    async fn until_answered(&mut self, ask: &Ask) -> Option<Told> {
        let deadline = Instant::now() + GIVES_UP_AFTER;
        let mut repeats = 0;
        loop {
            let told = match repeats == 0 && ask.key.is_some() && self.one_in(20) {
                true => self.try_everywhere(ask).await,
                false => self.try_once(ask).await,
            };
            if let Some((node, told)) = told {
                if repeats > 0 && ask.method != Method::GET {
                    let mut ledger = self.shared.lock();
                    ledger.tally.settled_by_repeat += 1;
                    ledger.tally.done_before += u64::from(told.replayed);
                }
                if ask.key.is_some() && told.is_success() {
                    self.acknowledged(ask, node, &told);
                    if self.one_in(20) {
                        self.send_again(ask, &told, deadline).await;
                    }
                }
                return Some(told);
            }
            if Instant::now() > deadline {
                return None;
            }
            repeats += 1;
            self.pause(BACK_OFF).await;
        }
    }

    fn acknowledged(&self, ask: &Ask, node: usize, told: &Told) {
        let (ask, token, body) = (ask.clone(), self.member.token.clone(), told.body.clone());
        self.shared.lock().acknowledged.push(Acknowledged { ask, token, node, status: told.status, body });
    }

    /// A key has one effect and one answer, also after it was acknowledged.
    async fn send_again(&mut self, ask: &Ask, first: &Told, deadline: Instant) {
        while Instant::now() < deadline {
            let told = self.try_once(ask).await;
            if let Some((_, told)) = told {
                if !told.replayed || told.body != first.body || told.status != first.status {
                    self.shared.complain(format!("{} {} was answered otherwise when repeated", ask.method, ask.path));
                }
                self.shared.lock().tally.sent_again += 1;
                return;
            }
            self.pause(BACK_OFF).await;
        }
    }

    /// Asks one node; none where the answer leaves open what was done.
    async fn try_once(&mut self, ask: &Ask) -> Option<(usize, Told)> {
        let node = self.chance.random_range(0..self.nodes.len());
        self.try_at(ask, node).await
    }

    /// Asks all nodes at the same time: all that answer have to say the same.
    async fn try_everywhere(&self, ask: &Ask) -> Option<(usize, Told)> {
        let tries = (0..self.nodes.len()).map(|node| self.try_at(ask, node));
        let mut told = futures_util::future::join_all(tries).await.into_iter().flatten();
        let first = told.next();
        for (_, other) in told {
            let same = |(_, first): &(usize, Told)| {
                other.status == first.status && (!other.is_success() || other.body == first.body)
            };
            if !first.as_ref().is_some_and(same) {
                self.shared.complain(format!("{} {}: two nodes answered otherwise at once", ask.method, ask.path));
            }
            self.shared.lock().tally.answered_twice += 1;
        }
        first
    }

    async fn try_at(&self, ask: &Ask, node: usize) -> Option<(usize, Told)> {
        let (url, life) = &self.nodes[node];
        let (from, before) = (Instant::now(), life.number());
        let told = ask.send(&self.http, url, Some(&self.member.token)).await;
        let stayed_up = before.is_some() && before == life.number();
        let kind = told.as_ref().map_or_else(Clone::clone, Told::kind);
        let failed = told.as_ref().is_ok_and(|told| told.status >= 500 || told.status == 408);
        let mut ledger = self.shared.lock();
        ledger.complaints.extend(complaint(ask, &told, stayed_up));
        // How long a node that is away leaves its clients waiting is not for it to say.
        if failed || stayed_up && from.elapsed() > IS_LONG {
            let answer = Answer { node, asked: Asked::Write, from, to: Instant::now(), kind: kind.clone() };
            ledger.tally.answers_to_judge.push(answer);
        }
        *ledger.tally.answers.entry(kind).or_default() += 1;
        told.ok().filter(|told| !told.leaves_open()).map(|told| (node, told))
    }
}
