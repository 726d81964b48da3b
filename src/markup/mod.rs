//! Markdown, quotes, mentions and emoji to safe HTML: pure functions, no database.
//!
//! A body is read once (`read`, `read_archived`) to a `Draft`; who the mentioned are is asked of the
//! database in between; `Draft::render` joins the two. What comes out holds member ids, never names:
//! `html_with_names` and `text_with_names` put the present names in when a post is shown.

mod draft;
mod emoji;
mod fences;
mod inline;
mod markdown;
mod mentions;
mod names;
mod paragraphs;
mod prepare;
mod quotes;
mod sanitise;
mod tables;
mod text;

pub use draft::{Draft, MarkupError, Quote, Rendered, check, read, read_archived};
pub use emoji::emoji_unicode;
pub use names::{html_with_names, text_with_names, username_key};
pub use quotes::{archived_quote_ids, rewrite_quote_ids};

/// The renderer's version, stored beside the html: it rises when the same body gives other html.
pub const VERSION: i16 = 2;

/// Quotes stand in each other at most this deep.
pub const MAX_QUOTE_DEPTH: usize = 5;

/// Quotes that a body may have which a client sends, nested ones included.
pub const MAX_QUOTES: usize = 20;

/// How a quote begins in the HTML of every version: nothing else begins so.
const QUOTE: &str = "<blockquote data-post=";

/// Whether a post quotes others, by its HTML.
pub fn quotes_any(html: &str) -> bool {
    html.contains(QUOTE)
}
