//! The plain text of a piece of Markdown, for search, feeds and notifications.

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{Node, NodeValue};

/// Text without marks: paragraphs and the like a blank line apart, list items and table rows each on a
/// line, cells divided by `|`, links and images as their text, code as it is.
pub(super) fn plain_text(root: Node<'_>) -> String {
    let mut writer = Writer::default();
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => writer.enter(node),
            NodeEdge::End(node) => writer.leave(node),
        }
    }
    writer.out.trim().to_owned()
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line ends that are due before the next text.
    line_ends: usize,
    /// Lists around, each with whether it is tight.
    lists: Vec<bool>,
}

impl Writer {
    fn enter(&mut self, node: Node<'_>) {
        match &node.data().value {
            NodeValue::Text(text) => self.push(text),
            NodeValue::Code(code) => self.push(&code.literal),
            NodeValue::HtmlInline(html) => self.push(html),
            NodeValue::CodeBlock(block) => self.push(block.literal.trim_end()),
            NodeValue::HtmlBlock(block) => self.push(block.literal.trim_end()),
            NodeValue::SoftBreak | NodeValue::LineBreak => self.push("\n"),
            NodeValue::List(list) => self.lists.push(list.tight),
            NodeValue::TableCell if node.previous_sibling().is_some() => self.push(" | "),
            _ => {}
        }
    }

    fn leave(&mut self, node: Node<'_>) {
        let value = &node.data().value;
        match value {
            NodeValue::List(_) => {
                self.lists.pop();
                self.end_block();
            }
            NodeValue::TableRow(_) => self.end_line(),
            NodeValue::TableCell => {}
            _ if value.block() => self.end_block(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.out.is_empty() {
            self.out.extend(std::iter::repeat_n('\n', self.line_ends));
        }
        self.line_ends = 0;
        self.out.push_str(text);
    }

    fn end_line(&mut self) {
        self.line_ends = self.line_ends.max(1);
    }

    fn end_block(&mut self) {
        let apart = if self.lists.last() == Some(&true) { 1 } else { 2 };
        self.line_ends = self.line_ends.max(apart);
    }
}
