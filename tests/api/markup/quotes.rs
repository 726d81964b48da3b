//! Quote blocks: what counts as one, what it becomes.

use folkmoot::markup::{self, MAX_QUOTE_DEPTH, MarkupError, Quote};

use super::{html, rendered};

fn quotes(body: &str) -> Vec<(i64, String)> {
    let quotes = rendered(body).quotes.into_iter();
    quotes.map(|Quote { post_id, excerpt }| (post_id, excerpt)).collect()
}

fn ids(body: &str) -> Vec<i64> {
    quotes(body).into_iter().map(|(post_id, _)| post_id).collect()
}

fn nested(depth: usize) -> String {
    let opening: String = (1..=depth).map(|n| format!("[quote post={n}]\n")).collect();
    format!("{opening}deep\n{}", "[/quote]\n".repeat(depth))
}

#[test]
fn a_quote_becomes_a_blockquote_that_names_its_post() {
    let post = rendered("[quote post=7]\nWho *says* so?\n[/quote]\n\nI do.");
    assert_eq!(post.html, "<blockquote data-post=\"7\">\n<p>Who <em>says</em> so?</p>\n</blockquote>\n<p>I do.</p>\n");
    assert_eq!(post.text, "I do.");
    assert_eq!(quotes("[quote post=7]\nWho *says* so?\n[/quote]"), [(7, "Who *says* so?".into())]);
}

#[test]
fn a_quote_may_stand_on_one_line() {
    let post = rendered("[quote post=7]short[/quote] and an answer");
    assert_eq!(post.html, "<blockquote data-post=\"7\">\n<p>short</p>\n</blockquote>\n<p>and an answer</p>\n");
    assert_eq!(post.text, "and an answer");
}

#[test]
fn the_text_around_quotes_is_kept_in_paragraphs() {
    let post = rendered("before\n[quote post=1]\nx\n[/quote]\nbetween\n[quote post=2]\ny\n[/quote]\nafter");
    assert_eq!(post.text, "before\n\nbetween\n\nafter");
}

#[test]
fn nested_quotes_are_listed_outer_first_and_not_in_the_outer_excerpt() {
    let body = "[quote post=1]\none\n[quote post=2]\ntwo\n[/quote]\nthree\n[/quote]\n[quote post=3]four[/quote]";
    assert_eq!(quotes(body), [(1, "one\n\nthree".into()), (2, "two".into()), (3, "four".into())]);
    assert!(
        html(body).contains(
            "<blockquote data-post=\"1\">\n<p>one</p>\n<blockquote data-post=\"2\">\n<p>two</p>\n</blockquote>"
        )
    );
}

#[test]
fn several_markers_may_stand_on_one_line() {
    assert_eq!(
        quotes("[quote post=1][quote post=2]inner[/quote]outer[/quote]reply"),
        [(1, "outer".into()), (2, "inner".into())]
    );
}

#[test]
fn quotes_are_taken_up_to_the_deepest_level_and_not_further() {
    assert_eq!(ids(&nested(MAX_QUOTE_DEPTH)), [1, 2, 3, 4, 5]);
    let error = markup::read(&nested(MAX_QUOTE_DEPTH + 1)).expect_err("one too deep");
    assert_eq!(error, MarkupError::QuotesTooDeep { at_most: 5 });
    assert!(error.to_string().contains('5'));
}

#[test]
fn side_by_side_quotes_are_not_nested() {
    let body = "[quote post=3]x[/quote]\n".repeat(20);
    assert_eq!(ids(&body).len(), 20);
}

#[test]
fn markers_without_a_partner_are_text() {
    for body in ["[quote post=7] open", "closed [/quote]", "[/quote][quote post=7]"] {
        let post = rendered(body);
        assert_eq!(post.quotes, [], "{body}");
        assert_eq!(post.text, body);
    }
    // The inner one has a partner, the outer one has not.
    assert_eq!(quotes("[quote post=1]\na\n[quote post=2]\nb\n[/quote]"), [(2, "b".into())]);
}

#[test]
fn unclosed_markers_do_not_count_as_nesting() {
    assert_eq!(ids(&"[quote post=1]\n".repeat(100)), [0; 0]);
}

#[test]
fn an_id_that_no_post_can_have_makes_both_markers_text() {
    let highest = (1_i64 << 53) - 1;
    assert_eq!(ids(&format!("[quote post={highest}]x[/quote]")), [highest]);
    for id in ["0", "-1", "+1", "9007199254740992", "99999999999999999999", "p2", "1.0", "١", "1 "] {
        let body = format!("[quote post={id}]x[/quote]");
        let post = rendered(&body);
        assert_eq!((post.quotes, post.text), (vec![], body));
    }
}

#[test]
fn a_quote_that_is_text_keeps_its_closing_marker_from_closing_the_outer_one() {
    let body = "[quote post=1]\na\n[quote post=zz]\nb\n[/quote]\nc\n[/quote]\nd";
    assert_eq!(quotes(body).len(), 1);
    assert_eq!(rendered(body).text, "d");
}

#[test]
fn an_opening_marker_must_begin_its_line() {
    assert_eq!(ids("   [quote post=7]x[/quote]"), [7]);
    assert_eq!(ids("    [quote post=7]x[/quote]"), [0; 0]);
    assert_eq!(ids("see [quote post=7]x[/quote]"), [0; 0]);
    assert_eq!(ids("> [quote post=7]x[/quote]"), [0; 0]);
}

#[test]
fn markers_in_fenced_code_are_code() {
    for body in [
        "```\n[quote post=7]\nx\n[/quote]\n```",
        "~~~~ text\n[quote post=7]\n~~~\n[/quote]\n~~~~",
        "```\n[quote post=7]x[/quote]",
        "> ```\n> x\n> [/quote]\n> ```",
        "- ```\n  [quote post=7]x[/quote]\n  ```",
    ] {
        assert_eq!(ids(body), [0; 0], "{body}");
        assert!(html(body).contains("[/quote]"), "{body}");
    }
}

#[test]
fn quotes_go_on_after_fenced_code() {
    assert_eq!(ids("```\ncode\n```\n[quote post=7]x[/quote]"), [7]);
    assert_eq!(ids("> ```\n> code\n\n[quote post=7]x[/quote]"), [7]);
    assert_eq!(ids("- ```\n  code\n\n[quote post=7]x[/quote]"), [7]);
    // Three backticks with another behind them open nothing.
    assert_eq!(ids("```x```\n[quote post=7]x[/quote]"), [7]);
}

#[test]
fn a_quote_may_hold_fenced_code() {
    let body = "[quote post=7]\n```\n[/quote]\n```\n[/quote]\nreply";
    assert_eq!(quotes(body), [(7, "```\n[/quote]\n```".into())]);
    assert_eq!(rendered(body).text, "reply");
    assert_eq!(quotes("[quote post=7]\n```\nx\n```[/quote]"), [(7, "```\nx\n```".into())]);
}

#[test]
fn a_closing_marker_in_inline_code_or_escaped_is_text() {
    assert_eq!(
        quotes("[quote post=7]\nwrite `[/quote]` or ``a ` [/quote]``\n[/quote]"),
        [(7, "write `[/quote]` or ``a ` [/quote]``".into())]
    );
    assert_eq!(quotes("[quote post=7]a \\[/quote] b[/quote]"), [(7, "a \\[/quote] b".into())]);
    // A backtick alone opens no code.
    assert_eq!(quotes("[quote post=7]a ` b[/quote]"), [(7, "a ` b".into())]);
}

#[test]
fn lines_may_end_in_any_way() {
    for end in ["\n", "\r\n", "\r"] {
        let body = format!("[quote post=7]{end}a{end}b{end}[/quote]{end}{end}c");
        assert_eq!(quotes(&body), [(7, "a\nb".into())], "{end:?}");
        assert_eq!(rendered(&body).text, "c");
    }
}

#[test]
fn an_empty_quote_is_a_quote() {
    let post = rendered("[quote post=7][/quote]");
    assert_eq!(post.html, "<blockquote data-post=\"7\">\n</blockquote>\n");
    assert_eq!(post.quotes, [Quote { post_id: 7, excerpt: String::new() }]);
}

#[test]
fn markdown_does_not_reach_over_the_edge_of_a_quote() {
    assert_eq!(
        html("*a [quote post=1]\n[quote post=1]*b[/quote] c*"),
        "<p>*a [quote post=1]</p>\n<blockquote data-post=\"1\">\n<p>*b</p>\n</blockquote>\n<p>c*</p>\n"
    );
}
