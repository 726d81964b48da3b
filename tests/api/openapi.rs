//! The document: what is committed is what the program prints, and every operation and property is told in full.

use std::collections::BTreeSet;
use std::path::Path;

use folkmoot::openapi::document;
use serde_json::Value;

/// An operation with the place it stands at.
struct Operation<'a> {
    name: String,
    path: &'a str,
    value: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, value)| (path, method, value)))
        .map(|(path, method, value)| Operation { name: format!("{} {path}", method.to_uppercase()), path, value })
        .collect()
}

/// Fails with everything that was found at once.
#[track_caller]
fn nothing(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("")
}

#[test]
fn the_committed_document_is_what_the_program_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let printed = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    let line = committed.lines().zip(printed.lines()).position(|(a, b)| a != b).map_or(0, |n| n + 1);
    assert!(committed == printed, "openapi/openapi.json is not up to date (first at line {line}): run `make openapi`");
}

#[test]
fn each_operation_is_named_once_and_described() {
    let document = document();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| text(tag, "name")).collect();
    let (mut found, mut ids) = (Vec::new(), BTreeSet::new());
    for Operation { name, value, .. } in operations(&document) {
        let id = text(value, "operationId");
        let plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if !plain || !ids.insert(id.to_owned()) {
            found.push(format!("{name}: the operation id {id:?} is not in snake_case, or another's too"));
        }
        if text(value, "summary").is_empty() || !text(value, "summary").ends_with('.') {
            found.push(format!("{name}: no summary that is a sentence"));
        }
        if text(value, "description").len() < 20 {
            found.push(format!("{name}: no description"));
        }
        if !value["tags"].as_array().is_some_and(|t| t.len() == 1 && tags.contains(&t[0].as_str().unwrap())) {
            found.push(format!("{name}: not exactly one of the declared tags"));
        }
        if !value["security"].is_array() {
            found.push(format!("{name}: says nothing of who may call it"));
        }
    }
    nothing(found);
}

#[test]
fn each_parameter_of_a_path_is_declared_and_every_parameter_described_and_limited() {
    let document = document();
    let mut found = Vec::new();
    for Operation { name, path, value } in operations(&document) {
        let parameters: Vec<_> = value["parameters"].as_array().into_iter().flatten().collect();
        let in_path: BTreeSet<_> = parameters.iter().filter(|p| p["in"] == "path").map(|p| text(p, "name")).collect();
        let in_template: BTreeSet<_> = path.split(['{', '}']).skip(1).step_by(2).collect();
        if in_path != in_template {
            found.push(format!("{name}: the path has {in_template:?}, declared are {in_path:?}"));
        }
        for parameter in parameters {
            let place = format!("{name}: parameter {}", text(parameter, "name"));
            if text(parameter, "description").is_empty() {
                found.push(format!("{place} is not described"));
            }
            // Header fields have one limit for all of them together.
            if parameter["in"] != "header" {
                unlimited(&place, &parameter["schema"], &document, &mut found);
            }
        }
    }
    nothing(found);
}

#[test]
fn each_property_is_described_and_those_of_bodies_are_limited() {
    let document = document();
    let mut found = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, shape) in schema["properties"].as_object().into_iter().flatten() {
            if description(shape).is_empty() {
                found.push(format!("{name}.{property} is not described"));
            }
        }
    }
    for name in in_bodies(&document) {
        let schema = &document["components"]["schemas"][&name];
        for (property, shape) in schema["properties"].as_object().into_iter().flatten() {
            unlimited(&format!("{name}.{property}"), shape, &document, &mut found);
        }
    }
    nothing(found);
}

/// Where a property may be null, its description can stand with the shape that is not.
fn description(shape: &Value) -> &str {
    let ways = shape["oneOf"].as_array().into_iter().flatten().map(|way| text(way, "description"));
    [text(shape, "description")].into_iter().chain(ways).find(|text| !text.is_empty()).unwrap_or("")
}

/// A text has a length, a number a range, a list a size: a client can check what it sends.
fn unlimited(place: &str, shape: &Value, document: &Value, found: &mut Vec<String>) {
    if let Some(at) = shape["$ref"].as_str() {
        // That every reference leads somewhere, another test tells.
        return document.pointer(&at[1..]).into_iter().for_each(|shape| unlimited(place, shape, document, found));
    }
    for way in shape["oneOf"].as_array().into_iter().flatten() {
        unlimited(place, way, document, found);
    }
    let has = |names: &[&str]| names.iter().any(|name| !shape[*name].is_null());
    let is =
        |kind: &str| shape["type"] == kind || shape["type"].as_array().is_some_and(|t| t.iter().any(|t| t == kind));
    let limited = !is("string") || has(&["maxLength", "enum", "format", "pattern", "const"]);
    let limited = limited && (!is("integer") || has(&["enum"]) || has(&["minimum"]) && has(&["maximum", "format"]));
    if !limited || is("array") && !has(&["maxItems"]) {
        found.push(format!("{place} has no limits: {shape}"));
    }
    if is("array") {
        unlimited(&format!("{place}[]"), &shape["items"], document, found);
    }
}

fn in_bodies(document: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open: Vec<Value> = operations(document).iter().map(|o| o.value["requestBody"].clone()).collect();
    while let Some(value) = open.pop() {
        if let Some(name) = value["$ref"].as_str().and_then(|at| at.strip_prefix("#/components/schemas/"))
            && names.insert(name.to_owned())
        {
            open.push(document["components"]["schemas"][name].clone());
        }
        match value {
            Value::Object(object) => open.extend(object.into_iter().map(|(_, v)| v)),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    names
}

#[test]
fn each_answer_and_each_body_shows_an_example_of_its_shape() {
    let document = document();
    let mut found = Vec::new();
    for Operation { name, value, .. } in operations(&document) {
        let answers = value["responses"].as_object().unwrap().iter().map(|(status, a)| (status.as_str(), a));
        for (place, holder) in answers.chain([("body", &value["requestBody"])]) {
            for (kind, media) in holder["content"].as_object().into_iter().flatten() {
                let many = media["examples"].as_object().into_iter().flatten().map(|(_, example)| {
                    let shown = example["$ref"].as_str().and_then(|at| document.pointer(&at[1..]));
                    &shown.unwrap_or(example)["value"]
                });
                let examples: Vec<_> = media.get("example").into_iter().chain(many).collect();
                if examples.is_empty() {
                    found.push(format!("{name}: {place}, {kind}: no example"));
                }
                let mut shape = media["schema"].clone();
                shape["components"] = document["components"].clone();
                let validator = jsonschema::options().should_validate_formats(true).build(&shape).unwrap();
                let flaws = examples.iter().flat_map(|example| validator.iter_errors(example));
                found.extend(flaws.map(|flaw| format!("{name}: {place}: example{}: {flaw}", flaw.instance_path())));
            }
        }
    }
    nothing(found);
}

/// Two shapes of one name: the later one would stand for both.
#[test]
fn each_body_is_an_object() {
    let document = document();
    let mut found = Vec::new();
    for Operation { name, value, .. } in operations(&document) {
        let Some(shape) = value["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str() else {
            continue;
        };
        if document.pointer(&shape[1..]).is_none_or(|shape| shape["type"] != "object") {
            found.push(format!("{name}: {shape} is no object"));
        }
    }
    nothing(found);
}

#[test]
fn each_answer_names_its_fields_and_failures_are_problems() {
    let document = document();
    let mut found = Vec::new();
    for Operation { name, value, .. } in operations(&document) {
        let answers = value["responses"].as_object().unwrap();
        if !answers.keys().any(|status| status.starts_with('2')) {
            found.push(format!("{name}: no answer for when all is well"));
        }
        for (status, answer) in answers {
            let mut needed = vec!["X-Request-Id"];
            match status.as_str() {
                "200" if name.starts_with("GET ") => needed.push("ETag"),
                "201" => needed.extend(["ETag", "Location"]),
                "401" => needed.push("WWW-Authenticate"),
                "429" | "503" => needed.push("Retry-After"),
                _ => {}
            }
            let missing = needed.iter().filter(|field| answer["headers"][**field].is_null());
            found.extend(missing.map(|field| format!("{name}: {status} without {field}")));
            if status.as_str() >= "400" && answer["content"]["application/problem+json"].is_null() {
                found.push(format!("{name}: {status} is no problem document"));
            }
            if text(answer, "description").is_empty() {
                found.push(format!("{name}: {status} is not described"));
            }
        }
        if name.starts_with("GET ") && answers.contains_key("200") && !answers.contains_key("304") {
            found.push(format!("{name}: no 304"));
        }
    }
    nothing(found);
}

#[test]
fn shapes_have_the_contract_s_names_and_every_reference_leads_somewhere() {
    let document = document();
    let names = document["components"]["schemas"].as_object().unwrap().keys();
    let odd = |name: &&String| !name.bytes().all(|b| b.is_ascii_alphanumeric()) || name.ends_with("View");
    let mut found: Vec<_> = names.filter(odd).map(|name| format!("{name} is no name for clients")).collect();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        if let Some(at) = value["$ref"].as_str()
            && document.pointer(&at[1..]).is_none()
        {
            found.push(format!("{at} leads nowhere"));
        }
        match value {
            Value::Object(object) => open.extend(object.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    nothing(found);
}
