//! What is done to Markdown before it is parsed: control characters go, underscores in mentions are
//! kept from being emphasis, and nesting is bounded, so that parsing stays linear.

use std::borrow::Cow;

use super::names::is_username_char;
use super::tables::bound_tables;

/// Stands for an underscore of a mention while the Markdown is parsed. Like the stop it is one of the
/// noncharacters, which no text has; both are turned back in every literal of the parsed tree.
const UNDERSCORE: char = '\u{FDD0}';
/// Stands in front of a container marker or an indentation that would nest too deep, and in the
/// delimiter row of a table that would be too large, and in addresses of absurd length.
pub(super) const STOP: char = '\u{FDD1}';

/// Block quotes and lists that may open on one line.
const MAX_MARKERS: usize = 16;
/// Columns that the indentation and markers of a line may take. A list needs two of them for each level.
const MAX_COLUMNS: usize = 64;
/// Bytes that an address in the text may have to become a link.
const MAX_ADDRESS: usize = 1_000;
const TAB_STOP: usize = 4;

/// Markdown as it is given to the parser.
pub(super) fn prepare(source: &str) -> String {
    let marked = keep_mentions_whole(&clean(source));
    let bounded = bound_tables(&bound_addresses(&marked));
    let mut out = String::with_capacity(bounded.len() + 64);
    for line in bounded.split_inclusive('\n') {
        bound_nesting(line, &mut out);
    }
    out
}

/// A literal of the parsed tree as its writer meant it. It can hold control characters again, by
/// character references.
pub(super) fn restore(literal: &str) -> Cow<'_, str> {
    if !literal.contains(|c: char| is_unwanted(c) || c == UNDERSCORE) {
        return Cow::Borrowed(literal);
    }
    let kept = literal.chars().filter(|c| !is_unwanted(*c));
    Cow::Owned(kept.map(|c| if c == UNDERSCORE { '_' } else { c }).collect())
}

/// Ends lines with `\n`, takes out control characters and the noncharacters used here.
pub(super) fn clean(source: &str) -> Cow<'_, str> {
    if !source.contains(|c: char| is_unwanted(c) || c == UNDERSCORE) {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' {
            if chars.peek() != Some(&'\n') {
                out.push('\n');
            }
        } else if !is_unwanted(c) && c != UNDERSCORE {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters, and the noncharacters that are used here and by the sanitiser.
fn is_unwanted(c: char) -> bool {
    let is_ours = ('\u{FDD0}'..='\u{FDEF}').contains(&c) && c != UNDERSCORE;
    (c.is_control() && c != '\n' && c != '\t') || is_ours
}

/// Keeps `@_name_` from being read as emphasis. A last underscore is left, since it cannot open
/// emphasis and may close one (`_ask @bob_`).
fn keep_mentions_whole(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('@') {
        let (head, tail) = rest.split_at(at + 1);
        out.push_str(head);
        let before = head[..at].chars().next_back();
        let begins = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let (run, after) = tail.split_at(name_length(tail));
        let whole = run.trim_end_matches('_');
        if begins && whole.contains('_') {
            out.extend(whole.chars().map(|c| if c == '_' { UNDERSCORE } else { c }));
            out.push_str(&run[whole.len()..]);
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Keeps addresses from being links in what goes on and on without a space: looking for the end of each
/// would read all that follows, again and again.
fn bound_addresses(source: &str) -> Cow<'_, str> {
    let is_absurd = |word: &str| word.len() > MAX_ADDRESS;
    if !source.split_ascii_whitespace().any(is_absurd) {
        return Cow::Borrowed(source);
    }
    let words = source.split_inclusive(|c: char| c.is_ascii_whitespace());
    let bounded = words.map(|word| match is_absurd(word) {
        true => Cow::Owned(word.replace("://", &format!("{STOP}://")).replace("www.", &format!("www{STOP}."))),
        false => Cow::Borrowed(word),
    });
    Cow::Owned(bounded.collect())
}

/// How many bytes at the start of what follows an `@` may be a name, quoted or not.
fn name_length(tail: &str) -> usize {
    if let Some(quoted) = tail.strip_prefix('"') {
        let end = quoted.find(|c| !is_username_char(c) && c != ' ');
        return end.map_or(tail.len(), |end| end + 1);
    }
    tail.find(|c| !is_username_char(c)).unwrap_or(tail.len())
}

/// Writes a line, with a stop in front of the marker or the space that is one too many.
fn bound_nesting(line: &str, out: &mut String) {
    let mut column = 0;
    let mut markers = 0;
    let mut at = 0;
    while let Some(token) = container_token(&line.as_bytes()[at..], column) {
        column += token.columns;
        markers += usize::from(token.is_marker);
        if column > MAX_COLUMNS || markers > MAX_MARKERS {
            out.push_str(&line[..at]);
            out.push(STOP);
            out.push_str(&line[at..]);
            return;
        }
        at += token.bytes;
    }
    out.push_str(line);
}

struct Token {
    bytes: usize,
    columns: usize,
    is_marker: bool,
}

/// A space, a tab, or what may open a block quote or a list item.
fn container_token(rest: &[u8], column: usize) -> Option<Token> {
    let token = |bytes, columns, is_marker| Some(Token { bytes, columns, is_marker });
    match rest.first()? {
        b' ' => token(1, 1, false),
        b'\t' => token(1, TAB_STOP - column % TAB_STOP, false),
        b'>' => token(1, 1, true),
        _ => {
            let length = list_marker_length(rest)?;
            token(length, length, true)
        }
    }
}

/// The length of the list marker that a line begins with: a bullet, or a number of at most nine digits
/// with a dot or parenthesis; a space or the end of the line follows.
pub(super) fn list_marker_length(line: &[u8]) -> Option<usize> {
    let length = match line.first()? {
        b'-' | b'+' | b'*' => 1,
        _ => {
            let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
            let ends_well = matches!(line.get(digits), Some(b'.' | b')'));
            if !(1..=9).contains(&digits) || !ends_well {
                return None;
            }
            digits + 1
        }
    };
    matches!(line.get(length), None | Some(b' ' | b'\t' | b'\n' | b'\r')).then_some(length)
}
