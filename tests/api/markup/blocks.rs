//! Markdown to html: what of it there is.

use super::html;

#[test]
fn commonmark_is_rendered() {
    assert_eq!(html("# A *b*\n\n---"), "<h1>A <em>b</em></h1>\n<hr>\n");
    assert_eq!(html("a  \nb\nc"), "<p>a<br>\nb\nc</p>\n");
    assert_eq!(html("> a"), "<blockquote>\n<p>a</p>\n</blockquote>\n");
    assert_eq!(html("3. a\n4. b"), "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n");
    assert_eq!(html("a\n==="), "<h1>a</h1>\n");
    assert_eq!(html("**a** `<b>`"), "<p><strong>a</strong> <code>&lt;b&gt;</code></p>\n");
}

#[test]
fn tables_strikethrough_and_addresses_are_rendered() {
    assert_eq!(html("~~a~~"), "<p><del>a</del></p>\n");
    let table = html("| a | b |\n|:-:|--:|\n| c | d |");
    assert!(table.contains("<th align=\"center\">a</th>"), "{table}");
    assert!(table.contains("<td align=\"right\">d</td>"), "{table}");
    assert_eq!(
        html("see www.example.org"),
        "<p>see <a href=\"http://www.example.org\" rel=\"nofollow noopener ugc\">www.example.org</a></p>\n"
    );
}

#[test]
fn links_keep_title_and_address() {
    assert_eq!(
        html("[x](https://example.org/a?b=c&d=@_e_f 'T')"),
        "<p><a href=\"https://example.org/a?b=c&amp;d=@_e_f\" title=\"T\" rel=\"nofollow noopener ugc\">x</a></p>\n"
    );
    assert!(html("[x](/threads/7#post-3)").contains("href=\"/threads/7#post-3\""));
    assert!(html("me@example.org").contains("href=\"mailto:me@example.org\""));
}

#[test]
fn images_load_when_they_are_seen() {
    let image = html("![a \"b\"](https://example.org/x.png)");
    for part in ["src=\"https://example.org/x.png\"", "alt=\"a &quot;b&quot;\"", "loading=\"lazy\""] {
        assert!(image.contains(part), "{image}");
    }
}

#[test]
fn fenced_code_names_its_language() {
    assert_eq!(html("```rust\nlet a = 1;\n```"), "<pre><code class=\"language-rust\">let a = 1;\n</code></pre>\n");
    assert_eq!(html("```\nx\n```"), "<pre><code>x\n</code></pre>\n");
    assert_eq!(html("```\"><b\nx\n```"), "<pre><code>x\n</code></pre>\n");
}

#[test]
fn long_rules_and_deep_indentation_are_what_they_look_like() {
    assert_eq!(html(&"-".repeat(200)), "<hr>\n");
    assert_eq!(html(&format!("a\n{}", "=".repeat(200))), "<h1>a</h1>\n");
    let indented = format!("{}x", " ".repeat(300));
    assert_eq!(html(&format!("```\n{indented}\n```")), format!("<pre><code>{indented}\n</code></pre>\n"));
    let shell = "> ".repeat(60);
    assert_eq!(
        html(&format!("```\n{shell}\n```")),
        format!("<pre><code>{}\n</code></pre>\n", shell.replace('>', "&gt;"))
    );
}

#[test]
fn characters_that_are_handled_apart_come_out_as_they_went_in() {
    assert_eq!(html("a&b\u{a0}\u{bf}\u{c0}Ơ© &nbsp;&copy;"), "<p>a&amp;b\u{a0}\u{bf}\u{c0}Ơ© \u{a0}©</p>\n");
    assert_eq!(
        html("[&](https://example.org '©&')"),
        "<p><a href=\"https://example.org\" title=\"©&amp;\" rel=\"nofollow noopener ugc\">&amp;</a></p>\n"
    );
}

#[test]
fn an_address_of_absurd_length_is_text() {
    let address = |length| format!("https://example.org/{}", "x".repeat(length));
    assert!(html(&address(900)).contains("<a "));
    assert_eq!(html(&address(1000)), format!("<p>{}</p>\n", address(1000)));
}

#[test]
fn usual_nesting_of_lists_is_kept() {
    let list: String = (0..8).map(|level| format!("{}- x\n", "  ".repeat(level))).collect();
    assert_eq!(html(&list).matches("<ul>").count(), 8);
    assert_eq!(html(&"> ".repeat(12)).matches("<blockquote>").count(), 12);
}
