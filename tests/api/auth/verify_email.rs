//! `POST /auth/verify-email`.

use chrono::Duration;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{Answer, App, PASSWORD, Person};

const PATH: &str = "/api/v1/auth/verify-email";

async fn verify(app: &App, token: &str) -> Answer {
    app.guest().post(PATH, json!({"token": token})).await
}

/// Someone who has registered with an address, and signed in; and the token that was mailed to it.
async fn claimed(app: &App, name: &str, email: &str) -> (Person, String) {
    let body = json!({"username": name, "password": PASSWORD, "email": email});
    let id = app.guest().post("/api/v1/members", body).await.expect(201).id();
    let token = app.mail().await.token("verify-email");
    let login = app.login(name, PASSWORD).await.expect(200);
    let access = login["access_token"].as_str().unwrap().to_owned();
    (Person { id, token: Some(access), ..app.guest() }, token)
}

#[actix_web::test]
async fn a_token_from_a_mail_verifies_once() {
    let app = App::start().await;
    let (anna, token) = claimed(&app, "Anna", "anna@example.org").await;
    let me = anna.get("/api/v1/me").await;
    assert_eq!((&me["email"], &me["email_verified"]), (&json!("anna@example.org"), &json!(false)));
    app.login("anna@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    assert!(verify(&app, &token).await.expect(204).bytes.is_empty());
    assert_eq!(anna.get("/api/v1/me").await["email_verified"], true);
    app.login("anna@example.org", PASSWORD).await.expect(200);
    verify(&app, &token).await.refused(422, "invalid_mail_token");
    assert_eq!(app.count("SELECT count(*) FROM mail_tokens").await, 0);
}

#[actix_web::test]
async fn at_the_same_time_it_verifies_once_too() {
    let app = App::start().await;
    let (_, token) = claimed(&app, "Anna", "anna@example.org").await;
    let answers = join_all((0..6).map(|_| verify(&app, &token))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 422, 422, 422, 422, 422]);
}

#[actix_web::test]
async fn it_is_stored_as_a_hash_and_expires_after_a_day() {
    let app = App::start().await;
    let (_, token) = claimed(&app, "Anna", "anna@example.org").await;
    let hashed = format!("SELECT count(*) FROM mail_tokens WHERE token_hash = sha256('{token}')");
    assert_eq!((token.len(), app.count(&hashed).await), (43, 1));
    app.clock.advance(Duration::hours(24));
    verify(&app, &token).await.refused(422, "invalid_mail_token");
    // It is kept as long as its mail may wait.
    app.clock.advance(Duration::days(5));
    let conn = &mut app.shared.state.db.get().await.unwrap();
    folkmoot::mails::prune(app.clock.now(), conn).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM mail_tokens").await, 0);
}

#[actix_web::test]
async fn what_is_no_token_for_this_verifies_nothing() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "anna@example.org"})).await.expect(202);
    let reset = app.mail().await.token("reset-password");
    verify(&app, &reset).await.refused(422, "invalid_mail_token");
    for other in ["x", anna.token.as_deref().unwrap_or_default().get(..90).unwrap_or_default()] {
        verify(&app, other).await.refused(422, "invalid_mail_token");
    }
    app.guest().post(PATH, json!({})).await.flawed("/token", "missing");
    app.guest().post(PATH, json!({"token": " "})).await.flawed("/token", "blank");
    app.guest().post(PATH, json!({"token": "x".repeat(101)})).await.flawed("/token", "too_long");
    app.guest().post(PATH, json!({"token": 1})).await.flawed("/token", "wrong_type");
    app.guest().post(PATH, json!({"token": "x", "email": "b@example.org"})).await.flawed("/email", "unknown_field");
    app.guest().must_send_json("POST", PATH, &[]).await;
    // Who calls does not matter, and a bad token of access neither.
    app.guest().with_token("nonsense").post(PATH, json!({"token": "x"})).await.refused(422, "invalid_mail_token");
}

#[actix_web::test]
async fn an_unverified_claim_neither_blocks_nor_takes_an_address() {
    let app = App::start().await;
    let (thief, token) = claimed(&app, "Thief", "anna@example.org").await;
    let anna = app.verified("Anna", "Anna@example.org").await;
    // A token for an address that has become another's: who has it, has shown that the mailbox is theirs.
    verify(&app, &token).await.refused(409, "email_taken");
    verify(&app, &token).await.refused(409, "email_taken");
    assert_eq!(thief.get("/api/v1/me").await["email_verified"], false);
    assert_eq!(app.login("anna@example.org", PASSWORD).await.expect(200)["member"]["id"], anna.id);
    anna.put_json("/api/v1/me/email", json!({"email": null, "password": PASSWORD})).await.expect(204);
    verify(&app, &token).await.expect(204);
}

#[actix_web::test]
async fn of_two_who_verify_one_address_at_once_one_has_it() {
    let app = App::start().await;
    let (_, one) = claimed(&app, "Anna", "us@example.org").await;
    let (_, two) = claimed(&app, "Ben", "US@example.org").await;
    let (one, two) = join(verify(&app, &one), verify(&app, &two)).await;
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(app.count("SELECT count(*) FROM members WHERE email_verified").await, 1);
}

#[actix_web::test]
async fn each_token_is_of_one_account() {
    let app = App::start().await;
    let (anna, of_anna) = claimed(&app, "Anna", "anna@example.org").await;
    let (ben, _) = claimed(&app, "Ben", "ben@example.org").await;
    ben.post(PATH, json!({"token": of_anna})).await.expect(204);
    assert_eq!(anna.get("/api/v1/me").await["email_verified"], true);
    assert_eq!(ben.get("/api/v1/me").await["email_verified"], false);
}

#[actix_web::test]
async fn a_suspended_member_may_verify_and_a_deleted_one_not() {
    let app = App::start().await;
    let (ben, of_ben) = claimed(&app, "Ben", "ben@example.org").await;
    let (anna, of_anna) = claimed(&app, "Anna", "anna@example.org").await;
    let suspend = format!("UPDATE members SET suspended_at = now() WHERE id = {}", ben.id);
    app.sql().await.batch_execute(&suspend).await.unwrap();
    verify(&app, &of_ben).await.expect(204);
    app.login("ben@example.org", PASSWORD).await.refused(403, "account_suspended");
    anna.delete_account().await.expect(204);
    verify(&app, &of_anna).await.refused(422, "invalid_mail_token");
    let shown = app.guest().get(&format!("/api/v1/members/{}", anna.id)).await.expect(200);
    assert_eq!(shown["username"], Value::Null);
}

#[actix_web::test]
async fn a_new_address_voids_the_reset_that_was_mailed_to_the_old_one() {
    let app = App::start().await;
    let anna = app.verified("Anna", "old@example.org").await;
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "old@example.org"})).await.expect(202);
    let reset = app.mail().await.token("reset-password");
    anna.put_json("/api/v1/me/email", json!({"email": "new@example.org", "password": PASSWORD})).await.expect(202);
    verify(&app, &app.mail().await.token("verify-email")).await.expect(204);
    let body = json!({"token": reset, "password": "a longer sentence of mine"});
    app.guest().post("/api/v1/auth/reset-password", body).await.refused(422, "invalid_mail_token");
}
