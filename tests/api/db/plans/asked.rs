//! What is asked for: each read of the document with each of its orders, each filter and each pair of filters, by values that few
//! rows have and by values that many have.

use serde_json::Value;

use crate::attacks::acts::{Act, resolved};

/// How much work an answer may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// That of its own rows.
    Page,
    /// That of a small part of the table.
    SmallPart,
}

/// A read.
#[derive(Debug)]
pub struct Asked {
    pub path: String,
    pub work: Work,
    /// Whether nothing before it had the same statements, for other values.
    pub is_new: bool,
}

/// All reads of an act.
pub fn of(act: &Act) -> Vec<Asked> {
    let paths = paths(act);
    let mut all = Vec::new();
    for path in &paths {
        for (query, work) in queries(act) {
            let path = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
            let is_new = !all.iter().any(|before: &Asked| shape(&before.path) == shape(&path));
            all.push(Asked { path, work, is_new });
        }
    }
    all
}

/// Which orders and filters it has, whatever their values, but for those that are in the text of a statement.
fn shape(path: &str) -> Vec<&str> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .map(|pair| {
            if pair.starts_with("sort=") || pair.starts_with("kind=") { pair } else { pair.split('=').next().unwrap() }
        })
        .collect()
}

/// Its paths: what has little, and what has most of all.
fn paths(act: &Act) -> Vec<String> {
    let of = |parameter: &str| match parameter {
        // The pages that are asked for by their numbers are those of thread 1.
        "thread_id" if !act.query.is_empty() => vec!["1"],
        "thread_id" | "member_id" => vec!["7000", "1"],
        "post_id" => vec!["2", "1"],
        "forum_id" => vec!["8", "1"],
        "username" => vec!["anna%2010000", "boris%207"],
        "code" => vec!["not_found"],
        unknown => panic!("say here what stands for {{{unknown}}}"),
    };
    let values = act.parameters().first().map_or_else(|| vec![""], |parameter| of(parameter));
    let fill = |parameter: &str, value: &str| if parameter == "number" { "1".to_owned() } else { value.to_owned() };
    values.iter().map(|value| act.path(|parameter| fill(parameter, value))).collect()
}

/// Its queries, with the work that each may make.
fn queries(act: &Act) -> Vec<(String, Work)> {
    let parameters = act.query.iter().filter(|(name, _)| !["limit", "cursor", "sort"].contains(&name.as_str()));
    let filters: Vec<(&str, Vec<&str>)> = parameters.map(|(name, _)| (name.as_str(), values(name))).collect();
    let mut chosen: Vec<Vec<(&str, &str)>> = Vec::new();
    if act.name != "list_posts" {
        chosen.push(Vec::new());
    }
    for (at, (name, of_one)) in filters.iter().enumerate() {
        // What few rows have comes first: a plan for all values has to be as good for it.
        chosen.extend(of_one.iter().rev().map(|value| vec![(*name, *value)]));
        for (other, of_other) in filters.iter().skip(at + 1).filter(|(other, _)| go_together(name, other)) {
            for (value, of_other) in [(of_one.first(), of_other.first()), (of_one.last(), of_other.last())] {
                chosen.extend(value.zip(of_other).map(|(value, of_other)| vec![(*name, *value), (*other, *of_other)]));
            }
        }
    }
    let sorts = act.query.iter().find(|(name, _)| name == "sort").map_or_else(|| vec![None], |(_, shape)| sorts(shape));
    let mut queries = Vec::new();
    for sort in &sorts {
        // Pairs are many: by default, and in an order in which no pair has an index.
        let with_pairs = matches!(sort.as_deref(), None | Some("most_likes" | "likes"));
        for filters in chosen.iter().filter(|filters| with_pairs || filters.len() < 2) {
            let pairs = filters.iter().map(|(name, value)| format!("{name}={value}"));
            let sorted = sort.iter().map(|sort| format!("sort={sort}"));
            let names: Vec<_> = filters.iter().map(|(name, _)| *name).collect();
            queries.push((pairs.chain(sorted).collect::<Vec<_>>().join("&"), work(&names, sort.as_deref())));
        }
    }
    queries
}

/// Values of a filter: the first is that of many rows, the last that of few.
fn values(filter: &str) -> Vec<&'static str> {
    match filter {
        "page" => vec!["1", "500", "1000"],
        "around" => vec!["1", "10000", "20000"],
        "per_page" => vec!["20", "1"],
        "ids" => vec!["1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20", "60005"],
        "forum" => vec!["1", "3", "8"],
        "author" => vec!["1", "4411", "19999"],
        "kind" => vec!["discussion", "article"],
        "tag" => vec!["often", "seldom", "rare", "never"],
        "since" => vec!["2020-06-01T00:00:00Z", "2022-04-01T00:00:00Z", "2022-04-20T00:00:00Z"],
        "q" => vec!["a", "anna%2012", "anna%2010000", "nobody"],
        unknown => panic!("say here what stands for {unknown}"),
    }
}

fn go_together(one: &str, other: &str) -> bool {
    (one, other) != ("page", "around")
}

/// An order by default, and each that has a name.
fn sorts(shape: &Value) -> Vec<Option<String>> {
    let shape =
        shape["oneOf"].as_array().and_then(|ways| ways.iter().find(|way| way["type"] != "null")).unwrap_or(shape);
    let named = resolved(shape)["enum"].as_array().unwrap().iter().map(|sort| sort.as_str().map(str::to_owned));
    std::iter::once(None).chain(named).collect()
}

/// What an index serves makes the work of a page. The rest is listed in docs/performance.md.
fn work(names: &[&str], sort: Option<&str>) -> Work {
    match (names, sort) {
        ([], _) | (["forum"] | ["kind"], _) => Work::Page,
        (["author"], Some("newest")) => Work::Page,
        (["since"] | ["forum", "since"], None | Some("latest_reply")) => Work::Page,
        (["q"], None | Some("username")) => Work::Page,
        (["author" | "tag" | "since" | "q"] | [_, "author" | "kind" | "tag" | "since"], _) => Work::SmallPart,
        _ => Work::Page,
    }
}
