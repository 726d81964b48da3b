//! `POST /auth/reset-password`.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Answer, App, PASSWORD};

const PATH: &str = "/api/v1/auth/reset-password";
const NEW: &str = "a longer sentence of mine";

async fn reset(app: &App, token: &str, password: &str) -> Answer {
    app.guest().post(PATH, json!({"token": token, "password": password})).await
}

/// The token that is mailed to this address.
async fn token(app: &App, email: &str) -> String {
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": email})).await.expect(202);
    app.mail().await.token("reset-password")
}

#[actix_web::test]
async fn a_token_sets_a_password_once_and_ends_all_that_was_open() {
    let app = App::start().await;
    let other = app.another_node().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    let login = app.login("Anna", PASSWORD).await.expect(200);
    let refresh = login["refresh_token"].as_str().unwrap().to_owned();
    let program = anna.personal_token(&["read"]).await;
    let token = token(&app, "anna@example.org").await;
    assert!(reset(&app, &token, NEW).await.expect(204).bytes.is_empty());
    anna.at(&other).get("/api/v1/me").await.refused(401, "session_ended");
    program.at(&other).get("/api/v1/me").await.refused(401, "invalid_token");
    app.refresh(&refresh).await.refused(401, "invalid_refresh_token");
    app.login("Anna", PASSWORD).await.refused(401, "invalid_credentials");
    app.login("anna@example.org", NEW).await.expect(200);
    reset(&app, &token, "a third sentence of mine").await.refused(422, "invalid_mail_token");
    let told = app.mail().await;
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("anna@example.org", "Your password was changed"));
}

#[actix_web::test]
async fn at_the_same_time_it_sets_one_password() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    let token = token(&app, "anna@example.org").await;
    let passwords: Vec<_> = (0..4).map(|n| format!("{NEW} {n}")).collect();
    let answers = join_all(passwords.iter().map(|password| reset(&app, &token, password))).await;
    let set: Vec<_> = answers.iter().zip(&passwords).filter(|(answer, _)| answer.status == 204).collect();
    assert_eq!(set.len(), 1);
    assert!(answers.iter().all(|answer| answer.status == 204 || answer.json["code"] == "invalid_mail_token"));
    app.login("Anna", set[0].1).await.expect(200);
    app.mail().await;
}

#[actix_web::test]
async fn it_expires_after_an_hour_and_a_newer_one_replaces_it() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    let one = token(&app, "anna@example.org").await;
    let two = token(&app, "anna@example.org").await;
    reset(&app, &one, NEW).await.refused(422, "invalid_mail_token");
    app.clock.advance(Duration::minutes(60));
    reset(&app, &two, NEW).await.refused(422, "invalid_mail_token");
    app.login("Anna", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn a_refused_password_spends_nothing() {
    let app = App::start().await;
    let _anna = app.verified("Annabella", "anna@example.org").await;
    let token = token(&app, "anna@example.org").await;
    reset(&app, &token, "short").await.flawed("/password", "too_short");
    reset(&app, &token, "Password123").await.flawed("/password", "common_password");
    reset(&app, &token, "ANNABELLA").await.flawed("/password", "common_password");
    reset(&app, &token, NEW).await.expect(204);
}

#[actix_web::test]
async fn a_token_for_something_else_and_bodies_that_are_wrong_set_nothing() {
    let app = App::start().await;
    let body = json!({"username": "Anna", "password": PASSWORD, "email": "anna@example.org"});
    app.guest().post("/api/v1/members", body).await.expect(201);
    let verify = app.mail().await.token("verify-email");
    reset(&app, &verify, NEW).await.refused(422, "invalid_mail_token");
    reset(&app, "x", NEW).await.refused(422, "invalid_mail_token");
    app.guest().post(PATH, json!({"password": NEW})).await.flawed("/token", "missing");
    app.guest().post(PATH, json!({"token": "x"})).await.flawed("/password", "missing");
    let more = json!({"token": "x", "password": NEW, "username": "Ben"});
    app.guest().post(PATH, more).await.flawed("/username", "unknown_field");
    app.guest().must_send_json("POST", PATH, &[]).await;
    app.login("Anna", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn each_token_is_of_one_account() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    let ben = app.verified("Ben", "ben@example.org").await;
    let token = token(&app, "anna@example.org").await;
    ben.post(PATH, json!({"token": token, "password": NEW})).await.expect(204);
    app.login("Ben", PASSWORD).await.expect(200);
    app.login("Anna", NEW).await.expect(200);
}

#[actix_web::test]
async fn a_suspended_member_sets_a_password_and_stays_out() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    app.sql().await.batch_execute("UPDATE members SET suspended_at = now()").await.unwrap();
    let token = token(&app, "anna@example.org").await;
    reset(&app, &token, NEW).await.expect(204);
    app.login("Anna", NEW).await.refused(403, "account_suspended");
}

#[actix_web::test]
async fn a_reset_voids_a_change_of_address_that_waits() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    let thief = json!({"email": "thief@example.org", "password": PASSWORD});
    anna.put_json("/api/v1/me/email", thief).await.expect(202);
    let verify = app.mail().await.token("verify-email");
    let reset_token = token(&app, "anna@example.org").await;
    reset(&app, &reset_token, NEW).await.expect(204);
    let body = json!({"token": verify});
    app.guest().post("/api/v1/auth/verify-email", body).await.refused(422, "invalid_mail_token");
}
