//! A body that was read, and what is stored of it once it is known who the mentioned are.

use std::collections::{HashMap, HashSet};

use super::inline::Found;
use super::mentions::Mentions;
use super::names::{Filling, fill, placeholders};
use super::quotes::{self, Part, TooDeep};
use super::{MAX_QUOTE_DEPTH, MAX_QUOTES, QUOTE};
use super::{markdown, paragraphs};

/// HTML may have this many bytes for each byte of its body, and `FREE_HTML` more.
const HTML_PER_BODY: usize = 8;
/// HTML that every body may have, in bytes, however short the body is.
const FREE_HTML: usize = 4096;

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkupError {
    /// A quote stands in more than `at_most - 1` others.
    #[error("quotes are nested more than {at_most} deep")]
    QuotesTooDeep {
        /// The depth that is still taken.
        at_most: usize,
    },
    /// A body has more quotes than a client may send.
    #[error("a body has at most {at_most} quotes; this one has {count}")]
    TooManyQuotes {
        /// The most that are taken.
        at_most: usize,
        /// The quotes of the body.
        count: usize,
    },
}

/// A body that was read: its quotes, mentions and Markdown, not yet joined with who the mentioned are.
#[derive(Debug, Default)]
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
/// `QuotesTooDeep` where quotes are nested deeper than `MAX_QUOTE_DEPTH`, `TooManyQuotes` where there are more than `MAX_QUOTES`.
pub fn read(body: &str) -> Result<Draft, MarkupError> {
    Ok(draft(body, &parse_sent(body)?))
}

/// Whether a body is one that `read` takes.
///
/// # Errors
///
/// As those of `read`.
pub fn check(body: &str) -> Result<(), MarkupError> {
    parse_sent(body).map(drop)
}

fn parse_sent(body: &str) -> Result<Vec<Part<'_>>, MarkupError> {
    let too_deep = MarkupError::QuotesTooDeep { at_most: MAX_QUOTE_DEPTH };
    let parts = quotes::parse(body, TooDeep::IsAnError).ok_or(too_deep)?;
    match quotes::count(&parts) {
        0..=MAX_QUOTES => Ok(parts),
        count => Err(MarkupError::TooManyQuotes { at_most: MAX_QUOTES, count }),
    }
}

/// Reads a body from an archive: what is nested too deep stays as literal text, never an error. Quotes are not counted.
pub fn read_archived(body: &str) -> Draft {
    let parts = quotes::parse(body, TooDeep::IsLiteral);
    draft(body, &parts.unwrap_or_default())
}

/// Reads a body that was parsed. A body whose HTML could exceed its bound becomes plain paragraphs.
fn draft(body: &str, parts: &[Part<'_>]) -> Draft {
    let mut draft = Draft::default();
    let mut found = Found::default();
    draft.append(parts, &mut found, true);
    draft.mentions = found.mentions;
    draft.emoji = found.emoji.into_codes();
    if draft.longest_html() > HTML_PER_BODY * body.len() + FREE_HTML { Draft::plain(body) } else { draft }
}

impl Draft {
    /// Returns the body as escaped paragraphs, in which quotes, mentions and emoji are text.
    fn plain(body: &str) -> Self {
        let (html, text) = paragraphs::plain(body);
        Self { html, text, ..Self::default() }
    }

    /// Returns the most bytes that the HTML takes when it is shown, whoever the mentioned members are.
    fn longest_html(&self) -> usize {
        self.html.len() + placeholders(&self.html).map(|index| self.mentions.longest_html(index)).sum::<usize>()
    }

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
