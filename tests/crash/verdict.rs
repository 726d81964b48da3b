//! What was promised, held against what happened.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Tried;
use crate::checker::Violation;
use crate::faults::{BACK_WITHIN, Fault, Struck};
use crate::ledger::{Answer, Asked, Counted, Ledger};

/// What a machine that does other work too adds to a time that is promised.
const SLACK: Duration = Duration::from_millis(500);
/// For so long after its end a node may still take the database for there: it asks four times a second.
const BELIEVED: Duration = Duration::from_millis(300);

/// Figures of one kind of fault: the median and the longest of each.
#[derive(Default)]
pub struct Figures {
    pub count: usize,
    pub away: Vec<Duration>,
    pub back: Vec<Duration>,
    pub told: Vec<Duration>,
    pub ending: Vec<Duration>,
    pub starting: Vec<Duration>,
}

pub struct Verdict {
    pub figures: BTreeMap<Fault, Figures>,
    pub violations: Vec<String>,
}

/// All that is known of a run.
pub struct Run<'a> {
    pub struck: &'a [Struck],
    pub nodes: usize,
    pub ledger: &'a Ledger,
    /// What the probes were told.
    pub probed: &'a [Answer],
    pub found: &'a [Violation],
}

/// Judges a whole run.
pub fn of(run: &Run) -> Verdict {
    let mut verdict = Verdict { figures: BTreeMap::new(), violations: Vec::new() };
    verdict.violations.extend(run.found.iter().map(ToString::to_string));
    verdict.violations.extend(run.ledger.complaints.iter().cloned());
    verdict.unknown(run.ledger);
    verdict.failures(run);
    for struck in run.struck {
        verdict.fault(struck, run);
    }
    verdict
}

impl Verdict {
    /// A repeat tells what was done, so at the end nothing is unknown.
    fn unknown(&mut self, ledger: &Ledger) {
        let replies = Counted::of(ledger.replies.iter().map(|reply| &reply.outcome)).unknown;
        let edits = Counted::of(ledger.edits.iter().map(|edit| &edit.outcome)).unknown;
        for (what, count) in [("replies", replies), ("edits", edits), ("likes", ledger.tally.likes.unknown)] {
            if count > 0 {
                self.violations.push(format!("{count} {what} stayed unknown, however often they were repeated"));
            }
        }
    }

    /// No 5xx but 503, and that one for a reason; 408 only of a node that was frozen.
    fn failures(&mut self, run: &Run) {
        for failure in answers(run).filter(|answer| answer.is_failure()) {
            let Answer { node, asked, kind, .. } = failure;
            if !kind.starts_with("503") && !failure.is_too_late() {
                self.violations.push(format!("{asked:?}: node {node} answered with {kind}"));
            } else if !run.struck.iter().any(|struck| struck.explains(failure)) {
                let text = format!("{asked:?}: node {node} answered with {kind}, and nothing was wrong");
                self.violations.push(format!("{text} {}", since(failure.from, run.struck)));
            }
        }
    }

    fn fault(&mut self, struck: &Struck, run: &Run) {
        let name = struck.fault.name();
        self.violations.extend(struck.broken_promises.iter().cloned());
        let back: Vec<_> = (0..run.nodes).filter_map(|node| first_page(run.probed, node, struck.ended)).collect();
        if back.len() < run.nodes {
            self.violations.push(format!("after \"{name}\" a node gave no page any more"));
        }
        for late in back.iter().filter(|back| **back > BACK_WITHIN) {
            self.violations.push(format!("after \"{name}\" the first page came after {late:?}"));
        }
        let of_kind = self.figures.entry(struck.fault).or_default();
        of_kind.count += 1;
        of_kind.away.push(struck.ended - struck.began);
        of_kind.back.extend(back);
        of_kind.ending.extend(struck.ending);
        of_kind.starting.extend(struck.starting);
        if struck.fault.is_of_node() {
            self.others_go_on(struck, run);
        }
        if struck.fault.is_of_database() {
            self.told_in_time(struck, run);
            self.not_ready(struck, run);
        }
    }

    /// What befalls one node, the other does not wait for.
    fn others_go_on(&mut self, struck: &Struck, run: &Run) {
        for other in (0..run.nodes).filter(|node| Some(*node) != struck.node) {
            let first = first_page(run.probed, other, struck.began);
            if first.is_none_or(|first| first > BACK_WITHIN) {
                let name = struck.fault.name();
                self.violations.push(format!("while \"{name}\" the other node's next page came after {first:?}"));
            }
        }
    }

    /// Whoever asks while the database is away is told so soon; nobody waits longer, whatever is told in the end.
    fn told_in_time(&mut self, struck: &Struck, run: &Run) {
        let (name, within) = (struck.fault.name(), struck.fault.told_within());
        let met = |answer: &&Answer| answer.from <= struck.ended && answer.to >= struck.began;
        for answer in answers(run).filter(met) {
            let (asked, kind, took) = (answer.asked, &answer.kind, answer.took());
            let waited = answer.to.min(struck.ended) - answer.from.max(struck.began);
            if answer.is_failure() {
                self.figures.entry(struck.fault).or_default().told.push(took);
            }
            if answer.is_failure() && took > within {
                self.violations.push(format!("{asked:?}: \"{name}\" was told as {kind} after {took:?}"));
            } else if waited > within + SLACK {
                self.violations.push(format!("{asked:?}: \"{name}\" was waited out for {waited:?}, then {kind}"));
            }
        }
    }

    /// Balancers are told while the database is away.
    fn not_ready(&mut self, struck: &Struck, run: &Run) {
        let (Some((from, to)), name) = (struck.away, struck.fault.name()) else { return };
        let from = from + BELIEVED;
        if from >= to {
            return;
        }
        let within = |answer: &&Answer| answer.asked == Asked::Ready && answer.from >= from && answer.to < to;
        for node in 0..run.nodes {
            let said: Vec<_> = run.probed.iter().filter(within).filter(|answer| answer.node == node).collect();
            if said.is_empty() && to - from > struck.fault.told_within() + SLACK {
                self.violations.push(format!("/health/ready said nothing for {:?} while \"{name}\"", to - from));
            }
            for answer in said.into_iter().filter(|answer| !answer.kind.starts_with("503")) {
                self.violations.push(format!("/health/ready said {} while \"{name}\"", answer.kind));
            }
        }
    }

    pub fn result(&self) -> Tried<()> {
        match self.violations.len() {
            0 => Ok(()),
            count => Err(format!("{count} violations, listed above")),
        }
    }
}

fn answers<'a>(run: &'a Run) -> impl Iterator<Item = &'a Answer> {
    run.probed.iter().chain(&run.ledger.tally.answers_to_judge)
}

/// How long after a moment the first page came that was asked for since.
fn first_page(probed: &[Answer], node: usize, moment: Instant) -> Option<Duration> {
    let pages = probed.iter().filter(|answer| answer.node == node && answer.asked == Asked::Page);
    let good = pages.filter(|page| page.from >= moment && page.kind == "200");
    good.map(|page| page.to - moment).min()
}

/// What was last, for whoever reads of it.
fn since(moment: Instant, struck: &[Struck]) -> String {
    match struck.iter().rev().find(|struck| struck.began <= moment) {
        Some(last) => format!("({:?} after the beginning of \"{}\")", moment - last.began, last.fault.name()),
        None => "(before any fault)".to_owned(),
    }
}
