//! The header fields of answers, and the 304 of reads: what follows from method and status.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schemas::{has_parameter, operations_mut};

/// Adds them to each operation.
pub fn add(document: &mut Value) {
    document["components"]["headers"] = fields();
    for (_, method, operation) in operations_mut(document) {
        let [takes_match, takes_key, is_list] =
            ["If-Match", "Idempotency-Key", "cursor"].map(|name| has_parameter(operation, "name", name));
        let tagged = method == "get" || takes_match;
        if method == "get" && operation["responses"]["200"].is_object() {
            operation["responses"]["304"] = json!({"description": "It is still what `If-None-Match` names; no body"});
        }
        let answers: BTreeMap<_, _> = operation["responses"].as_object().cloned().into_iter().flatten().collect();
        let answers = answers.into_iter().map(|(status, answer)| {
            let mut answer = with_fields(answer, &status, tagged, is_list);
            if takes_key && status.starts_with('2') {
                answer["headers"]["Idempotency-Replayed"] =
                    json!({"$ref": "#/components/headers/Idempotency-Replayed"});
            }
            (status, answer)
        });
        operation["responses"] = answers.collect::<Map<_, _>>().into();
    }
}

fn with_fields(mut answer: Value, status: &str, tagged: bool, is_list: bool) -> Value {
    let mut names = vec!["X-Request-Id"];
    match status {
        "200" | "304" if tagged => names.push("ETag"),
        "201" => names.extend(["ETag", "Location"]),
        "401" => names.push("WWW-Authenticate"),
        "429" | "503" => names.push("Retry-After"),
        _ => {}
    }
    if is_list && status == "200" {
        names.push("Link");
    }
    let mut headers = answer["headers"].as_object().cloned().unwrap_or_default();
    for name in names {
        headers.entry(name).or_insert(json!({"$ref": format!("#/components/headers/{name}")}));
    }
    if status == "403" && names_scope(&answer) {
        headers.insert("WWW-Authenticate".into(), json!({"$ref": "#/components/headers/Scope"}));
    }
    answer["headers"] = headers.into();
    answer
}

/// Whether the answer can be that a scope is missing.
fn names_scope(answer: &Value) -> bool {
    !answer["content"]["application/problem+json"]["examples"]["insufficient_scope"].is_null()
}

fn fields() -> Value {
    let request = "What the log knows this request by: the client's own `X-Request-Id` where it sent one";
    let tag = "The version of this answer: for `If-None-Match`; with a version in front for `If-Match` too";
    let policies =
        "The limits that this act counts for (draft-ietf-httpapi-ratelimit-headers): `q` requests in `w` seconds";
    let left = "What is left of them: `r` requests at once, or none for `t` seconds";
    let (policy, state) = super::limits::example();
    let replayed = "`true` where this is the first answer to an earlier request with the same `Idempotency-Key`";
    let link = "The path of what comes next (RFC 8288); not there at the end";
    let scope = "With `insufficient_scope`: the scope that the token lacks (RFC 6750)";
    json!({
        "X-Request-Id": field(request, true, "0b9d7a52-6f4e-4c1b-9a37-2f6f0c9f3a55"),
        "ETag": field(tag, true, "\"3.1f9a\""),
        "Location": field("The path of what was made", true, "/api/v1/posts/12"),
        "Link": field(link, false, "</api/v1/threads?cursor=WyJ0IiwxXQ>; rel=\"next\""),
        "Idempotency-Replayed": field(replayed, false, "true"),
        "WWW-Authenticate": field("How to sign in (RFC 6750)", true, "Bearer realm=\"folkmoot\""),
        "Scope": field(scope, false, "Bearer realm=\"folkmoot\", error=\"insufficient_scope\", scope=\"post\""),
        "RateLimit-Policy": field(policies, false, &policy),
        "RateLimit": field(left, false, &state),
        "Retry-After": field("Seconds to wait before trying again", true, "1"),
    })
}

fn field(description: &str, required: bool, example: &str) -> Value {
    json!({"description": description, "required": required, "schema": {"type": "string"}, "example": example})
}
