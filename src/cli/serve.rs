//! `folkmoot serve`: migrates, then serves.

use std::any::Any;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use tokio::signal::unix::{SignalKind, signal};

use super::rounds::Rounds;
use super::setup::{Database, Folder};
use crate::app::{Shared, build_app};
use crate::config::{Config, ServeConfig};
use crate::mails::Mailer;
use crate::state::State;
use crate::web::limit::Limits;

/// For how long requests in flight may go on when the service stops, in seconds.
const LAST_REQUESTS: u64 = 20;

/// Serves until it is told to stop.
pub async fn run(config: &Config, serve: &ServeConfig) -> Result<(), String> {
    say(&format!("folkmoot {}", env!("CARGO_PKG_VERSION")))?;
    let database = Database::open(config, "folkmoot serve", Folder::Mine).await?;
    let served = serve_on(&database, config, serve).await;
    database.close().await?;
    served
}

async fn serve_on(database: &Database, config: &Config, serve: &ServeConfig) -> Result<(), String> {
    let listener = std::net::TcpListener::bind(serve.listen).map_err(|e| format!("--listen {}: {e}", serve.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let here = format!("http://{address}");
    let state = database.state(config, config.identity.public_url.clone().unwrap_or_else(|| here.clone()))?;
    let mailer = Mailer::new(&serve.mail, &config.database.data_dir, &state.public_url, Mailer::PATIENCE)?;
    let mail = mailer.told();
    let first = super::first_start::run(&state, config.identity.admin_password.as_deref()).await?;
    let limits = Limits::new(serve.rate_limits == "on", serve.trusted_proxies.clone(), state.clock.clone());
    let shared = Shared::new(state, limits).await.map_err(|e| e.to_string())?;
    let state = shared.state.clone();
    let rounds = Rc::new(Rounds::new(shared.clone()).await.map_err(|e| e.to_string())?);
    let mut server = HttpServer::new(move || build_app(shared.clone()))
        .disable_signals()
        .on_connect(|connection, _| end_where_nobody_reads(connection))
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(LAST_REQUESTS);
    if let Some(workers) = serve.workers {
        server = server.workers(workers.into());
    }
    let server = server.listen(listener).map_err(|e| e.to_string())?.run();
    tell(&here, database, &mail, first)?;
    let drain = Duration::from_secs(serve.drain.into());
    actix_web::rt::spawn(stop_when_told(server.handle(), state.clone(), drain));
    let watched = state.clone();
    let watch = actix_web::rt::spawn(async move { watched.db.watch().await });
    let (running, sending) = (rounds.clone(), rounds.clone());
    let running = actix_web::rt::spawn(async move { running.run().await });
    let sending = actix_web::rt::spawn(async move { sending.send_mails(&mailer).await });
    let served = server.await.map_err(|e| e.to_string());
    running.abort();
    sending.abort();
    watch.abort();
    rounds.end().await;
    served
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
fn tell(here: &str, database: &Database, mail: &str, first: Option<String>) -> Result<(), String> {
    say(&format!("  API       {here}/api/v1"))?;
    say(&format!("  Page      {here}/docs"))?;
    say(&format!("  Database  {}", database.told))?;
    say(&format!("  Mails     {mail}"))?;
    match first {
        Some(password) => say(&format!("  Sign in   admin, password {password} (shown this once)")),
        None => Ok(()),
    }
}

fn say(line: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{line}").map_err(|e| e.to_string())
}

async fn stop_when_told(server: ServerHandle, state: Data<State>, drain: Duration) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals can not be heard; only kill -9 stops this process");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    // First balancers see that this node is not ready, and clients that their connections end; then nobody new is let in.
    state.stopping.begin();
    tokio::time::sleep(drain).await;
    server.stop(true).await;
}
