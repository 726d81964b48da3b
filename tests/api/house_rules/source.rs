//! The sources of the program, read as tokens: comments and layout are gone, and what macros hold is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A word, a sign, a bracket or a literal, with its line.
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A file of `src/`.
pub struct Source {
    /// Its path in `src/`, such as `posts/create.rs`.
    pub path: String,
    pub lines: usize,
    pub tokens: Vec<Token>,
}

/// A function that takes requests.
pub struct Handler {
    pub method: String,
    pub url: String,
    pub function: String,
    pub file: String,
    pub lines: usize,
}

/// All files of `src/`, tests inside of them left out.
pub static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let root = root().join("src");
    let files = rust_files(&root);
    files.iter().map(|file| Source::read(file, &root)).collect()
});

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder, in order.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let of = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => rust_files(&path),
        Some(kind) if kind == "rs" => vec![path],
        _ => vec![],
    };
    entries.into_iter().flat_map(of).collect()
}

impl Source {
    fn read(file: &Path, root: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let mut tokens = Vec::new();
        flatten(text.parse().unwrap(), &mut tokens);
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        Self { path, lines: text.lines().count(), tokens: without_tests(tokens) }
    }

    /// The module, such as `["posts", "create"]`.
    pub fn module(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs").trim_end_matches("mod").trim_end_matches('/');
        path.split('/').filter(|part| !["main", "lib", ""].contains(part)).map(str::to_owned).collect()
    }

    /// The texts of `count` tokens from `at` on.
    fn texts(&self, at: usize, count: usize) -> Vec<&str> {
        self.tokens.iter().skip(at).take(count).map(|token| token.text.as_str()).collect()
    }

    /// Everything of this crate that the file names, as full paths: `["posts", "PostView"]`.
    pub fn names_of_the_crate(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            let text = self.tokens[at].text.as_str();
            if let Some(path) = text.strip_prefix("\"crate::") {
                found.push(path.trim_end_matches('"').split("::").map(str::to_owned).collect());
            }
            let starts = ["crate", "self", "super"].contains(&text) && self.texts(at + 1, 1) == ["::"];
            if starts && (at == 0 || !["::", "$"].contains(&self.tokens[at - 1].text.as_str())) {
                let paths = self.tree(&mut at.clone()).into_iter();
                found.extend(paths.filter_map(|(path, _)| self.resolved(&path)));
            }
        }
        found
    }

    /// What the file names of a module that it has imported: `["count"]` where it says `members::count`.
    pub fn names_of(&self, module: &str) -> Vec<Vec<String>> {
        let is_start =
            |at: &usize| self.texts(*at, 2) == [module, "::"] && (*at == 0 || self.tokens[at - 1].text != "::");
        let trees = (0..self.tokens.len()).filter(is_start).flat_map(|at| self.tree(&mut at.clone()));
        trees.map(|(path, _)| path[1..].to_vec()).collect()
    }

    /// What `mod.rs` exports: each name with the module below it and the name it has there.
    pub fn exports(&self) -> BTreeMap<String, Vec<String>> {
        let starts = (0..self.tokens.len()).filter(|at| self.texts(*at, 2) == ["pub", "use"]);
        let trees = starts.flat_map(|at| self.tree(&mut (at + 2)));
        let of_crate = |path: &[String]| path[0] != "crate" && path[0] != "self" && path[0] != "super";
        trees.filter(|(path, _)| of_crate(path)).map(|(path, name)| (name, path)).collect()
    }

    /// One `a::b::{c, d as e}`: each path with the name it is used by. Leaves `at` behind it.
    fn tree(&self, at: &mut usize) -> Vec<(Vec<String>, String)> {
        let mut path = Vec::new();
        loop {
            let text = self.tokens[*at].text.clone();
            *at += 1;
            if text == "{" {
                return self.branches(at, &path);
            }
            path.push(text);
            if self.texts(*at, 1) != ["::"] {
                break;
            }
            *at += 1;
            if self.texts(*at, 1) == ["<"] {
                break;
            }
        }
        let mut name = path.last().unwrap().clone();
        if self.texts(*at, 1) == ["as"] {
            name.clone_from(&self.tokens[*at + 1].text);
            *at += 2;
        }
        vec![(path, name)]
    }

    fn branches(&self, at: &mut usize, path: &[String]) -> Vec<(Vec<String>, String)> {
        let mut found = Vec::new();
        while self.tokens[*at].text != "}" {
            if self.tokens[*at].text == "," {
                *at += 1;
                continue;
            }
            for (branch, name) in self.tree(at) {
                let rest = branch.into_iter().filter(|part| part != "self");
                found.push((path.iter().cloned().chain(rest).collect(), name));
            }
        }
        *at += 1;
        found
    }

    /// `super` and `self` resolved; nothing where the path leaves the crate's root.
    fn resolved(&self, path: &[String]) -> Option<Vec<String>> {
        let mut from = if path[0] == "crate" { Vec::new() } else { self.module() };
        for part in path {
            match part.as_str() {
                "crate" | "self" => {}
                "super" => drop(from.pop()?),
                name => from.push(name.to_owned()),
            }
        }
        Some(from)
    }

    /// The functions with `#[get("…")]` and the like above them.
    pub fn handlers(&self) -> Vec<Handler> {
        let methods = ["get", "post", "put", "patch", "delete"];
        let is_route = |at: &usize| {
            let texts = self.texts(*at, 5);
            texts.len() == 5
                && (texts[0], texts[1], texts[3]) == ("#", "[", "(")
                && methods.contains(&texts[2])
                && texts[4].starts_with('"')
        };
        (0..self.tokens.len()).filter(is_route).map(|at| self.handler(at)).collect()
    }

    fn handler(&self, at: usize) -> Handler {
        let function = (at..).find(|at| self.tokens[*at].text == "fn").unwrap();
        let open = (function..).find(|at| self.tokens[*at].text == "{").unwrap();
        let lines = self.tokens[self.close(open)].line + 1 - self.tokens[function].line;
        Handler {
            method: self.tokens[at + 2].text.to_uppercase(),
            url: self.tokens[at + 4].text.trim_matches('"').to_owned(),
            function: self.tokens[function + 1].text.clone(),
            file: self.path.clone(),
            lines,
        }
    }

    /// The bracket that closes the one at `open`.
    fn close(&self, open: usize) -> usize {
        close(&self.tokens, open)
    }

    /// The words behind `first::`, such as `NotFound` of `Code::NotFound`.
    pub fn variants_used(&self, first: &str) -> impl Iterator<Item = &str> {
        let ats = (0..self.tokens.len()).filter(move |at| self.texts(*at, 2) == [first, "::"]);
        ats.filter_map(|at| self.tokens.get(at + 2)).map(|token| token.text.as_str())
    }

    /// The types that are declared here.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        let kinds = ["struct", "enum", "trait", "type", "union"];
        let pairs = self.tokens.windows(2).filter(move |pair| kinds.contains(&pair[0].text.as_str()));
        pairs.map(|pair| pair[1].text.as_str()).filter(|name| name.starts_with(char::is_uppercase))
    }

    /// The problems that acts name as their own.
    pub fn own_problems(&self) -> Vec<&str> {
        if self.handlers().is_empty() {
            return Vec::new();
        }
        let ats = (0..self.tokens.len()).filter(|at| self.tokens[*at].text == "\"x-problems\"");
        let lists = ats.flat_map(|at| self.tokens[at + 1..].iter().take_while(|token| token.text != "]"));
        lists.filter_map(|token| token.text.strip_prefix('"')?.strip_suffix('"')).collect()
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(Token { text: open.into(), line });
                flatten(group.stream(), tokens);
                tokens.push(Token { text: close.into(), line: group.span_close().start().line });
            }
            TokenTree::Punct(punct) => sign(punct.as_char(), punct.spacing(), line, tokens),
            other => tokens.push(Token { text: other.to_string().trim_start_matches("r#").to_owned(), line }),
        }
    }
}

/// Puts the two colons of `::` together.
fn sign(sign: char, spacing: Spacing, line: usize, tokens: &mut Vec<Token>) {
    match tokens.last_mut() {
        Some(last) if sign == ':' && last.text == ": " => last.text = "::".into(),
        _ if sign == ':' && spacing == Spacing::Joint => tokens.push(Token { text: ": ".into(), line }),
        _ => tokens.push(Token { text: sign.into(), line }),
    }
}

fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" if depth == 1 => return at,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
    }
    panic!("a bracket is not closed")
}

fn without_tests(mut tokens: Vec<Token>) -> Vec<Token> {
    let test = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    while let Some(at) = tokens.windows(test.len()).position(|w| w.iter().map(|t| t.text.as_str()).eq(test)) {
        let open = (at..).find(|at| tokens[*at].text == "{").unwrap();
        let end = close(&tokens, open);
        tokens.drain(at..=end);
    }
    tokens
}
