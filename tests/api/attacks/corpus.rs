//! Fragments that attackers write, and ways to put them together.

/// Addresses that must lead nowhere, however a browser might read them.
pub fn addresses() -> Vec<String> {
    let script = "javascript:alert(1)";
    let mut all: Vec<String> = [
        script,
        "JaVaScRiPt:alert(1)",
        "  javascript:alert(1)",
        "\u{a0}javascript:alert(1)",
        "\u{3000}javascript:alert(1)",
        "javascript&colon;alert(1)",
        "javascript&#58;alert(1)",
        "javascript&#x3a;alert(1)",
        "javascript&#0000058alert(1)",
        "&#106;avascript:alert(1)",
        "&#x6A;&#x61;vascript:alert(1)",
        "&Tab;javascript:alert(1)",
        "java&Tab;script:alert(1)",
        "java&NewLine;script:alert(1)",
        "java&#x0A;script:alert(1)",
        "java&#13;script:alert(1)",
        "java\tscript:alert(1)",
        "java\\script:alert(1)",
        "javascript\\:alert(1)",
        "javascript%3Aalert(1)",
        "java%0ascript:alert(1)",
        "javascript\u{ad}:alert(1)",
        "java\u{200b}script:alert(1)",
        "java\u{202e}script:alert(1)",
        "ｊａｖａｓｃｒｉｐｔ:alert(1)",
        "javascript：alert(1)",
        "jav\u{131}ascript:alert(1)",
        "javaſcript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "javascript:/*https://example.org*/alert(1)",
        "vbscript:msgbox(1)",
        "VBSCRIPT:msgbox(1)",
        "livescript:x",
        "mocha:x",
        "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        "data:image/svg+xml;utf8,<svg onload=alert(1)>",
        "DATA:text/html,x",
        "feed:javascript:alert(1)",
        "jar:javascript:alert(1)!/",
        "view-source:javascript:alert(1)",
        "blob:https://example.org/1",
        "filesystem:https://example.org/1",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "intent://x#Intent;end",
        "ms-msdt:/id",
        "about:blank",
        "chrome://settings",
        "steam://run/1",
        "tel:1",
        "//evil.example/x",
        "\\\\evil.example\\x",
        "https:javascript:alert(1)",
        "https://example.org/\" onmouseover=\"alert(1)",
        "https://example.org/' onmouseover='alert(1)",
        "https://example.org/`onmouseover=alert(1)",
        "https://example.org/><script>alert(1)</script>",
        "https://example.org/&quot;&gt;&lt;script&gt;",
        "https://evil.example@example.org/",
        "https://example.org:99999/",
        "https://[::1",
        "mailto:a@b.c?body=<script>",
    ]
    .map(str::to_owned)
    .into();
    // A control character before, within and behind the scheme.
    for control in (1..=0x1f).chain([0x7f, 0x80, 0x9f]).filter_map(char::from_u32) {
        all.push(format!("{control}{script}"));
        all.push(format!("java{control}script:alert(1)"));
        all.push(format!("javascript{control}:alert(1)"));
        all.push(format!("java&#{};script:alert(1)", u32::from(control)));
    }
    all
}

/// Where Markdown takes an address.
pub fn linked(address: &str) -> Vec<String> {
    vec![
        format!("[x]({address})"),
        format!("[x](<{address}>)"),
        format!("![x]({address})"),
        format!("![x](<{address}> \"t\")"),
        format!("<{address}>"),
        format!("[x]: {address}\n\n[x] [x][] [y][x] ![x]"),
        format!("[x]: <{address}> 'onclick=alert(1)'\n\n> [x]"),
        format!("[![x]({address})]({address})"),
        format!("| a |\n|---|\n| [x]({address}) |"),
        format!("[quote post=7]\n[x]({address})\n[/quote]"),
        format!("<a href=\"{address}\">x</a>"),
        format!("<img src={address}>"),
        format!("see {address} there"),
    ]
}

const TAGS: &str = "a abbr acronym applet area article audio b base basefont bdo bgsound big blink body button canvas caption center
    col command content data datalist details dialog dir div embed event-source fieldset font footer form frame frameset head
    html i iframe image img input isindex keygen label layer legend link listing map marquee math menu meta meter multicol
    nextid nobr noembed noframes noscript object option output param picture plaintext portal progress rb rp rtc ruby s samp
    script section select shadow slot small source spacer span style sub summary sup svg table template textarea time title
    track tt u var video wbr xml xmp animate set use foreignObject annotation-xml mglyph malignmark mtext maction x-y";

const HANDLERS: [&str; 12] = [
    "onerror=alert(1)",
    "onload=alert(1)",
    "onclick=alert(1)",
    "ONMOUSEOVER=alert(1)",
    "onfocus=alert(1) autofocus",
    "ontoggle=alert(1) open",
    "onbegin=alert(1)",
    "style=\"background:url(javascript:alert(1))\"",
    "srcdoc=\"<script>alert(1)</script>\"",
    "formaction=javascript:alert(1)",
    "xlink:href=javascript:alert(1)",
    "id=x name=body class=y data-member=1",
];

/// Html in all its shapes, that a body shows as text.
pub fn html() -> Vec<String> {
    let mut all = Vec::new();
    for (n, tag) in TAGS.split_whitespace().enumerate() {
        let handler = HANDLERS[n % HANDLERS.len()];
        all.push(format!("<{tag} {handler}>x</{tag}>"));
        all.push(format!("<{}/{handler}//", tag.to_uppercase()));
        all.push(format!("a <{tag}\n{handler}\n> *b* </{tag}\t>"));
        all.push(format!("<{tag}>\n\n<script>alert(1)</script>\n\n</{tag}>"));
    }
    all.extend(HANDLERS.iter().map(|handler| format!("<img src=x\u{c}{handler}>")));
    all.extend(SHAPES.iter().map(|shape| (*shape).to_owned()));
    all
}

/// Known shapes that mutate when they are parsed twice, or that confuse tokenizers.
const SHAPES: [&str; 44] = [
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style>",
    "<svg><style><!--</style><img src=x onerror=alert(1)>--></svg>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\">",
    "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\">",
    "<title><a title=\"</title><img src=x onerror=alert(1)>\">",
    "<xmp><p title=\"</xmp><svg onload=alert(1)>\">",
    "<plaintext><script>alert(1)</script>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<select><template><script>alert(1)</script></template></select>",
    "<table><td><svg><desc><table><img src=x onerror=alert(1)>",
    "<a href=\"x\" href=\"javascript:alert(1)\">x</a>",
    "<a/href=\"javascript:alert(1)\"/>x",
    "<<script>alert(1);//<</script>",
    "<script\u{0}>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=\"x` `<script>alert(1)</script>\"` `>",
    "<img \"\"\"><script>alert(1)</script>\">",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--!><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<svg><![CDATA[</svg><img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href=\"javascript:alert(1)\"?>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>&y;",
    "</p></div></body></html><script>alert(1)</script>",
    "</blockquote></a></code></pre><img src=x onerror=alert(1)>",
    "`<img src=x onerror=alert(1)>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "```\" onmouseover=\"alert(1)\nx\n```",
    "~~~<script>\nx\n~~~",
    "    <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;",
    "&#x3c;script&#x3e;alert(1)&#x3c;/script&#x3e;",
    "\\<script\\>alert(1)\\</script\\>",
    "\u{ff1c}script\u{ff1e}alert(1)\u{ff1c}/script\u{ff1e}",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<a\u{2028}onclick=alert(1)>x</a>",
    "\u{202e}<img src=x onerror=alert(1)>\u{202c}\u{2066}x\u{2069}\u{200f}",
];

/// Our own markup, turned against itself.
pub fn own() -> Vec<String> {
    let attempts = [
        "[quote post=7\" onclick=\"alert(1)]x[/quote]",
        "[quote post=7 onclick=alert(1)]x[/quote]",
        "[quote post=<script>]x[/quote]",
        "[quote post=7]\n</blockquote><script>alert(1)</script>\n[/quote]",
        "[quote post=7]\n```\n[/quote]\n<script>\n```",
        "[quote post=99999999999999999999]x[/quote]",
        "[quote post=-1]x[/quote]",
        "[quote post=7][quote post=8]<b>[/quote]</b>[/quote]",
        "@\"<script>alert(1)</script>\"",
        "@\"bob\" onclick=\"alert(1)\"",
        "@<img src=x onerror=alert(1)>",
        "@bob<script>@bob</script>",
        "[@bob](javascript:alert(1))",
        "[x](https://example.org/@bob) `@bob` ![@bob](https://example.org/x.png)",
        "@bob@bob.example @@bob \\@bob",
        "<a data-member=\"12\">@bob</a>",
        "<a data-member=\"12\"></a>",
        "<blockquote data-post=\"7\">forged</blockquote>",
        ":<script>: :rofl:<b>:rofl:</b> [:rofl:](javascript:1)",
        "\u{1}12\u{2} \u{1}@bob\u{2} &#1;12&#2;",
        "\u{FDD0}12\u{FDD1} \u{FDD2}lt;script\u{FDD2}gt; \u{FDD3}\u{13C}script\u{FDD3}\u{13E}",
        "\u{FDD2}\u{FDD2}amp; \u{FDD3}",
    ];
    attempts.map(str::to_owned).into()
}

/// All of it.
pub fn all() -> Vec<String> {
    let links = addresses().iter().flat_map(|address| linked(address)).collect();
    [links, html(), own()].concat()
}

/// Pieces for bodies made up at random: of Markdown, of our markup and of html.
pub const PIECES: [&str; 112] = [
    "a",
    "b ",
    "\n",
    "\n\n",
    " ",
    "    ",
    "\t",
    "*",
    "**",
    "_",
    "__",
    "~~",
    "`",
    "``",
    "```",
    "```x\n",
    "~~~\n",
    "#",
    "## ",
    "> ",
    "- ",
    "1. ",
    "* ",
    "|",
    "|a|b|\n|-|-|\n",
    "[",
    "]",
    "(",
    ")",
    "](",
    "![",
    "[x]",
    "[x]: ",
    "](<",
    ">)",
    "<",
    ">",
    "</",
    "/>",
    "\"",
    "'",
    "=",
    "&",
    "&lt;",
    "&#1;",
    "&#x3a;",
    "&Tab;",
    "&colon;",
    "\\",
    ":",
    ":rofl:",
    "@",
    "@bob",
    "@\"no smoking\"",
    "[quote post=7]",
    "[quote post=7]\n",
    "[/quote]",
    "\n[/quote]\n",
    "javascript:",
    "JAVASCRIPT:alert(1)",
    "vbscript:",
    "data:text/html,",
    "https://example.org/",
    "http://",
    "www.example.org",
    "me@example.org",
    "//evil.example",
    "<script>",
    "</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=x>",
    "<math><mtext>",
    "<style>",
    "</style>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<a href=\"",
    "onclick=\"x\"",
    "<div>\n",
    "<pre>",
    "<table><td>",
    "\u{1}",
    "\u{FDD2}",
    "\u{FDD3}\u{1a0}",
    "\u{202e}",
    "\u{a0}",
    "é",
    "🤣",
    "~~~",
    "# ",
    "|-|-|\n",
    "@_x_",
    "[quote post=x]",
    "www.x.org",
    "me@x.org",
    "<b>",
    "\u{2}",
    "0",
    "1",
    "\u{FDD0}",
    "\u{FDD1}",
    "\r",
    "漢",
    "\u{301}",
    "\u{200d}",
    "[x]: javascript:1\n",
    "---\n",
    "===\n",
    "<pre>\n",
    "\u{0}",
];
