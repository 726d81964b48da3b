//! More than a node can take: what becomes of an ordinary client's time beside clients that are slow, idle or many.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::Tried;
use crate::setup::{self, Forum, PASSWORD};
use crate::world::World;

const SLOW: usize = 2_000;
const IDLE: usize = 10_000;
const LOGINS: usize = 500;
/// So many are opened at a time: more would wait in the system's queue, whatever the service does.
const OPENED_AT_ONCE: usize = 200;
/// For how long an ordinary client is looked at.
const WINDOW: Duration = Duration::from_secs(9);
/// Ordinary clients: each asks for a page, and for the next one when it has come.
const READERS: usize = 4;
/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What ordinary clients were answered, and how fast.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    others: BTreeMap<String, u32>,
}

pub async fn run(world: &mut World) -> Tried<()> {
    let forum = setup::forum(&world.nodes[0].url).await?;
    let (address, pid) = (world.nodes[0].address(), world.nodes[0].pid()?);
    println!("| beside | pages/s | median, ms | p99, ms | p99 to alone | not 200 | memory, MB |");
    println!("|---|---|---|---|---|---|---|");
    let alone = read(world, &forum, WINDOW).await?;
    let usual = told("nobody", &alone, None, memory(pid, "VmRSS")?);

    let slow = open(SLOW, &address, slow_head(&forum)).await?;
    let slow = slow.into_iter().map(TcpStream::into_std).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let trickle = elsewhere(async move || trickle(slow).await);
    let beside = read(world, &forum, WINDOW).await?;
    told(&format!("{SLOW} slow bodies"), &beside, Some(usual), memory(pid, "VmRSS")?);
    let refused = done(trickle).await?;

    // A first byte, so that the service knows of each.
    let idle = open(IDLE, &address, "G".to_owned()).await?;
    let beside = read(world, &forum, Duration::from_secs(4)).await?;
    told(&format!("{IDLE} idle connections"), &beside, Some(usual), memory(pid, "VmRSS")?);
    let closed = closed(idle).await;

    let from = Instant::now();
    let node = world.nodes[0].url.clone();
    let logins = elsewhere(async move || log_in(&node).await);
    let beside = read(world, &forum, WINDOW).await?;
    let (logins, took) = (done(logins).await??, from.elapsed());
    told(&format!("{LOGINS} logins at once"), &beside, Some(usual), memory(pid, "VmHWM")?);

    println!("\n{refused} of {SLOW} slow bodies were told 408, {closed} of {IDLE} idle connections were closed.");
    println!("{LOGINS} logins within {:.1} s: {logins:?}", took.as_secs_f64());
    if logins.keys().any(|status| !["200", "503"].contains(&status.as_str())) || refused != SLOW || closed != IDLE {
        return Err("what is too much was not shed as it should be".to_owned());
    }
    Ok(())
}

/// One line of the table; gives the p99. The memory is what the node has, or at the logins the most that it had.
fn told(beside: &str, seen: &Seen, usual: Option<f64>, kib: u64) -> f64 {
    let mut times: Vec<f64> = seen.times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    let per_second = times.len() as f64 / seen.times.iter().sum::<Duration>().as_secs_f64() * READERS as f64;
    let to_alone = usual.map_or("1".to_owned(), |usual| format!("{:.2}", at(0.99) / usual));
    let (median, p99, others, mb) = (at(0.5), at(0.99), &seen.others, kib / 1024);
    println!("| {beside} | {per_second:.0} | {median:.1} | {p99:.1} | {to_alone} | {others:?} | {mb} |");
    p99
}

/// Reads pages for so long.
async fn read(world: &World, forum: &Forum, window: Duration) -> Tried<Seen> {
    let (node, thread) = (&world.nodes[0].url, forum.threads[0]);
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().map_err(|e| e.to_string())?;
    let reader = async || {
        let (mut seen, until) = (Seen::default(), Instant::now() + window);
        while Instant::now() < until {
            let from = Instant::now();
            let kind = match http.get(format!("{node}/api/v1/threads/{thread}/posts")).send().await {
                Ok(answer) => answer.status().as_u16().to_string(),
                Err(error) => error.to_string(),
            };
            seen.times.push(from.elapsed());
            if kind != "200" {
                *seen.others.entry(kind).or_default() += 1;
            }
        }
        seen
    };
    let all = join_all((0..READERS).map(|_| reader())).await;
    Ok(all.into_iter().fold(Seen::default(), |mut all, seen| {
        all.times.extend(seen.times);
        seen.others.into_iter().for_each(|(kind, count)| *all.others.entry(kind).or_default() += count);
        all
    }))
}

fn slow_head(forum: &Forum) -> String {
    let token = &forum.members[0].token;
    format!(
        "POST /api/v1/threads HTTP/1.1\r\nHost: forum.test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
    )
}

async fn open(count: usize, address: &str, head: String) -> Tried<Vec<TcpStream>> {
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
    Ok(open)
}

/// On a thread of its own, so that many clients do not hold up the ordinary ones.
fn elsewhere<T: Send + 'static, F: Future<Output = T>>(
    clients: impl FnOnce() -> F + Send + 'static,
) -> JoinHandle<Tried<T>> {
    tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        Ok(runtime.block_on(clients()))
    })
}

async fn done<T>(clients: JoinHandle<Tried<T>>) -> Tried<T> {
    clients.await.map_err(|e| e.to_string())?
}

/// One byte a second, until each is told 408; gives how many were.
async fn trickle(slow: Vec<std::net::TcpStream>) -> usize {
    let each = slow.into_iter().map(|stream| async move {
        let Ok(mut stream) = TcpStream::from_std(stream) else { return false };
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
    join_all(each).await.into_iter().filter(|told| *told).count()
}

/// How many the service closes.
async fn closed(idle: Vec<TcpStream>) -> usize {
    let each = idle.into_iter().map(|mut stream| async move {
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.is_ok()
    });
    join_all(each).await.into_iter().filter(|closed| *closed).count()
}

/// All at once; how often each status was told.
async fn log_in(node: &str) -> Tried<BTreeMap<String, u32>> {
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().map_err(|e| e.to_string())?;
    let login = async || {
        let body = json!({"login": "member 1", "password": PASSWORD});
        http.post(format!("{node}/api/v1/auth/login")).json(&body).send().await.map_err(|e| e.to_string())
    };
    let mut statuses = BTreeMap::new();
    for answer in join_all((0..LOGINS).map(|_| login())).await {
        *statuses.entry(answer?.status().as_u16().to_string()).or_default() += 1;
    }
    Ok(statuses)
}

/// In KiB.
fn memory(pid: u32, what: &str) -> Tried<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(|e| e.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).ok_or_else(|| format!("no {what} of {pid}"))
}
