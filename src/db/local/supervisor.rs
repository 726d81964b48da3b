//! The thread that keeps PostgreSQL running: starts it, starts it again when it ends unasked, stops it when asked.
//!
//! The system ends PostgreSQL when the thread that started it ends, so this thread lives as long as the server does.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use tokio::sync::oneshot;

use super::error::LocalError;
use super::leftovers::{LAST_WORDS, tell};
use super::server::{Request, Server};

const POLL: Duration = Duration::from_millis(20);
const LOG_CHECK: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A server that ran for this long is started again at once.
const LONG_ENOUGH: Duration = Duration::from_secs(60);
/// Each signal is tried for its time, then the next, harsher one.
const SHUTDOWN: [(Signal, Duration); 3] =
    [(Signal::INT, Duration::from_secs(60)), (Signal::QUIT, Duration::from_secs(15)), (Signal::KILL, Duration::MAX)];

enum Event {
    Stop,
    /// The process is a zombie: its id is still its own.
    Exited,
}

/// Stops the server when it is dropped.
#[derive(Debug)]
pub(super) struct Supervisor {
    events: Sender<Event>,
    ended: Option<oneshot::Receiver<()>>,
}

impl Supervisor {
    /// Starts the thread. The receiver gets the socket's folder once the server takes connections.
    pub(super) fn start(request: Request) -> io::Result<(Supervisor, oneshot::Receiver<Result<String, LocalError>>)> {
        let (events, inbox) = channel();
        let (ready, is_ready) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let sender = events.clone();
        thread::Builder::new().name("postgres".to_owned()).spawn(move || {
            // Dropped last, when the folder is free again.
            let _end: oneshot::Sender<()> = end;
            supervise(request, ready, Events { inbox, sender });
        })?;
        let supervisor = Supervisor { events, ended: Some(ended) };
        Ok((supervisor, is_ready))
    }

    /// Fast shutdown; waits until the folder is free.
    pub(super) async fn stop(mut self) {
        let ended = self.ended.take();
        drop(self);
        if let Some(ended) = ended {
            // That the sender is dropped is what is waited for.
            let _: Result<(), oneshot::error::RecvError> = ended.await;
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if self.events.send(Event::Stop).is_err() {
            tracing::debug!("the supervisor of PostgreSQL has ended before");
        }
    }
}

struct Events {
    inbox: Receiver<Event>,
    sender: Sender<Event>,
}

impl Events {
    fn wait(&self, patience: Duration) -> Option<Event> {
        match self.inbox.recv_timeout(patience) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            // Cannot be, as we hold a sender; no one could ask for more, so it ends.
            Err(RecvTimeoutError::Disconnected) => Some(Event::Stop),
        }
    }

    /// Whether a stop was asked for meanwhile. For times without a process.
    fn stop_within(&self, pause: Duration) -> bool {
        matches!(self.wait(pause), Some(Event::Stop))
    }

    fn report_exit_of(&self, child: &Child) -> io::Result<()> {
        let sender = self.sender.clone();
        let pid = Pid::from_child(child);
        let wait = move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(error) = waitid(WaitId::Pid(pid), options) {
                if error != rustix::io::Errno::INTR {
                    tracing::error!(%error, "cannot wait for PostgreSQL");
                    break;
                }
            }
            if sender.send(Event::Exited).is_err() {
                tracing::debug!("PostgreSQL outlived its supervisor");
            }
        };
        thread::Builder::new().name("postgres-exit".to_owned()).spawn(wait).map(drop)
    }
}

/// How the wait for a running server ended.
enum End {
    Asked,
    Unasked(ExitStatus),
}

fn supervise(request: Request, ready: oneshot::Sender<Result<String, LocalError>>, events: Events) {
    let folder = request.data_dir.clone();
    let started = Server::prepare(request).and_then(|(server, lock)| {
        let child = start(&server, lock, &events)?;
        let child = child.ok_or(LocalError::Stopped { folder })?;
        Ok((server, child))
    });
    let (server, child) = match started {
        Ok(started) => started,
        Err(error) => return answer(ready, Err(error)),
    };
    let socket = server.socket.path.to_string_lossy().into_owned();
    // A caller that went away meanwhile has sent a stop.
    answer(ready, Ok(socket));
    keep_running(&server, child, &events);
    server.socket.remove();
}

fn answer(ready: oneshot::Sender<Result<String, LocalError>>, result: Result<String, LocalError>) {
    if let Err(unheard) = ready.send(result) {
        tracing::debug!(?unheard, "no one waits for PostgreSQL any more");
    }
}

fn keep_running(server: &Server, mut child: Child, events: &Events) {
    let mut pause = Duration::ZERO;
    loop {
        let since = Instant::now();
        match watch(server, &mut child, events) {
            Ok(End::Asked) => return,
            Ok(End::Unasked(status)) => {
                tracing::error!(%status, "PostgreSQL ended; starting it again")
            }
            Err(error) => tracing::error!(%error, "PostgreSQL is lost; starting it again"),
        }
        if since.elapsed() >= LONG_ENOUGH {
            pause = Duration::ZERO;
        }
        child = loop {
            if events.stop_within(pause) {
                return;
            }
            pause = (pause * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            match restart(server, events) {
                Ok(Some(child)) => break child,
                Ok(None) => return,
                Err(error) => tracing::error!(%error, ?pause, "PostgreSQL did not start again"),
            }
        };
        tracing::info!("PostgreSQL runs again");
    }
}

/// Waits for the processes of the last start, which end by themselves or are broken off. `None` if a stop was asked for.
fn restart(server: &Server, events: &Events) -> Result<Option<Child>, LocalError> {
    let mut next_push = Instant::now() + LAST_WORDS;
    loop {
        if let Some(lock) = server.try_lock()? {
            return start(server, lock, events);
        }
        if events.stop_within(POLL) {
            return Ok(None);
        }
        if Instant::now() > next_push {
            next_push += LOG_CHECK;
            server.end_orphans()?;
        }
    }
}

/// Waits until it takes connections, for as long as it lives: after a crash it may have much to read.
/// `None` if a stop was asked for.
fn start(server: &Server, lock: std::fs::File, events: &Events) -> Result<Option<Child>, LocalError> {
    let (mut child, log_start) = server.spawn(lock)?;
    if let Err(error) = events.report_exit_of(&child) {
        return Err(abandon(server, child, &error, log_start));
    }
    let since = Instant::now();
    let mut next_word = LOG_CHECK;
    loop {
        match events.wait(POLL) {
            Some(Event::Exited) => {
                let status = reap(&mut child);
                return Err(server.start_failed(status, log_start));
            }
            Some(Event::Stop) => {
                shut_down(&mut child, events);
                return Ok(None);
            }
            None => match server.is_ready(&child) {
                Ok(true) => return Ok(Some(child)),
                Ok(false) => {}
                Err(error) => {
                    shut_down(&mut child, events);
                    return Err(error);
                }
            },
        }
        if since.elapsed() > next_word {
            next_word += LOG_CHECK;
            tracing::warn!(log = %server.log.path().display(), "PostgreSQL is still starting");
        }
    }
}

/// A server whose end we could not notice is of no use.
fn abandon(server: &Server, mut child: Child, error: &io::Error, log_start: u64) -> LocalError {
    tell(Pid::from_child(&child), Signal::INT);
    let status = reap(&mut child);
    server.start_failed(format!("{error}; {status}"), log_start)
}

fn reap(child: &mut Child) -> String {
    match child.wait() {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

fn watch(server: &Server, child: &mut Child, events: &Events) -> io::Result<End> {
    loop {
        match events.wait(LOG_CHECK) {
            Some(Event::Exited) => return child.wait().map(End::Unasked),
            Some(Event::Stop) => {
                shut_down(child, events);
                return Ok(End::Asked);
            }
            None => {
                if let Err(error) = server.log.keep_bounded() {
                    tracing::warn!(%error, "cannot shorten PostgreSQL's log");
                }
            }
        }
    }
}

fn shut_down(child: &mut Child, events: &Events) {
    'signals: for (signal, patience) in SHUTDOWN {
        tell(Pid::from_child(child), signal);
        let since = Instant::now();
        loop {
            match events.wait(patience.saturating_sub(since.elapsed())) {
                Some(Event::Exited) => break 'signals,
                Some(Event::Stop) => {}
                None => {
                    tracing::warn!(?signal, ?patience, "PostgreSQL has not ended");
                    break;
                }
            }
        }
    }
    let status = reap(child);
    tracing::debug!(status, "PostgreSQL has ended");
}
