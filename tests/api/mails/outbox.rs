//! The outbox: with the act or not at all, once, later where it fails, and not for ever.

use chrono::Duration;
use folkmoot::mails;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{App, PASSWORD};

fn registration(name: &str, email: &str) -> Value {
    json!({"username": name, "password": PASSWORD, "email": email})
}

async fn register(app: &App, name: &str) {
    let email = format!("{name}@example.org");
    app.guest().post("/api/v1/members", registration(name, &email)).await.expect(201);
}

#[actix_web::test]
async fn a_mail_is_written_with_its_act_or_not_at_all() {
    let app = App::start().await;
    register(&app, "anna").await;
    app.guest().post("/api/v1/members", registration("anna", "b@example.org")).await.refused(409, "username_taken");
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 1);
    let key = [("Idempotency-Key", "k")];
    for _ in 0..2 {
        let body = registration("ben", "ben@example.org");
        app.guest().ask("POST", "/api/v1/members", &key, Some(body)).await.expect(201);
    }
    let sent: Vec<_> = app.mails().await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(sent, ["anna@example.org", "ben@example.org"]);
}

#[actix_web::test]
async fn a_taken_address_is_told_to_its_owner_and_not_to_who_registers() {
    let app = App::start().await;
    let _anna = app.verified("anna", "anna@example.org").await;
    let ask = |name: &str, email: &str| {
        let (body, guest) = (registration(name, email), app.guest());
        async move { guest.post("/api/v1/members", body).await.expect(201) }
    };
    let free = app.statements(ask("Bert", "bert@example.org")).await;
    app.mails().await;
    let taken = app.statements(ask("Carl", "ANNA@example.org")).await;
    assert_eq!(free, taken);
    let mail = app.mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("anna@example.org", "Your e-mail address was given again"));
    assert!(!mail.raw.contains("Carl") && !mail.raw.contains("token="), "{}", mail.raw);
}

#[actix_web::test]
async fn nothing_of_it_can_be_read_in_the_database() {
    let app = App::start().await;
    register(&app, "anna").await;
    let rows = app.sql().await.query("SELECT encode(sealed, 'escape') FROM mails", &[]).await.unwrap();
    let sealed: String = rows[0].get(0);
    assert!(!["anna", "example", "verify", "token"].iter().any(|word| sealed.contains(word)), "{sealed}");
    // Nor does what belongs to one row open in another.
    register(&app, "ben").await;
    let swap = "UPDATE mails SET sealed = (SELECT sealed FROM mails ORDER BY created_at LIMIT 1)";
    app.sql().await.batch_execute(swap).await.unwrap();
    let mail = app.mail().await;
    assert_eq!(mail.to, "anna@example.org");
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}

#[actix_web::test]
async fn many_nodes_send_each_mail_once() {
    let app = App::start().await;
    let other = app.another_node().await;
    let sql = "INSERT INTO members (username, username_key, email, email_key, email_verified, joined_at)
               SELECT 'm' || n, 'm' || n, n || '@example.org', n || '@example.org', true, now()
               FROM generate_series(1, 30) n";
    app.sql().await.batch_execute(sql).await.unwrap();
    for n in 1..=30 {
        let body = json!({"email": format!("{n}@example.org")});
        app.guest().post("/api/v1/auth/forgot-password", body).await.expect(202);
    }
    let (here, there) = join(app.mails(), other.mails()).await;
    let mut sent: Vec<_> = here.iter().chain(&there).map(|mail| mail.to.clone()).collect();
    sent.sort();
    sent.dedup();
    assert_eq!((here.len() + there.len(), sent.len()), (30, 30));
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}

#[actix_web::test]
async fn what_another_node_has_in_hand_is_passed_over() {
    let app = App::start().await;
    register(&app, "anna").await;
    register(&app, "ben").await;
    let mut client = app.sql().await;
    let held = client.transaction().await.unwrap();
    held.execute("SELECT FROM mails ORDER BY created_at LIMIT 1 FOR UPDATE", &[]).await.unwrap();
    assert_eq!(app.mail().await.to, "ben@example.org");
    held.rollback().await.unwrap();
    assert_eq!(app.mail().await.to, "anna@example.org");
}

#[actix_web::test]
async fn what_fails_is_tried_eight_times_with_doubling_waits() {
    let app = App::start().await;
    register(&app, "anna").await;
    // Where the folder should be is a file.
    std::fs::write(&app.mail_dir, "").unwrap();
    let attempts = "SELECT coalesce(max(attempts), -1)::bigint FROM mails";
    let mut waited = Vec::new();
    for attempt in 1..8 {
        mails::send_due(&app.mailer, &app.shared.state).await.unwrap();
        assert_eq!(app.count(attempts).await, attempt);
        let wait = 1 << (attempt - 1);
        app.clock.advance(Duration::minutes(wait) - Duration::seconds(30));
        assert_eq!(mails::send_due(&app.mailer, &app.shared.state).await.unwrap(), 0, "not yet");
        app.clock.advance(Duration::seconds(30));
        waited.push(wait);
    }
    assert_eq!(waited, [1, 2, 4, 8, 16, 32, 64]);
    mails::send_due(&app.mailer, &app.shared.state).await.unwrap();
    assert_eq!(app.count(attempts).await, -1);
    std::fs::remove_file(&app.mail_dir).unwrap();
}

#[actix_web::test]
async fn what_a_node_had_in_hand_when_it_was_killed_is_sent_later() {
    let app = App::start().await;
    register(&app, "anna").await;
    std::fs::write(&app.mail_dir, "").unwrap();
    mails::send_due(&app.mailer, &app.shared.state).await.unwrap();
    std::fs::remove_file(&app.mail_dir).unwrap();
    assert!(app.mails().await.is_empty());
    app.clock.advance(Duration::minutes(1));
    assert_eq!(app.mail().await.to, "anna@example.org");
}

#[actix_web::test]
async fn what_was_killed_at_its_last_attempt_is_given_up() {
    let app = App::start().await;
    register(&app, "anna").await;
    app.sql().await.batch_execute("UPDATE mails SET attempts = 8").await.unwrap();
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}

#[actix_web::test]
async fn what_has_nothing_to_say_any_more_is_not_sent() {
    let app = App::start().await;
    app.verified("Anna", "anna@example.org").await;
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "anna@example.org"})).await.expect(202);
    // The folder is there by the mails before; in its place a file, so that nothing can be written.
    std::fs::remove_dir_all(&app.mail_dir).unwrap();
    std::fs::write(&app.mail_dir, "").unwrap();
    mails::send_due(&app.mailer, &app.shared.state).await.unwrap();
    std::fs::remove_file(&app.mail_dir).unwrap();
    app.clock.advance(Duration::minutes(61));
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}

#[actix_web::test]
async fn mails_and_tokens_of_a_deleted_account_go_with_it() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "anna@example.org"})).await.expect(202);
    let reset = app.mail().await.token("reset-password");
    let body = json!({"email": "new@example.org", "password": PASSWORD});
    anna.put_json("/api/v1/me/email", body).await.expect(202);
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "anna@example.org"})).await.expect(202);
    anna.delete("/api/v1/me").await.expect(204);
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT (SELECT count(*) FROM mails) + (SELECT count(*) FROM mail_tokens)").await, 0);
    let body = json!({"token": reset, "password": "a longer sentence of mine"});
    app.guest().post("/api/v1/auth/reset-password", body).await.refused(422, "invalid_mail_token");
}
