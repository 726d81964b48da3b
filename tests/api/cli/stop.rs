//! `folkmoot serve` when it is told to stop, as a process of its own.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{App, PATIENCE, database, who_waits};

/// A service over a test's database. It is killed where a test ends before it does.
struct Service {
    process: Child,
    url: String,
    log: Lines<BufReader<ChildStderr>>,
    /// Open as long as it writes.
    _told: Lines<BufReader<ChildStdout>>,
}

impl Service {
    fn start(database_url: &str, drain: &str) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        program.args(["serve", "--listen", "127.0.0.1:0", "--workers", "2", "--drain", drain, "--log", "info"]);
        program.env("FOLKMOOT_DATABASE_URL", database_url);
        // Tokens of the test's own node are taken.
        program.env("FOLKMOOT_PUBLIC_URL", "http://forum.test");
        program.env("FOLKMOOT_SECRET", "a secret of at least thirty-two characters");
        let mut process = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = told.find_map(|line| Some(line.unwrap().trim().strip_prefix("API")?.trim().to_owned()));
        let log = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, url: url.unwrap().trim_end_matches("/api/v1").to_owned(), log, _told: told }
    }

    fn tell_to_stop(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
    }

    /// Reads its log up to a line that has these words.
    fn says(&mut self, words: &str) {
        assert!(self.log.any(|line| line.unwrap().contains(words)), "it ended without: {words}");
    }

    fn ends_well(mut self) {
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended already can not be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A node of a test's own, over a database that a service takes for its own.
async fn migrated() -> App {
    let url = database::bare().await;
    folkmoot::db::migrate(&url).await.unwrap();
    App::start_on(&url, |_| ()).await
}

#[actix_web::test]
async fn requests_in_flight_come_to_their_end() {
    let app = migrated().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let mut service = Service::start(&app.database_url, "0");
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
    let app = migrated().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let mut service = Service::start(&app.database_url, "0");
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
