//! `Idempotency-Key`: which acts take one follows from their method and path.

use serde_json::{Value, json};

use super::schemas::operations_mut;

/// Adds the field to each act that takes it.
pub fn add(document: &mut Value) {
    for (path, method, operation) in operations_mut(document) {
        if !takes_key(method, path) {
            continue;
        }
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(field()),
            None => operation["parameters"] = json!([field()]),
        }
    }
}

/// Signing in and what makes tokens have their own way of being repeated: an answer that holds a secret is not kept.
fn takes_key(method: &str, path: &str) -> bool {
    let makes_tokens = path.starts_with("/api/v1/auth/") || path.starts_with("/api/v1/me/tokens");
    // A deleted account has nobody left to repeat a request.
    matches!(method, "post" | "patch") && !makes_tokens && path != "/api/v1/me/deletion"
}

fn field() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Makes the request safe to repeat: for 24 hours the same key with the same request gives the first \
            answer again (`Idempotency-Replayed: true`), and nothing is done twice. 1 to 255 \
            visible ASCII characters, bare or in quotes. A new key for each new request, such as a \
            UUID.",
        // No example: the page would send it with every request, and a key is for one.
        // Bare, or in quotes as the draft has it (then a backslash goes before a quote and a backslash).
        "schema": {
            "type": "string", "minLength": 1, "maxLength": 512,
            "pattern": r#"^([!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}")$"#,
        },
    })
}
