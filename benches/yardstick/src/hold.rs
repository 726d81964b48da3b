//! Many connections that are kept open, each with a request now and then.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use clap::Args;

/// Connections and what is asked on them.
#[derive(Args)]
pub struct Hold {
    /// Host and port.
    address: String,
    /// Requests, a line each: method and path, separated by a tab.
    requests: PathBuf,
    /// How many are open at a time.
    #[arg(long)]
    connections: usize,
    /// How often each of them asks, one after the other.
    #[arg(long)]
    rounds: usize,
}

impl Hold {
    pub fn run(self) -> Result<(), Box<dyn Error>> {
        let requests = fs::read_to_string(&self.requests)?;
        let mut requests = requests.lines().cycle();
        let open = || TcpStream::connect(&self.address).map(BufReader::new);
        let mut connections = (0..self.connections).map(|_| open()).collect::<Result<Vec<_>, _>>()?;
        for _ in 0..self.rounds {
            for connection in &mut connections {
                let request = requests.next().ok_or("no requests")?.replace('\t', " ");
                // A server may close a connection on which nothing was asked for a while: then there is another one.
                if ask(connection, &request, &self.address).is_err() {
                    *connection = open()?;
                    ask(connection, &request, &self.address)?;
                }
            }
        }
        Ok(())
    }
}

fn ask(connection: &mut BufReader<TcpStream>, request: &str, host: &str) -> Result<(), Box<dyn Error>> {
    connection.get_mut().write_all(format!("{request} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes())?;
    let (mut line, mut length) = (String::new(), 0);
    connection.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200 ") {
        return Err(format!("{request} was answered with {line:?}").into());
    }
    while line != "\r\n" {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err("the connection was closed".into());
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse()?;
        }
    }
    connection.read_exact(&mut vec![0; length])?;
    Ok(())
}
