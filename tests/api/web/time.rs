//! How long a request may take, and a service that is stopping.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, App, PATIENCE, until};

#[actix_web::test]
async fn a_body_that_does_not_come_is_given_up_and_its_connection_closed() {
    let app = App::start_with(|setup| {
        setup.requests.body = Duration::from_millis(200);
        setup.patience.head = Duration::from_secs(1);
    })
    .await;
    let anna = app.member("anna").await;
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    let token = anna.token.unwrap();
    for rest in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"bod\r\n"] {
        let head = format!(
            "POST /api/v1/threads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{rest}"
        );
        let address = address.clone();
        let answer = actix_web::web::block(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            let mut answer = String::new();
            // To the end: the server closes.
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = answer.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{rest}: {answer:?}");
        assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
    }
}

#[actix_web::test]
async fn a_request_that_takes_too_long_is_given_up_with_all_it_holds() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let quick = app
        .another_node_with(|setup| {
            setup.requests.request = Duration::from_millis(300);
            (setup.pool.statement, setup.pool.lock) = (2 * PATIENCE, 2 * PATIENCE);
        })
        .await;
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    let (anna_there, replies) = (anna.at(&quick), format!("/api/v1/threads/{thread}/posts"));
    let given_up = anna_there.post(&replies, json!({"body": "one"})).await.refused(503, "overloaded");
    let other = app.guest().ask("GET", "/health/live", &[("Origin", "http://page.test")], None).await;
    assert_eq!(given_up.header("access-control-allow-origin"), other.header("access-control-allow-origin"));
    let exposed = |answer: &Answer| {
        let mut names: Vec<_> =
            answer.header("access-control-expose-headers").split(", ").map(str::to_lowercase).collect();
        names.sort();
        names
    };
    assert_eq!(exposed(&given_up), exposed(&other));
    assert_eq!(given_up.header("connection"), "");
    // It does not wait on for what it is not going to do: nothing of it is done later.
    until(
        &client,
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))",
    )
    .await;
    quick.shared.state.stopping.begin();
    let given_up = anna_there.post(&replies, json!({"body": "one"})).await.refused(503, "overloaded");
    assert_eq!(given_up.header("connection"), "close");
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 1);
    anna.reply(thread, "two").await;
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn a_service_that_is_stopping_is_not_ready_and_ends_its_connections() {
    let app = App::start().await;
    assert_eq!(app.guest().get("/health/ready").await.expect(200).header("connection"), "");
    app.until_kept("/api/v1/forums").await;
    app.shared.state.stopping.begin();
    app.guest().get("/health/ready").await.refused(503, "stopping");
    let answer = app.guest().get("/api/v1/forums").await.expect(200);
    assert_eq!(answer.header("connection"), "close");
    app.guest().get("/health/live").await.expect(200);
}
