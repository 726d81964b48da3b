//! What a service writes to its log: never a secret, whatever it is told to write.

use std::path::Path;

use chrono::DateTime;
use serde_json::{Value, json};

use super::traces::{collector, has};
use crate::support::{Answer, App, Mail, Service};

const PASSWORDS: [&str; 3] = ["canary password one", "canary password two", "canary password three"];

fn text(answer: &Answer, field: &str) -> String {
    answer.json[field].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn no_secret_is_written() {
    let app = App::migrated().await;
    app.register("Boris").await;
    let url = format!("{} password=canary-of-the-database", app.database_url);
    let service = Service::begin(&url, &["--log", "trace,tokio_postgres=trace,actix_http=trace"]).serves();
    let guest = app.guest().at_url(&service.url);
    let mut secrets: Vec<String> = PASSWORDS.map(str::to_owned).to_vec();
    secrets.push("canary-of-the-database".into());
    secrets.push("a secret of at least".into());
    let made = json!({"username": "Anna", "password": PASSWORDS[0], "email": "canary@example.org"});
    guest.post("/api/v1/members", made.clone()).await.expect(201);
    guest.post("/api/v1/members", made).await.refused(409, "username_taken");
    secrets.push("canary@example.org".into());
    let login =
        async |password: &str| guest.post("/api/v1/auth/login", json!({"login": "Anna", "password": password})).await;
    login(PASSWORDS[1]).await.refused(401, "invalid_credentials");
    let signed_in = login(PASSWORDS[0]).await.expect(200);
    let refreshed = json!({"refresh_token": text(&signed_in, "refresh_token")});
    let refreshed = guest.post("/api/v1/auth/refresh", refreshed).await.expect(200);
    let anna = guest.with_token(&text(&refreshed, "access_token"));
    let token = anna.post("/api/v1/me/tokens", json!({"name": "bot", "scopes": ["read"]})).await.expect(201);
    guest.with_token(&text(&token, "token")).get("/api/v1/me").await.expect(200);
    for answer in [&signed_in, &refreshed] {
        secrets.extend(["access_token", "refresh_token"].map(|field| text(answer, field)));
    }
    secrets.push(text(&token, "token"));
    guest.with_token("fm_canary-of-a-token").get("/api/v1/me").await.refused(401, "invalid_token");
    secrets.push("canary-of-a-token".into());
    guest.get("/api/v1/threads?cursor=canary-of-a-query").await.refused(400, "invalid_cursor");
    secrets.push("canary-of-a-query".into());
    let change = json!({"current": PASSWORDS[0], "new": PASSWORDS[2]});
    anna.put_json("/api/v1/me/password", change).await.expect(204);
    anna.post("/api/v1/auth/logout", json!({"refresh_token": text(&refreshed, "refresh_token")})).await.expect(204);
    let hash: String =
        app.sql().await.query_one("SELECT password_hash FROM members WHERE id = 2", &[]).await.unwrap().get(0);
    secrets.push(hash);
    service.tell_to_stop();
    let written = service.ends_well().join("\n");
    let requests = written.lines().filter(|line| line.contains("\"folkmoot::requests\""));
    assert_eq!(requests.count(), 11);
    for secret in secrets {
        let line = written.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
}

/// The mail that was sent last, once the service says so.
fn sent(service: &Service, folder: &Path) -> Mail {
    service.says("a mail was sent");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mail = Mail::read(std::fs::read_to_string(&file).unwrap());
    std::fs::remove_file(file).unwrap();
    mail
}

#[actix_web::test]
async fn nothing_of_a_mail_is_written_nor_sent_to_a_collector() {
    let app = App::migrated().await;
    let (endpoint, spans) = collector();
    let folder = std::env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
    let options = ["--log", "trace", "--otlp-endpoint", &endpoint, "--mail-dir", folder.to_str().unwrap()];
    let service = Service::beside(&app, &options);
    let guest = app.guest().at_url(&service.url);
    let made = json!({"username": "Anna", "password": PASSWORDS[0], "email": "canary@example.org"});
    guest.post("/api/v1/members", made).await.expect(201);
    let verify = sent(&service, &folder).token("verify-email");
    guest.post("/api/v1/auth/verify-email", json!({"token": verify})).await.expect(204);
    guest.post("/api/v1/auth/forgot-password", json!({"email": "canary@example.org"})).await.expect(202);
    let reset = sent(&service, &folder).token("reset-password");
    let new = json!({"token": reset, "password": PASSWORDS[2]});
    guest.post("/api/v1/auth/reset-password", new).await.expect(204);
    assert_eq!(sent(&service, &folder).subject, "Your password was changed");
    service.tell_to_stop();
    let written = service.ends_well().join("\n");
    let collected: Vec<u8> = spans.try_iter().flat_map(|(_, body)| body.to_vec()).collect();
    assert!(has(&collected, b"POST /api/v1/auth/reset-password"));
    for secret in [&verify, &reset, "canary@example.org", PASSWORDS[0], PASSWORDS[2]] {
        assert!(!written.contains(secret) && !has(&collected, secret.as_bytes()), "{secret}");
    }
    std::fs::remove_dir(folder).unwrap();
}

#[actix_web::test]
async fn a_proxy_that_is_not_trusted_is_told_of_once_with_the_remedy() {
    let app = App::migrated().await;
    let warnings = async |options: &[&str], field: &str| {
        let service = Service::beside(&app, &[&["--workers", "2"], options].concat());
        let guest = app.guest().at_url(&service.url);
        // Read, and then as it is kept.
        for _ in 0..3 {
            guest.ask("GET", "/api/v1/forums", &[(field, "192.0.2.77")], None).await.expect(200);
        }
        service.tell_to_stop();
        let lines = service.ends_well().into_iter().filter(|line| line.contains("untrusted proxy"));
        lines.collect::<Vec<_>>()
    };
    for field in ["X-Forwarded-For", "Forwarded"] {
        let told = warnings(&[], field).await;
        let [line] = &told[..] else { panic!("{told:?}") };
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["level"], &line["fields"]["field"]), (&json!("WARN"), &json!(field.to_lowercase())));
        assert!(line["fields"]["message"].as_str().unwrap().contains("--trusted-proxies"), "{line}");
        assert!(!line.to_string().contains("192.0.2.77"), "{line}");
    }
    assert_eq!(warnings(&["--trusted-proxies", "127.0.0.0/8"], "X-Forwarded-For").await, [""; 0]);
    assert_eq!(warnings(&[], "X-Other").await, [""; 0]);
}

#[actix_web::test]
async fn each_request_is_one_line_that_says_what_became_of_it() {
    let app = App::migrated().await;
    let anna = app.member("Anna").await;
    let service = Service::beside(&app, &["--workers", "2"]);
    let there = anna.at_url(&service.url);
    let answer = there.get("/api/v1/members/999?limit=1").await;
    let guest = app.guest().at_url(&service.url);
    // Read, and then as it is kept.
    let (read, kept) = (guest.get("/api/v1/forums").await, guest.get("/api/v1/forums").await);
    service.tell_to_stop();
    let lines: Vec<Value> = service.ends_well().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let lines: Vec<&Value> = lines.iter().filter(|line| line["target"] == "folkmoot::requests").collect();
    let [line, of_read, of_kept] = lines[..] else { panic!("{lines:?}") };
    for (line, answer) in [(of_read, read), (of_kept, kept)] {
        let mut fields = line["fields"].clone();
        assert!(fields.as_object_mut().unwrap().remove("ms").unwrap().is_f64());
        let request_id = answer.header("x-request-id");
        let expected = json!({
            "message": "request", "request_id": request_id, "method": "GET", "route": "/api/v1/forums", "status": 200,
        });
        assert_eq!(fields, expected);
    }
    let fields = &line["fields"];
    assert_eq!(fields["request_id"], answer.header("x-request-id"));
    assert_eq!(fields["method"], "GET");
    assert_eq!(fields["route"], "/api/v1/members/{member_id}");
    assert_eq!(fields["status"], answer.status);
    assert_eq!(fields["member_id"], anna.id);
    assert!(fields["ms"].as_f64().unwrap() > 0.0);
    assert!(DateTime::parse_from_rfc3339(line["timestamp"].as_str().unwrap()).is_ok() && line["level"] == "INFO");
}
