//! The outbox: with the act or not at all, once, later where it fails, and not for ever.

use std::net::TcpListener;
use std::path::Path;

use chrono::Duration;
use folkmoot::access::Seal;
use folkmoot::config::MailConfig;
use folkmoot::mails;
use futures_util::future::join;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{App, PASSWORD, PATIENCE, send_due};

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
async fn what_fails_is_tried_for_five_days_with_waits_that_double_up_to_four_hours() {
    let app = App::start().await;
    register(&app, "anna").await;
    // Where the folder should be is a file.
    std::fs::write(&app.mail_dir, "").unwrap();
    let attempts = "SELECT coalesce(max(attempts), -1)::bigint FROM mails";
    for attempt in 1..12 {
        send_due(&app.mailer, &app.shared.state).await.unwrap();
        assert_eq!(app.count(attempts).await, attempt);
        app.clock.advance(Duration::minutes(240.min(1 << (attempt - 1))) - Duration::seconds(30));
        assert_eq!(send_due(&app.mailer, &app.shared.state).await.unwrap(), 0, "not yet");
        app.clock.advance(Duration::seconds(30));
    }
    std::fs::remove_file(&app.mail_dir).unwrap();
    // It is late, and what it asks for can be done.
    app.clock.advance(Duration::days(3));
    let token = app.mail().await.token("verify-email");
    app.guest().post("/api/v1/auth/verify-email", json!({"token": token})).await.expect(204);
    register(&app, "ben").await;
    app.clock.advance(Duration::days(5));
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count(attempts).await, -1);
    assert_eq!(app.mailer.counts.outcomes(), [("sent", 1), ("put_off", 11), ("given_up", 1)]);
}

#[actix_web::test]
async fn what_was_taken_is_sent_though_the_next_can_not_be_taken() {
    let app = App::start().await;
    register(&app, "anna").await;
    register(&app, "ben").await;
    let sql = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
               CREATE TRIGGER fail BEFORE UPDATE ON mails FOR EACH ROW WHEN (OLD.member_id = 2) EXECUTE FUNCTION fail()";
    app.sql().await.batch_execute(sql).await.unwrap();
    assert!(send_due(&app.mailer, &app.shared.state).await.is_err());
    app.sql()
        .await
        .batch_execute("DROP TRIGGER fail ON mails; UPDATE mails SET next_attempt_at = 'infinity'")
        .await
        .unwrap();
    assert_eq!(app.mail().await.to, "anna@example.org");
}

/// Sends to a server on this machine.
fn mailer_to(server: &TcpListener) -> mails::Mailer {
    let config = MailConfig {
        mail_url: Some(format!("smtp://{}", server.local_addr().unwrap())),
        mail_from: Some("forum@example.org".into()),
        ..MailConfig::default()
    };
    mails::Mailer::new(&config, Path::new(""), "http://forum.test", PATIENCE).unwrap()
}

#[actix_web::test]
async fn what_a_node_had_in_hand_when_it_was_killed_is_sent_later() {
    let app = App::start().await;
    register(&app, "anna").await;
    // It accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mailer = mailer_to(&silent);
    let mut post = mails::Post::new(&mailer, &app.shared.state);
    assert_eq!(post.take_due().await.unwrap(), 1);
    drop(post);
    assert!(app.mails().await.is_empty());
    app.clock.advance(Duration::minutes(1));
    assert_eq!(app.mail().await.to, "anna@example.org");
}

#[actix_web::test]
async fn what_a_later_version_wrote_is_left_to_it() {
    let app = App::start().await;
    register(&app, "anna").await;
    let state = &app.shared.state;
    let client = app.sql().await;
    let id: Uuid = client.query_one("SELECT id FROM mails", &[]).await.unwrap().get(0);
    let key = Seal::new(&state.secret, "folkmoot mails v1").unwrap();
    let unheard_of = key.close(br#"{"kind": "unheard_of"}"#, id.as_bytes(), state.random).unwrap();
    client.execute("UPDATE mails SET sealed = $1", &[&unheard_of]).await.unwrap();
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 1);
    app.clock.advance(Duration::days(6));
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}

#[actix_web::test]
async fn a_mail_that_is_stuck_holds_no_other_up() {
    let app = App::start().await;
    for name in ["anna", "ben", "carla"] {
        register(&app, name).await;
    }
    // It says nothing to the first, and refuses the others at once.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let mailer = mailer_to(&server);
    let held = std::thread::spawn(move || {
        let first = server.accept().unwrap();
        for _ in 0..2 {
            drop(server.accept().unwrap());
        }
        first
    });
    let mut post = mails::Post::new(&mailer, &app.shared.state);
    let taken = post.take_due().await.unwrap();
    for _ in 0..2 {
        post.ended().await.unwrap().unwrap();
    }
    assert_eq!((taken, app.count("SELECT count(*) FROM mails WHERE attempts = 1").await), (3, 3));
    drop(post);
    held.join().unwrap();
}

#[actix_web::test]
async fn a_node_that_stops_takes_nothing_new() {
    let app = App::start().await;
    register(&app, "anna").await;
    app.shared.state.stopping.begin();
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM mails WHERE attempts = 0").await, 1);
}

#[actix_web::test]
async fn who_is_locked_by_others_is_not_waited_for() {
    let app = App::start().await;
    app.verified("Anna", "anna@example.org").await;
    app.guest().post("/api/v1/auth/forgot-password", json!({"email": "anna@example.org"})).await.expect(202);
    let mut client = app.sql().await;
    // As by one who deletes the account: the member first, then its mails.
    let held = client.transaction().await.unwrap();
    held.execute("SELECT FROM members FOR UPDATE", &[]).await.unwrap();
    assert!(app.mails().await.is_empty());
    held.rollback().await.unwrap();
    app.clock.advance(Duration::seconds(5));
    app.mail().await;
}

#[actix_web::test]
async fn what_has_nothing_to_say_any_more_is_not_sent() {
    let app = App::start().await;
    let anna = app.verified("Anna", "anna@example.org").await;
    anna.put_json("/api/v1/me/email", json!({"email": "new@example.org", "password": PASSWORD})).await.expect(202);
    anna.put_json("/api/v1/me/email", json!({"email": "newer@example.org", "password": PASSWORD})).await.expect(202);
    assert_eq!(app.mail().await.to, "newer@example.org");
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
}

#[actix_web::test]
async fn answers_and_mails_that_have_had_their_time_are_removed_some_at_a_time() {
    let app = App::start().await;
    let sql = "CREATE TABLE statements (rows bigint);
               CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN INSERT INTO statements SELECT count(*) FROM gone; RETURN NULL; END $$;
               CREATE TRIGGER note AFTER DELETE ON mail_times REFERENCING OLD TABLE AS gone
               FOR EACH STATEMENT EXECUTE FUNCTION note();
               INSERT INTO mail_times SELECT '', gen_random_uuid(), now() - interval '2 h' FROM generate_series(1, 5000)";
    app.sql().await.batch_execute(sql).await.unwrap();
    mails::prune(app.clock.now(), &mut app.shared.state.db.get().await.unwrap()).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM mail_times").await, 0);
    assert_eq!(app.count("SELECT max(rows)::bigint FROM statements").await, 2000);
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
    anna.delete_account().await.expect(204);
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT (SELECT count(*) FROM mails) + (SELECT count(*) FROM mail_tokens)").await, 0);
    let body = json!({"token": reset, "password": "a longer sentence of mine"});
    app.guest().post("/api/v1/auth/reset-password", body).await.refused(422, "invalid_mail_token");
}
