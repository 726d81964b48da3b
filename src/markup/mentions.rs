//! Mentions: `@name` and `@"a name"` in text, which usernames each could mean, and who it is.

use std::collections::HashMap;

use super::names::{Filling, escape_html, is_username, is_username_char, longest_link, push_member, username_key};

/// As many spellings of mentions as are looked up for one post; what is over stays plain text.
const MAX_MENTIONS: usize = 50;

/// No candidate is read further than this, in code points: no username is longer.
const MAX_NAME: usize = 50;

/// The mentions of a body, each spelling once, by first appearance.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    mentions: Vec<Mention>,
    by_spelling: HashMap<String, usize>,
}

#[derive(Debug)]
struct Mention {
    /// As written, with its `@`.
    spelling: String,
    candidates: Vec<Candidate>,
}

/// A username that a mention may mean.
#[derive(Debug)]
struct Candidate {
    key: String,
    /// How many bytes of the spelling it covers.
    covers: usize,
}

/// A mention, and who it is.
#[derive(Debug)]
pub(super) struct Resolved<'m> {
    pub(super) member_id: Option<i64>,
    /// What of the spelling is not the name: all of it where it is nobody's.
    rest: &'m str,
}

impl Mentions {
    /// The mention that `rest`, which begins with `@`, begins with: its index and how many bytes it takes.
    pub(super) fn at_start(&mut self, rest: &str, before: Option<char>) -> Option<(usize, usize)> {
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let (length, candidates) = candidates(rest)?;
        let spelling = &rest[..length];
        if let Some(&index) = self.by_spelling.get(spelling) {
            return Some((index, length));
        }
        if self.mentions.len() == MAX_MENTIONS {
            return None;
        }
        let index = self.mentions.len();
        self.by_spelling.insert(spelling.to_owned(), index);
        self.mentions.push(Mention {
            spelling: spelling.to_owned(),
            candidates: candidates
                .into_iter()
                .map(|(name, covers)| Candidate { key: username_key(name), covers })
                .collect(),
        });
        Some((index, length))
    }

    /// All keys that a mention may mean.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &str> {
        let all = self.mentions.iter().flat_map(|mention| &mention.candidates);
        all.map(|candidate| candidate.key.as_str())
    }

    /// Returns the most bytes that a mention takes in HTML that is shown, whoever it is.
    pub(super) fn longest_html(&self, index: usize) -> usize {
        self.mentions.get(index).map_or(0, |mention| {
            // Of the spelling only quotation marks and what follows the name are escaped.
            let links = mention.candidates.iter().map(|candidate| longest_link(&candidate.key));
            mention.spelling.len() + 2 * "&quot;".len() + links.max().unwrap_or_default()
        })
    }

    /// Who each mention is, by index: the longest candidate that is somebody.
    pub(super) fn resolve(&self, members: &HashMap<String, i64>) -> Vec<Resolved<'_>> {
        let resolve = |mention: &'_ Mention| {
            mention.candidates.iter().find_map(|candidate| {
                let member_id = *members.get(&candidate.key)?;
                Some((member_id, candidate.covers))
            })
        };
        self.mentions
            .iter()
            .map(|mention| match resolve(mention) {
                Some((member_id, covers)) => Resolved { member_id: Some(member_id), rest: &mention.spelling[covers..] },
                None => Resolved { member_id: None, rest: &mention.spelling },
            })
            .collect()
    }
}

impl Resolved<'_> {
    pub(super) fn write(&self, filling: Filling, out: &mut String) {
        if let Some(id) = self.member_id {
            push_member(id, filling, out);
        }
        match filling {
            Filling::Html => escape_html(self.rest, out),
            Filling::Text => out.push_str(self.rest),
        }
    }
}

type Names<'t> = Vec<(&'t str, usize)>;

/// How many bytes the mention takes, and the names that it may mean, the longest first, each with the
/// bytes that it covers.
fn candidates(rest: &str) -> Option<(usize, Names<'_>)> {
    let after_at = rest.strip_prefix('@')?;
    if let Some(quoted) = after_at.strip_prefix('"') {
        let end = quoted.char_indices().take(MAX_NAME + 1).find(|(_, c)| *c == '"').map(|(at, _)| at)?;
        let name = &quoted[..end];
        let length = end + "@\"\"".len();
        return is_username(name).then(|| (length, vec![(name, length)]));
    }
    let run = match after_at.find(|c| !is_username_char(c)) {
        Some(end) => &after_at[..end],
        None => after_at,
    };
    let last = run.chars().next_back()?;
    let without_last_run = run.trim_end_matches(last);
    let bare = run.trim_end_matches(['.', '-', '_']);
    let mut names = vec![run];
    if bare.len() < run.len() {
        names.push(without_last_run);
        names.push(bare);
        names.dedup();
    }
    names.retain(|name| is_username(name));
    let longest = names.first()?.len() + 1;
    Some((longest, names.into_iter().map(|name| (name, name.len() + 1)).collect()))
}
