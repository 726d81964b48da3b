//! `folkmoot admin`, as an operator runs it beside a service.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{App, PASSWORD, SECRET, eventually};

/// What it says, or why it fails.
fn admin(app: &App, order: &[&str]) -> Result<String, String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    program.arg("admin").args(order).env_remove("DATABASE_URL").env("FOLKMOOT_DATABASE_URL", &app.database_url);
    let done = program.env("FOLKMOOT_SECRET", SECRET).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
    if done.status.success() { Ok(text(done.stdout)) } else { Err(text(done.stderr)) }
}

#[actix_web::test]
async fn a_member_is_made_and_signs_in() {
    let app = App::migrated().await;
    let made = admin(&app, &["create-member", "Anna", "--role", "moderator", "--password", PASSWORD]).unwrap();
    assert_eq!(made, "member 1, moderator");
    let member = app.login("Anna", PASSWORD).await.expect(200);
    assert_eq!(member["member"]["role"], "moderator");
    // A password that is made up is told once.
    let made = admin(&app, &["create-member", "Boris", "--email", "boris@example.org"]).unwrap();
    let (said, password) = made.split_once("password ").unwrap();
    assert_eq!(said, "member 2, member, ");
    let member = app.login("Boris", password).await.expect(200);
    assert_eq!(member["member"]["email"], "boris@example.org");
    app.login("boris@example.org", password).await.refused(401, "invalid_credentials");
}

#[actix_web::test]
async fn what_registration_refuses_is_refused_here() {
    let app = App::migrated().await;
    admin(&app, &["create-member", "Anna", "--password", PASSWORD]).unwrap();
    let refused: [(&[&str], &str); 8] = [
        (&["create-member", "ANNA", "--password", PASSWORD], "name"),
        (&["create-member", "\u{410}nna", "--password", PASSWORD], "name"),
        (&["create-member", "x\u{7}", "--password", PASSWORD], "character"),
        (&["create-member", "Boris", "--password", "short"], "8"),
        (&["create-member", "Boris", "--password", "password123"], "most used"),
        (&["create-member", "Boris the great", "--password", "boris THE great"], "the username"),
        (&["create-member", "Boris", "--email", "boris", "--password", PASSWORD], "e-mail"),
        (&["set-password", "Anna", "--password", "iloveyou1"], "most used"),
    ];
    for (order, words) in refused {
        let said = admin(&app, order).unwrap_err();
        assert!(said.contains(words), "{order:?}: {said}");
    }
    assert_eq!(app.count("SELECT count(*) FROM members").await, 1);
    app.login("Anna", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn a_role_is_given_but_never_the_last_administrator_s_taken() {
    let app = App::migrated().await;
    admin(&app, &["create-member", "Anna", "--role", "admin", "--password", PASSWORD]).unwrap();
    let said = admin(&app, &["set-role", "Anna", "member"]).unwrap_err();
    assert!(said.contains("last administrator"), "{said}");
    admin(&app, &["create-member", "Boris", "--password", PASSWORD]).unwrap();
    assert_eq!(admin(&app, &["set-role", "boris", "admin"]).unwrap(), "boris is admin now");
    admin(&app, &["set-role", "Anna", "member"]).unwrap();
    assert_eq!(app.login("Anna", PASSWORD).await.expect(200)["member"]["role"], "member");
    let said = admin(&app, &["set-role", "Carl", "admin"]).unwrap_err();
    assert!(said.contains("Carl"), "{said}");
    let suspend = "UPDATE members SET suspended_at = now(), suspend_reason = 'x' WHERE username = 'Anna'";
    app.sql().await.batch_execute(suspend).await.unwrap();
    let said = admin(&app, &["set-role", "Anna", "admin"]).unwrap_err();
    assert!(said.contains("suspended"), "{said}");
}

#[actix_web::test]
async fn a_new_password_signs_out_everywhere() {
    let app = App::migrated().await;
    let (anna, refresh) = app.registered("Anna").await;
    let token = anna.personal_token(&["read"]).await;
    admin(&app, &["set-password", "Anna", "--password", "a longer sentence of mine"]).unwrap();
    // The service was not asked: it hears of it by the log.
    let told = Instant::now();
    eventually(async || anna.get("/api/v1/me").await.status == 401).await;
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    anna.get("/api/v1/me").await.refused(401, "session_ended");
    token.get("/api/v1/me").await.refused(401, "invalid_token");
    app.refresh(&refresh).await.refused(401, "invalid_refresh_token");
    app.login("Anna", PASSWORD).await.refused(401, "invalid_credentials");
    app.login("Anna", "a longer sentence of mine").await.expect(200);
    assert!(admin(&app, &["set-password", "Boris"]).unwrap_err().contains("Boris"));
}

#[actix_web::test]
async fn counters_that_differ_are_told_and_mended() {
    let app = App::migrated().await;
    let anna = app.member("Anna").await;
    anna.start_thread(app.forum("news").await, "Hello", "First").await;
    assert!(admin(&app, &["check", "--dry-run"]).unwrap().ends_with("\nEvery counter equals its rows."));
    app.sql().await.batch_execute("UPDATE members SET post_count = 7").await.unwrap();
    let said = admin(&app, &["check", "--dry-run"]).unwrap_err();
    assert!(said.contains("counters differ"), "{said}");
    assert_eq!(app.count("SELECT post_count::bigint FROM members").await, 7);
    let said = admin(&app, &["check"]).unwrap();
    assert!(!said.contains("Every counter"), "{said}");
    assert_eq!(app.count("SELECT post_count::bigint FROM members").await, 1);
}

#[actix_web::test]
async fn a_new_key_signs_nobody_out() {
    let app = App::migrated().await;
    let anna = app.member("Anna").await;
    let said = admin(&app, &["rotate-keys"]).unwrap();
    assert!(said.contains("it signs in a minute"), "{said}");
    anna.get("/api/v1/me").await.expect(200);
    assert_eq!(app.count("SELECT count(*) FROM signing_keys").await, 2);
}
