//! Html as a browser reads it: parsed by the algorithm of the HTML standard, and held against a list of what may be there.

use html5ever::serialize::{SerializeOpts, TraversalScope, serialize};
use html5ever::tendril::TendrilSink;
use html5ever::{LocalName, QualName, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom, SerializableHandle};

use crate::markup::scanner::TAGS;

fn parsed(html: &str, context: &str) -> RcDom {
    let context = QualName::new(None, ns!(html), LocalName::from(context));
    parse_fragment(RcDom::default(), Default::default(), context, Vec::new(), false).one(html)
}

/// The html element that the parser puts around a fragment.
fn root(dom: &RcDom) -> Handle {
    dom.document.children.borrow()[0].clone()
}

/// Says what is harmful in the html, or unlike what a browser makes of it.
pub fn objection(html: &str) -> Option<String> {
    // Where a page may put it.
    for context in ["div", "body", "td", "li", "template"] {
        let dom = parsed(html, context);
        if let Err(why) = check(&root(&dom), 0) {
            return Some(format!("{why}, in <{context}>"));
        }
    }
    let again = serialized(html);
    (plain(&again) != plain(html)).then(|| format!("a browser writes it as {again}"))
}

/// Spellings of the same character, in one.
fn plain(html: &str) -> String {
    html.replace("&nbsp;", "\u{a0}").replace("&quot;", "\"").replace("&#39;", "'").replace("&#x27;", "'")
}

/// What a browser writes of what it has read.
fn serialized(html: &str) -> String {
    let (dom, mut bytes) = (parsed(html, "div"), Vec::new());
    let options = SerializeOpts { traversal_scope: TraversalScope::ChildrenOnly(None), ..SerializeOpts::default() };
    serialize(&mut bytes, &SerializableHandle::from(root(&dom)), options).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn check(node: &Handle, depth: usize) -> Result<(), String> {
    for child in node.children.borrow().iter() {
        match &child.data {
            NodeData::Text { .. } => {}
            NodeData::Element { name, attrs, .. } => {
                let tag = &*name.local;
                let allowed = TAGS.iter().find(|(allowed, _)| *allowed == tag && name.ns == ns!(html));
                let (_, attributes) = allowed.ok_or(format!("<{tag}> is not allowed"))?;
                for attribute in attrs.borrow().iter() {
                    let (name, value) = (&*attribute.name.local, &*attribute.value);
                    if !attributes.contains(&name) && !is_mention(tag, name) || !may_be(tag, name, value) {
                        return Err(format!("{name}={value:?} of <{tag}>"));
                    }
                }
            }
            _ => return Err("a comment, or worse".into()),
        }
        // Deeper than any browser goes is made deep on purpose.
        if depth > 400 {
            return Err("too deep".into());
        }
        check(child, depth + 1)?;
    }
    Ok(())
}

/// What becomes a link to a member where it is shown.
fn is_mention(tag: &str, name: &str) -> bool {
    (tag, name) == ("a", "data-member")
}

fn may_be(tag: &str, name: &str, value: &str) -> bool {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    match (tag, name) {
        _ if value.chars().any(char::is_control) => false,
        ("a", "href") => leads(value).is_none_or(|scheme| ["http", "https", "mailto"].contains(&scheme.as_str())),
        ("img", "src") => leads(value).is_some_and(|scheme| ["http", "https"].contains(&scheme.as_str())),
        ("a", "rel") => value == "nofollow noopener ugc",
        ("a", "data-member") | ("blockquote", "data-post") | ("ol", "start") => digits,
        ("code", "class") => value.starts_with("language-") && !value.contains(char::is_whitespace),
        (_, "align") => ["left", "center", "right"].contains(&value),
        ("img", "loading") => value == "lazy",
        (_, "title" | "alt") => true,
        _ => false,
    }
}

/// The scheme of an address as browsers find it (URL standard, section 4.4): white space at its ends and control characters
/// in it are left out.
fn leads(address: &str) -> Option<String> {
    let base = url::Url::parse("relative://page.example/x").unwrap();
    match url::Url::parse(address) {
        Ok(url) => Some(url.scheme().to_owned()),
        Err(_) => base.join(address).ok().map(|url| url.scheme().to_owned()).filter(|scheme| scheme != "relative"),
    }
}

#[test]
fn the_reader_objects_to_what_is_harmful() {
    for html in [
        "<script>x</script>",
        "<p onclick=\"x\">x</p>",
        "<a href=\"javascript:x\">x</a>",
        "<a href=\" java\nscript:x\">x</a>",
        "<a href=\"&#1;javascript:x\">x</a>",
        "<img src=\"//evil.example/x\">",
        "<img src=\"data:image/png,x\">",
        "<p>x",
        "<!-- x -->",
        "<p><svg></svg></p>",
        "<a data-member=\"x\"></a>",
        "<p>a<p>b</p></p>",
        "<p style=\"x\">x</p>",
        "<code class=\"language-x y\">x</code>",
    ] {
        assert!(objection(html).is_some(), "{html}");
    }
    let good =
        "<p>a <a data-member=\"1\">@x</a> &lt;b&gt; <a href=\"/x\" rel=\"nofollow noopener ugc\">y</a></p>\n<hr>\n";
    assert_eq!(objection(good), None);
}
