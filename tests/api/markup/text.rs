//! The plain text of a body.

use super::rendered;

fn text(body: &str) -> String {
    rendered(body).text
}

#[test]
fn blocks_are_a_blank_line_apart_and_marks_are_gone() {
    assert_eq!(
        text("# Title\n\nSome *very* **good** ~~bad~~ `code`.\nNext line.\n\n---\n\n> said\n\nEnd"),
        "Title\n\nSome very good bad code.\nNext line.\n\nsaid\n\nEnd"
    );
}

#[test]
fn items_and_rows_are_a_line_each() {
    assert_eq!(text("- a\n- b\n  - c\n\nend"), "a\nb\nc\n\nend");
    assert_eq!(text("1. a\n\n2. b"), "a\n\nb");
    assert_eq!(text("| h | i |\n|---|---|\n| 1 | 2 |\n\nend"), "h | i\n1 | 2\n\nend");
}

#[test]
fn links_and_images_are_their_text() {
    assert_eq!(text("[here](https://example.org) ![a *cat*](https://example.org/c.png)"), "here a cat");
    assert_eq!(text("<https://example.org>"), "https://example.org");
    assert_eq!(text("![x](javascript:alert(1))"), "x");
}

#[test]
fn code_is_as_it_was_written() {
    assert_eq!(text("```rust\nlet a = *b;\n\n  :x: @y_\n```"), "let a = *b;\n\n  :x: @y_");
}

#[test]
fn html_and_references_are_the_text_that_they_show() {
    assert_eq!(text("a <b>c</b> &amp; &lt;d&gt;"), "a <b>c</b> & <d>");
    assert_eq!(text("<div>\nx\n</div>"), "<div>\nx\n</div>");
}

#[test]
fn text_is_trimmed_and_may_be_empty() {
    assert_eq!(text("\n\n  x  \n\n"), "x");
    assert_eq!(text("[quote post=1]x[/quote]"), "");
    assert_eq!(text(""), "");
}
