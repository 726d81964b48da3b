//! What tells whether someone is known here: texts, header fields, and what an answer costs.

use serde_json::json;

use super::acts::comparable;
use crate::support::{Answer, App, PASSWORD};

/// What an answer says, and what it cost: statements and runs of argon2.
async fn told(app: &App, ask: impl Future<Output = Answer>) -> (impl PartialEq + std::fmt::Debug, u64, u64) {
    let runs = app.shared.passwords.runs();
    let mut answer = None;
    let statements = app.statements(async { answer = Some(ask.await) }).await;
    (comparable(&answer.unwrap()), statements, app.shared.passwords.runs() - runs)
}

#[actix_web::test]
async fn a_login_that_fails_says_and_costs_the_same_whoever_it_names() {
    let app = App::start().await;
    let id = app.register("Anna").await;
    app.member("no password").await;
    app.register("Suspended").await;
    app.register("Departed").await;
    app.register("Address").await;
    let sql = format!(
        "UPDATE members SET suspended_at = now(), suspend_reason = 'x', suspended_by = {id} WHERE username = 'Suspended';
         UPDATE members SET username = NULL, deleted_at = now(), password_hash = NULL WHERE username = 'Departed';
         UPDATE members SET email = 'known@example.org', email_key = 'known@example.org', email_verified = true
         WHERE username = 'Address'"
    );
    app.sql().await.batch_execute(&sql).await.unwrap();
    let known = told(&app, app.login("Anna", "not the password")).await;
    assert_eq!(known.2, 1, "argon2 runs for a wrong password");
    for name in ["Nobody", "no password", "Suspended", "Departed", "'; --", "😀", "ANNA"] {
        assert_eq!(told(&app, app.login(name, "not the password")).await, known, "{name}");
    }
    let known = told(&app, app.login("known@example.org", "not the password")).await;
    for address in ["unknown@example.org", "known@example.com", "KNOWN@example.org"] {
        assert_eq!(told(&app, app.login(address, "not the password")).await, known, "{address}");
    }
}

#[actix_web::test]
async fn registering_with_a_taken_address_says_and_costs_what_a_free_one_does() {
    let app = App::start().await;
    let register = |name: &str, email: &str| {
        let body = json!({"username": name, "password": PASSWORD, "email": email});
        let guest = app.guest();
        async move { guest.post("/api/v1/members", body).await }
    };
    register("Anna", "taken@example.org").await.expect(201);
    app.sql().await.batch_execute("UPDATE members SET email_verified = true").await.unwrap();
    let cost = async |name: &str, email: &str| {
        let runs = app.shared.passwords.runs();
        let mut answer = None;
        let statements = app.statements(async { answer = Some(register(name, email).await) }).await;
        let answer = answer.unwrap().expect(201);
        let fields: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        let shape: Vec<_> = answer.json.as_object().unwrap().keys().cloned().collect();
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("example.org"));
        (fields, shape, statements, app.shared.passwords.runs() - runs)
    };
    let free = cost("Boris", "free@example.org").await;
    assert_eq!(cost("Clara", "taken@example.org").await, free);
    assert_eq!(free.3, 1);
}

#[actix_web::test]
async fn refresh_and_logout_tell_no_dead_token_from_one_that_never_was() {
    let app = App::start().await;
    let (anna, ended) = app.registered("Anna").await;
    anna.delete_account().await.expect(204);
    let (_, out) = app.registered("Boris").await;
    app.guest().post("/api/v1/auth/logout", json!({"refresh_token": out})).await.expect(204);
    let never = comparable(&app.refresh(&"A".repeat(43)).await);
    assert_eq!(comparable(&app.refresh(&ended).await), never);
    assert_eq!(comparable(&app.refresh(&out).await), never);
    let logout = |token: String| {
        let guest = app.guest();
        async move { guest.post("/api/v1/auth/logout", json!({"refresh_token": token})).await }
    };
    let never = told(&app, logout("A".repeat(43))).await;
    let (_, live) = app.registered("Clara").await;
    for token in [ended, out, live] {
        assert_eq!(told(&app, logout(token)).await, never);
    }
}

#[actix_web::test]
async fn a_deleted_name_is_looked_up_as_one_that_never_was() {
    let app = App::start().await;
    let (anna, _) = app.registered("Annabella").await;
    anna.delete_account().await.expect(204);
    let look = |name: &str| {
        let path = format!("/api/v1/members/by-username/{name}");
        let guest = app.guest();
        async move { guest.get(&path).await }
    };
    let never = told(&app, look("Nobody")).await;
    assert_eq!(told(&app, look("Annabella")).await, never);
    let found = app.guest().get("/api/v1/members?q=anna").await.expect(200);
    assert_eq!(found["items"], json!([]));
}
