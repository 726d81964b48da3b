//! Spans of requests, as a collector gets them.

use std::sync::mpsc::{Receiver, Sender, channel};

use actix_web::web::{Bytes, Data, post};
use actix_web::{App as Server, HttpRequest, HttpResponse, HttpServer};
use serde_json::Value;

use crate::support::{App, Service};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

async fn take(request: HttpRequest, body: Bytes, to: Data<Sender<(String, Bytes)>>) -> HttpResponse {
    let kind = request.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    to.send((kind, body)).unwrap();
    HttpResponse::Ok().finish()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

pub fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A collector: where it is, and what it gets.
pub fn collector() -> (String, Receiver<(String, Bytes)>) {
    let (to, spans) = channel::<(String, Bytes)>();
    let to = Data::new(to);
    let server = HttpServer::new(move || Server::new().app_data(to.clone()).route("/v1/traces", post().to(take)))
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let endpoint = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    (endpoint, spans)
}

#[actix_web::test]
async fn a_request_goes_on_with_its_trace_and_is_sent_as_a_span() {
    let (endpoint, spans) = collector();
    let app = App::migrated().await;
    let service = Service::beside(&app, &["--otlp-endpoint", &endpoint, "--log", "warn,folkmoot::requests=info"]);
    let guest = app.guest().at_url(&service.url);
    let traced = format!("00-{TRACE}-{PARENT}-01");
    guest.ask("GET", "/api/v1/threads/999", &[("traceparent", &traced)], None).await.refused(404, "not_found");
    guest.ask("GET", "/api/v1/forums", &[("traceparent", "00-nonsense")], None).await.expect(200);
    service.tell_to_stop();
    let said = service.ends_well();
    let mut sent = Vec::new();
    while let Ok((kind, body)) = spans.try_recv() {
        assert_eq!(kind, "application/x-protobuf");
        sent.extend(body);
    }
    for part in
        [&bytes(TRACE)[..], &bytes(PARENT), b"GET /api/v1/threads/{thread_id}", b"GET /api/v1/forums", b"folkmoot"]
    {
        assert!(has(&sent, part), "{part:?}");
    }
    let lines = said.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ids: Vec<Value> =
        lines.filter(|l| l["target"] == "folkmoot::requests").map(|l| l["fields"]["trace_id"].clone()).collect();
    assert_eq!(ids[0], TRACE);
    // One that comes with none has its own.
    let own = ids[1].as_str().unwrap();
    assert!(own != TRACE && own.len() == 32 && has(&sent, &bytes(own)), "{own}");
}

#[actix_web::test]
async fn a_trace_is_noted_without_a_collector_too() {
    let app = App::migrated().await;
    let service = Service::beside(&app, &[]);
    let traced = format!("00-{TRACE}-{PARENT}-00");
    let guest = app.guest().at_url(&service.url);
    guest.ask("GET", "/api/v1/forums", &[("traceparent", &traced)], None).await.expect(200);
    guest.get("/api/v1/forums").await.expect(200);
    service.tell_to_stop();
    let said = service.ends_well();
    let lines = said.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ids: Vec<Value> =
        lines.filter(|l| l["target"] == "folkmoot::requests").map(|l| l["fields"]["trace_id"].clone()).collect();
    assert_eq!(ids, [Value::from(TRACE), Value::Null]);
}

#[actix_web::test]
async fn what_is_said_while_a_request_is_worked_on_carries_its_ids() {
    let app = App::migrated().await;
    let service = Service::beside(&app, &[]);
    let guest = app.guest().at_url(&service.url);
    app.sql().await.batch_execute("ALTER TABLE forums RENAME TO elsewhere").await.unwrap();
    let traced = format!("00-{TRACE}-{PARENT}-00");
    let of_a_trace = guest.ask("GET", "/api/v1/forums", &[("traceparent", &traced)], None).await;
    let alone = guest.get("/api/v1/forums").await;
    service.tell_to_stop();
    let said = service.ends_well();
    let lines: Vec<Value> = said.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let spans: Vec<&Value> = lines.iter().filter(|line| line["level"] == "ERROR").map(|line| &line["span"]).collect();
    for (answer, trace) in [(of_a_trace, Value::from(TRACE)), (alone, Value::Null)] {
        let id = answer.header("x-request-id");
        assert!(spans.iter().any(|span| span["request_id"] == id && span["trace_id"] == trace), "{spans:?}");
    }
}
