//! Examples: each body and each answer shows one. A schema's own, or else one made of what its properties show.

use serde_json::{Map, Value, json};

use super::schemas::operations_mut;

const PREFIX: &str = "#/components/schemas/";

/// Shows one with each JSON body and each JSON answer that has none yet.
pub fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (_, _, operation) in operations_mut(document) {
        show(&mut operation["requestBody"], &schemas);
        for (_, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
            show(answer, &schemas);
        }
        if operation["requestBody"].is_null() {
            operation.as_object_mut().map(|operation| operation.remove("requestBody"));
        }
    }
}

fn show(has_content: &mut Value, schemas: &Value) {
    let Some(content) = has_content.get_mut("content").and_then(Value::as_object_mut) else { return };
    for (_, media) in content {
        if media.get("example").is_none() && media.get("examples").is_none() {
            media["example"] = example(&media["schema"], schemas, 0);
        }
    }
}

/// One value of a schema. Past a depth that no answer has by itself, lists end: a shape may hold itself.
fn example(schema: &Value, schemas: &Value, depth: u8) -> Value {
    let given = [&schema["example"], &schema["examples"][0], &schema["default"], &schema["const"], &schema["enum"][0]];
    if let Some(value) = given.into_iter().find(|value| !value.is_null()) {
        return value.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix(PREFIX)) {
        return example(&schemas[name], schemas, depth);
    }
    for ways in ["oneOf", "anyOf"] {
        if let Some(way) = schema[ways].as_array().and_then(|ways| ways.iter().find(|way| way["type"] != "null")) {
            return example(way, schemas, depth);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| example(part, schemas, depth));
        return parts.filter_map(|part| part.as_object().cloned()).flatten().collect::<Map<_, _>>().into();
    }
    of_type(schema, schemas, depth)
}

fn of_type(schema: &Value, schemas: &Value, depth: u8) -> Value {
    let kind = schema["type"].as_str().or_else(|| schema["type"].as_array()?.iter().find_map(Value::as_str));
    match kind {
        Some("object") => object(schema, schemas, depth),
        Some("array") if depth > 6 => json!([]),
        Some("array") => json!([example(&schema["items"], schemas, depth + 1)]),
        Some("integer" | "number") => schema.get("minimum").filter(|m| **m != json!(0)).cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(false),
        Some("string") => json!(text(schema)),
        _ => Value::Null,
    }
}

fn object(schema: &Value, schemas: &Value, depth: u8) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut object: Map<_, _> =
        properties.map(|(name, shape)| (name.clone(), example(shape, schemas, depth + 1))).collect();
    if schema["additionalProperties"].is_object() {
        object.insert("1".into(), example(&schema["additionalProperties"], schemas, depth + 1));
    }
    object.into()
}

fn text(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("date-time") => "2026-11-24T10:00:00Z",
        Some("date") => "2026-11-24",
        Some("uuid") => "0b9d7a52-6f4e-4c1b-9a37-2f6f0c9f3a55",
        Some("uri") => "https://example.org/",
        Some("uri-reference") => "/",
        Some("email") => "anna@example.org",
        _ if schema["maxLength"].as_u64().is_some_and(|most| most < 4) => "ab",
        _ if schema["minLength"].as_u64().is_some_and(|least| least > 4) => "correct horse",
        _ => "text",
    }
}
