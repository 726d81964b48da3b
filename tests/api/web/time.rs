//! How long a request may take, and a service that is stopping.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use folkmoot::state::RequestLimits;

use crate::support::{App, PATIENCE};

#[actix_web::test]
async fn a_body_that_does_not_come_is_given_up_and_its_connection_closed() {
    let limits = RequestLimits { body: Duration::from_millis(200), request: PATIENCE };
    let app = App::start_with_request_limits(limits).await;
    let anna = app.member("anna").await;
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    let head = format!(
        "POST /api/v1/threads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        anna.token.unwrap()
    );
    let answer = actix_web::web::block(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        // To the end: the server closes.
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
}

#[actix_web::test]
async fn a_request_that_takes_too_long_is_given_up_with_all_it_holds() {
    let limits = RequestLimits { body: PATIENCE, request: Duration::from_millis(300) };
    let app = App::start_with_request_limits(limits).await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    let reply = || anna.post("/api/v1/threads/1/posts", serde_json::json!({"body": "one"}));
    let given_up = reply().await.refused(503, "overloaded");
    assert_eq!(given_up.header("access-control-allow-origin"), "*");
    client.batch_execute("ROLLBACK").await.unwrap();
    // Nothing of it is done later.
    let left = "SELECT count(*) FROM pg_stat_activity \
                WHERE application_name = current_schema() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    while app.count(left).await > 0 {}
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 1);
    anna.reply(thread, "two").await;
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn a_service_that_is_stopping_is_not_ready_and_ends_its_connections() {
    let app = App::start().await;
    assert_eq!(app.guest().get("/health/ready").await.expect(200).header("connection"), "");
    app.shared.state.stopping.begin();
    app.guest().get("/health/ready").await.refused(503, "stopping");
    let answer = app.guest().get("/api/v1/forums").await.expect(200);
    assert_eq!(answer.header("connection"), "close");
    app.guest().get("/health/live").await.expect(200);
}
