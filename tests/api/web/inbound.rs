//! Requests that come together on one connection: each gets its own answer, whole and in its turn.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use crate::support::{App, PATIENCE};

fn connect(url: &str) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

/// A request, and what its answer is like.
#[derive(Clone, Copy, Debug)]
struct Kind {
    method: &'static str,
    path: &'static str,
    body: &'static str,
    status: u16,
    /// Some bytes that its body has; none for what has no body.
    says: &'static str,
}

const LOGIN: &str = "/api/v1/auth/login";
const COUNTED: &str = "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"login\": 1}";
const CHUNKED: &str = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{\"log\r\n\
                       7\r\nin\": 1}\r\n0\r\nX-Trailer: z\r\n\r\n";

const KINDS: [Kind; 8] = [
    Kind { method: "GET", path: "/api/v1/forums", body: "\r\n", status: 200, says: "\"items\"" },
    Kind { method: "HEAD", path: "/api/v1/forums", body: "\r\n", status: 200, says: "" },
    Kind { method: "GET", path: "/problems/own_post", body: "\r\n", status: 200, says: "your own post" },
    Kind { method: "POST", path: LOGIN, body: COUNTED, status: 422, says: "\"invalid_body\"" },
    Kind { method: "POST", path: LOGIN, body: CHUNKED, status: 422, says: "\"invalid_body\"" },
    Kind { method: "OPTIONS", path: "/api/v1/forums", body: "\r\n", status: 204, says: "" },
    Kind { method: "GET", path: "/no/such/path", body: "\r\n", status: 404, says: "\"not_found\"" },
    Kind { method: "HEAD", path: "/no/such/path", body: "\r\n", status: 404, says: "" },
];

/// A request of a kind.
#[derive(Clone, Copy, Debug)]
struct Asked {
    kind: Kind,
    version: &'static str,
    connection: &'static str,
}

const LAST: Asked = Asked { kind: KINDS[0], version: "1.1", connection: "close" };

impl Asked {
    fn bytes(&self, id: usize) -> String {
        let Kind { method, path, body, .. } = self.kind;
        let connection = match self.connection {
            "" => String::new(),
            option => format!("Connection: {option}\r\n"),
        };
        format!("{method} {path} HTTP/{}\r\nHost: x\r\nX-Request-Id: id-{id}\r\n{connection}{body}", self.version)
    }

    fn closes(&self) -> bool {
        self.connection == "close" || (self.version == "1.0" && self.connection != "keep-alive")
    }

    /// Reads its answer.
    fn is_answered(&self, id: usize, stream: &mut impl BufRead) -> Result<(), String> {
        let (head, length) = head(stream)?;
        let told = |what: &str| head.contains(what).then_some(()).ok_or(format!("no {what:?} in {head:?}"));
        told(&format!("HTTP/{} {} ", self.version, self.kind.status))?;
        told(&format!("\r\nx-request-id: id-{id}\r\n"))?;
        if self.kind.method == "HEAD" || self.kind.status == 204 {
            return Ok(());
        }
        let mut body = vec![0; length.ok_or("no length")?];
        stream.read_exact(&mut body).map_err(|error| error.to_string())?;
        let body = String::from_utf8_lossy(&body);
        body.contains(self.kind.says).then_some(()).ok_or(format!("{body:?} is not what was asked for"))
    }
}

/// The head of the next answer, in lower case but for the status line, and the length that it tells.
fn head(stream: &mut impl BufRead) -> Result<(String, Option<usize>), String> {
    let (mut head, mut length) = (String::new(), None);
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(1..) => {}
            end => return Err(format!("the connection ended ({end:?}) behind {head:?}")),
        }
        if !head.is_empty() {
            line.make_ascii_lowercase();
        }
        length = line.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().ok());
        head.push_str(&line);
    }
    Ok((head, length))
}

/// Sends all of these at once; each that comes before the end of the connection is answered, and nothing comes behind.
fn are_answered(url: &str, all: &[Asked]) -> Result<(), String> {
    let mut stream = connect(url);
    let bytes: String = all.iter().enumerate().map(|(id, asked)| asked.bytes(id)).collect();
    stream.get_mut().write_all(bytes.as_bytes()).unwrap();
    rest_is_answered(&mut stream, all, 0)
}

fn rest_is_answered(stream: &mut impl BufRead, all: &[Asked], from: usize) -> Result<(), String> {
    for (id, asked) in all.iter().enumerate().skip(from) {
        asked.is_answered(id, stream).map_err(|wrong| format!("{asked:?}, number {id} of {all:?}: {wrong}"))?;
        if asked.closes() {
            break;
        }
    }
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    (ended.is_ok() && rest.is_empty()).then_some(()).ok_or(format!("{all:?}: {ended:?}, {rest:?} follows"))
}

/// All kinds in all versions with all values of `Connection`.
fn variants() -> Vec<Asked> {
    let mut all = Vec::new();
    for kind in KINDS {
        for version in ["1.1", "1.0"] {
            for connection in ["", "keep-alive", "close"] {
                // HTTP/1.0 has no chunks.
                if kind.body != CHUNKED || version == "1.1" {
                    all.push(Asked { kind, version, connection });
                }
            }
        }
    }
    all
}

async fn with_a_page_that_is_kept() -> App {
    let app = App::start().await;
    app.forum("general").await;
    app.until_kept("/api/v1/forums").await;
    app
}

#[actix_web::test]
async fn each_of_any_two_requests_in_one_packet_gets_its_own_answer() {
    let app = with_a_page_that_is_kept().await;
    let url = app.url.clone();
    let all = variants();
    assert_eq!(all.len(), 45);
    let asked = actix_web::web::block(move || {
        let mut wrong = Vec::new();
        for first in &all {
            // The last request ends the connection, whatever the second one says.
            wrong.extend(all.iter().filter_map(|second| are_answered(&url, &[*first, *second, LAST]).err()));
        }
        wrong
    });
    let wrong = asked.await.unwrap();
    assert!(wrong.is_empty(), "{} of 2025:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
}

#[actix_web::test]
async fn hundreds_of_mixed_requests_in_one_packet_are_answered_in_turn() {
    let app = with_a_page_that_is_kept().await;
    let url = app.url.clone();
    let stays: Vec<_> = variants().into_iter().filter(|asked| !asked.closes()).collect();
    let all: Vec<_> = stays.iter().copied().cycle().take(400).chain([LAST]).collect();
    actix_web::web::block(move || are_answered(&url, &all).unwrap()).await.unwrap();
}

#[actix_web::test]
async fn requests_are_the_same_however_they_are_cut() {
    let app = with_a_page_that_is_kept().await;
    let url = app.url.clone();
    let asked = actix_web::web::block(move || {
        let of = |number: usize| Asked { kind: KINDS[number], version: "1.1", connection: "" };
        let all = [of(1), of(4), of(0), of(3), of(1), LAST];
        let first = all[0].bytes(0);
        let rest: String = all.iter().enumerate().skip(1).map(|(id, asked)| asked.bytes(id)).collect();
        for cut in 0..=rest.len() {
            let mut stream = connect(&url);
            let (now, later) = rest.split_at(cut);
            // Bytes that are sent with the first request are here when that is answered.
            stream.get_mut().write_all(format!("{first}{now}").as_bytes()).unwrap();
            all[0].is_answered(0, &mut stream).unwrap();
            stream.get_mut().write_all(later.as_bytes()).unwrap();
            rest_is_answered(&mut stream, &all, 1).unwrap_or_else(|wrong| panic!("cut at {cut}: {wrong}"));
        }
        let mut stream = connect(&url);
        for byte in format!("{first}{rest}").bytes() {
            stream.get_mut().write_all(&[byte]).unwrap();
        }
        rest_is_answered(&mut stream, &all, 0).unwrap();
    });
    asked.await.unwrap();
}

#[actix_web::test]
async fn a_body_that_waits_for_100_continue_is_followed_by_the_next_request() {
    let app = with_a_page_that_is_kept().await;
    let url = app.url.clone();
    let asked = actix_web::web::block(move || {
        for body in [COUNTED, CHUNKED] {
            let post = Asked { kind: Kind { body, ..KINDS[3] }, version: "1.1", connection: "" };
            let bytes = post.bytes(1);
            let (head_of_post, body) = bytes.split_once("\r\n\r\n").unwrap();
            let mut stream = connect(&url);
            let get = Asked { connection: "", ..LAST };
            write!(stream.get_mut(), "{}{head_of_post}\r\nExpect: 100-continue\r\n\r\n", get.bytes(0)).unwrap();
            get.is_answered(0, &mut stream).unwrap();
            assert_eq!(head(&mut stream).unwrap().0, "HTTP/1.1 100 Continue\r\n\r\n");
            let head_get = Asked { kind: KINDS[1], ..get };
            write!(stream.get_mut(), "{body}{}{}", head_get.bytes(2), LAST.bytes(3)).unwrap();
            rest_is_answered(&mut stream, &[get, post, head_get, LAST], 1).unwrap();
        }
    });
    asked.await.unwrap();
}

#[actix_web::test]
async fn an_offer_of_another_protocol_is_ignored() {
    let app = with_a_page_that_is_kept().await;
    let url = app.url.clone();
    let asked = actix_web::web::block(move || {
        let offers = [
            "Connection: Upgrade\r\nUpgrade: websocket",
            "Upgrade: websocket",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
            "Connection: keep-alive,upgrade\r\nupgrade: WebSocket, h2c",
        ];
        for offer in offers {
            let mut stream = connect(&url);
            let get = Asked { connection: "", ..LAST };
            let bytes = get.bytes(0).replace("Host: x", &format!("Host: x\r\n{offer}"));
            write!(stream.get_mut(), "{bytes}{}{}", get.bytes(1), LAST.bytes(2)).unwrap();
            rest_is_answered(&mut stream, &[get, get, LAST], 0).unwrap_or_else(|wrong| panic!("{offer}: {wrong}"));
        }
    });
    asked.await.unwrap();
}

#[actix_web::test]
async fn a_client_that_closes_its_side_gets_all_answers() {
    let app = with_a_page_that_is_kept().await;
    let url = app.url.clone();
    let asked = actix_web::web::block(move || {
        let all = [0, 1, 4, 6, 2].map(|number| Asked { kind: KINDS[number], version: "1.1", connection: "" });
        let mut stream = connect(&url);
        let bytes: String = all.iter().enumerate().map(|(id, asked)| asked.bytes(id)).collect();
        stream.get_mut().write_all(bytes.as_bytes()).unwrap();
        stream.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
        rest_is_answered(&mut stream, &all, 0).unwrap();
    });
    asked.await.unwrap();
}
