//! The rules of the house, held by reading the sources.

mod acts;
mod imports;
mod options;
mod security;
mod source;

use std::collections::BTreeSet;

use folkmoot::error::{Code, Flaw};

use self::source::{SOURCES, root, rust_files};

/// What a person can keep in mind.
const MOST_LINES: usize = 400;

#[test]
fn no_file_is_longer_than_a_person_can_keep_in_mind() {
    let files = ["src", "tests"].map(|folder| rust_files(&root().join(folder))).concat();
    let counted = files.into_iter().map(|file| (std::fs::read_to_string(&file).unwrap().lines().count(), file));
    let long: Vec<_> = counted.filter(|(lines, file)| *lines > MOST_LINES && !file.ends_with("schema.rs")).collect();
    assert!(long.is_empty(), "{long:?}: {MOST_LINES} lines are the most");
}

#[test]
fn the_front_page_of_a_feature_is_one_screen() {
    let fronts =
        SOURCES.iter().filter(|source| source.path.matches('/').count() == 1 && source.path.ends_with("/mod.rs"));
    let features = fronts.filter(|source| source.tokens.windows(2).any(|t| t[0].text == "fn" && t[1].text == "routes"));
    let long: Vec<_> = features.filter(|source| source.lines > 60).map(|source| (&source.path, source.lines)).collect();
    assert!(long.is_empty(), "{long:?}: 60 lines are the most");
}

#[test]
fn every_file_says_what_it_is() {
    for file in ["src", "tests"].map(|folder| rust_files(&root().join(folder))).concat() {
        let text = std::fs::read_to_string(&file).unwrap();
        let printed = text.starts_with("// @generated");
        let lists_only = file.ends_with("mod.rs") && text.lines().all(|line| line.starts_with("mod "));
        assert!(text.starts_with("//! ") || printed || lists_only, "{} does not open with `//!`", file.display());
    }
}

#[test]
fn every_kind_of_problem_and_of_flaw_is_used() {
    // The document's examples are no use.
    let users = || SOURCES.iter().filter(|source| !source.path.starts_with("openapi/"));
    let used = |kind| users().flat_map(move |source| source.variants_used(kind)).collect::<BTreeSet<_>>();
    let (codes, flaws) = (used("Code"), used("Flaw"));
    let codes = Code::ALL.iter().map(|code| format!("{code:?}")).filter(|name| !codes.contains(name.as_str()));
    let flaws = Flaw::ALL.iter().map(|flaw| format!("{flaw:?}")).filter(|name| !flaws.contains(name.as_str()));
    let unused: Vec<_> = codes.chain(flaws).collect();
    assert!(unused.is_empty(), "nothing says {unused:?}");
}

#[test]
fn the_problems_that_acts_name_are_in_the_table() {
    let known: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
    let named = SOURCES.iter().flat_map(|source| source.own_problems().into_iter().map(|name| (&source.path, name)));
    let unknown: Vec<_> = named.filter(|(_, name)| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn no_folder_or_file_is_named_after_nothing() {
    let nothing = ["util", "utils", "helper", "helpers", "common", "misc", "types", "prelude"];
    for source in SOURCES.iter() {
        let module = source.module();
        let named = module.iter().find(|part| nothing.contains(&part.as_str()));
        assert!(named.is_none(), "{} says nothing of what it holds", source.path);
    }
}

#[test]
fn types_are_called_by_the_words_of_the_house() {
    let foreign = ["User", "Topic", "Comment", "Reaction", "Message"];
    for source in SOURCES.iter() {
        for name in source.types() {
            let found = foreign.iter().find(|word| words(name).any(|part| part.trim_end_matches('s') == **word));
            assert!(found.is_none(), "{name} in {}: member, thread, post, like are the words", source.path);
        }
    }
}

/// `PostView` is `Post` and `View`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<_> = name.char_indices().filter(|(_, c)| c.is_uppercase()).map(|(at, _)| at).collect();
    let ends: Vec<_> = starts.iter().skip(1).copied().chain([name.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &name[start..end])
}

#[test]
fn the_back_doors_to_time_chance_and_settings_are_shut() {
    let clippy = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    let shut: toml::Table = clippy.parse().unwrap();
    let paths: BTreeSet<_> =
        shut["disallowed-methods"].as_array().unwrap().iter().map(|method| method["path"].as_str().unwrap()).collect();
    for path in ["chrono::Utc::now", "std::time::SystemTime::now", "rand::rng", "uuid::Uuid::new_v4", "std::env::var"] {
        assert!(paths.contains(path), "clippy.toml does not disallow {path}");
    }
}

#[test]
fn the_readme_has_every_option() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_folkmoot")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let flags = help.split([' ', ',', '\n']).filter(|word| word.starts_with("--") && *word != "--help");
    let missing: BTreeSet<_> = flags.filter(|flag| !readme.contains(&format!("| `{flag}"))).collect();
    assert!(help.contains("--listen") && missing.is_empty(), "README.md does not name {missing:?}");
}
