//! Nobody can be flooded with mails.

use chrono::Duration;
use serde_json::json;

use crate::support::{App, PASSWORD};

async fn forgot(app: &App) {
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "anna@example.org"})).await.expect(202);
}

#[actix_web::test]
async fn five_mails_of_a_kind_are_written_to_an_address_within_an_hour() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    for _ in 0..4 {
        forgot(&app).await;
        app.mail().await;
    }
    forgot(&app).await;
    let last = app.mail().await.token("reset-password");
    for _ in 0..3 {
        forgot(&app).await;
        assert!(app.mails().await.is_empty());
    }
    // Those that were too many did not take the place of the last one.
    let body = json!({"token": last, "password": "a longer sentence of mine"});
    app.guest().post("/api/v1/auth/reset-password", body).await.expect(204);
    // What has happened to the account is told all the same.
    assert_eq!(app.mail().await.subject, "Your password was changed");
    app.clock.advance(Duration::minutes(60));
    forgot(&app).await;
    app.mail().await;
    let _ = anna;
}

#[actix_web::test]
async fn claims_on_one_address_by_many_count_together() {
    let app = App::start().await;
    for n in 0..7 {
        let email = if n % 2 == 0 { "anna@example.org" } else { "ANNA@Example.org" };
        let body = json!({"username": format!("{n} thieves"), "password": PASSWORD, "email": email});
        app.guest().post("/api/v1/members", body).await.expect(201);
    }
    assert_eq!(app.mails().await.len(), 5);
    let other = json!({"username": "Ben", "password": PASSWORD, "email": "ben@example.org"});
    app.guest().post("/api/v1/members", other).await.expect(201);
    app.mail().await;
}

#[actix_web::test]
async fn counts_are_kept_for_an_hour_and_without_the_address() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    assert_eq!(app.count("SELECT count(*) FROM mail_counts").await, 1);
    assert_eq!(app.count("SELECT octet_length(address_hash)::bigint FROM mail_counts").await, 32);
    app.clock.advance(Duration::minutes(61));
    let conn = &mut app.shared.state.db.get().await.unwrap();
    folkmoot::mails::prune(app.clock.now(), conn).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM mail_counts").await, 0);
}
