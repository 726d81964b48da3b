//! Bodies to HTML, text, quotes, mentions and emoji.

mod archived;
mod blocks;
pub mod bombs;
mod bounds;
mod emoji;
mod mentions;
mod names;
mod quotes;
mod safety;
pub mod scanner;
mod text;

use std::collections::HashMap;

use folkmoot::markup::{self, Rendered, username_key};

/// Renders a body as the API does, nobody being known.
pub fn rendered(body: &str) -> Rendered {
    rendered_among(body, &[])
}

/// Renders a body where these members exist.
pub fn rendered_among(body: &str, members: &[(&str, i64)]) -> Rendered {
    let members: HashMap<String, i64> = members.iter().map(|(name, id)| (username_key(name), *id)).collect();
    markup::read(body).expect("the body is taken").render(&members)
}

pub fn html(body: &str) -> String {
    rendered(body).html
}
