//! Tests of `src/cli/`: the program, as a process of its own.

mod file;
mod log;
mod metrics;
mod starts;
mod stop;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{App, PATIENCE, database};

/// A service over a test's database. It is killed where a test ends before it does.
struct Service {
    process: Child,
    url: String,
    metrics_url: String,
    /// All that it says, line by line.
    says: Receiver<String>,
}

impl Service {
    fn start(database_url: &str, options: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
        program.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]);
        program.args(["--workers", "2", "--drain", "0"]).args(options);
        program.env("FOLKMOOT_DATABASE_URL", database_url);
        // Tokens of the test's own node are taken.
        program.env("FOLKMOOT_PUBLIC_URL", "http://forum.test");
        program.env("FOLKMOOT_SECRET", "a secret of at least thirty-two characters");
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
        let mut service = Self { process, url: String::new(), metrics_url: String::new(), says };
        service.url = service.told("API ").trim_end_matches("/api/v1").to_owned();
        service.metrics_url = service.told("Metrics ");
        service
    }

    fn told(&self, what: &str) -> String {
        let line = self.says(what);
        line.split_once(what).unwrap().1.trim().to_owned()
    }

    /// Waits for a line that has these words.
    fn says(&self, words: &str) -> String {
        loop {
            let line = self.says.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not say: {words}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    fn tell_to_stop(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
    }

    /// Waits for its end; what it had still to say.
    fn ends_well(mut self) -> Vec<String> {
        let told = Instant::now();
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(told.elapsed() < PATIENCE, "it does not end"),
            }
        };
        assert!(status.success(), "{status}");
        self.says.iter().collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended already can not be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A node of a test's own, over a database that a service takes for its own.
async fn migrated() -> App {
    let url = database::bare().await;
    folkmoot::db::migrate(&url).await.unwrap();
    App::start_on(&url, |_| ()).await
}
