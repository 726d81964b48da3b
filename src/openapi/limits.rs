//! Limits of use: which act counts for which, by what it does.

use serde_json::{Value, json};

use super::schemas::operations_mut;
use crate::error::Code;
use crate::web::limit::{Counted, REQUESTS, TIGHTER};

/// What an act counts for.
pub fn counted(path: &str, operation: &Value) -> Counted {
    if path.starts_with("/health/") {
        return Counted::Not;
    }
    Counted::As(match operation["operationId"].as_str() {
        // Each checks a secret.
        Some("login" | "change_password" | "delete_me" | "verify_email" | "reset_password") => Some("login"),
        Some("change_email" | "forgot_password") => Some("mails"),
        Some("create_member") => Some("registration"),
        Some("create_thread" | "edit_thread" | "create_post" | "edit_post") => Some("posting"),
        Some("like_post" | "unlike_post") => Some("liking"),
        Some("list_members") => Some("searching"),
        _ => None,
    })
}

/// Says so in the description of each act, and that it may be refused for it.
pub fn add(document: &mut Value) {
    for (path, _, operation) in operations_mut(document) {
        let Counted::As(tighter) = counted(path, operation) else { continue };
        if let Some(policy) = TIGHTER.iter().find(|policy| Some(policy.name) == tighter) {
            let text = operation["description"].as_str().unwrap_or_default();
            let (quota, window) = (policy.quota, policy.window);
            let says = format!(
                "Counts for the limit `{}`: {quota} at once, and {quota} more in each {window} s.",
                policy.name
            );
            operation["description"] = format!("{text}\n\n{says}").trim_start().into();
        }
        for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
            if status != "304" {
                answer["headers"]["RateLimit-Policy"] = json!({"$ref": "#/components/headers/RateLimit-Policy"});
                answer["headers"]["RateLimit"] = json!({"$ref": "#/components/headers/RateLimit"});
            }
        }
    }
}

/// Whether an act may be refused for too many.
pub fn code(path: &str, operation: &Value) -> Option<Code> {
    matches!(counted(path, operation), Counted::As(_)).then_some(Code::TooManyRequests)
}

/// An example of the fields.
pub fn example() -> (String, String) {
    let policy = format!("\"{}\";q={};w={}", REQUESTS.name, REQUESTS.quota, REQUESTS.window);
    (policy, format!("\"{}\";r=598", REQUESTS.name))
}
