//! What all shapes have: a field of an answer is always there, null or not; a body takes no field that it does not name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const PREFIX: &str = "#/components/schemas/";

/// Finishes the shapes of answers and of bodies.
pub fn finish(document: &mut Value) {
    let (mut in_bodies, mut in_answers) = (BTreeSet::new(), BTreeSet::new());
    for operation in operations(document) {
        collect(&operation["requestBody"], &mut in_bodies);
        collect(&operation["responses"], &mut in_answers);
    }
    let in_bodies = reachable(document, in_bodies);
    let in_answers = reachable(document, in_answers);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (name, schema) in schemas {
        if in_answers.contains(name) {
            visit(schema, &|object| {
                let names: Vec<_> = object["properties"].as_object().into_iter().flatten().map(|(k, _)| k).collect();
                let names = json!(names);
                object.insert("required".into(), names);
            });
        }
        if in_bodies.contains(name) {
            visit(schema, &|object| {
                object.insert("additionalProperties".into(), json!(false));
            });
        }
    }
}

/// All operations of the document.
fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let items = document["paths"].as_object().into_iter().flatten();
    items.flat_map(|(_, item)| item.as_object().into_iter().flatten().map(|(_, operation)| operation))
}

/// All operations of the document, with path and method, to be changed.
pub fn operations_mut(document: &mut Value) -> impl Iterator<Item = (&str, &str, &mut Value)> {
    let items = document["paths"].as_object_mut().into_iter().flatten();
    items.flat_map(|(path, item)| {
        let operations = item.as_object_mut().into_iter().flatten();
        operations.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Whether an operation has a parameter with this `name`, or `in` this place.
pub fn has_parameter(operation: &Value, field: &str, value: &str) -> bool {
    operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter[field] == value)
}

/// Calls `change` with every object that has properties.
fn visit(schema: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            if object.get("properties").is_some_and(Value::is_object) {
                change(object);
            }
            object.values_mut().for_each(|value| visit(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, change)),
        _ => {}
    }
}

fn reachable(document: &Value, from: BTreeSet<String>) -> BTreeSet<String> {
    let mut found = from.clone();
    let mut open: Vec<_> = from.into_iter().collect();
    while let Some(name) = open.pop() {
        let mut more = BTreeSet::new();
        collect(&document["components"]["schemas"][&name], &mut more);
        open.extend(more.iter().filter(|name| found.insert((*name).clone())).cloned());
    }
    found
}

/// The names that are referred to in here.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(PREFIX)) {
                names.insert(name.to_owned());
            }
            object.values().for_each(|value| collect(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}
