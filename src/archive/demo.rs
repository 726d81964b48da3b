//! A made-up forum of any size, as an archive: the same for the same seed. A few threads have most of the posts, a few members
//! write most of them, and threads grow side by side, so that what belongs together does not lie together on the disk.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};
use uuid::Uuid;

use super::{OWN_SOURCE, VERSION};

/// How much of it there is.
#[derive(Clone, Copy, Debug)]
pub struct Demo {
    /// How many posts.
    pub posts: u64,
    /// How many of them are in one thread, the first.
    pub longest_thread: u64,
    pub seed: u64,
}

/// How many threads grow at a time, at most, and for how many posts there is one of them.
const SIDE_BY_SIDE: u64 = 1_000;
const POSTS_OF_ONE: u64 = 200;
/// How many posts a thread has at least, and how fast those of more get rarer (a Pareto distribution's scale and exponent).
const LEAST: f64 = 2.0;
const RARER: f64 = 1.1;
/// The more, the more of all is written by fewer members.
const PROLIFIC: f64 = 3.0;
/// For so many posts there is a member.
const POSTS_OF_A_MEMBER: u64 = 50;
const FORUMS: [&str; 8] = ["General", "News", "Help", "Sport", "Music", "Travel", "Kitchen", "Workshop"];
const NAMES: [&str; 8] = ["anna", "boris", "carla", "dmitri", "elena", "farid", "greta", "hiro"];
const WORDS: [&str; 48] = [
    "the", "a", "we", "they", "nobody", "everyone", "said", "saw", "found", "lost", "built", "broke", "an", "old",
    "new", "quiet", "bright", "river", "bridge", "garden", "engine", "letter", "window", "winter", "morning", "answer",
    "question", "matter", "of", "in", "under", "before", "after", "without", "and", "but", "because", "never",
    "always", "perhaps", "again", "then", "slowly", "together", "here", "there", "worth", "reading",
];

/// A thread that grows.
struct Growing {
    id: u64,
    /// Posts that are still to come.
    left: u64,
    /// The last one, and how it begins.
    last: Option<(u64, String)>,
}

/// The lines of one, one after the other.
struct Lines {
    demo: Demo,
    rng: ChaCha8Rng,
    members: u64,
    threads: u64,
    posts: u64,
    first: Growing,
    growing: Vec<Growing>,
    ready: VecDeque<Value>,
}

impl Demo {
    /// The archive.
    pub fn archive(self) -> Archive {
        Archive { lines: Lines::new(self), chunk: Vec::new(), given: 0 }
    }

    /// How many bytes it has.
    pub fn size(self) -> u64 {
        Lines::new(self).map(|line| line.to_string().len() as u64 + 1).sum()
    }
}

impl Lines {
    fn new(demo: Demo) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(demo.seed);
        let uuid = uuid::Builder::from_random_bytes(rng.random()).into_uuid();
        let members = (demo.posts / POSTS_OF_A_MEMBER).max(20);
        let first = Growing { id: 1, left: demo.longest_thread.clamp(1, demo.posts.max(1)), last: None };
        let mut lines =
            Self { demo, rng, members, threads: 0, posts: 0, first, growing: Vec::new(), ready: VecDeque::new() };
        lines.begin(uuid);
        lines
    }

    /// Where it is from, its forums and its members.
    fn begin(&mut self, uuid: Uuid) {
        self.ready.push_back(json!({"type": "archive", "version": VERSION, "source": format!("{OWN_SOURCE}{uuid}")}));
        for (id, title) in (1..).zip(FORUMS) {
            let slug = title.to_lowercase();
            self.ready.push_back(json!({"type": "forum", "id": id.to_string(), "slug": slug, "title": title}));
        }
        for id in 1..=self.members {
            let joined = self.moment(0) - Duration::minutes(i64::try_from(id).unwrap_or(0));
            let line = json!({"type": "member", "id": id.to_string(), "username": name(id), "joined_at": told(joined)});
            self.ready.push_back(line);
        }
        if self.demo.posts > 0 {
            self.begin_thread(1);
        }
    }

    /// When this post is written: all of them within five years.
    fn moment(&self, post: u64) -> DateTime<Utc> {
        const FROM: DateTime<Utc> = DateTime::from_timestamp_nanos(1_577_836_800_000_000_000);
        const SECONDS: f64 = 5.0 * 365.0 * 86_400.0;
        let share = post as f64 / self.demo.posts.max(1) as f64;
        FROM + Duration::microseconds((share * SECONDS * 1e6) as i64)
    }

    /// A member: the first ones are much more often it.
    fn member(&mut self) -> u64 {
        let share = self.rng.random::<f64>().powf(PROLIFIC);
        1 + ((share * self.members as f64) as u64).min(self.members - 1)
    }

    fn begin_thread(&mut self, id: u64) {
        let (author, words) = (self.member().to_string(), self.rng.random_range(3..9));
        let (title, forum) = (self.sentence(words), self.rng.random_range(1..=FORUMS.len()).to_string());
        let created_at = told(self.moment(self.posts));
        self.ready.push_back(json!({
            "type": "thread", "id": id.to_string(), "forum": forum, "author": author, "kind": "discussion", "title": title,
            "tags": [], "created_at": created_at, "view_count": self.rng.random_range(0..5_000),
        }));
        self.threads = id;
    }

    /// Which thread the next post is in.
    fn next_thread(&mut self) -> Growing {
        let left = self.demo.posts - self.posts;
        if self.rng.random_range(0..left) < self.first.left {
            let next = Growing { id: self.first.id, left: self.first.left, last: self.first.last.take() };
            return next;
        }
        let side_by_side = (self.demo.posts / POSTS_OF_ONE).clamp(1, SIDE_BY_SIDE);
        if (self.growing.len() as u64) < side_by_side {
            let size = (LEAST * self.rng.random::<f64>().max(1e-12).powf(-1.0 / RARER)) as u64;
            let id = self.threads + 1;
            self.begin_thread(id);
            return Growing { id, left: size.min(self.demo.posts / 20 + 1), last: None };
        }
        let at = self.rng.random_range(0..self.growing.len());
        self.growing.swap_remove(at)
    }

    fn post(&mut self) {
        let mut thread = self.next_thread();
        self.posts += 1;
        let (id, author) = (self.posts, self.member());
        let (body, begins) = self.body(thread.last.as_ref());
        let at = self.moment(id);
        self.ready.push_back(json!({
            "type": "post", "id": id.to_string(), "thread": thread.id.to_string(), "author": author.to_string(), "body": body,
            "created_at": told(at),
        }));
        for member in self.likers(author) {
            let line =
                json!({"type": "like", "post": id.to_string(), "member": member.to_string(), "created_at": told(at)});
            self.ready.push_back(line);
        }
        thread.left -= 1;
        thread.last = Some((id, begins));
        if thread.id == self.first.id {
            self.first = thread;
        } else if thread.left > 0 {
            self.growing.push(thread);
        }
    }

    /// Who likes a post: nobody likes most, many like a few.
    fn likers(&mut self, author: u64) -> BTreeSet<u64> {
        let many = if self.rng.random_ratio(1, 100) { 30 } else { 3 };
        let count = self.rng.random_range(0..many) * self.rng.random_range(0..2);
        let likers: BTreeSet<u64> = (0..count).map(|_| self.member()).collect();
        likers.into_iter().filter(|member| *member != author).collect()
    }

    /// A post, and how it begins: one in four quotes the one before, some name a member.
    fn body(&mut self, last: Option<&(u64, String)>) -> (String, String) {
        let words = self.rng.random_range(6..16);
        let begins = self.sentence(words);
        let mut body = String::new();
        if let Some((post, text)) = last.filter(|_| self.rng.random_ratio(1, 4)) {
            body = format!("[quote post={post}]\n{text}\n[/quote]\n\n");
        }
        body.push_str(&begins);
        for _ in 0..self.rng.random_range(0..6) {
            let words = self.rng.random_range(6..20);
            let sentence = self.sentence(words);
            body.push_str(if self.rng.random_ratio(1, 3) { "\n\n" } else { " " });
            body.push_str(&sentence);
        }
        if self.rng.random_ratio(1, 20) {
            body.push_str(&format!(" @\"{}\" :thumb:", name(self.member())));
        }
        (body, begins)
    }

    fn sentence(&mut self, words: usize) -> String {
        let words: Vec<&str> = (0..words).map(|_| WORDS[self.rng.random_range(0..WORDS.len())]).collect();
        let mut sentence = words.join(" ");
        sentence[..1].make_ascii_uppercase();
        sentence.push('.');
        sentence
    }
}

fn name(member: u64) -> String {
    let at = usize::try_from(member).unwrap_or(0) % NAMES.len();
    format!("{} {member}", NAMES[at])
}

fn told(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Iterator for Lines {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if self.ready.is_empty() && self.posts < self.demo.posts {
            self.post();
        }
        self.ready.pop_front()
    }
}

/// One, as bytes to read.
pub struct Archive {
    lines: Lines,
    chunk: Vec<u8>,
    /// How much of the chunk was read.
    given: usize,
}

/// What is made at a time.
const CHUNK: usize = 64 * 1024;

impl AsyncRead for Archive {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        if this.given == this.chunk.len() {
            this.chunk.clear();
            this.given = 0;
            while this.chunk.len() < CHUNK
                && let Some(line) = this.lines.next()
            {
                serde_json::to_writer(&mut this.chunk, &line)?;
                this.chunk.push(b'\n');
            }
        }
        let count = into.remaining().min(this.chunk.len() - this.given);
        into.put_slice(&this.chunk[this.given..this.given + count]);
        this.given += count;
        Poll::Ready(Ok(()))
    }
}
