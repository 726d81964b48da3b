//! The program itself, as a process.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::app::{PUBLIC_URL, SECRET};
use super::{App, PATIENCE};

/// A service over a test's database. It is killed where a test ends before it does.
pub struct Service {
    process: Child,
    pub url: String,
    pub metrics_url: String,
    /// All that it says, line by line.
    says: Receiver<String>,
    said: RefCell<Vec<String>>,
}

impl Service {
    /// Begins it; what it says is to be waited for.
    pub fn begin(database_url: &str, options: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        program.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--drain", "0"]);
        // The tests' PostgreSQL keeps nothing.
        program
            .arg("--allow-data-loss")
            .args(options)
            .env_remove("DATABASE_URL")
            .env("FOLKMOOT_DATABASE_URL", database_url);
        program.env("FOLKMOOT_DATA_DIR", env!("CARGO_TARGET_TMPDIR")).env("FOLKMOOT_SECRET", SECRET);
        let mut process = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (to, says) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(process.stdout.take().unwrap()), Box::new(process.stderr.take().unwrap())];
        for output in outputs {
            let to = to.clone();
            // It ends with the output. That nobody listens any more is no failure.
            std::thread::spawn(move || {
                BufReader::new(output).lines().map_while(Result::ok).for_each(|line| _ = to.send(line));
            });
        }
        Self { process, url: String::new(), metrics_url: String::new(), says, said: RefCell::default() }
    }

    /// Waits until it serves.
    pub fn serves(mut self) -> Self {
        self.url = self.told("API ").trim_end_matches("/api/v1").to_owned();
        self.metrics_url = self.told("Metrics ");
        self
    }

    /// One that takes the tokens of a test's own node.
    pub fn beside(app: &App, options: &[&str]) -> Self {
        Self::begin(&app.database_url, &[&["--public-url", PUBLIC_URL], options].concat()).serves()
    }

    fn told(&self, what: &str) -> String {
        let line = self.says(what);
        line.split_once(what).unwrap().1.trim().to_owned()
    }

    /// Waits for a line that has these words.
    pub fn says(&self, words: &str) -> String {
        loop {
            let line = self.says.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not say: {words}"));
            self.said.borrow_mut().push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
    }

    /// What Prometheus would be told.
    pub async fn metrics(&self) -> String {
        reqwest::get(&self.metrics_url).await.unwrap().text().await.unwrap()
    }

    /// The most memory that it had at once, in KiB; none where the system does not tell.
    pub fn peak_memory(&self) -> Option<u64> {
        let told = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    pub fn tell_to_stop(&self) {
        self.tell(Signal::TERM);
    }

    pub fn tell(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for its end; all that it said.
    pub fn ends_well(mut self) -> Vec<String> {
        let told = Instant::now();
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(told.elapsed() < PATIENCE, "it does not end"),
            }
        };
        assert!(status.success(), "{status}");
        let mut said = self.said.take();
        said.extend(self.says.iter());
        said
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended already can not be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
