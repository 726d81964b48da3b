//! `folkmoot serve` when it is told to stop.

use std::time::Instant;

use serde_json::json;

use crate::support::{App, PATIENCE, Service, who_waits};

#[actix_web::test]
async fn requests_in_flight_come_to_their_end() {
    let app = App::migrated().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let service = Service::beside(&app, &["--workers", "2"]);
    let there = anna.at_url(&service.url);
    // Connections to the database that were made by both workers.
    let page = format!("/api/v1/threads/{thread}/posts");
    futures_util::future::join_all((0..16).map(|_| there.get(&page))).await;
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    let stopped = async {
        who_waits(&client).await;
        service.tell_to_stop();
        service.says("the last requests");
        client.batch_execute("COMMIT").await.unwrap();
    };
    let (answer, ()) = futures_util::join!(there.post(&page, json!({"body": "one"})), stopped);
    assert_eq!(answer.expect(201).header("connection"), "close");
    service.ends_well();
    assert_eq!(app.count("SELECT count(*) FROM posts").await, 2);
}

#[actix_web::test]
async fn views_that_are_being_written_are_not_lost() {
    let app = App::migrated().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let service = Service::beside(&app, &["--workers", "2"]);
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    app.guest().at_url(&service.url).get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    who_waits(&client).await;
    service.tell_to_stop();
    service.says("the last requests");
    let refused = Instant::now();
    while std::net::TcpStream::connect(service.url.trim_start_matches("http://")).is_ok() {
        assert!(refused.elapsed() < PATIENCE, "it still listens");
    }
    client.batch_execute("COMMIT").await.unwrap();
    service.ends_well();
    assert_eq!(app.count("SELECT view_count::bigint FROM threads").await, 1);
}

#[actix_web::test]
async fn who_tells_it_twice_does_not_wait() {
    let app = App::migrated().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let service = Service::beside(&app, &[]);
    let (there, page) = (anna.at_url(&service.url), format!("/api/v1/threads/{thread}/posts"));
    let client = app.sql().await;
    client.batch_execute("BEGIN; SELECT FROM threads FOR UPDATE").await.unwrap();
    let stopped = async {
        who_waits(&client).await;
        service.tell_to_stop();
        service.says("the last requests");
        service.tell_to_stop();
        service.says("stopping at once");
        service.ends_well();
    };
    // Its request is cut: nobody has said that it was done.
    let cut = there.app.http.post(format!("{}{page}", there.url)).bearer_auth(there.token.as_ref().unwrap());
    let (answer, ()) = futures_util::join!(cut.json(&json!({"body": "one"})).send(), stopped);
    assert!(answer.is_err(), "{answer:?}");
    client.batch_execute("COMMIT").await.unwrap();
}
