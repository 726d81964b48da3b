//! The rules: what follows from what the clients were told for what is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::read::{Post, Seen};
use super::{Violation, Wrong};
use crate::ledger::{Edit, Ledger, Outcome, Reply};
use crate::setup::Forum;

/// Everything that is there and should not be, or is not and should.
pub fn hold(ledger: &Ledger, seen: &Seen, forum: &Forum) -> Vec<Violation> {
    let mut held = Held { ledger, seen, found: Vec::new() };
    held.replies(forum.admin.id);
    held.positions();
    held.edits();
    held.versions();
    held.likes();
    held.keys();
    held.nothing_hidden();
    held.found
}

struct Held<'a> {
    ledger: &'a Ledger,
    seen: &'a Seen,
    found: Vec<Violation>,
}

impl<'a> Held<'a> {
    fn wrong(&mut self, wrong: Wrong, text: String) {
        self.found.push(Violation { wrong, text });
    }

    /// A reply is known by its first body. `admin` wrote what opens the threads.
    fn replies(&mut self, admin: i64) {
        let mut there: HashMap<&str, Vec<&Post>> = HashMap::new();
        for post in self.seen.posts.iter().filter(|post| post.author != admin) {
            let first = self.seen.bodies.get(&post.id).and_then(|bodies| bodies.get(&1));
            match first {
                Some(body) => there.entry(body).or_default().push(post),
                None => self.wrong(Wrong::Versions, format!("post {} has no version 1", post.id)),
            }
        }
        for reply in &self.ledger.replies {
            let posts = there.remove(reply.body.as_str()).unwrap_or_default();
            self.reply(reply, &posts);
        }
        for (body, posts) in there {
            self.wrong(Wrong::OfNobody, format!("post {} \"{body}\" was written by no client", posts[0].id));
        }
    }

    fn reply(&mut self, reply: &Reply, posts: &[&Post]) {
        let (key, count) = (&reply.key, posts.len());
        if count > 1 {
            self.wrong(Wrong::Doubled, format!("{key} is there {count} times"));
        }
        match (&reply.outcome, posts.first()) {
            (Outcome::Done(place), None) => {
                self.wrong(Wrong::Lost, format!("{key} was acknowledged as post {} and is not there", place.id));
            }
            (Outcome::Done(place), Some(_)) => {
                let as_told = |post: &&&Post| {
                    (post.id, post.position, post.thread, post.author)
                        == (place.id, place.position, reply.thread, reply.member)
                };
                if !posts.iter().any(|post| as_told(&post)) {
                    self.wrong(Wrong::Misplaced, format!("{key} is {:?}, told was {place:?}", posts[0]));
                }
            }
            (Outcome::Refused(code), Some(post)) => {
                self.wrong(Wrong::RefusedYetThere, format!("{key} was refused ({code}) and is post {}", post.id));
            }
            (Outcome::Refused(_) | Outcome::Unknown, _) => {}
        }
    }

    /// 1, 2, 3 and so on, and as many as are told.
    fn positions(&mut self) {
        for (thread, (total, count)) in &self.seen.totals {
            let mut positions: Vec<_> =
                self.seen.posts.iter().filter(|post| post.thread == *thread).map(|post| post.position).collect();
            positions.sort_unstable();
            if let Some((expected, _)) = (1..).zip(&positions).find(|(expected, there)| expected != *there) {
                self.wrong(Wrong::Positions, format!("thread {thread}: position {expected} is missing or double"));
            }
            let there = positions.len() as i64;
            if there != *total || there != *count {
                let text = format!("thread {thread} has {there} posts, tells of {count} and of position {total}");
                self.wrong(Wrong::Positions, text);
            }
        }
    }

    fn edits(&mut self) {
        let mut known: BTreeMap<i64, Vec<&Edit>> = BTreeMap::new();
        for edit in &self.ledger.edits {
            known.entry(edit.post).or_default().push(edit);
        }
        let none = BTreeMap::new();
        for (post, edits) in &known {
            let bodies = self.seen.bodies.get(post).unwrap_or(&none);
            edits.iter().for_each(|edit| self.edit(edit, bodies));
        }
        for (post, bodies) in &self.seen.bodies {
            let sent = known.get(post).map(Vec::as_slice).unwrap_or_default();
            for (number, body) in bodies.iter().filter(|(number, _)| **number > 1) {
                if !sent.iter().any(|edit| edit.body == *body) {
                    self.wrong(Wrong::OfNobody, format!("version {number} of post {post} is no client's: \"{body}\""));
                }
            }
        }
    }

    fn edit(&mut self, edit: &Edit, bodies: &BTreeMap<i64, String>) {
        let key = &edit.key;
        let at: Vec<_> = bodies.iter().filter(|(_, body)| **body == edit.body).map(|(number, _)| *number).collect();
        if at.len() > 1 {
            self.wrong(Wrong::Doubled, format!("{key} is versions {at:?} of post {}", edit.post));
        }
        match &edit.outcome {
            Outcome::Done(version) if !at.contains(version) => {
                let text = format!(
                    "{key} made version {version} of post {}, and that says {:?}",
                    edit.post,
                    bodies.get(version)
                );
                self.wrong(Wrong::EditLost, text);
            }
            Outcome::Refused(code) if !at.is_empty() => {
                self.wrong(
                    Wrong::RefusedYetThere,
                    format!("{key} was refused ({code}) and is version {at:?} of post {}", edit.post),
                );
            }
            Outcome::Unknown if at.first().is_some_and(|at| *at != edit.base + 1) => {
                self.wrong(Wrong::Misplaced, format!("{key} of version {} is version {at:?}", edit.base));
            }
            _ => {}
        }
    }

    /// The chain of bodies is whole, and as long as is told.
    fn versions(&mut self) {
        for post in &self.seen.posts {
            let numbers: Vec<i64> =
                self.seen.bodies.get(&post.id).into_iter().flat_map(BTreeMap::keys).copied().collect();
            if numbers != (1..=post.version).collect::<Vec<_>>() || post.edits != post.version - 1 {
                let text =
                    format!("post {}: version {}, {} edits, bodies {numbers:?}", post.id, post.version, post.edits);
                self.wrong(Wrong::Versions, text);
            }
        }
    }

    /// Each as it was last acknowledged, and none that nobody gave.
    fn likes(&mut self) {
        for ((member, post), last) in &self.ledger.likes {
            let there = self.seen.likes.contains(&(*member, *post));
            if matches!(last, Outcome::Done(liked) if *liked != there) {
                self.wrong(Wrong::Like, format!("member {member}, post {post}: last told {last:?}, is {there}"));
            }
        }
        let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
        for (member, post) in &self.seen.likes {
            *counts.entry(*post).or_default() += 1;
            if !self.ledger.likes.contains_key(&(*member, *post)) {
                self.wrong(Wrong::Like, format!("member {member} never liked post {post}, and does"));
            }
        }
        for post in &self.seen.posts {
            let there = counts.get(&post.id).copied().unwrap_or(0);
            if there != post.likes {
                self.wrong(Wrong::LikeCount, format!("post {} tells of {} likes and has {there}", post.id, post.likes));
            }
        }
    }

    /// An acknowledged write has its key kept, a refused one has not.
    fn keys(&mut self) {
        let replies = self.ledger.replies.iter().map(|reply| (reply.member, &reply.key, standing(&reply.outcome)));
        let edits = self.ledger.edits.iter().map(|edit| (edit.member, &edit.key, standing(&edit.outcome)));
        for (member, key, stands) in replies.chain(edits).collect::<Vec<_>>() {
            let kept = self.seen.keys.contains(&(member, key.clone()));
            if stands.is_some_and(|stands| stands != kept) {
                self.wrong(Wrong::Key, format!("{key} was {}kept", if kept { "" } else { "not " }));
            }
        }
    }

    /// What the database counts is what the API shows.
    fn nothing_hidden(&mut self) {
        let ids: BTreeSet<i64> = self.seen.posts.iter().map(|post| post.id).collect();
        let revisions: usize = self.seen.bodies.values().map(|bodies| bodies.len() - 1).sum();
        let shown = (ids.len() as i64, revisions as i64, self.seen.likes.len() as i64);
        if shown != self.seen.rows {
            let text = format!("posts, revisions and likes: {:?} rows, shown are {shown:?}", self.seen.rows);
            self.wrong(Wrong::Hidden, text);
        }
    }
}

/// Whether it is there for sure, or not there for sure.
fn standing<T>(outcome: &Outcome<T>) -> Option<bool> {
    match outcome {
        Outcome::Done(_) => Some(true),
        Outcome::Refused(_) => Some(false),
        Outcome::Unknown => None,
    }
}
