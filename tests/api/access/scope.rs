//! Scopes: what a token may do is held against each act of the document.

use std::collections::BTreeSet;

use folkmoot::access::{SCOPES, Scope};
use folkmoot::openapi::document;
use serde_json::{Value, json};

use crate::support::{App, Person};

/// An act as the document has it.
struct Act {
    method: String,
    path: String,
    /// None where the act does not look at who is calling.
    scope: Option<String>,
    session: bool,
}

fn acts() -> Vec<Act> {
    let mut acts = Vec::new();
    for (url, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let ways = operation["security"].as_array().unwrap();
            let words = ways.iter().find_map(|way| way["bearer"].as_array()).cloned().unwrap_or_default();
            let words: Vec<_> = words.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
            let parts: Vec<_> = url.split('/').map(|part| if part.starts_with('{') { "7" } else { part }).collect();
            acts.push(Act {
                method: method.to_uppercase(),
                path: parts.join("/"),
                scope: words.iter().find(|word| *word != "session").cloned(),
                session: words.iter().any(|word| word == "session"),
            });
        }
    }
    acts
}

/// Signed in by a session with one scope.
async fn session_with(app: &App, scope: &str, name: &str) -> Person {
    let admin = app.admin(name).await;
    let sql = format!("UPDATE sessions SET scopes = '{{{scope}}}' WHERE member_id = {}", admin.id);
    app.sql().await.batch_execute(&sql).await.unwrap();
    admin
}

#[actix_web::test]
async fn a_token_does_what_its_scope_names_and_nothing_else() {
    let app = App::start().await;
    let (mut allowed, mut refused) = (BTreeSet::new(), 0);
    for scope in SCOPES {
        for act in acts() {
            // Each time another one: some acts end the session that calls them.
            let name = format!("{scope} {} {}", act.method, act.path);
            let person = session_with(&app, scope, &name).await;
            let answer = person.ask(&act.method, &act.path, &[], Some(json!({"wrong": true}))).await;
            let what = format!("{} {} with {scope}: {} {}", act.method, act.path, answer.status, answer.json);
            match &act.scope {
                Some(needed) if needed != scope => {
                    let answer = answer.refused(403, "insufficient_scope");
                    let challenge =
                        format!("Bearer realm=\"folkmoot\", error=\"insufficient_scope\", scope=\"{needed}\"");
                    assert_eq!(answer.header("www-authenticate"), challenge, "{what}");
                    refused += 1;
                }
                _ => {
                    assert_ne!(answer["code"], "insufficient_scope", "{what}");
                    allowed.insert((act.method, act.path));
                }
            }
        }
    }
    let all: BTreeSet<_> = acts().into_iter().map(|act| (act.method, act.path)).collect();
    assert_eq!(allowed, all, "every act is in reach of some scope");
    let looked_at = acts().iter().filter(|act| act.scope.is_some()).count();
    assert_eq!(refused, looked_at * (SCOPES.len() - 1));
}

#[actix_web::test]
async fn a_personal_token_with_every_scope_reaches_nothing_that_needs_a_session() {
    let app = App::start().await;
    let admin = app.admin("Anna").await;
    let token = admin.personal_token(&SCOPES).await;
    let mut kept_out = Vec::new();
    for act in acts() {
        let answer = token.ask(&act.method, &act.path, &[], Some(json!({"wrong": true}))).await;
        let is_kept_out = answer.json["code"] == "session_required";
        assert_eq!(is_kept_out, act.session, "{} {}: {}", act.method, act.path, answer.json);
        if is_kept_out {
            kept_out.push(format!("{} {}", act.method, act.path));
            answer.refused(403, "session_required");
        }
    }
    // Password, sessions and tokens among them, whatever the document says.
    for act in ["PUT /api/v1/me/password", "GET /api/v1/auth/sessions", "POST /api/v1/me/tokens"] {
        assert!(kept_out.iter().any(|kept| kept == act), "{act} is within reach");
    }
    for act in acts().iter().filter(|act| act.path.starts_with("/api/v1/me/") || act.path.contains("/sessions")) {
        assert!(act.session, "{} {} is within reach", act.method, act.path);
    }
}

#[actix_web::test]
async fn each_scope_that_an_act_names_is_one_of_ours() {
    let named: BTreeSet<_> = acts().into_iter().filter_map(|act| act.scope).collect();
    assert_eq!(named, SCOPES.iter().map(|scope| (*scope).to_owned()).collect());
    assert_eq!(json!(Scope::Moderate), json!(SCOPES[4]));
    assert!(acts().iter().filter(|act| act.session).all(|act| act.scope.is_some()));
}

#[actix_web::test]
async fn a_missing_scope_is_told_before_anything_else_of_the_request() {
    let app = App::start().await;
    let anna = session_with(&app, "read", "Anna").await;
    let ask = async |path: &str, body: Value| anna.ask("POST", path, &[], Some(body)).await;
    ask("/api/v1/threads?wrong=1", json!([])).await.refused(403, "insufficient_scope");
    ask("/api/v1/threads/999/posts", json!({"body": "x"})).await.refused(403, "insufficient_scope");
    // A bad token stays a bad token, and a session that has ended one that has.
    anna.with_token("nonsense").post("/api/v1/threads", json!({})).await.refused(401, "invalid_token");
    app.sql().await.batch_execute("UPDATE sessions SET ended_at = now()").await.unwrap();
    // As no act told of it, it is believed for a moment that it lives.
    app.clock.advance(chrono::Duration::seconds(5));
    ask("/api/v1/threads", json!({})).await.refused(401, "session_ended");
}
