//! A body that was read, and what is stored of it once it is known who the mentioned are.

use std::collections::{HashMap, HashSet};

use super::inline::Found;
use super::markdown;
use super::mentions::Mentions;
use super::names::{Filling, fill};
use super::quotes::{self, Part, TooDeep};
use super::{MAX_QUOTE_DEPTH, QUOTE};

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkupError {
    /// A quote stands in more than `at_most - 1` others.
    #[error("quotes are nested more than {at_most} deep")]
    QuotesTooDeep {
        /// The depth that is still taken.
        at_most: usize,
    },
}

/// A body that was read: its quotes, mentions and Markdown, not yet joined with who the mentioned are.
#[derive(Debug)]
pub struct Draft {
    html: String,
    text: String,
    quotes: Vec<Quote>,
    mentions: Mentions,
    emoji: Vec<String>,
}

/// What is stored of a body, beside the body itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Safe HTML; a mention is an empty `<a data-member="ID"></a>`, to be shown through `html_with_names`.
    pub html: String,
    /// Plain text without the quote blocks; a mention is an id between control characters, to be shown
    /// through `text_with_names`.
    pub text: String,
    /// Quote blocks by appearance, an outer one before those in it.
    pub quotes: Vec<Quote>,
    /// Ids of the mentioned members, those within quotes too, each once, by first appearance.
    pub mentions: Vec<i64>,
    /// Emoji codes as written, without colons, each once, by first appearance.
    pub emoji: Vec<String>,
}

/// A quote block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The post that the writer says it is from, which need not exist.
    pub post_id: i64,
    /// The Markdown that the writer put into the block, trimmed, without the blocks in it.
    pub excerpt: String,
}

/// Reads a body as the API takes it.
///
/// # Errors
///
/// `QuotesTooDeep` where quotes are nested deeper than `MAX_QUOTE_DEPTH`.
pub fn read(body: &str) -> Result<Draft, MarkupError> {
    match quotes::parse(body, TooDeep::IsAnError) {
        Some(parts) => Ok(draft(&parts)),
        None => Err(MarkupError::QuotesTooDeep { at_most: MAX_QUOTE_DEPTH }),
    }
}

/// Whether a body is one that `read` takes.
///
/// # Errors
///
/// As those of `read`.
pub fn check(body: &str) -> Result<(), MarkupError> {
    match quotes::parse(body, TooDeep::IsAnError) {
        Some(_) => Ok(()),
        None => Err(MarkupError::QuotesTooDeep { at_most: MAX_QUOTE_DEPTH }),
    }
}

/// Reads a body from an archive: what is nested too deep stays as literal text, never an error.
pub fn read_archived(body: &str) -> Draft {
    let parts = quotes::parse(body, TooDeep::IsLiteral);
    draft(&parts.unwrap_or_default())
}

fn draft(parts: &[Part<'_>]) -> Draft {
    let mut draft = Draft {
        html: String::new(),
        text: String::new(),
        quotes: Vec::new(),
        mentions: Mentions::default(),
        emoji: Vec::new(),
    };
    let mut found = Found::default();
    draft.append(parts, &mut found, true);
    draft.mentions = found.mentions;
    draft.emoji = found.emoji.into_codes();
    draft
}

impl Draft {
    // Recursion is bounded: the parts are nested MAX_QUOTE_DEPTH deep at most.
    fn append(&mut self, parts: &[Part<'_>], found: &mut Found, outermost: bool) {
        for part in parts {
            match part {
                Part::Markdown(source) => {
                    let chunk = markdown::render(source, found);
                    self.html.push_str(&chunk.html);
                    if outermost && !chunk.text.is_empty() {
                        if !self.text.is_empty() {
                            self.text.push_str("\n\n");
                        }
                        self.text.push_str(&chunk.text);
                    }
                }
                Part::Quote { post_id, parts } => {
                    self.quotes.push(Quote { post_id: *post_id, excerpt: quotes::excerpt(parts) });
                    self.html.push_str(&format!("{QUOTE}\"{post_id}\">\n"));
                    self.append(parts, found, false);
                    self.html.push_str("</blockquote>\n");
                }
            }
        }
    }

    /// The usernames to look up, as `username_key`s, each once: at most three for each of at most 50
    /// spellings (`@bob.` may be `bob.` or `bob`).
    pub fn mentioned_names(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        self.mentions.candidates().filter(|key| seen.insert(*key)).map(str::to_owned).collect()
    }

    /// Joins the body with who the mentioned are: `members` gives the id for a `username_key`. A name
    /// that is not in it stays the text it was.
    pub fn render(&self, members: &HashMap<String, i64>) -> Rendered {
        let resolved = self.mentions.resolve(members);
        let mut seen = HashSet::new();
        let ids = resolved.iter().filter_map(|mention| mention.member_id);
        Rendered {
            html: fill(&self.html, |index, out| {
                if let Some(mention) = resolved.get(index) {
                    mention.write(Filling::Html, out);
                }
            }),
            text: fill(&self.text, |index, out| {
                if let Some(mention) = resolved.get(index) {
                    mention.write(Filling::Text, out);
                }
            }),
            quotes: self.quotes.clone(),
            mentions: ids.filter(|id| seen.insert(*id)).collect(),
            emoji: self.emoji.clone(),
        }
    }
}
