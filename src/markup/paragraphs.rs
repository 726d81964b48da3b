//! A body as plain paragraphs: its form where the HTML of its Markdown would be too large.

use super::names::escape_html;
use super::prepare::clean;

/// Returns HTML and text of a body in which nothing is markup. A blank line divides paragraphs.
pub(super) fn plain(body: &str) -> (String, String) {
    let body = clean(body);
    let (mut html, mut text) = (String::new(), String::new());
    let lines: Vec<&str> = body.lines().map(str::trim_end).collect();
    for paragraph in lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty()) {
        let paragraph = paragraph.join("\n");
        html.push_str("<p>");
        escape_html(&paragraph, &mut html);
        html.push_str("</p>\n");
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&paragraph);
    }
    (html, text)
}
