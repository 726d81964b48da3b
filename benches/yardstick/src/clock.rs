//! How long a command takes, and how much memory; how long a service takes until it is ready.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A command.
#[derive(Args)]
pub struct Run {
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// How often readiness is asked for, and for how long.
const PAUSE: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(30);

impl Run {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        command
    }

    /// What the command prints is not shown; what it complains about is.
    pub fn time(self) -> Result<(), Box<dyn Error>> {
        let from = Instant::now();
        let status = self.command().stdout(Stdio::null()).status()?;
        let milliseconds = from.elapsed().as_millis();
        if !status.success() {
            return Err(format!("{} ended with {status}", self.command[0]).into());
        }
        // Linux counts kilobytes here, macOS bytes.
        let unit = if cfg!(target_os = "macos") { 1024 } else { 1 };
        println!("{milliseconds} {}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() / unit);
        Ok(())
    }

    /// The service listens on a free port and prints it with the URL of its API.
    pub fn start(self) -> Result<(), Box<dyn Error>> {
        let from = Instant::now();
        let mut service = self.command().stdout(Stdio::piped()).spawn()?;
        let ready = service.stdout.take().ok_or("no output")?;
        let ready = wait(BufReader::new(ready), from);
        kill(Pid::from_raw(i32::try_from(service.id())?), Signal::SIGTERM)?;
        service.wait()?;
        println!("{:.1}", ready?.as_secs_f64() * 1e3);
        Ok(())
    }
}

fn wait(mut output: impl BufRead, from: Instant) -> Result<Duration, Box<dyn Error>> {
    // Its other end stays open until the service is ready: who prints more is not to fail.
    let address = address(&mut output)?;
    while from.elapsed() < PATIENCE {
        if is_ready(&address).unwrap_or(false) {
            return Ok(from.elapsed());
        }
        std::thread::sleep(PAUSE);
    }
    Err(format!("not ready after {} s", PATIENCE.as_secs()).into())
}

fn address(output: &mut impl BufRead) -> Result<String, Box<dyn Error>> {
    for line in output.lines() {
        if let Some((_, url)) = line?.split_once("http://") {
            return Ok(url.split('/').next().unwrap_or(url).to_owned());
        }
    }
    Err("it ended, or told no URL".into())
}

fn is_ready(address: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200 "))
}
