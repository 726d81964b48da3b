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
    app.verified("Anna", "anna@example.org").await;
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
}

#[actix_web::test]
async fn the_hour_moves_along() {
    let app = App::start().await;
    app.verified("Anna", "anna@example.org").await;
    for minutes in [0, 50, 0, 0, 0] {
        app.clock.advance(Duration::minutes(minutes));
        forgot(&app).await;
        app.mail().await;
    }
    // One of the five is more than an hour old now: there is room for one, and not for five.
    app.clock.advance(Duration::minutes(11));
    forgot(&app).await;
    app.mail().await;
    forgot(&app).await;
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn strangers_who_give_an_address_do_not_keep_its_owner_s_mail_back() {
    let app = App::start().await;
    let register = async |name: &str, email: &str| {
        let body = json!({"username": name, "password": PASSWORD, "email": email});
        app.guest().post("/api/v1/members", body).await.expect(201);
    };
    for n in 0..7 {
        register(&format!("{n} thieves"), if n % 2 == 0 { "anna@example.org" } else { "ANNA@Example.org" }).await;
    }
    assert_eq!(app.mails().await.len(), 7);
    register("Anna", "anna@example.org").await;
    app.mail().await;
    // There are bounds to what an address gets; what is too much is sent later.
    for n in 7..21 {
        register(&format!("{n} thieves"), "anna@example.org").await;
    }
    assert_eq!(app.mails().await.len(), 12);
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 2);
    app.clock.advance(Duration::minutes(61));
    assert_eq!(app.mails().await.len(), 2);
}

#[actix_web::test]
async fn counts_are_kept_for_an_hour_and_without_the_address() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    assert_eq!(app.count("SELECT count(*) FROM mail_times").await, 2);
    assert_eq!(app.count("SELECT max(octet_length(counted_hash))::bigint FROM mail_times").await, 32);
    app.clock.advance(Duration::minutes(61));
    let conn = &mut app.shared.state.db.get().await.unwrap();
    folkmoot::mails::prune(app.clock.now(), conn).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM mail_times").await, 0);
}
