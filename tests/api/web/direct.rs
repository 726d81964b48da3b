//! Pages that are written from where they are kept: whole, and each in its place, however they are asked for and taken.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{App, PATIENCE, Person};

/// A page of some 400 kB: more than the system takes of a connection at once.
async fn long_page(app: &App, anna: &Person) -> String {
    let thread = anna.start_thread(app.forum("general").await, "Long", "The first post.").await;
    for n in 0..12 {
        anna.reply(thread, &format!("{n} ").repeat(6_000)).await;
    }
    format!("/api/v1/threads/{thread}/posts")
}

/// Status and body of the next answer.
fn answer(stream: &mut BufReader<TcpStream>) -> (u16, Vec<u8>) {
    let (mut head, mut length) = (Vec::new(), 0);
    while !head.ends_with(b"\r\n\r\n") {
        let from = head.len();
        assert!(stream.read_until(b'\n', &mut head).unwrap() > 0, "the connection ended");
        let line = String::from_utf8_lossy(&head[from..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let status = String::from_utf8_lossy(&head);
    let status = status.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("no head of an answer: {status}"));
    let status = status[..3].parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (status, body)
}

#[actix_web::test]
async fn what_is_kept_is_found_however_its_address_is_written() {
    let app = App::start().await;
    app.forum("general").await;
    app.until_kept("/api/v1/forums").await;
    let forums = app.guest().get("/api/v1/forums").await.bytes;
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    let asked = actix_web::web::block(move || {
        let mut stream = BufReader::new(TcpStream::connect(&address).unwrap());
        stream.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        // As proxies are asked (RFC 9112, section 3.2.2), and with a letter written otherwise.
        for target in ["/api/v1/forums", &format!("http://{address}/api/v1/forums"), "/api/v1/%66orums"] {
            write!(stream.get_mut(), "GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
            assert_eq!(answer(&mut stream), (200, forums.to_vec()), "{target}");
        }
        write!(stream.get_mut(), "GET //api/v1/forums HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        assert_eq!(answer(&mut stream).0, 404);
    });
    asked.await.unwrap();
}

#[actix_web::test]
async fn pages_asked_for_at_once_come_whole_and_in_their_order() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let page = long_page(&app, &anna).await;
    let plain = app.http.get(format!("{}{page}", app.url)).send().await.unwrap().bytes().await.unwrap();
    let own = anna.get(&page).await.bytes;
    assert!(plain.len() > 300_000, "{}", plain.len());
    let (address, token) = (app.url.strip_prefix("http://").unwrap().to_owned(), anna.token.clone().unwrap());
    let asked = actix_web::web::block(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request =
            |method: &str, path: &str, more: &str| format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
        let signed = format!("Authorization: Bearer {token}\r\n");
        let round = [
            request("GET", &page, ""),
            request("GET", "/health/live", ""),
            request("GET", &page, &signed),
            request("GET", &page, "If-None-Match: *\r\n"),
        ];
        let all = round.concat().repeat(3) + &request("GET", &page, "Connection: close\r\n");
        // All of it is sent before anything is taken.
        stream.write_all(all.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        for _ in 0..3 {
            is_page(answer(&mut stream), &plain);
            assert_eq!(answer(&mut stream), (200, br#"{"status":"ok"}"#.to_vec()));
            is_page(answer(&mut stream), &own);
            assert_eq!(answer(&mut stream), (304, vec![]));
        }
        is_page(answer(&mut stream), &plain);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty());
    });
    asked.await.unwrap();
}

#[actix_web::test]
async fn the_head_of_a_page_comes_alone() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let page = long_page(&app, &anna).await;
    for who in [&app.guest(), &anna] {
        let length = who.get(&page).await.bytes.len().to_string();
        for _ in 0..2 {
            let head = who.head(&page).await.expect(200);
            assert_eq!((head.header("content-length"), head.bytes.len()), (&*length, 0));
        }
    }
}

fn is_page((status, body): (u16, Vec<u8>), page: &[u8]) {
    assert_eq!((status, without_views(&body)), (200, without_views(page)));
}

/// Views are counted meanwhile.
fn without_views(page: &[u8]) -> Value {
    let mut page: Value = serde_json::from_slice(page).unwrap();
    page["thread"]["view_count"] = json!(0);
    page
}

#[actix_web::test]
async fn a_readers_own_page_comes_whole_in_any_coding() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let page = long_page(&app, &anna).await;
    let plain = anna.get(&page).await.bytes;
    for coding in ["identity", "gzip", "br", "zstd"] {
        let asked = app.http.get(format!("{}{page}", app.url)).header("Accept-Encoding", coding);
        let answer = asked.bearer_auth(anna.token.as_ref().unwrap()).send().await.unwrap();
        let told = answer.headers().get("content-encoding").map_or("identity", |coding| coding.to_str().unwrap());
        assert_eq!(told, coding);
        let bytes = answer.bytes().await.unwrap();
        assert_eq!(without_views(&unpack(coding, &bytes)), without_views(&plain), "{coding}");
    }
}

fn unpack(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "gzip" => _ = flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        "br" => _ = brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap(),
        "zstd" => plain = zstd::stream::decode_all(bytes).unwrap(),
        _ => plain = bytes.to_vec(),
    }
    plain
}
