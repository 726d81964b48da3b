//! A strict reader of the html that is given out, written apart from what makes it: anything that is not
//! plainly harmless is an error.

/// Elements that are given out, with the attributes that each may have.
pub const TAGS: &[(&str, &[&str])] = &[
    ("a", &["href", "title", "rel"]),
    ("blockquote", &["data-post"]),
    ("br", &[]),
    ("code", &["class"]),
    ("del", &[]),
    ("em", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("img", &["src", "alt", "title", "loading"]),
    ("li", &[]),
    ("ol", &["start"]),
    ("p", &[]),
    ("pre", &[]),
    ("strong", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["align"]),
    ("th", &["align"]),
    ("thead", &[]),
    ("tr", &[]),
    ("ul", &[]),
];
const VOID: &[&str] = &["br", "hr", "img"];

/// Says what is wrong with the html, if anything. `<a data-member="ID"></a>` is allowed.
pub fn objection(html: &str) -> Option<String> {
    read(html).err()
}

fn read(html: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut pieces = html.split('<');
    check_text(pieces.next().unwrap_or_default())?;
    for piece in pieces {
        let (tag, text) = piece.split_once('>').ok_or("a tag does not end")?;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
        } else {
            let name = check_tag(tag)?;
            if !VOID.contains(&name) {
                open.push(name);
            }
        }
        check_text(text)?;
    }
    match open.last() {
        Some(name) => Err(format!("<{name}> stays open")),
        None => Ok(()),
    }
}

fn check_text(text: &str) -> Result<(), String> {
    let odd = |c: char| c == '>' || (c.is_control() && c != '\n' && c != '\t');
    match text.find(odd) {
        Some(at) => Err(format!("{:?} in text", &text[at..])),
        None => Ok(()),
    }
}

fn check_tag(tag: &str) -> Result<&str, String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let (name, attributes) =
        TAGS.iter().find(|(allowed, _)| *allowed == name).ok_or(format!("<{tag}> is not allowed"))?;
    while !rest.is_empty() {
        let (attribute, after) = rest.split_once("=\"").ok_or(format!("<{tag}> is odd"))?;
        let (value, after) = after.split_once('"').ok_or(format!("<{tag}> is odd"))?;
        let is_mention = *name == "a" && attribute == "data-member" && tag.matches('=').count() == 1;
        if !(attributes.contains(&attribute) || is_mention) {
            return Err(format!("{attribute} in <{tag}>"));
        }
        check_value(name, attribute, value).map_err(|why| format!("{why} in <{tag}>"))?;
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    if *name == "a" && tag.contains("href") && !tag.contains("rel=\"nofollow noopener ugc\"") {
        return Err(format!("no rel in <{tag}>"));
    }
    Ok(name)
}

fn check_value(name: &str, attribute: &str, value: &str) -> Result<(), &'static str> {
    let value = decoded(value);
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let good = match attribute {
        _ if value.contains(char::is_control) => false,
        "href" => ["http", "https", "mailto", ""].contains(&scheme(&value).as_str()),
        "src" => name == "img" && ["http", "https"].contains(&scheme(&value).as_str()),
        "data-post" | "data-member" | "start" => digits,
        "class" => value.starts_with("language-") && !value.contains(char::is_whitespace),
        "align" => ["left", "center", "right"].contains(&value.as_str()),
        "loading" => value == "lazy",
        _ => true,
    };
    if good { Ok(()) } else { Err("a bad value") }
}

/// The scheme as a browser finds it, which leaves out white space and control characters.
fn scheme(url: &str) -> String {
    let url: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    match url.split_once(':') {
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => scheme.to_ascii_lowercase(),
        _ => String::new(),
    }
}

fn decoded(value: &str) -> String {
    value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[test]
fn the_scanner_objects_to_what_is_harmful() {
    for html in [
        "<script>x</script>",
        "<p onclick=\"x\">x</p>",
        "<p>x",
        "x</p>",
        "<p><em>x</p></em>",
        "<a href=\"javascript:x\" rel=\"nofollow noopener ugc\">x</a>",
        "<a href=\"java\nscript:x\" rel=\"nofollow noopener ugc\">x</a>",
        "<a href=\"https://example.org\">x</a>",
        "<a href=https://example.org>x</a>",
        "<img src=\"data:image/png,x\">",
        "<img src=\"x\">",
        "<p>a > b</p>",
        "<p>\u{1}</p>",
        "<code class=\"language-x y\">x</code>",
        "<a data-member=\"1\" href=\"https://example.org\" rel=\"nofollow noopener ugc\">x</a>",
    ] {
        assert!(objection(html).is_some(), "{html}");
    }
    assert_eq!(objection("<p>a <a data-member=\"1\"></a> &lt;b&gt;</p><hr>"), None);
}
