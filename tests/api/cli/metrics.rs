//! What Prometheus is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{App, Service, eventually};

/// The value of one line: a name with its labels.
fn value(told: &str, name: &str) -> f64 {
    let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {told}")).parse().unwrap()
}

/// The names in the dashboard.
fn shown() -> BTreeSet<String> {
    let dashboard = include_str!("../../../docs/grafana-dashboard.json");
    assert!(serde_json::from_str::<Value>(dashboard).unwrap()["panels"].as_array().unwrap().len() > 10);
    let names = dashboard.split("folkmoot_").skip(1);
    let name = |rest: &str| rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap().to_owned();
    names.map(|rest| format!("folkmoot_{}", name(rest))).collect()
}

#[actix_web::test]
async fn requests_and_what_a_node_has_to_do_are_counted_by_route_and_status() {
    let app = App::migrated().await;
    let service = Service::beside(&app, &["--workers", "2", "--database-connections", "16"]);
    let guest = app.guest().at_url(&service.url);
    while value(&service.metrics().await, "folkmoot_cache_believed") != 1.0 {}
    for id in [998, 999] {
        guest.get("/api/v1/threads").await.expect(200);
        guest.get(&format!("/api/v1/threads/{id}")).await.refused(404, "not_found");
    }
    guest
        .post("/api/v1/auth/login", json!({"login": "Anna", "password": "x"}))
        .await
        .refused(401, "invalid_credentials");
    // Clients can make up neither routes nor methods.
    guest.get("/no/such/thing").await.refused(404, "not_found");
    guest.ask("BREW", "/api/v1/threads", &[], None).await.refused(405, "method_not_allowed");
    let answer = reqwest::get(&service.metrics_url).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let told = answer.text().await.unwrap();
    assert!(told.ends_with("# EOF\n"));
    let counted = |method: &str, route: &str, status: u16| {
        let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
        value(&told, &format!("folkmoot_http_requests_total{labels}"))
    };
    assert_eq!(counted("GET", "/api/v1/threads", 200), 2.0);
    assert_eq!(counted("GET", "/api/v1/threads/{thread_id}", 404), 2.0);
    assert_eq!(counted("POST", "/api/v1/auth/login", 401), 1.0);
    assert_eq!(counted("GET", "none", 404), 1.0);
    assert_eq!(counted("other", "none", 405), 1.0);
    let threads = "folkmoot_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/threads\"}";
    assert_eq!(value(&told, threads), 2.0);
    let took = |end: &str| {
        let bucket = |line: &&str| {
            ["_seconds_bucket{", "method=\"GET\"", "route=\"/api/v1/threads\"", &format!("le=\"{end}\"")]
                .iter()
                .all(|part| line.contains(part))
        };
        told.lines().find(bucket).unwrap().rsplit(' ').next().unwrap()
    };
    assert_eq!((took("15.0"), took("+Inf")), ("2", "2"));
    assert!(value(&told, "folkmoot_database_statements_total") >= 4.0);
    assert!(value(&told, "folkmoot_database_connections") >= 1.0);
    // The login above, of nobody; the first administrator was made by another.
    assert_eq!(value(&told, "folkmoot_passwords_hashed_total"), 1.0);
    for (name, number) in [
        ("http_requests_in_flight", 0.0),
        ("database_connections_most", 15.0),
        ("database_requests_waiting", 0.0),
        ("database_frozen", 0.0),
        ("passwords_waiting", 0.0),
        ("mails_waiting", 0.0),
        ("mails_oldest_seconds", 0.0),
        ("mails_total{outcome=\"given_up\"}", 0.0),
        ("nodes", 1.0),
        ("cache_answers", 1.0),
        ("cache_believed", 1.0),
    ] {
        assert_eq!(value(&told, &format!("folkmoot_{name}")), number, "{name}");
    }
    // The list, twice, and two threads that are not there and so are not kept.
    let (hits, misses) = (value(&told, "folkmoot_cache_hits_total"), value(&told, "folkmoot_cache_misses_total"));
    assert!(hits + misses == 4.0 && misses >= 3.0, "{hits} and {misses}");
    assert!(value(&told, "folkmoot_cache_bytes") > 1024.0);
    assert!(value(&told, "folkmoot_events_age_seconds") < 0.9);
    let jobs = "folkmoot_jobs_total{job=\"count_nodes\",outcome=\"success\"}";
    assert!(value(&told, jobs) >= 1.0);
    for name in shown() {
        assert!(told.contains(&name), "the dashboard shows {name}");
    }
    // Clients do not reach it.
    guest.get("/metrics").await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_log_of_events_that_can_not_be_read_is_told_once_and_when_it_is_read_again() {
    let app = App::migrated().await;
    let service = Service::beside(&app, &[]);
    let sql = app.sql().await;
    eventually(async || value(&service.metrics().await, "folkmoot_cache_believed") == 1.0).await;
    sql.batch_execute("ALTER TABLE events RENAME TO gone").await.unwrap();
    // Many times in a row.
    eventually(async || value(&service.metrics().await, "folkmoot_events_age_seconds") > 2.0).await;
    assert_eq!(value(&service.metrics().await, "folkmoot_cache_believed"), 0.0);
    sql.batch_execute("ALTER TABLE gone RENAME TO events").await.unwrap();
    eventually(async || value(&service.metrics().await, "folkmoot_cache_believed") == 1.0).await;
    service.tell_to_stop();
    let said = service.ends_well();
    let lines =
        |level: &str, words: &str| said.iter().filter(|line| line.contains(level) && line.contains(words)).count();
    assert_eq!(lines("WARN", "the log of events can not be read"), 1, "{said:?}");
    assert_eq!(lines("INFO", "the log of events is read again"), 1, "{said:?}");
}
