//! Bodies from archives: never an error, ids of another forum.

use folkmoot::markup::{self, Draft, archived_quote_ids, rewrite_quote_ids};

use super::scanner::objection;

/// Gives `p2` the id 102 and knows nobody else's.
fn ours(id: &str) -> Option<i64> {
    let number: i64 = id.strip_prefix('p')?.parse().ok()?;
    Some(100 + number)
}

fn quoted(draft: &Draft) -> Vec<i64> {
    draft.render(&Default::default()).quotes.iter().map(|quote| quote.post_id).collect()
}

#[test]
fn ids_of_the_archive_become_ours_and_the_rest_stays() {
    let body = "[quote post=p2]\r\nText [quote post=p3]\n[/quote]\n\n\tand *so* on  \n";
    assert_eq!(
        rewrite_quote_ids(body, ours),
        "[quote post=102]\r\nText [quote post=p3]\n[/quote]\n\n\tand *so* on  \n"
    );
}

#[test]
fn unknown_ids_stay_as_they_are() {
    let body = "[quote post=x]a[/quote]\n[quote post=p1]b[/quote]";
    assert_eq!(rewrite_quote_ids(body, ours), "[quote post=x]a[/quote]\n[quote post=101]b[/quote]");
}

#[test]
fn what_is_no_quote_is_not_rewritten() {
    for body in [
        "```\n[quote post=p1]x[/quote]\n```",
        "[quote post=p1] never closed",
        "see [quote post=p1]x[/quote]",
        "[quote post=p 1]x[/quote]",
        "[quote post=]x[/quote]",
    ] {
        assert_eq!(rewrite_quote_ids(body, ours), body);
        assert_eq!(archived_quote_ids(body), [""; 0], "{body}");
    }
}

#[test]
fn the_ids_to_look_up_are_each_there_once() {
    let body = "[quote post=p1][quote post=p-2/é]x[/quote][/quote]\n[quote post=p1]y[/quote]\n[quote post=7]z[/quote]";
    assert_eq!(archived_quote_ids(body), ["p1", "p-2/é", "7"]);
}

#[test]
fn a_rewritten_body_reads_as_its_quotes() {
    let body = "[quote post=p1]\none\n[quote post=gone]\ntwo\n[/quote]\nthree\n[/quote]\nfour";
    let draft = markup::read_archived(&rewrite_quote_ids(body, ours));
    assert_eq!(quoted(&draft), [101]);
    let post = draft.render(&Default::default());
    assert_eq!(post.text, "four");
    assert_eq!(post.quotes[0].excerpt, "one\n[quote post=gone]\ntwo\n[/quote]\nthree");
}

#[test]
fn quotes_that_are_too_deep_are_text_in_an_archive() {
    let opening: String = (1..=7).map(|n| format!("[quote post={n}]\n")).collect();
    let body = format!("{opening}deep\n{}end", "[/quote]\n".repeat(7));
    let draft = markup::read_archived(&body);
    assert_eq!(quoted(&draft), [1, 2, 3, 4, 5]);
    let post = draft.render(&Default::default());
    assert_eq!(post.text, "end");
    assert_eq!(post.quotes[4].excerpt, "[quote post=6]\n[quote post=7]\ndeep\n[/quote]\n[/quote]");
    assert_eq!(objection(&post.html), None);
}

#[test]
fn a_real_thread_is_read_as_it_was_shown() {
    let body = "[quote post=p1]\n\"For Russia, a prize to entice Japanese investment\n[/quote]\n\n\
                :thumb: The above has said it all. Dilly dally - will he hand S. Kurils over to Japan?:rofl:";
    let post = markup::read_archived(&rewrite_quote_ids(body, ours)).render(&Default::default());
    assert_eq!(post.quotes[0].post_id, 101);
    assert_eq!(post.quotes[0].excerpt, "\"For Russia, a prize to entice Japanese investment");
    assert_eq!(post.emoji, ["thumb", "rofl"]);
    assert_eq!(post.text, "👍 The above has said it all. Dilly dally - will he hand S. Kurils over to Japan?🤣");
}
