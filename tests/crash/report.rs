//! What a run prints at its end.

use std::time::Duration;

use crate::ledger::{Counted, Ledger};
use crate::verdict::{Figures, Verdict};

/// Violations that are printed one by one.
const SHOWN: usize = 20;

pub fn print(verdict: &Verdict, ledger: &Ledger, took: Duration) {
    println!();
    println!(
        "| fault | times | away, s | first page after it, s | told with 503 after, s | a node ended, started in, s |"
    );
    println!("|---|---|---|---|---|---|");
    for (fault, figures) in &verdict.figures {
        let Figures { count, away, back, told, ending, starting } = figures;
        let node = [ending, starting].map(|times| median_and_longest(times)).join("; ");
        let [away, back, told] = [away, back, told].map(|times| median_and_longest(times));
        println!("| {} | {count} | {away} | {back} | {told} | {node} |", fault.name());
    }
    println!("(medians and, in brackets, the longest)");
    print_writes(ledger);
    println!("\nTook {} s. {}", took.as_secs(), conclusion(verdict));
}

fn print_writes(ledger: &Ledger) {
    println!("\n| writes | acknowledged | refused | unknown to the end |");
    println!("|---|---|---|---|");
    let tally = &ledger.tally;
    let replies = Counted::of(ledger.replies.iter().map(|reply| &reply.outcome));
    let edits = Counted::of(ledger.edits.iter().map(|edit| &edit.outcome));
    for (name, counted) in [("replies", replies), ("edits", edits), ("likes and unlikes", tally.likes)] {
        println!("| {name} | {} | {} | {} |", counted.done, counted.refused, counted.unknown);
    }
    println!();
    println!("Unknown at first, answered by a repeat: {}, of which", tally.settled_by_repeat);
    println!("  done by the first try, and found so by the key: {}", tally.done_before);
    println!("Acknowledged, sent again, same answer: {}", tally.sent_again);
    println!("Repeated at the end on another node than answered first, same answer: {}", tally.repeated_elsewhere);
    println!("Sent to both nodes at once, answered by both, same answer: {}", tally.answered_twice);
    println!("Answers to single tries:");
    for (kind, count) in &tally.answers {
        println!("  {count:>8}  {kind}");
    }
}

fn conclusion(verdict: &Verdict) -> String {
    if verdict.violations.is_empty() {
        return "Every acknowledged write is there exactly once, no refused one is, every counter equals its rows."
            .into();
    }
    for violation in verdict.violations.iter().take(SHOWN) {
        println!("VIOLATION: {violation}");
    }
    format!("{} violations.", verdict.violations.len())
}

fn median_and_longest(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    match (sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(median), Some(longest)) => format!("{:.2} ({:.2})", median.as_secs_f64(), longest.as_secs_f64()),
        _ => "-".into(),
    }
}
