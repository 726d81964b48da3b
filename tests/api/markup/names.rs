//! Names: their unique form, and how they come into what is stored.

use folkmoot::markup::{html_with_names, text_with_names, username_key};

use super::{rendered, rendered_among};

#[test]
fn names_that_differ_in_case_or_form_have_one_key() {
    assert_eq!(username_key("Srinivas_K"), username_key("SRINIVAS_K"));
    assert_eq!(username_key("Straße"), username_key("STRASSE"));
    assert_eq!(username_key("e\u{301}"), username_key("É"));
    assert_eq!(username_key("ｆｕｌｌ"), "full");
    assert_eq!(username_key("no smoking"), "no smoking");
    assert_ne!(username_key("rn"), username_key("m"));
}

#[test]
fn the_key_of_a_key_is_itself() {
    let unstable: Vec<char> = (' '..=char::MAX)
        .filter(|c| c.is_alphanumeric())
        .filter(|c| {
            let key = username_key(&c.to_string());
            username_key(&key) != key
        })
        .collect();
    assert!(unstable.is_empty(), "{unstable:?}");
}

#[test]
fn a_name_is_escaped_in_html() {
    assert_eq!(
        html_with_names("<a data-member=\"1\"></a>", |_| Some("<b>&\"'")),
        "<a data-member=\"1\">@&lt;b&gt;&amp;&quot;&#39;</a>"
    );
}

#[test]
fn a_deleted_member_has_no_name_and_keeps_the_link() {
    let post = rendered_among("@bob was here", &[("bob", 8)]);
    assert_eq!(html_with_names(&post.html, |_| None), "<p><a data-member=\"8\">@…</a> was here</p>\n");
    assert_eq!(text_with_names(&post.text, |_| None), "@… was here");
}

#[test]
fn each_mention_gets_the_name_of_its_id() {
    let post = rendered_among("@bob @amoy @bob", &[("bob", 8), ("amoy", 9)]);
    let name = |id| Some(if id == 8 { "B" } else { "A" });
    assert_eq!(text_with_names(&post.text, name), "@B @A @B");
    assert!(html_with_names(&post.html, name).contains("\"9\">@A<"));
}

#[test]
fn a_member_link_that_a_user_wrote_is_never_filled() {
    for body in [
        "<a data-member=\"1\"></a>",
        "\\<a data-member=\"1\"></a>",
        "`<a data-member=\"1\"></a>`",
        "[x](https://example.org '<a data-member=\"1\"></a>')",
        "![<a data-member=\"1\"></a>](https://example.org/x)",
        "```<a data-member=\"1\"></a>\nx\n```",
        "&lt;a data-member=&quot;1&quot;&gt;&lt;/a&gt;",
    ] {
        let html = rendered(body).html;
        assert_eq!(html_with_names(&html, |_| Some("gotcha")), html, "{body}");
    }
}

#[test]
fn a_placeholder_that_a_user_wrote_is_never_filled() {
    for body in [
        "\u{1}1\u{2}",
        "&#1;1&#2;",
        "`\u{1}1\u{2}`",
        "```\n\u{1}1\u{2}\n```",
        "```&#1;1&#2;\nx\n```",
        "[x](<https://example.org/&#1;0&#2;> '&#1;0&#2;') @bob",
        "![&#1;0&#2;](https://example.org/x '&#1;0&#2;') @bob",
        "<b \u{1}1\u{2}>",
    ] {
        let post = rendered_among(body, &[("bob", 77)]);
        let own = usize::from(body.contains("@bob"));
        assert_eq!(post.html.matches("data-member").count(), own, "{body}");
        let text = text_with_names(&post.text, |_| Some("gotcha"));
        assert_eq!(text.matches("gotcha").count(), own, "{body}");
    }
}

#[test]
fn text_holds_no_control_characters_but_tab_and_line_end() {
    let body = "a\tb\u{0}\u{8}\u{1b}[31m\u{7f}\u{9b}\nc `\u{3}` &#4; &#x1b;\n\n\u{b}    code\u{c}";
    let post = rendered(body);
    for out in [&post.text, &post.html] {
        let odd: Vec<char> = out.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\t')).collect();
        assert!(odd.is_empty(), "{odd:?} in {out:?}");
    }
}
