//! Holds every answer that a test gets against the document: status, type and shape.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(folkmoot::openapi::document);
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Panics where the answer is not one that the document describes. Paths that it does not have are let through: what
/// must be told of those, their tests tell.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let Some((template, item)) = DOCUMENT["paths"].as_object().unwrap().iter().find(|(t, _)| fits(t, path)) else {
        return;
    };
    let method = if method == "HEAD" { "get".into() } else { method.to_lowercase() };
    let operation = &item[&method];
    if operation.is_null() {
        return;
    }
    let status = answer.status.to_string();
    let response = &operation["responses"][&status];
    assert!(!response.is_null(), "{method} {template} gave {status}, which is not documented: {}", answer.json);
    for (name, field) in response["headers"].as_object().into_iter().flatten() {
        let field = field["$ref"].as_str().map_or(field, |at| DOCUMENT.pointer(&at[1..]).unwrap());
        let optional = field["required"] != json!(true);
        assert!(optional || !answer.header(name).is_empty(), "{method} {template} {status} lacks the field {name}");
    }
    if answer.json.is_null() {
        return;
    }
    let content_type = answer.header("content-type").split(';').next().unwrap();
    let schema = &response["content"][content_type]["schema"];
    assert!(!schema.is_null(), "{method} {template} {status}: {content_type} is not documented");
    let validator = validator(format!("{method} {template} {status}"), schema);
    let errors: Vec<_> = validator.iter_errors(&answer.json).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{method} {template} {status} breaks its schema: {errors:?}\n{}", answer.json);
}

fn validator(key: String, schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = validators.entry(key).or_insert_with(|| {
        let mut root = schema.clone();
        root["components"] = DOCUMENT["components"].clone();
        Arc::new(jsonschema::options().should_validate_formats(true).build(&root).unwrap())
    });
    validator.clone()
}

/// Whether a path is one of a template's. Templates with more literal parts come first in no order, so a placeholder
/// takes no literal of a sibling.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(t, p)| t == p || t.starts_with('{') && !p.is_empty())
}
