//! Usernames: the form under which they are unique, what can be one, and their way into stored html
//! and text, which hold only ids.

use caseless::Caseless;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Opens and closes a placeholder. Both are stripped from what a user writes.
pub(super) const OPEN: char = '\u{1}';
pub(super) const CLOSE: char = '\u{2}';

const MEMBER_LINK: &str = "<a data-member=\"";
const MEMBER_LINK_END: &str = "\"></a>";

/// What stands for the name of a member who is deleted: no name, and no word of any language.
const NO_NAME: &str = "…";

/// Digits of the highest id, 2^53-1.
const LONGEST_ID: usize = 16;

/// Shortest and longest username, in code points.
const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=50;

/// Where a mention is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    Html,
    Text,
}

/// The form under which usernames are unique: NFKC, then Unicode case folding (and NFKC again, because
/// folding can leave a text that is not normalised).
pub fn username_key(username: &str) -> String {
    username.nfkc().default_case_fold().nfkc().collect()
}

/// Whether the character may stand in a username, the space apart.
pub(super) fn is_username_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.') || is_combining_mark(c)
}

/// Whether the text has the form of a username: its characters, inner single spaces, its length.
pub(super) fn is_username(text: &str) -> bool {
    USERNAME_LENGTH.contains(&text.chars().count())
        && text.split(' ').all(|word| !word.is_empty() && word.chars().all(is_username_char))
}

/// Puts names into stored html: `<a data-member="12"></a>` becomes `<a data-member="12">@name</a>`.
///
/// `name` gives the present username; for `None` (a deleted member) the link reads `@…`, and it is the
/// client's to show something better by the id.
pub fn html_with_names<'n>(html: &str, name: impl Fn(i64) -> Option<&'n str>) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(at) = rest.find(MEMBER_LINK) {
        let id_at = at + MEMBER_LINK.len();
        out.push_str(&rest[..id_at]);
        rest = &rest[id_at..];
        let Some(end) = rest.find(MEMBER_LINK_END) else {
            break;
        };
        if let Ok(id) = rest[..end].parse() {
            out.push_str(&rest[..end]);
            out.push_str("\">@");
            escape_html(name(id).unwrap_or(NO_NAME), &mut out);
            out.push_str("</a>");
            rest = &rest[end + MEMBER_LINK_END.len()..];
        }
    }
    out.push_str(rest);
    out
}

/// Puts names into stored text, as `@name`; `@…` for a deleted member.
pub fn text_with_names<'n>(text: &str, name: impl Fn(i64) -> Option<&'n str>) -> String {
    fill(text, |id, out| {
        out.push('@');
        out.push_str(i64::try_from(id).ok().and_then(&name).unwrap_or(NO_NAME));
    })
}

/// Writes a placeholder that `fill` finds again.
pub(super) fn push_placeholder(number: impl std::fmt::Display, out: &mut String) {
    out.push(OPEN);
    out.push_str(&number.to_string());
    out.push(CLOSE);
}

/// Gives the number of each placeholder to `write`; what is no placeholder stays.
pub(super) fn fill(source: &str, write: impl Fn(usize, &mut String)) -> String {
    let mut out = String::with_capacity(source.len());
    let mut pieces = source.split(OPEN);
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let placeholder = piece.split_once(CLOSE).and_then(|(number, rest)| Some((number.parse().ok()?, rest)));
        match placeholder {
            Some((number, rest)) => {
                write(number, &mut out);
                out.push_str(rest);
            }
            None => out.push_str(piece),
        }
    }
    out
}

/// Returns the numbers of the placeholders that `fill` finds, in their order.
pub(super) fn placeholders(source: &str) -> impl Iterator<Item = usize> {
    source.split(OPEN).skip(1).filter_map(|piece| piece.split_once(CLOSE)?.0.parse().ok())
}

/// Returns the most bytes that the link to a member takes in HTML that is shown, for a `username_key`.
///
/// A username has at most four bytes for each byte of its key: a character is at most four bytes long, and none folds to nothing.
pub(super) fn longest_link(key: &str) -> usize {
    let name = USERNAME_LENGTH.end().min(&key.len()) * char::MAX.len_utf8();
    MEMBER_LINK.len() + LONGEST_ID + "\">@</a>".len() + name
}

/// Writes a mention as it is stored.
pub(super) fn push_member(id: i64, filling: Filling, out: &mut String) {
    match filling {
        Filling::Html => {
            out.push_str(MEMBER_LINK);
            out.push_str(&id.to_string());
            out.push_str(MEMBER_LINK_END);
        }
        Filling::Text => push_placeholder(id, out),
    }
}

/// Writes text so that it is only text in html, in an element or in a quoted attribute.
pub(super) fn escape_html(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}
