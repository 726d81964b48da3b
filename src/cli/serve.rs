//! `folkmoot serve`: migrates, then serves.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use futures_util::future::join;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::metrics::{self, Jobs};
use super::postman;
use super::rounds::Rounds;
use super::safety;
use super::setup::{self, Database, Folder};
use crate::app::{Shared, listen};
use crate::cache::Store;
use crate::config::{Config, ServeConfig};
use crate::events;
use crate::mails::Mailer;
use crate::state::State;
use crate::web::connection::Patience;
use crate::web::limit::Limits;

/// So many connections may wait to be taken.
const BACKLOG: u32 = 2048;
/// How long the last work beside the requests may take.
const LAST_ROUND: Duration = Duration::from_secs(4);

/// Serves until it is told to stop. What is wrong with the options is told before anything is touched.
pub async fn run(config: &Config, serve: &ServeConfig) -> Result<(), String> {
    say(&format!("folkmoot {}", env!("CARGO_PKG_VERSION")))?;
    let (socket, here) = bind(serve.listen).map_err(|e| format!("--listen {}: {e}", serve.listen))?;
    let public_url = config.identity.public_url.clone().unwrap_or_else(|| here.clone());
    safety::check_options(config, serve, &public_url)?;
    let workers = setup::workers(config, serve)?;
    let mailer = Mailer::new(&serve.mail, &config.database.data_dir, &public_url, Mailer::PATIENCE)?;
    let database = Database::find(config, "folkmoot serve", Folder::Mine).await?;
    let place = Place { socket, here, public_url, workers };
    let served = serve_on(&database, config, serve, place, mailer).await;
    database.close().await?;
    served
}

/// Where it serves.
struct Place {
    /// Nobody is let in yet: clients are told so until they can be answered.
    socket: TcpSocket,
    here: String,
    public_url: String,
    workers: usize,
}

fn bind(address: SocketAddr) -> std::io::Result<(TcpSocket, String)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let here = format!("http://{}", socket.local_addr()?);
    Ok((socket, here))
}

async fn serve_on(
    database: &Database,
    config: &Config,
    serve: &ServeConfig,
    place: Place,
    mailer: Mailer,
) -> Result<(), String> {
    safety::check_durability(serve, &database.url).await?;
    take_small_pages();
    database.prepare().await?;
    let mut state = database.state(config, place.public_url)?;
    state.store = Arc::new(Store::new(u64::from(serve.cache_size) << 20, state.clock.clone()));
    state.replicas = setup::replicas(config, serve)?;
    let first = super::first_start::run(&state, config.identity.admin_password.as_deref()).await?;
    let limits = Limits::new(serve.rate_limits == "on", serve.trusted_proxies.clone(), state.clock.clone());
    let shared = Shared::new(state, limits).await.map_err(|e| e.to_string())?;
    let jobs = Jobs::default();
    let metrics = metrics::serve(metrics::registry(&shared, &jobs, &mailer.counts), serve.metrics_listen)?;
    let rounds = Rounds::new(shared.clone(), jobs.clone(), mailer.counts.clone()).await.map_err(|e| e.to_string())?;
    let listener = place.socket.listen(BACKLOG).and_then(TcpListener::into_std).map_err(|e| e.to_string())?;
    let server = listen(&shared, place.workers, listener, Patience::default()).map_err(|e| e.to_string())?;
    let drain = Duration::from_secs(serve.drain.into());
    let at_once = actix_web::rt::spawn(stop_when_told(server.handle(), shared.state.clone(), drain));
    tell(&place.here, database, &mailer.told(), metrics.as_ref().map(|metrics| metrics.address), first)?;
    let served = async {
        tokio::select! {
            served = server => served.map_err(|e| e.to_string()),
            told = at_once => told.map_err(|e| e.to_string()),
        }
    };
    let served = beside(served, shared.state, rounds, mailer, jobs).await;
    if let Some(metrics) = metrics {
        metrics.server.stop(false).await;
    }
    served
}

/// Of the system's large pages all is resident as soon as one byte is used: of memory for bursts, most is not.
#[cfg(target_os = "linux")]
fn take_small_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::warn!(%error, "memory is taken by large pages");
    }
}

#[cfg(not(target_os = "linux"))]
fn take_small_pages() {}

/// Does what is done beside the requests until they are served, and the last of it then.
async fn beside(
    served: impl Future<Output = Result<(), String>>,
    state: Data<State>,
    rounds: Rounds,
    mailer: Mailer,
    jobs: Jobs,
) -> Result<(), String> {
    let watched = state.clone();
    let watch = actix_web::rt::spawn(async move { watched.db.watch().await });
    let followed = state.clone();
    let replicas = actix_web::rt::spawn(async move { followed.replicas.watch(followed.db.url()).await });
    let (url, changes) = (state.db.url().to_owned(), state.store.changes.clone());
    let follow = actix_web::rt::spawn(async move { events::follow(&url, changes).await });
    let (end, ended) = oneshot::channel();
    let rounds = actix_web::rt::spawn(rounds.run(ended));
    let mut postman = actix_web::rt::spawn(postman::run(mailer, state.clone(), jobs));
    let served = served.await;
    state.stopping.begin();
    drop(end);
    let rounds = match timeout(LAST_ROUND, join(rounds, &mut postman)).await {
        Ok((rounds, postman)) => rounds.and(postman).map_err(|e| e.to_string()),
        Err(_) => {
            postman.abort();
            tracing::warn!("the last work beside the requests was not done in time");
            Ok(())
        }
    };
    watch.abort();
    follow.abort();
    replicas.abort();
    served.and(rounds)
}

/// The first lines: where everything is.
fn tell(
    here: &str,
    database: &Database,
    mail: &str,
    metrics: Option<SocketAddr>,
    first: Option<String>,
) -> Result<(), String> {
    say(&format!("  API       {here}/api/v1"))?;
    say(&format!("  Page      {here}/docs"))?;
    say(&format!("  Database  {}", database.told))?;
    say(&format!("  Mails     {mail}"))?;
    match metrics {
        Some(address) => say(&format!("  Metrics   http://{address}/metrics"))?,
        None => say("  Metrics   none: the usual address is taken (--metrics-listen gives another)")?,
    }
    match first {
        Some(password) => say(&format!("  Sign in   admin, password {password} (shown this once)")),
        None => Ok(()),
    }
}

fn say(line: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{line}").map_err(|e| e.to_string())
}

/// Ends the server when it is told to, gently. Comes back only where it is told again: then nothing is waited for.
async fn stop_when_told(server: ServerHandle, state: Data<State>, drain: Duration) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals can not be heard; only kill -9 stops this process");
        return std::future::pending().await;
    };
    let mut told = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    told().await;
    tracing::info!("stopping");
    // First balancers see that this node is not ready, and clients that their connections end; then nobody new is let in.
    state.stopping.begin();
    let gently = async {
        sleep(drain).await;
        tracing::info!("the last requests");
        server.stop(true).await;
    };
    tokio::select! {
        () = gently => std::future::pending().await,
        () = told() => tracing::warn!("stopping at once"),
    }
}
