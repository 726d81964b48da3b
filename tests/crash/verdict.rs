//! What was promised, held against what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Tried;
use crate::checker::Violation;
use crate::faults::{Fault, Struck};
use crate::ledger::{Failure, Ledger};

/// The first page comes so soon after PostgreSQL is back, without a restart.
const BACK_WITHIN: Duration = Duration::from_secs(2);

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

/// Judges a whole run. `pages` are the probes that failed.
pub fn of(struck: &[(Struck, Vec<Duration>)], ledger: &Ledger, pages: Vec<Failure>, found: Vec<Violation>) -> Verdict {
    let mut figures: BTreeMap<Fault, Figures> = BTreeMap::new();
    let mut violations: Vec<String> = found.iter().map(|violation| violation.to_string()).collect();
    violations.extend(ledger.complaints.iter().cloned());
    let failures: Vec<&Failure> = pages.iter().chain(&ledger.tally.failures).collect();
    for (struck, back) in struck {
        let of_kind = figures.entry(struck.fault).or_default();
        of_kind.count += 1;
        of_kind.away.push(struck.ended - struck.began);
        of_kind.back.extend(back);
        of_kind.ending.extend(struck.ending);
        of_kind.starting.extend(struck.starting);
        violations.extend(struck.broken_promises.iter().cloned());
        if !struck.fault.is_of_database() {
            continue;
        }
        let late = back.iter().filter(|back| **back > BACK_WITHIN);
        violations
            .extend(late.map(|back| format!("after \"{}\" the first page came after {back:?}", struck.fault.name())));
        for failure in failures.iter().filter(|failure| failure.from <= struck.ended && failure.to >= struck.began) {
            let took = failure.to - failure.from;
            of_kind.told.push(took);
            if took > struck.fault.told_within() {
                violations.push(format!("\"{}\" was told as {} after {took:?}", struck.fault.name(), failure.kind));
            }
        }
    }
    let faulty = failures.iter().filter(|failure| !failure.kind.starts_with("503"));
    violations.extend(faulty.map(|failure| format!("a request was answered with {}", failure.kind)));
    Verdict { figures, violations }
}

impl Verdict {
    pub fn result(&self) -> Tried<()> {
        match self.violations.len() {
            0 => Ok(()),
            count => Err(format!("{count} violations, listed above")),
        }
    }
}
