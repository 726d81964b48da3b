//! `folkmoot serve`: migrates, then serves.

use std::any::Any;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use futures_util::future::join;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::metrics::{self, Jobs};
use super::postman;
use super::rounds::Rounds;
use super::safety;
use super::setup::{Database, Folder};
use crate::app::{Shared, build_app};
use crate::config::{Config, ServeConfig};
use crate::mails::Mailer;
use crate::state::State;
use crate::web::limit::Limits;

/// For how long requests in flight may go on when the service stops, in seconds: none takes longer (`RequestLimits`). After the
/// longest drain all has ended within 30 s.
const LAST_REQUESTS: u64 = 16;
/// How long the last work beside the requests may take.
const LAST_ROUND: Duration = Duration::from_secs(4);

/// Serves until it is told to stop.
pub async fn run(config: &Config, serve: &ServeConfig) -> Result<(), String> {
    say(&format!("folkmoot {}", env!("CARGO_PKG_VERSION")))?;
    let database = Database::open(config, "folkmoot serve", Folder::Mine).await?;
    let served = serve_on(&database, config, serve).await;
    database.close().await?;
    served
}

async fn serve_on(database: &Database, config: &Config, serve: &ServeConfig) -> Result<(), String> {
    let listener = TcpListener::bind(serve.listen).map_err(|e| format!("--listen {}: {e}", serve.listen))?;
    let here = format!("http://{}", listener.local_addr().map_err(|e| e.to_string())?);
    let public_url = config.identity.public_url.clone().unwrap_or_else(|| here.clone());
    safety::check_options(serve, &public_url)?;
    let state = database.state(config, public_url)?;
    safety::check_durability(serve, &database.url).await?;
    let mailer = Mailer::new(&serve.mail, &config.database.data_dir, &state.public_url, Mailer::PATIENCE)?;
    let first = super::first_start::run(&state, config.identity.admin_password.as_deref()).await?;
    let limits = Limits::new(serve.rate_limits == "on", serve.trusted_proxies.clone(), state.clock.clone());
    let shared = Shared::new(state, limits).await.map_err(|e| e.to_string())?;
    let jobs = Jobs::default();
    let metrics = metrics::serve(metrics::registry(&shared, &jobs, &mailer.counts), serve.metrics_listen)?;
    let rounds = Rounds::new(shared.clone(), jobs.clone(), mailer.counts.clone()).await.map_err(|e| e.to_string())?;
    let server = start(&shared, serve, listener)?;
    let drain = Duration::from_secs(serve.drain.into());
    let at_once = actix_web::rt::spawn(stop_when_told(server.handle(), shared.state.clone(), drain));
    tell(&here, database, &mailer.told(), metrics.as_ref().map(|metrics| metrics.address), first)?;
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

/// The server, that listens.
fn start(shared: &Shared, serve: &ServeConfig, listener: TcpListener) -> Result<Server, String> {
    let workers = serve.workers.map_or_else(cores, usize::from);
    let for_workers = shared.clone();
    Ok(HttpServer::new(move || build_app(for_workers.for_one_of(workers)))
        .workers(workers)
        .disable_signals()
        .on_connect(|connection, _| end_where_nobody_reads(connection))
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(LAST_REQUESTS)
        .listen(listener)
        .map_err(|e| e.to_string())?
        .run())
}

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
    served.and(rounds)
}

/// A client that takes nothing of its answer for so long, in milliseconds, is gone.
#[cfg(target_os = "linux")]
const READS_WITHIN: u32 = 20_000;

/// actix waits for ever for a client to read; the system need not.
#[cfg(target_os = "linux")]
fn end_where_nobody_reads(connection: &dyn Any) {
    let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() else { return };
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, READS_WITHIN) {
        tracing::debug!(%error, "a connection has no limit of time");
    }
}

/// Elsewhere there is no such limit.
#[cfg(not(target_os = "linux"))]
fn end_where_nobody_reads(_: &dyn Any) {}

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

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
