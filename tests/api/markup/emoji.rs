//! Emoji codes.

use folkmoot::markup::emoji_unicode;

use super::{html, rendered};

#[test]
fn codes_become_unicode_and_are_listed_once_by_first_appearance() {
    let post = rendered(":thumb: The above has said it all. Over to Japan?:rofl: :thumb:");
    assert_eq!(post.text, "👍 The above has said it all. Over to Japan?🤣 👍");
    assert_eq!(post.html, format!("<p>{}</p>\n", post.text));
    assert_eq!(post.emoji, ["thumb", "rofl"]);
}

#[test]
fn common_codes_and_forum_aliases_are_known() {
    for (code, unicode) in [
        ("thumb", "👍"),
        ("thumbsup", "👍"),
        ("+1", "👍"),
        ("-1", "👎"),
        ("rofl", "🤣"),
        ("lol", "😂"),
        ("mad", "😠"),
        ("cool", "😎"),
        ("sad", "🙁"),
        ("wink", "😉"),
        ("facepalm", "🤦"),
        ("smile", "😄"),
        ("heart", "❤️"),
        ("flag_in", ""),
        ("100", "💯"),
        ("LOL", "😂"),
    ] {
        assert_eq!(emoji_unicode(code).unwrap_or_default(), unicode, "{code}");
    }
    let unknown: Vec<_> = "bow pray hugs ninja troll shrug laughing cry grin biggrin razz evil"
        .split(' ')
        .filter(|code| emoji_unicode(code).is_none())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert_eq!(emoji_unicode("nosuchthing"), None);
    assert_eq!(emoji_unicode(""), None);
    assert_eq!(emoji_unicode(":thumb:"), None);
}

#[test]
fn codes_may_follow_each_other_and_other_text() {
    assert_eq!(rendered(":thumb::rofl:x:wink:").text, "👍🤣x😉");
    assert_eq!(rendered("a:b :rofl:").text, "a:b 🤣");
    assert_eq!(rendered("*:rofl:* [:wink:](/x)").text, "🤣 😉");
}

#[test]
fn times_addresses_and_paths_are_no_emoji() {
    for text in ["10:30:15", "1:100:2", "fe80::a:b:c:1", "std::cool::new", "x::", ":", ":::", ": cool :"] {
        let post = rendered(text);
        assert_eq!((post.text.as_str(), post.emoji.len()), (text, 0));
    }
}

#[test]
fn code_urls_and_escapes_keep_their_colons() {
    for (body, text) in [
        ("`:rofl:`", ":rofl:"),
        ("```\n:rofl:\n```", ":rofl:"),
        ("https://example.org/:rofl:", "https://example.org/:rofl:"),
        ("<https://example.org/:rofl:>", "https://example.org/:rofl:"),
        ("\\:rofl:", ":rofl:"),
        (":rofl\\:", ":rofl:"),
    ] {
        let post = rendered(body);
        assert_eq!((post.text.as_str(), post.emoji.len()), (text, 0), "{body}");
    }
    assert!(html("[x](https://example.org/:rofl:)").contains("href=\"https://example.org/:rofl:\""));
}

#[test]
fn emoji_in_quotes_are_listed() {
    let post = rendered("[quote post=1]:wink:[/quote]:rofl:");
    assert_eq!(post.emoji, ["wink", "rofl"]);
    assert_eq!(post.text, "🤣");
}

#[test]
fn an_image_text_may_hold_emoji() {
    let html = html("![a :rofl:](https://example.org/x.png)");
    assert!(html.contains("alt=\"a 🤣\""), "{html}");
}
