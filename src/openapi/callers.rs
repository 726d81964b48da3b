//! Who may call: each operation's description says it in words, from what its `security` says for programs.

use serde_json::Value;

use super::schemas::operations_mut;
use crate::web::served::Needs;

/// Under this name, beside its scope, an act says that it needs a session.
const SESSION: &str = "session";

/// What an operation needs of a token; none where it does not look at one.
pub fn of(operation: &Value) -> Option<Needs> {
    let mut ways = operation["security"].as_array()?.iter().filter_map(|way| way["bearer"].as_array());
    let words: Vec<_> = ways.next()?.iter().filter_map(Value::as_str).collect();
    let scope = (*words.iter().find(|word| **word != SESSION)?).to_owned();
    Some(Needs { scope, session: words.contains(&SESSION) })
}

/// Adds a sentence to each description. Where no token is looked at, `security` becomes the empty list: generators of clients take
/// any other for a need of one.
pub fn describe(document: &mut Value) {
    for (_, _, operation) in operations_mut(document) {
        let who = who(operation);
        if of(operation).is_none() {
            operation["security"] = Value::Array(Vec::new());
        }
        operation["description"] = match operation["description"].as_str() {
            Some(text) if !text.is_empty() => format!("{text}\n\n{who}").into(),
            _ => who.into(),
        };
    }
}

fn who(operation: &Value) -> String {
    let for_guests = operation["security"].as_array().into_iter().flatten().any(|way| way["bearer"].is_null());
    let Some(needs) = of(operation) else {
        return "Anyone may call it; `Authorization` is not looked at.".into();
    };
    let scope = needs.scope;
    match (for_guests, needs.session) {
        (true, _) => format!("Anyone may call it. A token, if there is one, needs the scope `{scope}`."),
        (false, false) => format!("Needs an access token or a personal token with the scope `{scope}`."),
        (false, true) => format!("Needs an access token of a session, with the scope `{scope}`; no personal token."),
    }
}
