//! What `docs/security.md` points at: each file and each test that it names is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::source::root;

/// What stands between backticks.
fn named() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The file of a module of the tests, and the test in it if one is named: `web::limit`, `web::limit::nodes_share_a_limit`.
fn place(name: &str) -> Option<(PathBuf, Option<String>)> {
    let tests = root().join("tests/api");
    let file = |parts: &[&str]| {
        let path = parts.iter().fold(tests.clone(), |path, part| path.join(part));
        [path.with_extension("rs"), path.join("mod.rs")].into_iter().find(|file| file.is_file())
    };
    let parts: Vec<_> = name.split("::").collect();
    if let Some(module) = file(&parts) {
        return Some((module, None));
    }
    let (test, module) = parts.split_last()?;
    Some((file(module)?, Some((*test).to_owned())))
}

/// Whether a file has a test of this name.
fn has_test(file: &Path, test: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let begins = [format!("fn {test}("), format!("async fn {test}(")];
    lines.iter().enumerate().any(|(n, line)| {
        let is_it = begins.iter().any(|begin| line.starts_with(begin));
        is_it && n > 0 && lines[..n].iter().rev().take(3).any(|above| above.contains("test]"))
    })
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let mut found = BTreeSet::new();
    for name in named().into_iter().filter(|name| name.contains("::") && !name.contains(' ')) {
        let is_there = match place(&name) {
            Some((file, Some(test))) => has_test(&file, &test),
            Some((_, None)) => true,
            None => false,
        };
        assert!(is_there, "docs/security.md names {name}, which is not there");
        found.insert(name);
    }
    assert!(found.len() > 90, "{}", found.len());
    // What attackers try is worth a row: each file of it is named.
    let folders = ["attacks", "mails"].map(|folder| (folder, root().join("tests/api").join(folder)));
    let files =
        folders.iter().flat_map(|(folder, path)| std::fs::read_dir(path).unwrap().map(move |file| (folder, file)));
    for (folder, file) in files {
        let file = file.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        let module = format!("{folder}::{}::", file.file_stem().unwrap().to_str().unwrap());
        let has_tests = text.contains("test]\n");
        let is_of_the_tests = ["attacks::acts::"].contains(&module.as_str());
        assert!(!has_tests || is_of_the_tests || found.iter().any(|name| name.starts_with(&module)), "{module}");
    }
}

#[test]
fn every_file_that_the_security_page_names_is_there() {
    let folders = ["src/", "tests/", "docs/", "openapi/", "migrations/", "scripts/"];
    let files = ["Cargo.toml", "Cargo.lock", "Dockerfile", "README.md", "deny.toml", "clippy.toml"];
    let is_file = |name: &String| folders.iter().any(|f| name.starts_with(f)) || files.contains(&name.as_str());
    let named: BTreeSet<_> = named().into_iter().filter(is_file).collect();
    assert!(named.len() > 40, "{}", named.len());
    for name in named {
        assert!(root().join(&name).is_file(), "docs/security.md names {name}, which is not there");
    }
}
