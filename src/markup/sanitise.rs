//! The last gate of html: what is not on these lists does not pass, whatever the Markdown renderer made.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

const TAGS: [&str; 27] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    "tfoot",
];

/// Where a link may lead, beside addresses without a scheme.
const LINK_SCHEMES: [&str; 3] = ["http", "https", "mailto"];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("code", HashSet::from(["class"])),
            ("img", HashSet::from(["src", "alt", "title"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["align"])),
            ("th", HashSet::from(["align"])),
        ]))
        .set_tag_attribute_value("img", "loading", "lazy")
        .url_schemes(HashSet::from(LINK_SCHEMES))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("nofollow noopener ugc"))
        .attribute_filter(filter_attribute);
    builder
});

/// Html with nothing in it but what is allowed.
pub(super) fn sanitise(html: &str) -> String {
    reveal(&SANITISER.clean(&hide(html)).to_string())
}

/// Stand for an ampersand, and in front of a character from U+00A0 to U+00BF that was moved up. The
/// serialiser behind the gate looks through all the rest of a text for each of these, so a long text of
/// them would take the square of its length; the gate decides nothing by them.
const AMPERSAND: char = '\u{FDD2}';
const MOVED: char = '\u{FDD3}';
const MOVE: u32 = 0x100;

fn hide(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    for c in html.replace("&amp;", AMPERSAND.encode_utf8(&mut [0; 4])).chars() {
        match char::from_u32(u32::from(c) + MOVE) {
            Some(moved) if ('\u{A0}'..='\u{BF}').contains(&c) => out.extend([MOVED, moved]),
            _ => out.push(c),
        }
    }
    out
}

fn reveal(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut chars = html.chars();
    while let Some(c) = chars.next() {
        match c {
            AMPERSAND => out.push_str("&amp;"),
            MOVED => {
                let moved = chars.next().and_then(|c| u32::from(c).checked_sub(MOVE));
                let original = moved.and_then(char::from_u32);
                out.extend(original.filter(|c| ('\u{A0}'..='\u{BF}').contains(c)));
            }
            _ => out.push(c),
        }
    }
    out
}

/// Whether a link may lead there: http, https, mailto, or an address without a scheme.
pub(super) fn is_safe_link(url: &str) -> bool {
    match scheme(url) {
        Some(scheme) => LINK_SCHEMES.iter().any(|safe| scheme.eq_ignore_ascii_case(safe)),
        None => true,
    }
}

/// Whether an image may come from there: a whole http or https address.
pub(super) fn is_safe_image(url: &str) -> bool {
    let is_web = |scheme: &str| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    // Without the slashes a browser takes it for a path of the page's own host.
    scheme(url).is_some_and(|scheme| is_web(scheme) && url[scheme.len()..].starts_with("://"))
}

/// All that stands in front of a colon, be it a scheme or not, unless the path has begun. Browsers
/// ignore control characters in it, so with them it is none that is known.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    (!scheme.contains(['/', '?', '#'])).then_some(scheme)
}

fn filter_attribute<'v>(element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let passes = match (element, attribute) {
        ("img", "src") => is_safe_image(value),
        ("a", "href") => is_safe_link(value),
        ("code", "class") => is_language(value),
        (_, "align") => matches!(value, "left" | "center" | "right"),
        _ => true,
    };
    if !passes {
        return None;
    }
    if !value.contains(char::is_control) {
        return Some(Cow::Borrowed(value));
    }
    // Control characters mark mentions, and those are put in after this gate.
    Some(Cow::Owned(value.chars().filter(|c| !c.is_control()).collect()))
}

fn is_language(class: &str) -> bool {
    class.strip_prefix("language-").is_some_and(|language| {
        (1..=40).contains(&language.len())
            && language.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_.#".contains(&b))
    })
}
