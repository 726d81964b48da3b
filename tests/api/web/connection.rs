//! How long a client may keep the service waiting.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use folkmoot::web::connection::Patience;

use crate::support::{App, PATIENCE, until};

fn connect(app: &App) -> TcpStream {
    let stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads one answer without a body that is of interest.
fn answered(stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\"status\":\"ok\"}") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.extend(byte);
    }
    assert!(bytes.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&bytes));
}

const WHOLE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

fn is_told_that_it_took_too_long(bytes: &[u8]) {
    let told = String::from_utf8_lossy(bytes);
    assert!(told.starts_with("HTTP/1.1 408") && told.contains("\"code\":\"request_timeout\""), "{told}");
}

#[actix_web::test]
async fn a_first_head_that_does_not_come_to_its_end_closes_the_connection() {
    let app = App::start_with(|setup| setup.patience.head = Duration::from_millis(300)).await;
    let (mut begun, mut idle) = (connect(&app), connect(&app));
    let rest = actix_web::web::block(move || {
        begun.write_all(b"GET /health/live HT").unwrap();
        let mut rest = Vec::new();
        begun.read_to_end(&mut rest).unwrap();
        is_told_that_it_took_too_long(&rest);
        // Where nothing has come there is nothing to answer.
        rest.clear();
        idle.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "{rest:?}");
    });
    rest.await.unwrap();
}

#[actix_web::test]
async fn a_later_head_that_does_not_come_to_its_end_closes_the_connection() {
    let app = App::start_with(|setup| setup.patience.head = Duration::from_millis(300)).await;
    let mut stream = connect(&app);
    let rest = actix_web::web::block(move || {
        for _ in 0..3 {
            stream.write_all(WHOLE).unwrap();
            answered(&mut stream);
        }
        let from = Instant::now();
        stream.write_all(b"GET /health/live HT").unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok() && from.elapsed() >= Duration::from_millis(299), "{ended:?} {rest:?}");
        is_told_that_it_took_too_long(&rest);
    });
    rest.await.unwrap();
}

#[actix_web::test]
async fn a_head_that_began_with_the_request_before_closes_it_too() {
    let app = App::start_with(|setup| setup.patience.head = Duration::from_millis(300)).await;
    let mut stream = connect(&app);
    let rest = actix_web::web::block(move || {
        stream.write_all(&[WHOLE, b"GET /health/live HT"].concat()).unwrap();
        answered(&mut stream);
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok(), "{ended:?} {rest:?}");
        is_told_that_it_took_too_long(&rest);
    });
    rest.await.unwrap();
}

#[actix_web::test]
async fn empty_lines_between_requests_are_none() {
    let app = App::start_with(|setup| setup.patience.head = Duration::from_millis(300)).await;
    let mut stream = connect(&app);
    let rest = actix_web::web::block(move || {
        stream.write_all(&[b"\r\n", WHOLE, b"\r\n\r\n", WHOLE, b"\r\n"].concat()).unwrap();
        answered(&mut stream);
        answered(&mut stream);
        // No head has begun: the connection is idle.
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok() && rest.is_empty(), "{ended:?} {rest:?}");
    });
    rest.await.unwrap();
}

#[actix_web::test]
async fn empty_lines_alone_do_not_keep_a_connection_open() {
    let app = App::start_with(|setup| setup.patience.head = Duration::from_millis(300)).await;
    let mut stream = connect(&app);
    let closed = actix_web::web::block(move || {
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let from = Instant::now();
        while from.elapsed() < PATIENCE {
            let sent = stream.write_all(b"\r").and_then(|()| stream.write_all(b"\n"));
            match stream.read(&mut [0; 4096]) {
                Ok(0) => return true,
                Err(error) if error.kind() == ErrorKind::WouldBlock && sent.is_ok() => {}
                Ok(_) => {}
                Err(_) => return true,
            }
        }
        false
    });
    assert!(closed.await.unwrap());
}

#[actix_web::test]
async fn a_request_in_time_is_answered_however_long_it_takes_and_however_it_is_cut() {
    let app = App::start_with(|setup| setup.patience.head = Duration::from_secs(1)).await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let lock = app.sql().await;
    lock.batch_execute("BEGIN; LOCK TABLE threads").await.unwrap();
    let mut stream = connect(&app);
    let answer = actix_web::web::block(move || {
        for byte in WHOLE {
            stream.write_all(&[*byte]).unwrap();
        }
        answered(&mut stream);
        // Its answer takes longer than a head may: the client is not to blame.
        let request = format!("GET /api/v1/threads/{thread} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let held = async {
        let waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = current_schema() \
                     AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '1200 ms'";
        until(&lock, waits).await;
        lock.batch_execute("COMMIT").await.unwrap();
    };
    let (answer, ()) = futures_util::join!(answer, held);
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
}

/// Asks for a page that is more than the system keeps of an answer by itself.
async fn long_page(app: &App) -> String {
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let long = "a long post. ".repeat(1_500);
    for _ in 0..99 {
        anna.reply(thread, &long).await;
    }
    format!("GET /api/v1/threads/{thread}/posts?per_page=100 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

/// How many bytes an answer says that its body has, and how many came.
fn told_and_got(bytes: &[u8]) -> (usize, usize) {
    let head_ends = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8_lossy(&bytes[..head_ends]).to_lowercase();
    let told = head.split_once("content-length: ").unwrap().1.split("\r\n").next().unwrap().parse();
    (told.unwrap(), bytes.len() - head_ends)
}

#[actix_web::test]
async fn who_takes_an_answer_slowly_or_with_pauses_gets_it_whole() {
    let app = App::start_with(|setup| {
        setup.patience =
            Patience { head: Duration::from_secs(1), answer: Duration::from_secs(3), ..Patience::default() };
    })
    .await;
    let page = long_page(&app).await;
    let mut stream = connect(&app);
    rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 64 * 1024).unwrap();
    // At once: a thread may be long in coming.
    stream.write_all(page.as_bytes()).unwrap();
    let (told, got) = actix_web::web::block(move || {
        let mut bytes = Vec::new();
        // Longer than a head may take, and more than ten times as fast as it has to be.
        let mut some = vec![0; 256 * 1024];
        loop {
            sleep(Duration::from_millis(1200));
            let from = bytes.len();
            while bytes.len() - from < some.len() {
                match stream.read(&mut some).unwrap() {
                    0 => return told_and_got(&bytes),
                    count => bytes.extend(&some[..count]),
                }
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(got, told);
    assert!(told > 3_000_000, "{told} bytes");
}

#[actix_web::test]
async fn who_hardly_takes_an_answer_is_given_up() {
    let app = App::start_with(|setup| setup.patience.answer = Duration::from_millis(300)).await;
    let page = long_page(&app).await;
    let mut stream = connect(&app);
    let (told, got) = actix_web::web::block(move || {
        stream.write_all(page.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        let from = Instant::now();
        while from.elapsed() < Duration::from_secs(2) {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            bytes.extend(byte);
            sleep(Duration::from_millis(5));
        }
        // What was on its way comes, then the end.
        let _ = stream.read_to_end(&mut bytes);
        told_and_got(&bytes)
    })
    .await
    .unwrap();
    assert!(got < told, "{got} of {told} bytes");
}
