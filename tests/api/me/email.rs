//! `PUT /me/email`.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{App, PASSWORD};

const PATH: &str = "/api/v1/me/email";
const VERIFY: &str = "/api/v1/auth/verify-email";

fn to(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}

#[actix_web::test]
async fn an_address_changes_once_it_is_verified_and_the_old_one_is_told() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    let answer = anna.put_json(PATH, to("Anna@New.example")).await.expect(202);
    assert!(answer.bytes.is_empty());
    assert_eq!(anna.get("/api/v1/me").await["email"], "anna@example.org");
    let mail = app.mail().await;
    assert_eq!(mail.to, "Anna@New.example");
    app.login("anna@new.example", PASSWORD).await.refused(401, "invalid_credentials");
    app.guest().post(VERIFY, json!({"token": mail.token("verify-email")})).await.expect(204);
    let me = anna.get("/api/v1/me").await;
    assert_eq!((&me["email"], &me["email_verified"]), (&json!("Anna@New.example"), &json!(true)));
    app.login("anna@new.example", PASSWORD).await.expect(200);
    app.login("anna@example.org", PASSWORD).await.refused(401, "invalid_credentials");
    let told = app.mail().await;
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("anna@example.org", "Your e-mail address was changed"));
    assert!(!told.raw.contains("New.example"), "who reads the old mailbox need not know the new one");
}

#[actix_web::test]
async fn who_calls_and_what_it_sends_is_checked() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    anna.must_sign_in("PUT", PATH).await;
    anna.must_send_json("PUT", PATH, &[]).await;
    let token = anna.personal_token(&["read", "profile", "admin"]).await;
    token.put_json(PATH, to("a@example.org")).await.refused(403, "session_required");
    let wrong = json!({"email": "a@example.org", "password": "another"});
    anna.put_json(PATH, wrong).await.refused(403, "wrong_password");
    let none = app.member("no password").await;
    none.put_json(PATH, json!({"email": "a@example.org", "password": ""})).await.refused(403, "wrong_password");
    anna.put_json(PATH, json!({"password": PASSWORD})).await.flawed("/email", "missing");
    anna.put_json(PATH, json!({"email": "a@example.org"})).await.flawed("/password", "missing");
    for bad in ["", "anna", "@example.org", "a@b", "a b@example.org", "a@example.org\r\nBcc: b@example.org"] {
        anna.put_json(PATH, to(bad)).await.flawed("/email", "invalid");
    }
    anna.put_json(PATH, to(&format!("{}@example.org", "a".repeat(250)))).await.flawed("/email", "too_long");
    let mut more = to("a@example.org");
    more["email_verified"] = json!(true);
    anna.put_json(PATH, more).await.flawed("/email_verified", "unknown_field");
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn a_newer_mail_takes_the_place_of_an_older_one() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    anna.put_json(PATH, to("one@example.org")).await.expect(202);
    let one = app.mail().await.token("verify-email");
    anna.put_json(PATH, to("two@example.org")).await.expect(202);
    // One that was replaced before it was sent is not sent.
    anna.put_json(PATH, to("three@example.org")).await.expect(202);
    let mail = app.mail().await;
    assert_eq!(mail.to, "three@example.org");
    app.guest().post(VERIFY, json!({"token": one})).await.refused(422, "invalid_mail_token");
    app.guest().post(VERIFY, json!({"token": mail.token("verify-email")})).await.expect(204);
    assert_eq!(anna.get("/api/v1/me").await["email"], "three@example.org");
    // There was no verified address before, so nobody is told.
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn of_two_changes_at_once_one_token_is_good() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let (one, two) = join(anna.put_json(PATH, to("one@example.org")), anna.put_json(PATH, to("two@example.org"))).await;
    assert_eq!((one.status, two.status), (202, 202));
    let mail = app.mail().await;
    app.guest().post(VERIFY, json!({"token": mail.token("verify-email")})).await.expect(204);
    assert_eq!(anna.get("/api/v1/me").await["email"], mail.to);
}

#[actix_web::test]
async fn an_account_that_goes_meanwhile_has_no_address() {
    let app = App::start().await;
    for n in 0..4 {
        let (anna, _) = app.registered(&format!("Anna {n}")).await;
        anna.put_json(PATH, to(&format!("{n}@example.org"))).await.expect(202);
        let token = json!({"token": app.mail().await.token("verify-email")});
        let (verified, _) = join(app.guest().post(VERIFY, token), anna.delete_account()).await;
        assert!([204, 422].contains(&verified.status), "{}", verified.json);
    }
    assert_eq!(app.count("SELECT count(*) FROM members WHERE email IS NOT NULL OR email_verified").await, 0);
    assert_eq!(app.count("SELECT (SELECT count(*) FROM mails) + (SELECT count(*) FROM mail_tokens)").await, 0);
}

#[actix_web::test]
async fn an_address_of_another_is_told_to_its_owner_alone() {
    let app = App::start().await;
    let _anna = app.verified("Anna", "anna@example.org").await;
    let (ben, _) = app.registered("Ben").await;
    // Who calls is known by now.
    ben.get("/api/v1/me").await.expect(200);
    let known = app.statements(ben.put_json(PATH, to("ANNA@example.org"))).await;
    let unknown = app.statements(ben.put_json(PATH, to("ben@example.org"))).await;
    assert_eq!(known, unknown);
    let taken = ben.put_json(PATH, to("ANNA@example.org")).await.expect(202);
    assert!(taken.bytes.is_empty());
    let mail = app.mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("anna@example.org", "Your e-mail address was given again"));
    assert!(!mail.raw.contains("token=") && !mail.raw.contains("Ben"), "{}", mail.raw);
    assert_eq!(ben.get("/api/v1/me").await["email"], Value::Null);
}

#[actix_web::test]
async fn one_s_own_address_may_be_given_again() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    anna.put_json(PATH, to("Anna@example.org")).await.expect(202);
    let token = app.mail().await.token("verify-email");
    app.guest().post(VERIFY, json!({"token": token})).await.expect(204);
    assert_eq!(anna.get("/api/v1/me").await["email"], "Anna@example.org");
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn null_removes_it_and_what_was_mailed_to_it_leads_nowhere() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "anna@example.org"})).await.expect(202);
    let reset = app.mail().await.token("reset-password");
    let body = json!({"email": null, "password": PASSWORD});
    anna.put_json(PATH, body.clone()).await.expect(204);
    let me = anna.get("/api/v1/me").await;
    assert_eq!((&me["email"], &me["email_verified"]), (&Value::Null, &json!(false)));
    let told = app.mail().await;
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("anna@example.org", "Your e-mail address was changed"));
    let body_of_reset = json!({"token": reset, "password": "a longer sentence of mine"});
    app.guest().post("/api/v1/auth/reset-password", body_of_reset).await.refused(422, "invalid_mail_token");
    anna.put_json(PATH, body).await.expect(204);
    assert!(app.mails().await.is_empty());
}

#[actix_web::test]
async fn a_change_of_password_voids_a_change_of_address_that_waits() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    anna.put_json(PATH, to("thief@example.org")).await.expect(202);
    let token = app.mail().await.token("verify-email");
    let change = json!({"current": PASSWORD, "new": "a longer sentence of mine"});
    anna.put_json("/api/v1/me/password", change).await.expect(204);
    app.guest().post(VERIFY, json!({"token": token})).await.refused(422, "invalid_mail_token");
    let told = app.mail().await;
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("anna@example.org", "Your password was changed"));
}

#[actix_web::test]
async fn an_ended_session_changes_nothing() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    app.sql().await.batch_execute("UPDATE sessions SET ended_at = now()").await.unwrap();
    anna.put_json(PATH, to("a@example.org")).await.refused(401, "session_ended");
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}
