//! A sound run, made up, and all that could be wrong with it.

use std::time::{Duration, Instant};

use super::seen;
use crate::Tried;
use crate::checker::{Violation, Wrong};
use crate::faults::{Fault, Struck};
use crate::ledger::{Answer, Asked, Edit, Ledger, Outcome, Reply};
use crate::verdict::{self, Run};

/// In tenths of a second.
const LENGTH: u32 = 600;
const NODES: usize = 2;
/// From when to when: in tenths of a second after the run's beginning.
const KILLED: (u32, u32) = (100, 120);
const NODE_KILLED: (u32, u32) = (200, 205);
const FROZEN: (u32, u32) = (300, 390);
const NODE_FROZEN: (u32, u32) = (500, 540);

struct Made {
    zero: Instant,
    struck: Vec<Struck>,
    ledger: Ledger,
    probed: Vec<Answer>,
    found: Vec<Violation>,
}

/// What is done to a sound run, and words of what the verdict has to say.
type Falsehood = (&'static str, fn(&mut Made), &'static str);

pub fn run() -> Tried<usize> {
    if let Some(violation) = Made::sound().violations().first() {
        return Err(format!("a sound run was refused: {violation}"));
    }
    let falsehoods: Vec<Falsehood> = told_wrong().into_iter().chain(came_late()).chain(ended_wrong()).collect();
    for (what, falsify, words) in &falsehoods {
        let mut made = Made::sound();
        falsify(&mut made);
        let violations = made.violations();
        let violation = violations.iter().find(|violation| violation.contains(words));
        seen(what, violation.ok_or_else(|| format!("{what}: the verdict did not see it, but {violations:?}"))?);
    }
    Ok(falsehoods.len())
}

fn told_wrong() -> Vec<Falsehood> {
    use Asked::{Page, Ready, Write};
    vec![
        ("503, and no fault near", |run| run.answer(0, Write, 150, 151, "503 overloaded"), "nothing was wrong"),
        ("503 three seconds after a fault", |run| run.answer(0, Page, 150, 150, "503 overloaded"), "nothing was wrong"),
        (
            "503 of the node that was not killed",
            |run| run.answer(1, Write, 202, 203, "503 overloaded"),
            "nothing was wrong",
        ),
        (
            "503 for a page beside a frozen node",
            |run| run.answer(1, Page, 502, 503, "503 overloaded"),
            "nothing was wrong",
        ),
        ("not ready, and no fault near", |run| run.answer(1, Ready, 450, 450, "503 overloaded"), "nothing was wrong"),
        ("408, and the node was not frozen", |run| run.answer(0, Write, 105, 106, "408"), "nothing was wrong"),
        ("408 of the node that was not frozen", |run| run.answer(1, Write, 505, 541, "408"), "nothing was wrong"),
        ("500 in a fault", |run| run.answer(0, Write, 105, 106, "500 internal_error"), "answered with 500"),
        ("ready while the database is away", |run| run.answer(1, Ready, 110, 111, "200"), "/health/ready said 200"),
        ("ready says nothing in a long freeze", |run| run.forget(1, Ready, FROZEN), "/health/ready said nothing"),
    ]
}

fn came_late() -> Vec<Falsehood> {
    use Asked::{Page, Write};
    vec![
        ("503 after 4 s", |run| run.answer(0, Write, 105, 145, "503 database_unavailable"), "was told as 503"),
        (
            "503 after 8 s in a freeze",
            |run| run.answer(0, Page, 305, 385, "503 database_unavailable"),
            "was told as 503",
        ),
        ("a write hangs through a freeze", |run| run.answer(0, Write, 302, 391, "201"), "was waited out"),
        (
            "no page for 3 s after PostgreSQL is back",
            |run| run.forget(1, Page, (120, 150)),
            "the first page came after",
        ),
        ("no page for 3 s after a node is back", |run| run.forget(0, Page, (205, 235)), "the first page came after"),
        ("no page any more", |run| run.forget(0, Page, (540, LENGTH)), "gave no page any more"),
        (
            "the other node waits for the frozen one",
            |run| run.forget(1, Page, (500, 530)),
            "the other node's next page",
        ),
    ]
}

fn ended_wrong() -> Vec<Falsehood> {
    vec![
        ("a reply is unknown at the end", |run| run.ledger.replies.push(reply()), "1 replies stayed unknown"),
        ("an edit is unknown at the end", |run| run.ledger.edits.push(edit()), "1 edits stayed unknown"),
        ("a like is unknown at the end", |run| run.ledger.tally.likes.unknown += 1, "1 likes stayed unknown"),
        (
            "a node ends badly",
            |run| run.struck[1].broken_promises.push("a node ended with 1".to_owned()),
            "a node ended with 1",
        ),
        ("a client complains", |run| run.ledger.complaints.push("it was refused".to_owned()), "it was refused"),
        (
            "the checker finds something",
            |run| run.found.push(Violation { wrong: Wrong::Lost, text: "a post is gone".to_owned() }),
            "a post is gone",
        ),
    ]
}

fn reply() -> Reply {
    Reply { thread: 1, member: 1, key: "k".to_owned(), body: "b".to_owned(), outcome: Outcome::Unknown }
}

fn edit() -> Edit {
    Edit { post: 1, member: 1, key: "k".to_owned(), base: 1, body: "b".to_owned(), outcome: Outcome::Unknown }
}

fn is_within(at: u32, (from, to): (u32, u32)) -> bool {
    (from..to).contains(&at)
}

impl Made {
    /// Each node is asked five times a second, and says what it should.
    fn sound() -> Self {
        let (zero, ledger) = (Instant::now(), Ledger::default());
        let mut made = Self { zero, struck: Vec::new(), ledger, probed: Vec::new(), found: Vec::new() };
        made.strike(Fault::PostgresKilled, KILLED);
        made.strike(Fault::NodeKilled, NODE_KILLED);
        made.strike(Fault::PostgresFrozen, FROZEN);
        made.strike(Fault::NodeFrozen, NODE_FROZEN);
        for at in (0..LENGTH).step_by(2) {
            for node in 0..NODES {
                made.probe(node, at);
            }
        }
        made.answer(0, Asked::Write, 505, 541, "408");
        // A frozen node's locks are waited for, and no node is asked twice at once.
        made.answer(1, Asked::Write, 510, 530, "503 overloaded");
        made.answer(0, Asked::Write, 100, 120, "503 database_unavailable");
        made
    }

    fn probe(&mut self, node: usize, at: u32) {
        if node == 0 && (is_within(at, NODE_KILLED) || is_within(at, NODE_FROZEN)) {
            return;
        }
        let kind = if is_within(at, KILLED) || is_within(at, FROZEN) { "503 database_unavailable" } else { "200" };
        self.answer(node, Asked::Page, at, at, kind);
        self.answer(node, Asked::Ready, at, at, kind);
    }

    fn strike(&mut self, fault: Fault, (from, to): (u32, u32)) {
        let mut struck = Struck::new(fault, 0, self.at(from));
        struck.ended = self.at(to);
        struck.away = fault.is_of_database().then(|| (self.at(from), self.at(to)));
        self.struck.push(struck);
    }

    fn at(&self, tenths: u32) -> Instant {
        self.zero + Duration::from_millis(100) * tenths
    }

    fn answer(&mut self, node: usize, asked: Asked, from: u32, to: u32, kind: &str) {
        self.probed.push(Answer { node, asked, from: self.at(from), to: self.at(to), kind: kind.to_owned() });
    }

    /// As if nothing had been said.
    fn forget(&mut self, node: usize, asked: Asked, (from, to): (u32, u32)) {
        let (from, to) = (self.at(from), self.at(to));
        self.probed
            .retain(|answer| answer.node != node || answer.asked != asked || answer.from < from || answer.from >= to);
    }

    fn violations(&self) -> Vec<String> {
        let Self { struck, ledger, probed, found, .. } = self;
        verdict::of(&Run { struck, nodes: NODES, ledger, probed, found }).violations
    }
}
