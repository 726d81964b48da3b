//! What every read has beside its answer: 304 where the client has it already.

use serde_json::{Value, json};

/// Adds it to each GET that gives something.
pub fn add(document: &mut Value) {
    for (_, item) in document["paths"].as_object_mut().into_iter().flatten() {
        let Some(responses) = item.pointer_mut("/get/responses") else { continue };
        if responses["200"].is_object() && responses["304"].is_null() {
            responses["304"] = json!({"description": "It is as `If-None-Match` says: the client has it already"});
        }
    }
}
