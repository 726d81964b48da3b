//! `POST /me/tokens`.

use chrono::Duration;
use futures_util::future::{join_all, join3};
use serde_json::{Value, json};

use crate::support::{App, PASSWORD, TWO_WAIT, until, who_waits};

const PATH: &str = "/api/v1/me/tokens";

#[actix_web::test]
async fn a_new_token_is_shown_once_and_stored_as_a_hash() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let end = app.clock.now() + Duration::days(30);
    let body = json!({"name": " backup ", "scopes": ["read", "post"], "expires_at": end});
    let answer = anna.post(PATH, body).await.expect(201);
    let token = answer["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("fm_") && token.len() == 46, "{token}");
    assert_eq!(answer.header("location"), format!("{PATH}/{}", answer.id()));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((&answer["name"], &answer["scopes"]), (&json!("backup"), &json!(["read", "post"])));
    assert_eq!((&answer["expires_at"], &answer["last_used_at"]), (&json!(end), &Value::Null));
    let list = anna.get(PATH).await.expect(200);
    assert!(!list.json.to_string().contains(&token));
    let hashed = format!("SELECT count(*) FROM tokens WHERE token_hash = sha256('{token}')");
    assert_eq!(app.count(&hashed).await, 1);
    let again = anna.post(PATH, json!({"name": "backup", "scopes": ["read"]})).await.expect(201);
    assert_ne!(again["token"], token);
}

#[actix_web::test]
async fn bodies_that_are_wrong_are_told() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let with = async |field: &str, value: Value| {
        let mut body = json!({"name": "x", "scopes": ["read"]});
        body[field] = value;
        anna.post(PATH, body).await
    };
    with("name", json!(" ")).await.flawed("/name", "blank");
    with("name", json!("x".repeat(101))).await.flawed("/name", "too_long");
    with("scopes", json!([])).await.flawed("/scopes", "too_short");
    with("scopes", json!(["read", "root"])).await.flawed("/scopes/1", "invalid");
    with("scopes", json!(["read", "session"])).await.flawed("/scopes/1", "invalid");
    with("scopes", json!(["read", "post", "read"])).await.flawed("/scopes/2", "duplicate");
    with("scopes", json!("read")).await.flawed("/scopes", "wrong_type");
    with("expires_at", json!(app.clock.now())).await.flawed("/expires_at", "invalid");
    with("expires_at", json!("9999-12-31T00:00:00Z")).await.flawed("/expires_at", "invalid");
    with("expires_at", json!("tomorrow")).await.flawed("/expires_at", "invalid");
    with("token", json!("fm_mine")).await.flawed("/token", "unknown_field");
    with("expires_at", json!(null)).await.expect(201);
    anna.must_sign_in("POST", PATH).await;
    anna.must_send_json("POST", PATH, &[]).await;
    assert_eq!(app.count("SELECT count(*) FROM tokens").await, 1);
}

#[actix_web::test]
async fn a_member_has_a_hundred_at_most_however_many_are_made_at_once() {
    let app = App::start().await;
    let (anna, boris) = (app.member("Anna").await, app.member("Boris").await);
    let fill = format!(
        "INSERT INTO tokens (member_id, name, token_hash, scopes, created_at)
         SELECT {}, 'x', sha256(n::text::bytea), '{{read}}', now() FROM generate_series(1, 95) n",
        anna.id
    );
    app.sql().await.batch_execute(&fill).await.unwrap();
    let one = || anna.post(PATH, json!({"name": "x", "scopes": ["read"]}));
    let all = join_all((0..10).map(|_| async { one().await })).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 201).count(), 5);
    assert!(all.into_iter().filter(|answer| answer.status != 201).all(|a| a.json["code"] == "too_many_tokens"));
    boris.personal_token(&["read"]).await.get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn no_token_is_made_beside_a_change_of_password() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let login = app.login("Anna", PASSWORD).await.expect(200);
    let elsewhere = anna.with_token(login["access_token"].as_str().unwrap());
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM members FOR UPDATE").await.unwrap();
    let new = json!({"current": PASSWORD, "new": "a longer sentence of mine"});
    // The change waits first, so it comes first.
    let make = async {
        who_waits(&client).await;
        elsewhere.post(PATH, json!({"name": "x", "scopes": ["read"]})).await
    };
    let both_wait = async {
        until(&app.sql().await, TWO_WAIT).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (changed, made, ()) = join3(anna.put_json("/api/v1/me/password", new), make, both_wait).await;
    changed.expect(204);
    made.refused(401, "session_ended");
    assert_eq!(app.count("SELECT count(*) FROM tokens").await, 0);
}
