//! The program itself sends mails, and its log tells nothing of them.

use std::net::TcpListener;

use serde_json::json;

use crate::support::{App, PASSWORD, Service, database, eventually};

async fn start(options: &[&str]) -> Service {
    let service = Service::begin(&database::bare().await, options).serves();
    let body = json!({"username": "Annabella", "password": PASSWORD, "email": "anna@example.org"});
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.post(format!("{}/api/v1/members", service.url)).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    service
}

/// All that it says, among it what became of the mail.
fn log(service: Service, mail: &str) -> String {
    service.says(mail);
    service.tell_to_stop();
    service.ends_well().join("\n")
}

fn tells_nothing(log: &str) {
    for secret in ["anna", "Annabella", "example.org", "#token", "hidden"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

#[actix_web::test]
async fn a_mail_becomes_a_file() {
    let folder = std::env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
    let service = start(&["--log", "debug", "--mail-dir", folder.to_str().unwrap()]).await;
    // The address that it listens on, where no other is given.
    let link = format!("\r\n{}/verify-email#token=", service.url);
    tells_nothing(&log(service, "a mail was sent"));
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mail = std::fs::read_to_string(file).unwrap();
    assert!(mail.contains(&link), "{link} is not in {mail}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn a_server_that_is_not_there_is_told_and_nothing_else() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("smtp://name:hidden@127.0.0.1:{port}");
    let service = start(&[
        "--log",
        "debug",
        "--mail-url",
        &url,
        "--mail-from",
        "forum@forum.test",
        "--public-url",
        "http://forum.test",
    ])
    .await;
    let log = log(service, "it is tried again");
    assert!(log.contains("the connection failed") && log.contains("\"attempt\":1"), "{log}");
    tells_nothing(&log);
}

#[actix_web::test]
async fn an_address_that_no_mail_reaches_is_a_warning_and_its_mail_is_dropped() {
    let app = App::migrated().await;
    let (anna, _) = app.registered("Annabella").await;
    // As an archive may have had it.
    let sql =
        "UPDATE members SET email = 'an..na@example.org', email_key = 'an..na@example.org', email_verified = true";
    app.sql().await.batch_execute(sql).await.unwrap();
    let folder = std::env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
    let service = Service::beside(&app, &["--log", "debug", "--mail-dir", folder.to_str().unwrap()]);
    let change = json!({"current": PASSWORD, "new": "another long sentence of mine"});
    anna.at_url(&service.url).put_json("/api/v1/me/password", change).await.expect(204);
    service.says("no mail can be sent to this address");
    eventually(async || app.count("SELECT count(*) FROM mails").await == 0).await;
    service.tell_to_stop();
    let log = service.ends_well().join("\n");
    assert!(log.contains("WARN") && !log.contains("ERROR"), "{log}");
    tells_nothing(&log);
    assert!(!folder.exists());
}
