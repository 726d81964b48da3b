//! `folkmoot health`: asks a running service whether it can answer, for images without a program that could.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

/// The most time for the whole question.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Args)]
pub struct HealthConfig {
    /// The address and port of the service.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    address: SocketAddr,
}

/// An error unless `GET /health/ready` gives 200.
pub fn run(config: &HealthConfig) -> Result<(), String> {
    let status = ask(config.address).map_err(|e| format!("{}: {e}", config.address))?;
    let code = status.split(' ').nth(1).unwrap_or("no status");
    if code == "200" { Ok(()) } else { Err(format!("{} is not ready: {code}", config.address)) }
}

/// The first bytes of the answer: its status is among them.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(16).read_to_string(&mut answer)?;
    Ok(answer)
}
