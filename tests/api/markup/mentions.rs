//! Mentions: where a name is one, whose it is.

use folkmoot::markup::{self, html_with_names, text_with_names};

use super::rendered_among;

const MEMBERS: &[(&str, i64)] =
    &[("bob", 1), ("no smoking", 2), ("Srinivas_K", 3), ("_anax_", 4), ("Straße", 5), ("j.r.", 6), ("हिन्दी", 7)];

fn mentions(body: &str) -> Vec<i64> {
    rendered_among(body, MEMBERS).mentions
}

fn shown(body: &str) -> String {
    let post = rendered_among(body, MEMBERS);
    text_with_names(&post.text, |id| Some(MEMBERS[id as usize - 1].0))
}

#[test]
fn a_mention_is_stored_as_an_id_and_shown_as_a_name() {
    let post = rendered_among("Hello @BOB!", MEMBERS);
    assert_eq!(post.html, "<p>Hello <a data-member=\"1\"></a>!</p>\n");
    assert!(!post.text.to_lowercase().contains("bob"));
    assert_eq!(html_with_names(&post.html, |_| Some("Robert")), "<p>Hello <a data-member=\"1\">@Robert</a>!</p>\n");
    assert_eq!(text_with_names(&post.text, |_| Some("Robert")), "Hello @Robert!");
}

#[test]
fn a_name_with_a_space_is_put_in_quotation_marks() {
    assert_eq!(mentions("@\"no smoking\" and @\"bob\""), [2, 1]);
    assert_eq!(mentions("@no smoking"), [0; 0]);
    assert_eq!(mentions("@\"no  smoking\" @\" bob\" @\"bob"), [0; 0]);
}

#[test]
fn each_member_is_listed_once_by_first_appearance() {
    assert_eq!(mentions("@srinivas_k @bob @Bob @SRINIVAS_K @\"bob\""), [3, 1]);
}

#[test]
fn the_longest_name_wins_and_what_ends_a_sentence_is_left_out() {
    assert_eq!(mentions("thanks @bob."), [1]);
    assert_eq!(shown("thanks @bob..."), "thanks @bob...");
    assert_eq!(mentions("ask @j.r."), [6]);
    assert_eq!(mentions("@bob's @bob, (@bob) @bob-"), [1]);
    assert_eq!(mentions("@bobby"), [0; 0]);
    assert_eq!(shown(&format!("@bob{}", ".".repeat(60))), format!("@bob{}", ".".repeat(60)));
    assert_eq!(mentions(&format!("@bob{}", ".".repeat(60))), [1]);
}

#[test]
fn names_of_any_script_are_found_whatever_their_case_and_form() {
    assert_eq!(mentions("@STRASSE @हिन्दी @ｂｏｂ"), [5, 7, 1]);
}

#[test]
fn underscores_in_a_mention_are_no_emphasis() {
    assert_eq!(mentions("hi @_anax_ and @_Anax_"), [4]);
    assert_eq!(mentions("@_anax_ is _not_ here"), [4]);
    assert_eq!(shown("@_nobody_ `@_x_` @_y"), "@_nobody_ @_x_ @_y");
    let post = rendered_among("_ask @bob_", MEMBERS);
    assert_eq!(post.html, "<p><em>ask <a data-member=\"1\"></a></em></p>\n");
}

#[test]
fn a_mention_begins_after_no_letter_digit_or_underscore() {
    assert_eq!(mentions("a@bob 1@bob é@bob x_@bob"), [0; 0]);
    assert_eq!(mentions("**x**@bob `x`@bob"), [0; 0]);
    assert_eq!(mentions("(@bob"), [1]);
    assert_eq!(mentions("x\n@bob"), [1]);
}

#[test]
fn code_links_and_addresses_mention_nobody() {
    for body in [
        "`@bob`",
        "```\n@bob\n```",
        "    @bob",
        "[@bob](https://example.org)",
        "![@bob](https://example.org/x.png)",
        "https://example.org/@bob",
        "<https://example.org/@bob>",
        "me@bob.example",
        "\\@bob",
        "<b title=\"@bob\">",
    ] {
        assert_eq!(mentions(body), [0; 0], "{body}");
    }
}

#[test]
fn a_name_that_is_nobodys_stays_text() {
    let post = rendered_among("@nobody & @\"some one\"", MEMBERS);
    assert_eq!(post.html, "<p>@nobody &amp; @\"some one\"</p>\n".replace('"', "&quot;"));
    assert_eq!(post.text, "@nobody & @\"some one\"");
}

#[test]
fn mentions_within_quotes_count_and_are_not_in_the_text() {
    let post = rendered_among("[quote post=9]@bob[/quote]\nno", MEMBERS);
    assert_eq!(post.mentions, [1]);
    assert!(post.html.contains("<a data-member=\"1\"></a>"));
    assert_eq!(post.text, "no");
}

#[test]
fn mentions_stand_in_emphasis_headings_lists_and_tables() {
    for body in ["**@bob**", "# @bob", "- @bob", "| @bob |\n|---|\n| x |", "~~@bob~~"] {
        assert_eq!(mentions(body), [1], "{body}");
    }
}

#[test]
fn the_names_to_look_up_are_keys_each_once() {
    let draft = markup::read("@Bob @bob @\"No Smoking\" thanks @J.R.").expect("taken");
    assert_eq!(draft.mentioned_names(), ["bob", "no smoking", "j.r.", "j.r"]);
}

#[test]
fn the_names_to_look_up_are_bounded() {
    let body: String = (100..400).map(|n| format!("@name{n}._- ")).collect();
    let names = markup::read(&body).expect("taken").mentioned_names();
    assert_eq!(names.len(), 150);
    let post = rendered_among(&body, &[("name100", 1), ("name399", 2)]);
    assert_eq!(post.mentions, [1]);
    assert!(post.text.contains("@name399"));
}

#[test]
fn too_short_and_too_long_names_are_not_looked_up() {
    let fifty = "x".repeat(50);
    let body = format!("@ab @{fifty} @{fifty}y @\"{fifty}\" @\"{fifty}y\" @ @@ @-");
    assert_eq!(markup::read(&body).expect("taken").mentioned_names(), [fifty]);
}
