//! `POST /auth/forgot-password`.

use folkmoot::clock::Clock;
use serde_json::json;

use crate::support::{Answer, App, PASSWORD};

const PATH: &str = "/api/v1/auth/forgot-password";

async fn forgot(app: &App, email: &str) -> Answer {
    app.guest().post(PATH, json!({"email": email})).await
}

#[actix_web::test]
async fn known_or_not_the_answer_and_the_work_are_the_same() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    let (mut statements, mut answers) = (Vec::new(), Vec::new());
    for email in ["anna@example.org", "nobody@example.org"] {
        statements.push(app.statements(async { answers.push(forgot(&app, email).await.expect(202)) }).await);
    }
    assert_eq!((statements[0], &answers[0].bytes), (statements[1], &answers[1].bytes));
    let fields = |answer: &Answer| answer.headers.keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(fields(&answers[0]), fields(&answers[1]));
    let mail = app.mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("anna@example.org", "Set a new password"));
    assert!(mail.raw.contains("Hello Anna,") && mail.raw.contains("If you did not ask for it"), "{}", mail.raw);
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}

#[actix_web::test]
async fn the_link_leads_where_the_operator_says_whatever_the_request_says() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    let fields = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("Origin", "http://evil.example")];
    app.guest().ask("POST", PATH, &fields, Some(json!({"email": "ANNA@example.org"}))).await.expect(202);
    let mail = app.mail().await;
    assert!(!mail.raw.contains("evil"), "{}", mail.raw);
    // To the address as its owner writes it.
    assert_eq!((mail.to.as_str(), mail.token("reset-password").len()), ("anna@example.org", 43));
}

#[actix_web::test]
async fn an_address_that_nobody_has_verified_resets_nothing() {
    let app = App::start().await;
    let body = json!({"username": "Anna", "password": PASSWORD, "email": "anna@example.org"});
    app.guest().post("/api/v1/members", body).await.expect(201);
    app.mail().await;
    forgot(&app, "anna@example.org").await.expect(202);
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM mail_tokens WHERE purpose = 'reset'").await, 0);
}

#[actix_web::test]
async fn bodies_that_are_wrong_are_told() {
    let app = App::start().await;
    app.guest().must_send_json("POST", PATH, &[]).await;
    app.guest().post(PATH, json!({})).await.flawed("/email", "missing");
    app.guest().post(PATH, json!({"email": null})).await.flawed("/email", "wrong_type");
    forgot(&app, "anna").await.flawed("/email", "invalid");
    forgot(&app, "a@example.org\n").await.expect(202);
    forgot(&app, "a\u{0}@example.org").await.flawed("/email", "invalid");
    let more = json!({"email": "a@example.org", "link": "http://evil.example"});
    app.guest().post(PATH, more).await.flawed("/link", "unknown_field");
}

#[actix_web::test]
async fn it_counts_for_a_limit_of_its_own() {
    let app = App::start_with(|setup| (setup.rate_limits, setup.clock) = (true, Clock::still())).await;
    for _ in 0..10 {
        forgot(&app, "a@example.org").await.expect(202);
    }
    let refused = forgot(&app, "a@example.org").await.refused(429, "too_many_requests");
    assert!(refused.header("ratelimit-policy").ends_with("\"mails\";q=10;w=3600"));
    app.login("Anna", PASSWORD).await.refused(401, "invalid_credentials");
}
