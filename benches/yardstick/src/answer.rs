//! The least that an HTTP server can do: the bytes and the fields that the service gave for each path, from memory.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use bytes::Bytes;
use clap::Args;

/// Recorded answers.
#[derive(Args)]
pub struct Answer {
    /// A line for each, of three parts separated by tabs: the path; a file with status line and fields, as
    /// `curl --dump-header` writes them; a file with the bytes after them.
    recorded: PathBuf,
    /// Threads that answer.
    #[arg(long)]
    workers: usize,
}

impl Answer {
    pub fn run(self) -> Result<(), Box<dyn Error>> {
        let recorded = fs::read_to_string(&self.recorded)?;
        let recorded: HashMap<String, Recorded> = recorded.lines().map(read).collect::<Result<_, _>>()?;
        let recorded = Arc::new(recorded);
        let server = HttpServer::new(move || {
            let recorded = recorded.clone();
            App::new().default_service(web::to(move |request: HttpRequest| {
                let Some(recorded) = recorded.get(request.path()) else {
                    return ready(HttpResponse::NotFound().finish());
                };
                let mut answer = HttpResponse::build(recorded.status);
                for field in &recorded.fields {
                    answer.append_header(field.clone());
                }
                ready(answer.body(recorded.body.clone()))
            }))
        });
        let server = server.workers(self.workers).bind("127.0.0.1:0")?;
        for address in server.addrs() {
            println!("http://{address}");
        }
        Ok(rt::System::new().block_on(server.run())?)
    }
}

struct Recorded {
    status: StatusCode,
    fields: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

fn read(line: &str) -> Result<(String, Recorded), Box<dyn Error>> {
    let mut parts = line.split('\t');
    let (Some(path), Some(head), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("{line:?} is not a path and two files").into());
    };
    let (status, fields) = parse(&fs::read_to_string(head)?)?;
    Ok((path.to_owned(), Recorded { status, fields, body: fs::read(body)?.into() }))
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
