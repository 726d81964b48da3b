//! Who may call: each operation's description says it in words, from what its `security` says for programs.

use serde_json::Value;

/// Adds a sentence to each description.
pub fn describe(document: &mut Value) {
    for (_, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            let who = who(&operation["security"]);
            operation["description"] = match operation["description"].as_str() {
                Some(text) if !text.is_empty() => format!("{text}\n\n{who}").into(),
                _ => who.into(),
            };
        }
    }
}

fn who(security: &Value) -> String {
    let ways: Vec<_> = security.as_array().into_iter().flatten().collect();
    let for_guests = ways.iter().any(|way| way["bearer"].is_null());
    let scopes: Vec<_> = ways.iter().filter_map(|way| way["bearer"].as_array()).flatten().collect();
    let scopes: Vec<_> = scopes.into_iter().filter_map(Value::as_str).map(|scope| format!("`{scope}`")).collect();
    match (for_guests, scopes.as_slice()) {
        (true, []) => "Anyone may call it; `Authorization` is not looked at.".into(),
        (true, scopes) => {
            format!("Anyone may call it. A token, if there is one, needs the scope {}.", scopes.join(", "))
        }
        (false, []) => "Needs an access token.".into(),
        (false, scopes) => format!("Needs an access token with the scope {}.", scopes.join(", ")),
    }
}
