//! Mentions and emoji in the text of a parsed Markdown chunk, found and replaced in its tree.

use std::borrow::Cow;

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{Node, NodeLink, NodeValue};

use super::emoji::{self, Codes};
use super::mentions::Mentions;
use super::names::push_placeholder;
use super::prepare::restore;

/// What was found in a body so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) mentions: Mentions,
    pub(super) emoji: Codes,
}

/// Where in the text we are.
#[derive(Debug, Default)]
struct Place {
    /// The character in front, if it stands in the same block.
    before: Option<char>,
    /// Links and images around: in them nobody is mentioned, since links do not nest. True for an
    /// address that became a link by itself, which stays as it is.
    links: Vec<bool>,
    /// Whether the text is a character that was escaped, to keep it as it is.
    escaped: bool,
}

/// Restores what `prepare` changed, turns emoji codes to Unicode and mentions to placeholders.
pub(super) fn replace(root: Node<'_>, found: &mut Found) {
    let mut place = Place::default();
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => place.enter(node, found),
            NodeEdge::End(node) => place.leave(node),
        }
    }
}

impl Place {
    fn enter(&mut self, node: Node<'_>, found: &mut Found) {
        restore_literals(&mut node.data_mut().value);
        let is_address = is_address(node);
        match &mut node.data_mut().value {
            NodeValue::Text(text) => {
                if let Some(replaced) = self.replace_text(text, found) {
                    *text = Cow::Owned(replaced);
                }
            }
            NodeValue::Code(code) => self.before = code.literal.chars().next_back(),
            NodeValue::HtmlInline(html) => self.before = html.chars().next_back(),
            NodeValue::SoftBreak | NodeValue::LineBreak => self.before = None,
            NodeValue::Link(_) | NodeValue::Image(_) => {
                self.links.push(is_address);
            }
            NodeValue::Escaped => self.escaped = true,
            value if value.block() => self.before = None,
            _ => {}
        }
    }

    fn leave(&mut self, node: Node<'_>) {
        match &node.data().value {
            NodeValue::Link(_) | NodeValue::Image(_) => {
                self.links.pop();
            }
            NodeValue::Escaped => self.escaped = false,
            _ => {}
        }
    }

    /// `None` where nothing was replaced.
    fn replace_text(&mut self, text: &str, found: &mut Found) -> Option<String> {
        let mut out = String::new();
        let mut copied = 0;
        let mut from = 0;
        let verbatim = self.escaped || self.links.last() == Some(&true);
        while !verbatim && let Some(offset) = text[from..].find(['@', ':']) {
            let at = from + offset;
            let before = text[from..at].chars().next_back().or(self.before);
            let rest = &text[at..];
            if let Some((code, unicode)) = emoji::at_start(rest, before) {
                found.emoji.add(code);
                out.push_str(&text[copied..at]);
                out.push_str(unicode);
                from = at + code.len() + "::".len();
                copied = from;
                self.before = None;
            } else if self.links.is_empty()
                && rest.starts_with('@')
                && let Some((index, length)) = found.mentions.at_start(rest, before)
            {
                out.push_str(&text[copied..at]);
                push_placeholder(index, &mut out);
                from = at + length;
                copied = from;
                self.before = text[at..from].chars().next_back();
            } else {
                from = at + 1;
                self.before = rest.chars().next();
            }
        }
        self.before = text[from..].chars().next_back().or(self.before);
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }
}

/// Whether the link is an address in the text that became a link by itself.
fn is_address(node: Node<'_>) -> bool {
    let value = &node.data().value;
    let NodeValue::Link(link) = value else {
        return false;
    };
    let Some(child) = node.first_child() else {
        return false;
    };
    match &child.data().value {
        NodeValue::Text(text) => is_url_for(link, text),
        _ => false,
    }
}

fn is_url_for(link: &NodeLink, text: &str) -> bool {
    let text = restore(text);
    let url = restore(&link.url);
    match url.strip_suffix(&*text) {
        Some(scheme) => matches!(scheme, "" | "mailto:" | "http://"),
        None => false,
    }
}

fn restore_literals(value: &mut NodeValue) {
    let fix = |literal: &mut String| {
        if let Cow::Owned(restored) = restore(literal) {
            *literal = restored;
        }
    };
    match value {
        NodeValue::Text(text) => {
            if let Cow::Owned(restored) = restore(text) {
                *text = Cow::Owned(restored);
            }
        }
        NodeValue::Code(code) => fix(&mut code.literal),
        NodeValue::CodeBlock(block) => {
            fix(&mut block.literal);
            fix(&mut block.info);
        }
        NodeValue::HtmlInline(html) => fix(html),
        NodeValue::HtmlBlock(block) => fix(&mut block.literal),
        NodeValue::Link(link) | NodeValue::Image(link) => {
            fix(&mut link.url);
            fix(&mut link.title);
        }
        _ => {}
    }
}
