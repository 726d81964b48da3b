//! The least that an HTTP server can do: the bytes and the fields that the service gave, from memory.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use actix_web::{App, HttpResponse, HttpServer, rt, web};
use bytes::Bytes;
use clap::Args;

/// A recorded answer.
#[derive(Args)]
pub struct Answer {
    /// Status line and fields, as `curl --dump-header` writes them.
    head: PathBuf,
    /// The bytes after them.
    body: PathBuf,
    /// Threads that answer.
    #[arg(long)]
    workers: usize,
}

impl Answer {
    pub fn run(self) -> Result<(), Box<dyn Error>> {
        let (status, fields) = parse(&fs::read_to_string(&self.head)?)?;
        let body = Bytes::from(fs::read(&self.body)?);
        let server = HttpServer::new(move || {
            let (fields, body) = (fields.clone(), body.clone());
            App::new().default_service(web::to(move || {
                let mut answer = HttpResponse::build(status);
                for field in &fields {
                    answer.append_header(field.clone());
                }
                std::future::ready(answer.body(body.clone()))
            }))
        });
        let server = server.workers(self.workers).bind("127.0.0.1:0")?;
        for address in server.addrs() {
            println!("http://{address}");
        }
        Ok(rt::System::new().block_on(server.run())?)
    }
}

type Head = (StatusCode, Vec<(HeaderName, HeaderValue)>);

/// Without the fields that a server writes by itself.
fn parse(head: &str) -> Result<Head, Box<dyn Error>> {
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("no status line")?.parse()?;
    let mut fields = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").ok_or("a field without a value")?;
        let name = HeaderName::try_from(name)?;
        if ![CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING].contains(&name) {
            fields.push((name, HeaderValue::try_from(value)?));
        }
    }
    Ok((status, fields))
}
