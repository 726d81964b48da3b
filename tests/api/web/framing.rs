//! Heads and bodies that are no HTTP/1.1, or that two readers could read in two ways: a problem document, a line of the log, a count,
//! and the end of the connection.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::support::{App, PATIENCE, Service};

/// All that the service says to these bytes, before it closes.
fn said(url: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    String::from_utf8(said).unwrap()
}

/// Whether this is one problem, whole, with this status and code.
fn is_problem(said: &str, status: u16, code: &str) -> Result<(), String> {
    let (head, body) = said.split_once("\r\n\r\n").ok_or(format!("{said:?}"))?;
    let problem: Value = serde_json::from_str(body).map_err(|error| format!("{error}: {said:?}"))?;
    let head = head.to_lowercase();
    let id = problem["request_id"].as_str().unwrap_or_default();
    let fields = [
        format!("http/1.1 {status} "),
        "content-type: application/problem+json".into(),
        "connection: close".into(),
        format!("content-length: {}", body.len()),
        format!("x-request-id: {}", id.to_lowercase()),
        "x-content-type-options: nosniff".into(),
        "cache-control: no-store".into(),
    ];
    let missing: Vec<_> = fields.iter().filter(|field| !head.contains(*field)).collect();
    let is_whole = problem["status"] == status && problem["code"] == code && !id.is_empty();
    let is_told = ["type", "title", "detail"].iter().all(|name| problem[name].is_string());
    (missing.is_empty() && is_whole && is_told).then_some(()).ok_or(format!("without {missing:?}: {said}"))
}

/// Bytes of which the first 16 are a TLS record with the beginning of a handshake.
const TLS_HELLO: &[u8] = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03 abcdefgh\r\n";

fn bad_heads() -> Vec<(Vec<u8>, u16, &'static str)> {
    let malformed = [
        "garbage\r\n\r\n",
        "GET\r\n\r\n",
        "GET /health/live\r\n\r\n",
        "GET  /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1 \r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/0.9\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "G(T /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET health HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a<b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nName[]: y\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX: y\rZ: y\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        "GET /health/live HTTP/1.1\nHost: x\n\n",
        "\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
        "GET /health/live HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /api/v1/auth/login HTTP/1.0\r\n\r\n",
    ];
    let long = |fields: &str| format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n");
    let mut all: Vec<_> = malformed.iter().map(|head| (head.as_bytes().to_vec(), 400, "bad_request")).collect();
    all.push((TLS_HELLO.to_vec(), 400, "bad_request"));
    all.push((vec![0; 200], 400, "bad_request"));
    all.push((b"\xff\xfe\xfd\r\n\r\n".to_vec(), 400, "bad_request"));
    all.push((vec![b'A'; 100_000], 414, "uri_too_long"));
    all.push((format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(9000)).into(), 414, "uri_too_long"));
    all.push((format!("GET /{}", "a".repeat(30_000)).into(), 414, "uri_too_long"));
    all.push((long(&format!("X: {}", "a".repeat(17_000))).into(), 431, "request_head_too_large"));
    all.push((long(&format!("X: {}", "a".repeat(300_000))).into(), 431, "request_head_too_large"));
    all.push((long(&"X: y\r\n".repeat(96)).into(), 431, "request_head_too_large"));
    all.push((long(&"X: y\r\n".repeat(50_000)).into(), 431, "request_head_too_large"));
    all
}

#[actix_web::test]
async fn a_head_that_cannot_be_read_is_answered_by_a_problem_and_the_end() {
    let app = App::start().await;
    let url = app.url.clone();
    let asked = actix_web::web::block(move || {
        let mut wrong = Vec::new();
        for (head, status, code) in bad_heads() {
            let shown = String::from_utf8_lossy(&head[..head.len().min(80)]).into_owned();
            let mut check = |said: &str| {
                wrong.extend(is_problem(said, status, code).err().map(|flaw| format!("{shown:?}: {flaw}")));
            };
            check(&said(&url, &head));
            // The client may still be sending: its answer comes all the same, and it is the only one.
            let more = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5_000);
            check(&said(&url, &[&head, more.as_bytes()].concat()));
            // And it comes behind those of the requests before.
            let before = "GET /no HTTP/1.1\r\nHost: x\r\n\r\nHEAD /no HTTP/1.1\r\nHost: x\r\n\r\n";
            let all = said(&url, &[before.as_bytes(), &head].concat());
            check(&all[all.rfind("HTTP/1.1 ").unwrap()..]);
            if all.matches("HTTP/1.1 ").count() != 3 {
                wrong.push(format!("{shown:?} behind two: {all}"));
            }
        }
        wrong
    });
    let wrong = asked.await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[actix_web::test]
async fn the_refusal_of_a_head_has_the_clients_id_and_no_body_for_head() {
    let app = App::start().await;
    let url = app.url.clone();
    let asked = actix_web::web::block(move || {
        let fields = "HTTP/1.1\r\nHost: x\r\nx-request-id: mine-1\r\nContent-Length: 1, 1\r\n\r\n";
        let get = said(&url, format!("GET / {fields}").as_bytes());
        is_problem(&get, 400, "bad_request").unwrap();
        assert!(get.contains("x-request-id: mine-1\r\n") && get.contains("\"request_id\":\"mine-1\""), "{get}");
        let head = said(&url, format!("HEAD / {fields}").as_bytes());
        assert!(head.starts_with("HTTP/1.1 400") && head.ends_with("\r\n\r\n"), "{head}");
        // An id that is none is not taken over.
        let odd = said(&url, b"GET / HTTP/1.1\r\nX-Request-Id: a b\r\n\r\n");
        is_problem(&odd, 400, "bad_request").unwrap();
        assert!(!odd.contains("a b"), "{odd}");
    });
    asked.await.unwrap();
}

#[actix_web::test]
async fn heads_that_cannot_be_read_are_logged_and_counted() {
    let app = App::migrated().await;
    let service = Service::beside(&app, &["--workers", "2"]);
    let url = service.url.clone();
    let asked = actix_web::web::block(move || {
        for head in
            ["garbage\r\n\r\n", "PUT /x HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine-2\r\nContent-Length: x\r\n\r\n"]
        {
            is_problem(&said(&url, head.as_bytes()), 400, "bad_request").unwrap();
        }
        is_problem(&said(&url, &[b'a'; 40_000]), 414, "uri_too_long").unwrap();
    });
    asked.await.unwrap();
    let counted = service.metrics().await;
    for (method, status) in [("other", 400), ("PUT", 400), ("other", 414)] {
        let line = format!("http_requests_total{{method=\"{method}\",route=\"none\",status=\"{status}\"}} 1");
        assert!(counted.contains(&line), "{line}: {counted}");
    }
    service.tell_to_stop();
    let lines: Vec<Value> = service.ends_well().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let lines: Vec<_> = lines.iter().filter(|line| line["target"] == "folkmoot::requests").collect();
    let told: Vec<_> =
        lines.iter().map(|line| (line["fields"]["method"].as_str(), line["fields"]["status"].as_u64())).collect();
    assert_eq!(told, [(Some("-"), Some(400)), (Some("PUT"), Some(400)), (Some("-"), Some(414))]);
    assert_eq!(lines[1]["fields"]["request_id"], "mine-2");
}

#[actix_web::test]
async fn a_chunk_that_is_none_is_one_problem_and_the_end() {
    let app = App::start().await;
    let url = app.url.clone();
    let asked = actix_web::web::block(move || {
        let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        let more = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5_000);
        let long = format!("1;{}", "x".repeat(20_000));
        for body in ["x\r\n", "1 \r\n{\r\n", "1\n{\r\n", "2\r\n{}X\r\n", "0\r\nX: y\n\r\n", "0\r\n x\r\n\r\n", &long] {
            let said = said(&url, format!("{head}1\r\n{{\r\n{body}{more}").as_bytes());
            is_problem(&said, 400, "bad_request").unwrap_or_else(|flaw| panic!("{body:?}: {flaw}"));
        }
    });
    asked.await.unwrap();
}
