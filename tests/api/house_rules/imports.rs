//! Which way imports point: never upwards.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{SOURCES, Source};

/// The layers from below. What stands in none of them is a feature.
const LAYERS: [(u8, &[&str]); 9] = [
    (0, &["error", "db", "config", "clock", "ids", "cache", "private_files"]),
    (1, &["state", "events"]),
    (2, &["web", "markup"]),
    (3, &["access"]),
    (7, &["archive"]),
    (8, &["routes", "openapi"]),
    (9, &["app"]),
    (10, &["cli"]),
    (11, &["main"]),
];
const MODELS: u8 = 4;
const VIEWS: u8 = 5;
const ACTS: u8 = 6;

/// The one order of features: a model or view imports those of earlier ones only.
const ORDER: [&str; 13] = [
    "ranks",
    "mails",
    "members",
    "sessions",
    "forums",
    "threads",
    "posts",
    "revisions",
    "likes",
    "tokens",
    "me",
    "auth",
    "site",
];

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place<'a> {
    layer: u8,
    /// The folder, or the file beside `lib.rs`.
    top: &'a str,
}

impl Place<'_> {
    fn order(&self) -> usize {
        ORDER.iter().position(|feature| *feature == self.top).unwrap()
    }
}

fn top(source: &Source) -> &str {
    source.path.split('/').next().unwrap().trim_end_matches(".rs")
}

fn is_feature(source: &Source) -> bool {
    source.path != "lib.rs" && !LAYERS.iter().any(|(_, names)| names.contains(&top(source)))
}

/// All files by their modules.
fn modules() -> BTreeMap<Vec<String>, &'static Source> {
    SOURCES.iter().filter(|source| source.path != "main.rs").map(|source| (source.module(), source)).collect()
}

/// Everything of the crate that a file names; of a feature that it imports as a whole, what it takes out of it.
fn names(source: &Source, modules: &BTreeMap<Vec<String>, &'static Source>) -> Vec<Vec<String>> {
    let is_feature = |name: &[String]| name.len() == 1 && modules.get(name).is_some_and(|source| is_feature(source));
    let taken_out_of = |name: Vec<String>| match is_feature(&name) {
        true => source.names_of(&name[0]).into_iter().map(|inside| [&name[..], &inside].concat()).collect(),
        false => vec![name],
    };
    source.names_of_the_crate().into_iter().flat_map(taken_out_of).collect()
}

/// The file that a name of the crate leads to: through what a `mod.rs` exports, if need be.
fn target(name: &[String], modules: &BTreeMap<Vec<String>, &'static Source>) -> &'static Source {
    let depth = (0..=name.len()).rev().find(|depth| modules.contains_key(&name[..*depth])).unwrap();
    let source = modules[&name[..depth]];
    let Some(item) = name.get(depth) else { return source };
    match source.exports().get(item) {
        Some(inside) => target(&[&name[..depth], inside].concat(), modules),
        None => source,
    }
}

/// Beside `model.rs`, `view.rs` and the acts, a feature's file counts as a view where it imports views, else as a model.
fn places() -> BTreeMap<&'static str, Place<'static>> {
    let modules = modules();
    let mut places = BTreeMap::new();
    for source in SOURCES.iter() {
        let layer = match LAYERS.iter().find(|(_, names)| names.contains(&top(source))) {
            Some((layer, _)) => *layer,
            None if source.path == "lib.rs" => 11,
            None if source.path.ends_with("/mod.rs") || !source.handlers().is_empty() => ACTS,
            None if source.path.ends_with("/view.rs") => VIEWS,
            None => MODELS,
        };
        places.insert(source.path.as_str(), Place { layer, top: top(source) });
    }
    loop {
        let sees_views = |source: &&Source| {
            let is_model = places[source.path.as_str()].layer == MODELS && !source.path.ends_with("/model.rs");
            is_model
                && names(source, &modules)
                    .iter()
                    .any(|name| places[target(name, &modules).path.as_str()].layer == VIEWS)
        };
        let views: Vec<_> = SOURCES.iter().filter(sees_views).map(|source| source.path.as_str()).collect();
        if views.is_empty() {
            return places;
        }
        views.iter().for_each(|path| places.get_mut(path).unwrap().layer = VIEWS);
    }
}

#[test]
fn every_feature_has_its_place_in_the_order() {
    let features: BTreeSet<_> = SOURCES.iter().filter(|source| is_feature(source)).map(top).collect();
    let missing: Vec<_> = features.into_iter().filter(|feature| !ORDER.contains(feature)).collect();
    assert!(missing.is_empty(), "put {missing:?} into the order of features in {}", file!());
}

#[test]
fn no_import_points_upwards() {
    let (modules, places) = (modules(), places());
    let mut wrong = BTreeSet::new();
    for source in SOURCES.iter().filter(|source| source.path != "lib.rs") {
        let from = places[source.path.as_str()];
        for name in names(source, &modules) {
            let target = target(&name, &modules);
            let to = places[target.path.as_str()];
            if target.path != source.path && !allowed(from, to, source, target) {
                wrong.insert(format!("{} imports {} ({})", source.path, name.join("::"), target.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

fn allowed(from: Place, to: Place, source: &Source, target: &Source) -> bool {
    if !is_feature(target) {
        // The archive is only the command line's.
        return to.layer <= from.layer && (to.top != "archive" || ["cli", "archive"].contains(&from.top));
    }
    match from.top {
        "archive" => to.layer == MODELS,
        _ if !is_feature(source) => to.layer < from.layer,
        // `mod.rs` names its own acts.
        top if source.path.ends_with("/mod.rs") => to.layer < ACTS || top == to.top,
        top if from.layer == to.layer => from.layer < ACTS && (top == to.top || to.order() < from.order()),
        _ => to.layer < from.layer,
    }
}

#[test]
fn what_features_export_is_named() {
    let mods = SOURCES.iter().filter(|source| is_feature(source) && source.path.ends_with("/mod.rs"));
    let globs: Vec<_> = mods.filter(|source| source.exports().contains_key("*")).map(|source| &source.path).collect();
    assert!(globs.is_empty(), "{globs:?} export a glob");
}
