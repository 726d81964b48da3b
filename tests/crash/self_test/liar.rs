//! Nodes that lie: whoever asks them has to complain.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::seen;
use crate::Tried;
use crate::ledger::Shared;
use crate::node::Life;
use crate::probe::Probe;
use crate::repeats;
use crate::setup::{Forum, Member};
use crate::writers::Writers;

/// Longer than clients wait for an answer.
const PATIENCE: Duration = Duration::from_secs(40);
const POLL: Duration = Duration::from_millis(20);

#[derive(Clone, Copy)]
enum Way {
    SaysNothing,
    Closes,
    HasNoTime,
    Refuses,
    SaysOtherEachTime,
}

/// Each way to lie, and words of what has to be said of it.
const LIES: [(&str, Way, &[&str]); 5] = [
    ("a node that says nothing", Way::SaysNothing, &["POST ", "is up: timeout", "/health/live"]),
    ("a node that closes connections", Way::Closes, &["POST ", "is up: connection reset"]),
    ("503 without Retry-After", Way::HasNoTime, &["POST ", "GET ", "503 without Retry-After"]),
    ("a refusal for no reason", Way::Refuses, &["was refused for no reason", "was answered with 403", "/health/live"]),
    (
        "another answer each time",
        Way::SaysOtherEachTime,
        &["otherwise when repeated", "otherwise at once", "was not done", "of post 1 made", "and on another node"],
    ),
];

pub async fn run(seed: u64) -> Tried<usize> {
    let each = LIES.iter().map(|(what, way, words)| complained(seed, what, *way, words));
    let complaints: Vec<_> = futures_util::future::join_all(each).await.into_iter().collect::<Tried<_>>()?;
    Ok(complaints.into_iter().sum())
}

/// Until there is a complaint with each of these words; gives how many words that are.
async fn complained(seed: u64, what: &str, way: Way, words: &[&str]) -> Tried<usize> {
    let (url, liar) = listen(way).await?;
    let (shared, life) = (Arc::new(Shared::default()), Life::of_one_that_stays_up());
    let probe = Probe::start(0, &url, &life, 1, &shared)?;
    let nodes = vec![(url.clone(), life.clone()), (url.clone(), life)];
    let writers = Writers::start(seed, &forum(), nodes, &shared)?;
    let deadline = Instant::now() + PATIENCE;
    let (mut heard, mut repeated) = (false, false);
    while !heard && Instant::now() < deadline {
        sleep(POLL).await;
        if !repeated && !shared.lock().acknowledged.is_empty() {
            repeated = true;
            repeats::everywhere(std::slice::from_ref(&url), &shared).await?;
        }
        let complaints = shared.lock().complaints.clone();
        heard = words.iter().all(|words| complaints.iter().any(|complaint| complaint.contains(*words)));
    }
    writers.give_up();
    drop(probe);
    liar.abort();
    if !heard {
        return Err(format!("{what}: not complained of as {words:?}, but {:?}", shared.lock().complaints));
    }
    seen(what, format!("{words:?}"));
    Ok(words.len())
}

fn forum() -> Forum {
    let members = vec![Member { id: 1, token: "one".to_owned() }, Member { id: 2, token: "two".to_owned() }];
    Forum { members, threads: vec![1], locked: 2, admin: Member { id: 3, token: "three".to_owned() } }
}

async fn listen(way: Way) -> Tried<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let told = Arc::new(AtomicU64::new(0));
    let listening = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(lie(stream, way, told.clone()));
        }
    });
    Ok((format!("http://{address}"), listening))
}

/// To one request.
async fn lie(mut stream: TcpStream, way: Way, told: Arc<AtomicU64>) {
    let mut request = vec![0; 4096];
    // Whoever goes away is told nothing.
    let Ok(_) = stream.read(&mut request).await else { return };
    let number = told.fetch_add(1, Ordering::SeqCst);
    let (status, body) = match way {
        Way::SaysNothing => return sleep(2 * PATIENCE).await,
        Way::Closes => return,
        Way::HasNoTime => ("503 Service Unavailable", r#"{"code": "overloaded"}"#.to_owned()),
        Way::Refuses => ("403 Forbidden", r#"{"code": "forbidden"}"#.to_owned()),
        Way::SaysOtherEachTime => {
            let liked = number.is_multiple_of(2);
            ("200 OK", format!(r#"{{"id": 1, "position": {number}, "version": {}, "liked": {liked}}}"#, number + 9))
        }
    };
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.ok();
}
