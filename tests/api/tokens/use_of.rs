//! Personal tokens as credentials.

use std::time::Instant;

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::{App, PASSWORD, PATIENCE, Person};

/// Reads `last_used_at` until it is no longer this: it is written beside the request.
async fn last_used(anna: &Person, but: &Value) -> Value {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let list = anna.get("/api/v1/me/tokens").await.expect(200);
        let at = list["items"][0]["last_used_at"].clone();
        if at != *but {
            return at;
        }
    }
    panic!("the last use was not written");
}

#[actix_web::test]
async fn a_token_acts_for_its_member_within_its_scopes() {
    let app = App::start().await;
    let forum = app.forum("general").await;
    let anna = app.member("Anna").await;
    let token = anna.personal_token(&["post", "read"]).await;
    let me = token.get("/api/v1/me").await.expect(200);
    assert_eq!((me.id(), &me["scopes"]), (anna.id, &json!(["post", "read"])));
    let thread = token.start_thread(forum, "By a program", "x").await;
    assert_eq!(token.get(&format!("/api/v1/threads/{thread}")).await.expect(200)["author_id"], anna.id);
    token.patch("/api/v1/me", 1, json!({"bio": "x"})).await.refused(403, "insufficient_scope");
    // The role is looked at apart: the scope alone moderates nothing.
    let moderate = anna.personal_token(&["moderate"]).await;
    moderate.put(&format!("/api/v1/threads/{thread}/lock")).await.refused(403, "insufficient_role");
    app.sql().await.batch_execute("UPDATE members SET role = 'moderator'").await.unwrap();
    moderate.put(&format!("/api/v1/threads/{thread}/lock")).await.expect(200);
}

#[actix_web::test]
async fn what_is_no_token_is_refused() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let token = anna.personal_token(&["read"]).await.token.unwrap();
    let long = format!("fm_{}", "x".repeat(5_000));
    for wrong in ["fm_", "fm_nonsense", &token[..45], &token.replace("fm_", "FM_"), &token[3..], &long] {
        let answer = app.guest().with_token(wrong).get("/api/v1/me").await.refused(401, "invalid_token");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
        // A bad token is an error, never a guest.
        app.guest().with_token(wrong).get("/api/v1/forums").await.refused(401, "invalid_token");
    }
    app.guest().with_token(&token).get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn a_token_ends_with_its_time() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let body = json!({"name": "x", "scopes": ["read"], "expires_at": app.clock.now() + Duration::minutes(5)});
    let answer = anna.post("/api/v1/me/tokens", body).await.expect(201);
    let token = anna.with_token(answer["token"].as_str().unwrap());
    app.clock.advance(Duration::seconds(299));
    token.get("/api/v1/me").await.expect(200);
    app.clock.advance(Duration::seconds(1));
    token.get("/api/v1/me").await.refused(401, "token_expired");
    assert_eq!(anna.get("/api/v1/me/tokens").await.expect(200).item_ids(), [answer.id()]);
}

#[actix_web::test]
async fn the_last_use_is_kept_once_a_minute_at_most() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let token = anna.personal_token(&["read"]).await;
    token.get("/api/v1/me").await.expect(200);
    let first = last_used(&anna, &Value::Null).await;
    app.clock.advance(Duration::seconds(30));
    // Its own statement and nothing beside it: there is no write that could still come.
    let statements = app.statements(token.get("/api/v1/forums")).await;
    assert_eq!(statements, app.statements(token.get("/api/v1/forums")).await);
    assert_eq!(anna.get("/api/v1/me/tokens").await.expect(200)["items"][0]["last_used_at"], first);
    app.clock.advance(Duration::seconds(31));
    token.get("/api/v1/me").await.expect(200);
    let second = last_used(&anna, &first).await;
    assert!(second.as_str().unwrap() > first.as_str().unwrap());
}

#[actix_web::test]
async fn a_change_of_password_ends_all_of_them() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let boris = app.member("Boris").await.personal_token(&["read"]).await;
    let token = anna.personal_token(&["read"]).await;
    let new = json!({"current": PASSWORD, "new": "a longer sentence of mine"});
    anna.put_json("/api/v1/me/password", new).await.expect(204);
    token.get("/api/v1/me").await.refused(401, "invalid_token");
    assert!(anna.get("/api/v1/me/tokens").await.expect(200).item_ids().is_empty());
    boris.get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn a_suspension_ends_all_of_them_for_good() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("Anna").await, app.moderator("Mia").await);
    let token = anna.personal_token(&["read"]).await;
    let path = format!("/api/v1/members/{}/suspension", anna.id);
    moderator.put_json(&path, json!({"reason": "advertising"})).await.expect(200);
    token.get("/api/v1/forums").await.refused(401, "invalid_token");
    moderator.delete(&path).await.expect(200);
    token.get("/api/v1/forums").await.refused(401, "invalid_token");
}
