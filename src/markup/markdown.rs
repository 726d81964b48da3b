//! One piece of Markdown, without quote blocks, to safe HTML and plain text.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use comrak::html::{ChildRendering, Context, format_document_with_formatter, format_node_default};
use comrak::nodes::{Node, NodeValue};
use comrak::options::Plugins;
use comrak::{Arena, Options, parse_document};

use super::inline::{Found, replace};
use super::names::escape_html;
use super::prepare::prepare;
use super::sanitise::{is_safe_image, is_safe_link, sanitise};
use super::text::plain_text;

/// Emphasis nested deeper shows as plain: nobody sees the difference, and trees stay shallow.
const MAX_EMPHASIS: usize = 20;

/// CommonMark with tables, strikethrough and autolinks. Raw HTML is shown as the text it is.
static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.parse.escaped_char_spans = true;
    options.render.escape = true;
    options
});

/// A piece that was rendered; mentions in it are placeholders.
pub(super) struct Chunk {
    pub(super) html: String,
    pub(super) text: String,
}

/// Renders a piece, and adds what is mentioned in it to `found`.
pub(super) fn render(source: &str, found: &mut Found) -> Chunk {
    let arena = Arena::new();
    let root = parse_document(&arena, &prepare(source), &OPTIONS);
    replace(root, found);
    Chunk { html: sanitise(&to_html(root)), text: plain_text(root) }
}

fn to_html(root: Node<'_>) -> String {
    let mut html = String::new();
    let written = format_document_with_formatter(root, &OPTIONS, &mut html, &Plugins::default(), format_node, 0);
    // A string takes everything; were it not so, nothing is shown rather than a part.
    match written {
        Ok(_) => html,
        Err(fmt::Error) => String::new(),
    }
}

/// Formats a node; the user value of the context counts the emphasis around.
fn format_node(
    context: &mut Context<'_, '_, usize>,
    node: Node<'_>,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    match &node.data().value {
        NodeValue::Emph | NodeValue::Strong | NodeValue::Strikethrough => {
            if !entering {
                context.user -= 1;
            }
            let is_shown = context.user < MAX_EMPHASIS;
            if entering {
                context.user += 1;
            }
            if !is_shown {
                return Ok(ChildRendering::HTML);
            }
        }
        NodeValue::Link(link) if !is_safe_link(&link.url) => return Ok(ChildRendering::HTML),
        NodeValue::Image(link) if !is_safe_image(&link.url) => return Ok(ChildRendering::HTML),
        NodeValue::HtmlBlock(block) => {
            if entering {
                let mut escaped = String::new();
                escape_html(block.literal.trim_end(), &mut escaped);
                writeln!(context, "<p>{escaped}</p>")?;
            }
            return Ok(ChildRendering::HTML);
        }
        _ => {}
    }
    format_node_default(context, node, entering)
}
