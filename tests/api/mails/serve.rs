//! The program itself sends mails, and its log tells nothing of them.

use std::io::{BufRead, BufReader, Lines, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::json;

use crate::support::{PASSWORD, database};

/// `folkmoot serve`, for the time of one test.
struct Service {
    child: Child,
    /// It ends where nobody reads what it says.
    _told: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Service {
    async fn start(options: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        program.args(["serve", "--listen", "127.0.0.1:0", "--database-url", &database::bare().await]);
        program.args(["--secret", "a secret of at least thirty-two characters"]).args(options);
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let api = told.find_map(|line| line.unwrap().trim().strip_prefix("API").map(|api| api.trim().to_owned()));
        Self { child, _told: told, url: api.unwrap() }
    }

    fn log(&mut self) -> Lines<BufReader<impl Read + use<>>> {
        BufReader::new(self.child.stderr.take().unwrap()).lines()
    }

    async fn register(&self) {
        let body = json!({"username": "Annabella", "password": PASSWORD, "email": "anna@example.org"});
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(format!("{}/members", self.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The log up to the line that tells what became of the mail.
fn until(log: Lines<BufReader<impl Read>>, told: &str) -> String {
    let mut text = String::new();
    for line in log {
        let line = line.unwrap();
        text += &line;
        if line.contains(told) {
            return text;
        }
    }
    panic!("{told} is not in {text}")
}

fn tells_nothing(log: &str) {
    for secret in ["anna", "Annabella", "example.org", "#token", "hidden"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

#[actix_web::test]
async fn a_mail_becomes_a_file() {
    let folder = std::env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
    let mut service = Service::start(&["--mail-dir", folder.to_str().unwrap()]).await;
    service.register().await;
    tells_nothing(&until(service.log(), "a mail was sent"));
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mail = std::fs::read_to_string(file).unwrap();
    // The address that it listens on, where no other is given.
    let link = format!("\r\n{}/verify-email#token=", service.url.trim_end_matches("/api/v1"));
    assert!(mail.contains(&link), "{link} is not in {mail}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn a_server_that_is_not_there_is_told_and_nothing_else() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("smtp://name:hidden@127.0.0.1:{port}");
    let mut service = Service::start(&["--mail-url", &url, "--mail-from", "forum@forum.test"]).await;
    service.register().await;
    let log = until(service.log(), "it is tried again");
    assert!(log.contains("the connection failed") && log.contains("\"attempt\":1"), "{log}");
    tells_nothing(&log);
}
