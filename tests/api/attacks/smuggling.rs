//! Requests that two readers could cut in two ways (RFC 9112, sections 5 and 6), on bare sockets: never two answers for what is
//! one request to a proxy, and never one that belongs to someone else.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{App, PATIENCE};

/// What a request hides in its body. Were it answered, it would be by the text of this problem's page.
const HIDDEN: &str = "GET /problems/own_post HTTP/1.1\r\nHost: x\r\n\r\n";
const MARK: &str = "This is your own post";

/// All that the service says before it closes, or before it waits for more of what will not come.
async fn said(app: &App, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    // The service may close before all is sent.
    stream.write_all(bytes).await.ok();
    stream.shutdown().await.ok();
    let mut said = Vec::new();
    let read = async {
        let mut part = [0; 4096];
        while let Ok(1..) = stream.read(&mut part).await.inspect(|n| said.extend_from_slice(&part[..*n])) {}
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the connection ends");
    String::from_utf8_lossy(&said).into_owned()
}

fn answers(said: &str) -> usize {
    said.matches("HTTP/1.1 ").count() + said.matches("HTTP/1.0 ").count()
}

/// A request that hides another: `lines` are its header fields, `body` what follows them.
fn request(lines: &str, body: &str) -> String {
    format!("POST /api/v1/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{lines}\r\n\r\n{body}")
}

#[actix_web::test]
async fn a_body_of_two_lengths_is_one_request_or_none() {
    let app = App::start().await;
    let chunked = format!("0\r\n\r\n{HIDDEN}");
    let (length, short) = (chunked.len(), HIDDEN.len());
    let shapes = [
        (format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), chunked.clone()),
        (format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"), chunked.clone()),
        (format!("Content-Length: 0\r\nContent-Length: {short}"), HIDDEN.into()),
        (format!("Content-Length: {short}\r\nContent-Length: 0"), HIDDEN.into()),
        (format!("Content-Length: 0, {short}"), HIDDEN.into()),
        (format!("Content-Length: {short}, 0"), HIDDEN.into()),
        ("Content-Length: +0".into(), HIDDEN.into()),
        ("Content-Length: -1".into(), HIDDEN.into()),
        ("Content-Length: 0x0".into(), HIDDEN.into()),
        ("Content-Length: 0 0".into(), HIDDEN.into()),
        ("Content-Length:".into(), HIDDEN.into()),
        ("Content-Length: 18446744073709551616".into(), HIDDEN.into()),
        (format!("Content-Length : {short}\r\nContent-Length: 0"), HIDDEN.into()),
        ("Transfer-Encoding : chunked".into(), chunked.clone()),
        (format!("Transfer-Encoding: xchunked\r\nContent-Length: {length}"), chunked.clone()),
        (format!("Transfer-Encoding: identity\r\nContent-Length: {length}"), chunked.clone()),
        (format!("Transfer-Encoding: chunked, identity\r\nContent-Length: {length}"), chunked.clone()),
        (format!("Transfer-Encoding: identity, chunked\r\nContent-Length: {length}"), chunked.clone()),
        (
            format!("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: {length}"),
            chunked.clone(),
        ),
        (format!("Transfer-Encoding:\u{b}chunked\r\nContent-Length: {length}"), chunked.clone()),
        (format!("Transfer-Encoding: \"chunked\"\r\nContent-Length: {length}"), chunked.clone()),
        (format!("Transfer-Encoding:\r\n chunked\r\nContent-Length: {length}"), chunked.clone()),
        (format!("X: y\r\n Content-Length: 0\r\nContent-Length: {short}"), HIDDEN.into()),
        (format!("X: y\nContent-Length: 0\r\nContent-Length: {short}"), HIDDEN.into()),
        (format!("X: y\rContent-Length: 0\r\nContent-Length: {short}"), HIDDEN.into()),
        (format!("X: y\0Content-Length: 0\r\nContent-Length: {short}"), HIDDEN.into()),
    ];
    let mut wrong = Vec::new();
    for (lines, body) in &shapes {
        let said = said(&app, request(lines, body).as_bytes()).await;
        if answers(&said) > 1 || said.contains(MARK) {
            wrong.push(format!("{lines:?}: {} answers", answers(&said)));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[actix_web::test]
async fn chunks_that_are_none_end_the_connection() {
    let app = App::start().await;
    let bodies = [
        format!("0x0\r\n\r\n{HIDDEN}"),
        format!("+0\r\n\r\n{HIDDEN}"),
        format!("-1\r\n\r\n{HIDDEN}"),
        format!("g\r\n\r\n{HIDDEN}"),
        format!("\r\n\r\n{HIDDEN}"),
        format!("ffffffffffffffff1\r\n{HIDDEN}"),
        format!("10000000000000000\r\n{HIDDEN}"),
        format!("1\r\n{{X\r\n0\r\n\r\n{HIDDEN}"),
        format!("1\r\n{{\r0\r\n\r\n{HIDDEN}"),
        format!("2\n{{}}\n0\n\n{HIDDEN}"),
        format!("1;x=\"\n{HIDDEN}"),
    ];
    for body in bodies {
        let said = said(&app, request("Transfer-Encoding: chunked", &body).as_bytes()).await;
        assert!(answers(&said) <= 1 && !said.contains(MARK), "{body:?}: {said}");
    }
}

#[actix_web::test]
async fn what_is_no_request_line_and_no_field_is_refused() {
    let app = App::start().await;
    let heads = [
        "GET  /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health/live\r\n\r\n",
        "GET /health/live HTTP/3.7\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1 \r\nHost: x\r\n\r\n",
        "GET /health /live HTTP/1.1\r\nHost: x\r\n\r\n",
        "G\0T /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health\0/live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHo st: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\n: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "GET /health/live HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for head in heads {
        let said = said(&app, head.as_bytes()).await;
        assert!(!said.contains(" 200 "), "{head:?}: {said}");
        assert!(answers(&said) <= 1, "{head:?}: {said}");
    }
}

#[actix_web::test]
async fn what_is_sent_behind_a_body_is_a_request_of_its_own_and_no_other() {
    let app = App::start().await;
    let body = "{\"refresh_token\": \"x\"}";
    let twice = request(&format!("Content-Length: {}", body.len()), body) + HIDDEN;
    let said_in_turn = said(&app, twice.as_bytes()).await;
    // Pipelined requests are answered in their order: this is what the mark of the tests above looks like.
    assert_eq!(answers(&said_in_turn), 2, "{said_in_turn}");
    assert!(said_in_turn.contains(MARK));
    let get = format!("GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{HIDDEN}", HIDDEN.len());
    let said_once = said(&app, get.as_bytes()).await;
    assert!(answers(&said_once) == 1 && !said_once.contains(MARK), "{said_once}");
    // What is refused before its body was read takes the body along.
    let large = format!("Content-Length: {}", 10 * 1024 * 1024);
    let refused = said(&app, request(&large, &HIDDEN.repeat(200)).as_bytes()).await;
    assert!(answers(&refused) == 1 && !refused.contains(MARK), "{refused}");
}
