//! HTML and all else that is made of a body: never much larger than the body itself.

use std::collections::HashMap;

use folkmoot::markup::{MarkupError, html_with_names, read, read_archived, text_with_names, username_key};
use proptest::prelude::*;

use super::{rendered, rendered_among};

/// The longest username that has this key: each letter and digit in a form of four bytes.
fn longest_name(key: &str) -> String {
    let widest = |c: char| match c {
        'a'..='z' => char::from_u32(0x1D41A + (c as u32 - 'a' as u32)).unwrap(),
        '0'..='9' => char::from_u32(0x1D7CE + (c as u32 - '0' as u32)).unwrap(),
        _ => c,
    };
    let name: String = key.chars().map(widest).collect();
    assert_eq!(username_key(&name), key);
    name
}

/// Renders a body where everybody who is mentioned exists, with the longest names and ids; holds what comes out against its bounds.
pub fn is_within_bounds(body: &str) {
    let draft = read_archived(body);
    let members: HashMap<String, i64> = draft.mentioned_names().into_iter().zip((0..=(1 << 53) - 1).rev()).collect();
    let names: HashMap<i64, String> = members.iter().map(|(key, id)| (*id, longest_name(key))).collect();
    let name = |id: i64| names.get(&id).map(String::as_str);
    let head: String = body.chars().take(60).collect();
    for post in [draft.render(&members), draft.render(&HashMap::new())] {
        let (html, text) = (html_with_names(&post.html, name), text_with_names(&post.text, name));
        let bound = 8 * body.len() + 4096;
        assert!(html.len() <= bound, "{head}: {} bytes of HTML for {}", html.len(), body.len());
        assert!(text.len() <= bound, "{head}: {} bytes of text for {}", text.len(), body.len());
        let excerpts: usize = post.quotes.iter().map(|quote| quote.excerpt.len()).sum();
        assert!(excerpts <= body.len(), "{head}: {excerpts} bytes of excerpts for {}", body.len());
        // The shortest quote is `[quote post=1][/quote]`, the shortest code `:a:`.
        assert!(post.quotes.len() <= body.len() / 22, "{head}");
        assert!(post.emoji.len() <= body.len() / 3, "{head}");
        assert!(post.mentions.len() <= 50, "{head}");
    }
}

/// Pieces that grow when they are rendered, beside those of `bombs`.
fn growing() -> Vec<String> {
    let name = "n".repeat(50);
    let pieces = [
        "@abc ",
        "@abc,",
        "@\"a c\" ",
        "[a](b)",
        "![](http://a)",
        "<http://a>",
        "[a]",
        "[a] ",
        "\"\n",
        "'",
        "**a**",
        "`a`",
        "a  \n",
        "***\n",
        "> a\n\n",
        "- a\n\n\n1. b\n",
        "|a|\n|-|\n|b|\n\n",
        "|a|b|\n|:-:|:-:|\n||\n||\n\n",
        "# a\n",
        "[quote post=1]\n> a\n[/quote]\n",
        "[quote post=9007199254740991][/quote]",
        ":m:",
        ":wales:",
        ":it:",
        ":IT:",
        "&ngE;",
        "\\\"",
    ];
    let mut pieces: Vec<String> = pieces.map(str::to_owned).into();
    pieces.push(format!("@{name} "));
    pieces.extend((100..160).map(|n| format!("@{n} ")));
    pieces.push(format!("[a]: {}\n\n", "b".repeat(900)));
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_of_what_grows_stays_within_its_bounds(
        order in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..200), 1..12),
        quoted in 0_usize..6,
    ) {
        let pieces = growing();
        let mixture: String = order.iter().map(|(piece, times)| pieces[piece.index(pieces.len())].repeat(*times)).collect();
        let body = format!("{}{mixture}{}", "[quote post=1]\n".repeat(quoted), "\n[/quote]".repeat(quoted));
        is_within_bounds(&body);
    }

    #[test]
    fn any_text_stays_within_its_bounds(body in "\\PC{1,200}", times in 1_usize..20) {
        is_within_bounds(&body.repeat(times));
    }
}

#[test]
fn each_piece_that_grows_stays_within_its_bounds_at_any_length() {
    for piece in growing() {
        for times in [1, 10, 100, 2_000] {
            is_within_bounds(&piece.repeat(times));
        }
    }
}

#[test]
fn a_username_has_at_most_four_bytes_for_each_byte_of_its_key() {
    for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|c| c.is_alphanumeric()) {
        assert!(c.len_utf8() <= 4 * username_key(&c.to_string()).len(), "{c:?}");
    }
}

#[test]
fn a_body_whose_html_would_be_too_large_is_plain_paragraphs() {
    let body = format!("[quote post=7]\n@anna :rofl: <b>\n[/quote]\n\n\n[a]: b\n\n{}", "[a] ".repeat(2_000));
    let post = rendered_among(&body, &[("anna", 12)]);
    let start = "<p>[quote post=7]\n@anna :rofl: &lt;b&gt;\n[/quote]</p>\n<p>[a]: b</p>\n<p>[a] [a] ";
    assert!(post.html.starts_with(start), "{}", &post.html[..200]);
    assert!(
        post.text.starts_with("[quote post=7]\n@anna :rofl: <b>\n[/quote]\n\n[a]: b\n\n[a] "),
        "{}",
        &post.text[..100]
    );
    assert_eq!((post.quotes.len(), post.mentions.len(), post.emoji.len()), (0, 0, 0));
    // Fewer are links.
    let shorter = rendered_among(&body[..body.len() / 20], &[("anna", 12)]);
    assert_eq!((shorter.quotes.len(), shorter.mentions.len(), shorter.emoji.len()), (1, 1, 1));
    assert!(shorter.html.contains("<a href"), "{}", shorter.html);
}

#[test]
fn a_hundred_mentions_links_and_cells_as_people_write_them_are_markup() {
    let names: Vec<String> = (100..150).map(|n| format!("member{n}")).collect();
    let members: Vec<(&str, i64)> = names.iter().map(String::as_str).zip(1_000_000..).collect();
    let all = names.iter().map(|name| format!("@{name}")).collect::<Vec<_>>().join(", ");
    assert_eq!(rendered_among(&all, &members).mentions.len(), 50);
    let links: String = (0..100).map(|n| format!("- [page {n}](https://example.org/pages/{n})\n")).collect();
    assert_eq!(rendered(&links).html.matches("<a href").count(), 100);
    let table = format!("| a | b | c |\n|---|---|---|\n{}", "| 1 | 2 | 3 |\n".repeat(100));
    assert_eq!(rendered(&table).html.matches("<td>").count(), 300);
}

#[test]
fn a_client_sends_at_most_twenty_quotes_in_a_body_and_an_archive_any_number() {
    let side_by_side = |count: usize| "[quote post=1]x[/quote]\n".repeat(count);
    assert_eq!(rendered(&side_by_side(20)).quotes.len(), 20);
    let error = read(&side_by_side(21)).expect_err("one too many");
    assert_eq!(error, MarkupError::TooManyQuotes { at_most: 20, count: 21 });
    // Quotes in quotes count too.
    let nested = "[quote post=1]\n[quote post=2]x[/quote]\n[/quote]\n".repeat(11);
    assert_eq!(read(&nested).expect_err("too many"), MarkupError::TooManyQuotes { at_most: 20, count: 22 });
    let archived = read_archived(&side_by_side(500)).render(&HashMap::new());
    assert_eq!(archived.quotes.len(), 500);
}
