//! A node of the service: a process that is started, stopped and killed.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::Tried;

const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(60);
/// For so long a node may take to end after SIGTERM, as the service promises.
pub const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// Below the ports that systems give to outgoing connections: one of those could take a stopped node's port.
const PORTS: std::ops::Range<u16> = 17_000..30_000;

/// What a node is started with.
#[derive(Clone)]
pub struct Config {
    pub program: PathBuf,
    pub database_url: String,
    /// In seconds.
    pub drain: u8,
}

pub struct Node {
    pub url: String,
    pub port: u16,
    pub life: Life,
    config: Config,
    log: PathBuf,
    http: reqwest::Client,
    child: Option<Child>,
}

/// Counts how often a node came up and went: even while it is up. It is not while it is being stopped, killed or started.
#[derive(Clone)]
pub struct Life(Arc<AtomicU32>);

impl Life {
    /// That of a node that is up and stays so.
    pub fn of_one_that_stays_up() -> Self {
        Self(Arc::new(AtomicU32::new(0)))
    }

    /// A number that stays the same for as long as the node stays up; none while it is not.
    pub fn number(&self) -> Option<u32> {
        Some(self.0.load(Ordering::SeqCst)).filter(|number| number % 2 == 0)
    }

    fn turn(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn end(&self) {
        if self.number().is_some() {
            self.turn();
        }
    }
}

/// A command that the system ends when this run ends, even if that is killed, where the system can do so.
pub fn ending_with_us(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return Command::new(program);
    }
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A free port of the loopback address; `salt` makes runs at the same time look at different ones first.
pub fn free_port(salt: u32) -> Tried<u16> {
    let count = u32::from(PORTS.end - PORTS.start);
    let candidates = (0..count).filter_map(|n| u16::try_from((salt.wrapping_mul(7_919) + n * 13) % count).ok());
    let mut ports = candidates.map(|n| PORTS.start + n);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).ok_or_else(|| "no port is free".to_owned())
}

impl Node {
    /// A node that does not run yet.
    pub fn new(name: &str, port: u16, config: Config, folder: &Path) -> Tried<Self> {
        let http =
            reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(2)).build();
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            life: Life(Arc::new(AtomicU32::new(1))),
            config,
            log: folder.join(format!("node-{name}.log")),
            http: http.map_err(|e| e.to_string())?,
            child: None,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub fn pid(&self) -> Tried<u32> {
        self.child.as_ref().and_then(Child::id).ok_or_else(|| "the node does not run".to_owned())
    }

    /// Starts it and waits until it says that it can answer. Gives how long that took.
    pub async fn start(&mut self) -> Tried<Duration> {
        let from = Instant::now();
        self.begin()?;
        self.until_ready(from).await?;
        self.life.turn();
        Ok(from.elapsed())
    }

    /// Starts it, and kills it when that has gone on for so long.
    pub async fn start_in_vain(&mut self, time: Duration) -> Tried<()> {
        self.begin()?;
        sleep(time).await;
        self.kill().await
    }

    fn begin(&mut self) -> Tried<()> {
        let log = File::options().create(true).append(true).open(&self.log).map_err(|e| e.to_string())?;
        let child = ending_with_us(&self.config.program)
            .args(["serve", "--rate-limits", "off", "--listen", &format!("127.0.0.1:{}", self.port)])
            .args(["--database-url", &self.config.database_url, "--drain", &self.config.drain.to_string()])
            // Tokens of one node are good on the other.
            .args(["--public-url", "http://forum.test", "--secret", "a secret of at least thirty-two characters"])
            .args(["--admin-password", crate::setup::PASSWORD, "--log", "warn"])
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(|e| e.to_string())?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("{}: {e}", self.config.program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    /// Stops its process where it is, and lets it go on after so long.
    pub async fn freeze(&self, time: Duration) -> Tried<()> {
        self.life.end();
        self.tell(Signal::STOP)?;
        sleep(time).await;
        self.tell(Signal::CONT)?;
        self.life.turn();
        Ok(())
    }

    fn tell(&self, signal: Signal) -> Tried<()> {
        let pid = i32::try_from(self.pid()?).ok().and_then(Pid::from_raw).ok_or("the node has ended")?;
        kill_process(pid, signal).map_err(|e| e.to_string())
    }

    async fn until_ready(&mut self, from: Instant) -> Tried<()> {
        loop {
            if let Some(child) = &mut self.child
                && let Ok(Some(status)) = child.try_wait()
            {
                return Err(format!("a node did not start ({status}); its log is {}", self.log.display()));
            }
            let asked = self.http.get(format!("{}/health/ready", self.url)).send().await;
            if asked.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            if from.elapsed() > PATIENCE {
                return Err(format!("a node does not become ready; its log is {}", self.log.display()));
            }
            sleep(POLL).await;
        }
    }

    /// SIGKILL.
    pub async fn kill(&mut self) -> Tried<()> {
        self.life.end();
        match self.child.take() {
            Some(mut child) => child.kill().await.map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    /// SIGTERM. Gives how it ended, and after how long; an error where it does not end in time.
    pub async fn terminate(&mut self) -> Tried<(ExitStatus, Duration)> {
        self.life.end();
        let from = Instant::now();
        self.tell(Signal::TERM)?;
        let mut child = self.child.take().ok_or("the node does not run")?;
        match timeout(ENDS_WITHIN, child.wait()).await {
            Ok(ended) => Ok((ended.map_err(|e| e.to_string())?, from.elapsed())),
            Err(_) => {
                child.kill().await.map_err(|e| e.to_string())?;
                Err(format!("a node did not end within {ENDS_WITHIN:?} of SIGTERM; its log is {}", self.log.display()))
            }
        }
    }
}
