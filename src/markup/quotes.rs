//! `[quote post=ID]` ... `[/quote]`: finding the markers, pairing them, and the tree that they make.
//!
//! An opening marker begins a line (behind three spaces at most) or follows a marker; a closing one may
//! stand anywhere. In code a marker is text, as one is that has no partner; `\[/quote]` is text too.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::MAX_QUOTE_DEPTH;
use super::fences::Fence;
use super::prepare::clean;

const OPENING: &str = "[quote post=";
const CLOSING: &str = "[/quote]";
/// The highest id: 2^53-1.
const MAX_ID: i64 = (1 << 53) - 1;

/// A piece of a body.
#[derive(Debug)]
pub(super) enum Part<'b> {
    Markdown(&'b str),
    Quote { post_id: i64, parts: Vec<Part<'b>> },
}

/// What is done with quotes that are nested too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooDeep {
    IsAnError,
    IsLiteral,
}

#[derive(Debug)]
struct Marker<'b> {
    /// The id that an opening marker has; none in a closing one.
    id: Option<&'b str>,
    at: Range<usize>,
}

/// What is done at a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Literal,
    Opens(i64),
    Closes,
}

/// The body as a tree, at most `MAX_QUOTE_DEPTH` deep. `None` where it is an error that quotes are nested
/// deeper.
pub(super) fn parse(body: &str, too_deep: TooDeep) -> Option<Vec<Part<'_>>> {
    let markers = paired_markers(body);
    let roles = roles(&markers, too_deep)?;
    let mut open: Vec<(i64, Vec<Part<'_>>)> = Vec::new();
    let mut parts = Vec::new();
    let mut from = 0;
    for (marker, role) in markers.iter().zip(roles) {
        if role == Role::Literal {
            continue;
        }
        push_markdown(&body[from..marker.at.start], &mut parts);
        from = marker.at.end;
        if let Role::Opens(post_id) = role {
            open.push((post_id, std::mem::take(&mut parts)));
        } else if let Some((post_id, outer)) = open.pop() {
            let inner = std::mem::replace(&mut parts, outer);
            parts.push(Part::Quote { post_id, parts: inner });
        }
    }
    push_markdown(&body[from..], &mut parts);
    Some(parts)
}

/// Returns the number of quotes, those in quotes included.
pub(super) fn count(parts: &[Part<'_>]) -> usize {
    let each = parts.iter().map(|part| match part {
        Part::Markdown(_) => 0,
        Part::Quote { parts, .. } => 1 + count(parts),
    });
    each.sum()
}

/// What the writer put into a block, without the blocks in it.
pub(super) fn excerpt(parts: &[Part<'_>]) -> String {
    let own = parts.iter().filter_map(|part| match part {
        Part::Markdown(source) => Some(clean(source.trim())),
        Part::Quote { .. } => None,
    });
    own.collect::<Vec<_>>().join("\n\n")
}

/// Gives the id of each quote to `map`: what comes back is written in its place, `None` leaves it as it
/// is. What counts as a quote is as in `read`, but for the id, which may be anything without spaces and
/// brackets; and nesting is not limited.
pub fn rewrite_quote_ids(body: &str, mut map: impl FnMut(&str) -> Option<i64>) -> String {
    let mut out = String::with_capacity(body.len());
    let mut from = 0;
    for marker in paired_markers(body) {
        if let Some(new_id) = marker.id.and_then(&mut map) {
            out.push_str(&body[from..marker.at.start]);
            out.push_str(OPENING);
            out.push_str(&new_id.to_string());
            out.push(']');
            from = marker.at.end;
        }
    }
    out.push_str(&body[from..]);
    out
}

/// The ids of the quotes in a body, each once, by appearance, as `rewrite_quote_ids` would give them.
pub fn archived_quote_ids(body: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    paired_markers(body)
        .into_iter()
        .filter_map(|marker| marker.id)
        .filter(|id| seen.insert(*id))
        .map(str::to_owned)
        .collect()
}

fn push_markdown<'b>(source: &'b str, parts: &mut Vec<Part<'b>>) {
    if !source.trim().is_empty() {
        parts.push(Part::Markdown(source));
    }
}

/// A pair whose id is no post's, or that is nested too deep where that is no error, is literal, both
/// markers of it.
fn roles(markers: &[Marker<'_>], too_deep: TooDeep) -> Option<Vec<Role>> {
    let mut depth = 0;
    let mut open = Vec::new();
    let mut roles = Vec::with_capacity(markers.len());
    for marker in markers {
        let role = match marker.id {
            Some(id) => {
                let role = match post_id(id) {
                    Some(_) if depth == MAX_QUOTE_DEPTH => match too_deep {
                        TooDeep::IsAnError => return None,
                        TooDeep::IsLiteral => Role::Literal,
                    },
                    Some(post_id) => Role::Opens(post_id),
                    None => Role::Literal,
                };
                depth += usize::from(role != Role::Literal);
                open.push(role);
                role
            }
            None => match open.pop() {
                Some(Role::Opens(_)) => {
                    depth -= 1;
                    Role::Closes
                }
                _ => Role::Literal,
            },
        };
        roles.push(role);
    }
    Some(roles)
}

fn post_id(id: &str) -> Option<i64> {
    let digits = id.bytes().all(|b| b.is_ascii_digit());
    let number = id.parse().ok().filter(|_| digits)?;
    (1..=MAX_ID).contains(&number).then_some(number)
}

/// The markers that have a partner, by appearance.
fn paired_markers(body: &str) -> Vec<Marker<'_>> {
    let mut markers = markers(body);
    let mut open = Vec::new();
    let mut paired = vec![false; markers.len()];
    for (index, marker) in markers.iter().enumerate() {
        if marker.id.is_some() {
            open.push(index);
        } else if let Some(opening) = open.pop() {
            paired[opening] = true;
            paired[index] = true;
        }
    }
    let mut paired = paired.into_iter();
    markers.retain(|_| paired.next() == Some(true));
    markers
}

/// All that could be a marker, outside of code.
fn markers(body: &str) -> Vec<Marker<'_>> {
    let mut markers = Vec::new();
    let mut fence: Option<Fence> = None;
    let mut at = 0;
    for line in body.split_inclusive(['\n', '\r']) {
        // The `\n` of a `\r\n` is a line of its own here, and blank.
        let open = fence.filter(|open| line == "\n" || !open.is_left_by(line));
        let from = match open {
            Some(open) => open.closed_at(line, CLOSING),
            None => Some(0),
        };
        fence = match from {
            Some(from) => markers_of_line(line, from, at, &mut markers),
            None => open,
        };
        at += line.len();
    }
    markers
}

/// Adds the markers of a line from an offset on; `at` is where the line stands in the body. Gives the
/// fence that is open at its end.
fn markers_of_line<'b>(line: &'b str, mut from: usize, at: usize, markers: &mut Vec<Marker<'b>>) -> Option<Fence> {
    let code = code_spans(line);
    let mut spans = code.iter().peekable();
    loop {
        // Here a piece of Markdown begins, so what is said of the start of a line holds.
        while let Some(marker) = opening_at(line, from) {
            from = marker.at.end;
            markers.push(marker.shifted(at));
        }
        if let Some(fence) = Fence::opened_by(&line[from..]) {
            return Some(fence);
        }
        let mut search = from;
        let closing = loop {
            let start = search + line[search..].find(CLOSING)?;
            while spans.next_if(|span| span.end <= start).is_some() {}
            let in_code = spans.peek().is_some_and(|span| span.start <= start);
            if !in_code && !is_escaped(line, start) {
                break start;
            }
            search = start + 1;
        };
        from = closing + CLOSING.len();
        let marker = Marker { id: None, at: closing..from };
        markers.push(marker.shifted(at));
    }
}

impl Marker<'_> {
    fn shifted(mut self, by: usize) -> Self {
        self.at.start += by;
        self.at.end += by;
        self
    }
}

fn opening_at(line: &str, from: usize) -> Option<Marker<'_>> {
    let rest = line[from..].trim_start_matches(' ');
    let start = line.len() - rest.len();
    if start - from > 3 {
        return None;
    }
    let after = rest.strip_prefix(OPENING)?;
    let end = after.find(|c: char| matches!(c, ']' | '[') || c.is_whitespace())?;
    let is_marker = end > 0 && after[end..].starts_with(']');
    is_marker.then(|| Marker { id: Some(&after[..end]), at: start..start + OPENING.len() + end + 1 })
}

/// Whether an odd number of backslashes stands in front.
fn is_escaped(line: &str, at: usize) -> bool {
    let backslashes = line[..at].bytes().rev().take_while(|b| *b == b'\\');
    backslashes.count() % 2 == 1
}

/// The inline code of a line: from a run of backticks to the next run of the same length.
fn code_spans(line: &str) -> Vec<Range<usize>> {
    if !line.contains('`') || !line.contains(CLOSING) {
        return Vec::new();
    }
    let runs = backtick_runs(line);
    let mut next_of_length = HashMap::new();
    let mut partner = vec![None; runs.len()];
    for (index, run) in runs.iter().enumerate().rev() {
        partner[index] = next_of_length.insert(run.len(), index);
    }
    let mut spans = Vec::new();
    let mut index = 0;
    while index < runs.len() {
        match partner[index] {
            Some(end) if !is_escaped(line, runs[index].start) => {
                spans.push(runs[index].start..runs[end].end);
                index = end + 1;
            }
            _ => index += 1,
        }
    }
    spans
}

fn backtick_runs(line: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in line.match_indices('`') {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}
