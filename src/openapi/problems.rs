//! The error answers of each operation: those that follow from its shape, and those that it names itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::callers;
use super::schemas::{has_parameter, operations_mut};
use crate::error::Code;

/// Under this name an act lists the codes that do not follow from its shape.
const OWN: &str = "x-problems";

/// Adds the shape of a problem, and to each operation its error answers with an example for each code.
pub fn add(document: &mut Value) {
    document["components"]["schemas"]["Problem"] = schema();
    let mut shown = Map::new();
    for (path, _, operation) in operations_mut(document) {
        let mut answers: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in codes(path, operation) {
            answers.entry(code.status()).or_default().push(code);
        }
        if let Some(operation) = operation.as_object_mut() {
            operation.remove(OWN);
        }
        for (status, codes) in answers {
            shown.extend(codes.iter().map(|code| (code.name().to_owned(), example(*code))));
            operation["responses"][status.to_string()] = answer(&codes);
        }
    }
    document["components"]["examples"] = shown.into();
}

fn codes(path: &str, operation: &Value) -> Vec<Code> {
    let has = |place: &str| has_parameter(operation, "in", place);
    let named = |name: &str| has_parameter(operation, "name", name);
    let security = operation["security"].as_array().into_iter().flatten();
    let (mut for_guests, mut for_members) = (false, false);
    security.for_each(|way| if way["bearer"].is_array() { for_members = true } else { for_guests = true });
    let mut codes = vec![Code::InternalError, Code::UriTooLong, Code::RequestHeadTooLarge];
    if path.starts_with("/api/") {
        codes.extend([Code::DatabaseUnavailable, Code::Overloaded]);
    }
    codes.extend(super::limits::code(path, operation));
    if operation["requestBody"].is_object() {
        codes.extend([
            Code::RequestTimeout,
            Code::BadRequest,
            Code::MalformedJson,
            Code::JsonTooDeep,
            Code::BodyTooLarge,
        ]);
        codes.extend([Code::UnsupportedMediaType, Code::InvalidBody]);
    }
    // An act that takes no parameters refuses them by the same code.
    codes.push(Code::InvalidParameter);
    if named("cursor") {
        codes.push(Code::InvalidCursor);
    }
    if for_members {
        codes.extend([Code::InvalidToken, Code::TokenExpired, Code::SessionEnded, Code::InsufficientScope]);
    }
    if callers::of(operation).is_some_and(|needs| needs.session) {
        codes.push(Code::SessionRequired);
    }
    if for_members && !for_guests {
        codes.push(Code::NotSignedIn);
    }
    if has("path") {
        codes.push(Code::NotFound);
    }
    if named("If-Match") {
        codes.extend([Code::VersionRequired, Code::VersionMismatch]);
    }
    if named("Idempotency-Key") {
        codes.extend([Code::InvalidIdempotencyKey, Code::IdempotencyKeyInUse, Code::IdempotencyKeyReused]);
    }
    let own = operation[OWN].as_array().into_iter().flatten().filter_map(Value::as_str);
    codes.extend(own.filter_map(|name| Code::ALL.iter().find(|code| code.name() == name)));
    codes.sort_by_key(|code| code.name());
    codes.dedup();
    codes
}

fn answer(codes: &[Code]) -> Value {
    let names: Vec<_> = codes.iter().map(|code| format!("`{}`", code.name())).collect();
    let shown = |code: &Code| json!({"$ref": format!("#/components/examples/{}", code.name())});
    let examples: Map<_, _> = codes.iter().map(|code| (code.name().to_owned(), shown(code))).collect();
    json!({
        "description": names.join(", "),
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": examples,
        }},
    })
}

fn example(code: Code) -> Value {
    let mut problem = json!({
        "type": format!("/problems/{}", code.name()), "title": code.title(), "status": code.status(),
        "detail": code.help(), "code": code.name(), "request_id": "0b9d7a52-6f4e-4c1b-9a37-2f6f0c9f3a55",
    });
    if code == Code::InvalidBody {
        problem["errors"] = json!([
            {"pointer": "/title", "code": "too_long", "detail": "a title has at most 150 characters; this one has 151"}
        ]);
    }
    json!({"summary": code.title(), "value": problem})
}

/// RFC 9457, section 3, with `code`, `request_id` and `errors` as extension members.
fn schema() -> Value {
    let text = |description: &str, max: u32| json!({"type": "string", "description": description, "maxLength": max});
    let names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": {
                "type": "string", "format": "uri-reference", "maxLength": 100,
                "description": "Path of the page that explains this kind of problem",
            },
            "title": text("The kind of problem in a few words", 100),
            "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status"},
            "detail": text("This occurrence in words", 2000),
            "code": {"type": "string", "enum": names, "description": "The kind of problem, for programs"},
            "request_id": text("What the log knows this request by", 64),
            "errors": {
                "type": "array", "description": "The flaws of the body, where `code` is `invalid_body`",
                "items": {"$ref": "#/components/schemas/FieldError"}, "minItems": 1,
            },
        },
    })
}
