//! SMTP against a real mail server. Left out where none has been installed: `make test-mail` does, and runs these.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use folkmoot::config::MailConfig;
use folkmoot::mails::Mailer;
use serde_json::{Value, json};

use crate::support::{App, Mail, PASSWORD, send_due};

/// A mail server, for the time of one test.
struct Server {
    child: Child,
    told: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(kind: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/mail/venv/bin/python");
        let mut program = Command::new(python);
        program.args(["tests/mail/server.py", kind, "target/mail"]).current_dir(root).stdout(Stdio::piped());
        let mut child = program.spawn().expect("run these by `make test-mail`");
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        told.read_line(&mut port).unwrap();
        Self { child, told, port: port.trim().parse().unwrap() }
    }

    /// The next mail that it took.
    fn took(&mut self) -> Value {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn mailer(url: &str) -> Mailer {
    mailer_within(url, Duration::from_secs(10))
}

/// One that waits so long for a server.
fn mailer_within(url: &str, patience: Duration) -> Mailer {
    let config = MailConfig {
        mail_url: Some(url.to_owned()),
        mail_from: Some("A forum <forum@example.org>".into()),
        ..MailConfig::default()
    };
    Mailer::new(&config, Path::new(""), "http://forum.test", patience).unwrap()
}

/// A service with one mail that is due, to this name.
async fn with_mail_to(name: &str) -> App {
    let app = App::start().await;
    let body = json!({"username": "Anna", "password": PASSWORD, "email": format!("{name}@example.org")});
    app.guest().post("/api/v1/members", body).await.expect(201);
    app
}

/// How often the mail was tried, after one more time; none where it is gone.
async fn attempts_after(app: &App, mailer: &Mailer) -> Option<i64> {
    assert_eq!(send_due(mailer, &app.shared.state).await.unwrap(), 1);
    let attempts = app.count("SELECT coalesce(max(attempts), 0)::bigint FROM mails").await;
    Some(attempts).filter(|attempts| *attempts > 0)
}

#[actix_web::test]
#[ignore = "needs a mail server: make test-mail"]
async fn a_mail_arrives_as_it_was_written() {
    let mut server = Server::start("plain");
    let app = with_mail_to("anna").await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    assert_eq!(attempts_after(&app, &mailer).await, None);
    let took = server.took();
    assert_eq!((&took["from"], &took["to"]), (&json!("forum@example.org"), &json!(["anna@example.org"])));
    assert_eq!((&took["hello"], &took["tls"], &took["name"]), (&json!("example.org"), &json!(false), &Value::Null));
    let mail = Mail::read(took["content"].as_str().unwrap().to_owned());
    let token = json!({"token": mail.token("verify-email")});
    app.guest().post("/api/v1/auth/verify-email", token).await.expect(204);
}

#[actix_web::test]
#[ignore = "needs a mail server: make test-mail"]
async fn what_is_refused_for_good_is_given_up_at_once() {
    let server = Server::start("plain");
    let app = with_mail_to("refuse550").await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    assert_eq!(attempts_after(&app, &mailer).await, None);
}

#[actix_web::test]
#[ignore = "needs a mail server: make test-mail"]
async fn what_is_refused_for_now_is_tried_again() {
    let server = Server::start("plain");
    let app = with_mail_to("busy450").await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    assert_eq!(attempts_after(&app, &mailer).await, Some(1));
    app.clock.advance(chrono::Duration::minutes(1));
    assert_eq!(attempts_after(&app, &mailer).await, Some(2));
}

#[actix_web::test]
#[ignore = "needs a mail server: make test-mail"]
async fn a_server_that_goes_silent_or_away_holds_nothing_up() {
    let server = Server::start("plain");
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let app = with_mail_to("drop").await;
    assert_eq!(attempts_after(&app, &mailer(&url)).await, Some(1));
    let app = with_mail_to("stall").await;
    let hasty = mailer_within(&url, Duration::from_millis(500));
    let from = Instant::now();
    assert_eq!(attempts_after(&app, &hasty).await, Some(1));
    assert!(from.elapsed() < Duration::from_secs(20), "{:?}", from.elapsed());
    drop(server);
    app.clock.advance(chrono::Duration::minutes(1));
    assert_eq!(attempts_after(&app, &mailer(&url)).await, Some(2));
}

#[actix_web::test]
#[ignore = "needs a mail server: make test-mail"]
async fn starttls_and_a_password_are_used() {
    let mut server = Server::start("login");
    let port = server.port;
    let app = with_mail_to("anna").await;
    // A wrong password is the operator's to mend, and no reason to drop what waits.
    let wrong = mailer(&format!("smtp://forum%40example.org:wrong@localhost:{port}?tls=required"));
    assert_eq!(attempts_after(&app, &wrong).await, Some(1));
    app.clock.advance(chrono::Duration::minutes(1));
    let right = mailer(&format!("smtp://forum%40example.org:s%3Acret%2F1@localhost:{port}?tls=required"));
    assert_eq!(attempts_after(&app, &right).await, None);
    let took = server.took();
    assert_eq!((&took["tls"], &took["name"]), (&json!(true), &json!("forum@example.org")));
}

#[actix_web::test]
#[ignore = "needs a mail server: make test-mail"]
async fn tls_from_the_start_is_used() {
    let mut server = Server::start("tls");
    let app = with_mail_to("anna").await;
    let mailer = mailer(&format!("smtps://localhost:{}", server.port));
    assert_eq!(attempts_after(&app, &mailer).await, None);
    assert_eq!(server.took()["tls"], true);
}

#[actix_web::test]
#[ignore = "needs a mail server: make test-mail"]
async fn nothing_is_sent_to_who_offers_no_tls_or_has_another_s_certificate() {
    let plain = Server::start("plain");
    let app = with_mail_to("anna").await;
    let without = mailer(&format!("smtp://localhost:{}?tls=required", plain.port));
    assert_eq!(attempts_after(&app, &without).await, Some(1));
    let other = Server::start("starttls");
    // The certificate is for `localhost`.
    for (wait, url) in [(1, "smtp://127.0.0.1:PORT?tls=required"), (2, "smtps://127.0.0.1:PORT")] {
        app.clock.advance(chrono::Duration::minutes(wait));
        let mailer = mailer(&url.replace("PORT", &other.port.to_string()));
        assert!(attempts_after(&app, &mailer).await.is_some(), "{url}");
    }
}
