//! `PUT /me/password`.

use futures_util::future::{join, join3};
use serde_json::json;

use crate::support::{App, PASSWORD, TWO_WAIT, until, who_waits};

const NEW: &str = "a longer sentence of mine";

#[actix_web::test]
async fn a_new_password_ends_the_other_sessions_on_every_node() {
    let app = App::start().await;
    let other = app.another_node().await;
    let (anna, refresh) = app.registered("Anna").await;
    let elsewhere = app.login("Anna", PASSWORD).await.expect(200);
    let there = anna.with_token(elsewhere["access_token"].as_str().unwrap());
    anna.put_json("/api/v1/me/password", json!({"current": PASSWORD, "new": NEW})).await.expect(204);
    there.at(&other).get("/api/v1/me").await.refused(401, "session_ended");
    app.refresh(elsewhere["refresh_token"].as_str().unwrap()).await.refused(401, "invalid_refresh_token");
    anna.get("/api/v1/me").await.expect(200);
    app.refresh(&refresh).await.expect(200);
    app.login("Anna", PASSWORD).await.refused(401, "invalid_credentials");
    app.login("Anna", NEW).await.expect(200);
}

#[actix_web::test]
async fn the_present_password_is_needed() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let none = app.member("no password").await;
    let path = "/api/v1/me/password";
    anna.put_json(path, json!({"current": NEW, "new": NEW})).await.refused(403, "wrong_password");
    none.put_json(path, json!({"current": "", "new": NEW})).await.refused(403, "wrong_password");
    app.guest().put_json(path, json!({"current": PASSWORD, "new": NEW})).await.refused(401, "not_signed_in");
    anna.put_json(path, json!({"new": NEW})).await.flawed("/current", "missing");
    anna.put_json(path, json!({"current": PASSWORD, "new": "short"})).await.flawed("/new", "too_short");
    let more = json!({"current": PASSWORD, "new": NEW, "role": "admin"});
    anna.put_json(path, more).await.flawed("/role", "unknown_field");
    app.login("Anna", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn neither_the_name_nor_a_most_used_one_is_a_password() {
    let app = App::start().await;
    let (anna, _) = app.registered("Annabella").await;
    let body = json!({"current": PASSWORD, "new": "ANNABELLA"});
    anna.put_json("/api/v1/me/password", body).await.flawed("/new", "common_password");
    let body = json!({"current": PASSWORD, "new": "Password123"});
    anna.put_json("/api/v1/me/password", body).await.flawed("/new", "common_password");
}

#[actix_web::test]
async fn of_two_changes_at_once_one_holds() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let change = |new: &str| anna.put_json("/api/v1/me/password", json!({"current": PASSWORD, "new": new}));
    let change = async |new: String| change(&new).await;
    let (one, two) = join(change(format!("{NEW} 1")), change(format!("{NEW} 2"))).await;
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 403]);
}

#[actix_web::test]
async fn a_login_that_makes_the_hash_anew_meanwhile_does_not_make_it_wrong() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let (client, bcrypt) = (app.sql().await, bcrypt::hash("short", 4).unwrap());
    client.execute("UPDATE members SET password_hash = $1", &[&bcrypt]).await.unwrap();
    client.batch_execute("BEGIN; SELECT FROM members FOR UPDATE").await.unwrap();
    // The login waits first, so it comes first.
    let change = async {
        who_waits(&client).await;
        anna.put_json("/api/v1/me/password", json!({"current": "short", "new": "a longer sentence of mine"})).await
    };
    let both_wait = async {
        until(&app.sql().await, TWO_WAIT).await;
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (login, changed, ()) = join3(app.login("Anna", "short"), change, both_wait).await;
    login.expect(200);
    changed.expect(204);
    app.login("Anna", "a longer sentence of mine").await.expect(200);
}
