//! What changed between two bodies, line by line.

use std::time::Duration;

use serde::Serialize;
use similar::{Algorithm, ChangeTag, TextDiff};
use utoipa::ToSchema;

/// After this long the rest is told as one replacement: bodies of many lines without one in common would take seconds.
const PATIENCE: Duration = Duration::from_millis(100);

/// More pieces are told as one replacement: each takes 30 bytes of an answer, as many as there are lines of one letter in a body.
const MAX_PIECES: usize = 2_000;

/// A piece of a difference: some lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"op": "insert", "text": "So be it, then."}))]
pub struct Change {
    /// What happened to the lines.
    pub op: Op,
    /// The lines, with their ends.
    #[schema(max_length = 1_048_576)]
    pub text: String,
}

/// What happened to some lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// They stand in both.
    Equal,
    /// They stand in the earlier body only.
    Delete,
    /// They stand in the later body only.
    Insert,
}

/// The way from one body to the next.
pub fn diff(before: &str, after: &str) -> Vec<Change> {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).timeout(PATIENCE).diff_lines(before, after);
    let mut changes: Vec<Change> = Vec::new();
    for piece in diff.iter_all_changes() {
        let op = match piece.tag() {
            ChangeTag::Equal => Op::Equal,
            ChangeTag::Delete => Op::Delete,
            ChangeTag::Insert => Op::Insert,
        };
        match changes.last_mut() {
            Some(last) if last.op == op => last.text.push_str(piece.value()),
            _ => changes.push(Change { op, text: piece.value().to_owned() }),
        }
        if changes.len() > MAX_PIECES {
            return replacement(before, after);
        }
    }
    changes
}

fn replacement(before: &str, after: &str) -> Vec<Change> {
    [(Op::Delete, before), (Op::Insert, after)].map(|(op, text)| Change { op, text: text.to_owned() }).into()
}
