//! Clients that are slow, idle or many.

use std::collections::BTreeMap;
use std::net::TcpStream as Given;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::given_away;
use crate::Tried;
use crate::setup::{Forum, PASSWORD};

/// So many are opened at a time: more would wait in the system's queue, whatever the service does.
const OPENED_AT_ONCE: usize = 200;
/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn slow_head(forum: &Forum) -> String {
    let token = &forum.members[0].token;
    format!(
        "POST /api/v1/threads HTTP/1.1\r\nHost: forum.test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
    )
}

pub async fn open(count: usize, address: &str, head: String) -> Tried<Vec<Given>> {
    let mut open = Vec::new();
    while open.len() < count {
        let some = (0..OPENED_AT_ONCE).map(|_| async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(head.as_bytes()).await?;
            Ok::<_, std::io::Error>(stream)
        });
        let some = join_all(some).await;
        open.extend(some.into_iter().collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?);
    }
    given_away(open)
}

/// On a thread of its own, so that many clients do not hold up the ordinary ones.
pub fn elsewhere<T: Send + 'static, F: Future<Output = T>>(
    clients: impl FnOnce() -> F + Send + 'static,
) -> JoinHandle<Tried<T>> {
    tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        Ok(runtime.block_on(clients()))
    })
}

pub async fn done<T>(clients: JoinHandle<Tried<T>>) -> Tried<T> {
    clients.await.map_err(|e| e.to_string())?
}

fn taken_over(streams: Vec<Given>) -> Tried<Vec<TcpStream>> {
    streams.into_iter().map(TcpStream::from_std).collect::<Result<_, _>>().map_err(|e| e.to_string())
}

/// One byte a second, until each is told 408; gives how many were.
pub async fn trickle(slow: Vec<Given>) -> Tried<usize> {
    let each = taken_over(slow)?.into_iter().map(|mut stream| async move {
        let mut head = [0; 12];
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Ok(read) = timeout(Duration::from_secs(1), stream.read_exact(&mut head)).await {
                return read.is_ok() && head.ends_with(b"408");
            }
            if stream.write_all(b" ").await.is_err() {
                return false;
            }
        }
        false
    });
    Ok(join_all(each).await.into_iter().filter(|told| *told).count())
}

/// How many the service closes.
pub async fn closed(idle: Vec<Given>) -> Tried<usize> {
    let each = taken_over(idle)?.into_iter().map(|mut stream| async move {
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.is_ok()
    });
    Ok(join_all(each).await.into_iter().filter(|closed| *closed).count())
}

/// All at once; how often each status was told.
pub async fn log_in(node: &str, count: usize) -> Tried<BTreeMap<String, usize>> {
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().map_err(|e| e.to_string())?;
    let login = async || {
        let body = json!({"login": "member 1", "password": PASSWORD});
        http.post(format!("{node}/api/v1/auth/login")).json(&body).send().await.map_err(|e| e.to_string())
    };
    let mut statuses = BTreeMap::new();
    for answer in join_all((0..count).map(|_| login())).await {
        let answer = answer?;
        let again = if answer.headers().contains_key("retry-after") { " with Retry-After" } else { "" };
        *statuses.entry(format!("{}{again}", answer.status().as_u16())).or_default() += 1;
    }
    Ok(statuses)
}
