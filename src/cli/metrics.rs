//! What Prometheus is told of a node, on a listener of its own.

use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{Data, get};
use actix_web::{App, HttpResponse, HttpServer};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::app::Shared;
use crate::db::Replicas;
use crate::error::Error;
use crate::mails::Counts;
use crate::web::metrics::Requests;

/// Where it listens unless it is told otherwise.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);
/// The media type of the text format of OpenMetrics 1.0.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What came of a node's work beside its requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    job: &'static str,
    outcome: &'static str,
}

/// How often each job of a round was done, or failed.
#[derive(Clone, Debug, Default)]
pub struct Jobs(Family<Ended, Counter>);

impl Jobs {
    /// Counts what came of one. What fails is written to the log, and tried again when it is its time.
    pub fn done<T>(&self, job: &'static str, done: Result<T, impl fmt::Display>) -> Option<T> {
        let outcome = if done.is_ok() { "success" } else { "failure" };
        self.0.get_or_create(&Ended { job, outcome }).inc();
        done.inspect_err(|error| tracing::warn!(%error, job, "work beside the requests failed")).ok()
    }
}

/// All of it. What others keep count of themselves is read when it is asked for.
pub fn registry(shared: &Shared, jobs: &Jobs, mails: &Arc<Counts>) -> Registry {
    let mut registry = Registry::with_prefix("folkmoot");
    registry.register("build", "What runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    registry.register_collector(Box::new(Requests::clone(&shared.requests)));
    registry.register("jobs", "Work beside the requests, by what came of it", jobs.0.clone());
    registry.register_collector(Box::new(Node(shared.clone(), mails.clone())));
    registry
}

/// A node at this moment.
struct Node(Shared, Arc<Counts>);

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Node")
    }
}

impl Collector for Node {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Shared { state, passwords, limits, .. } = &self.0;
        let pool = state.db.load();
        let (mails, oldest) = self.1.waiting();
        let ((answers, bytes), (hits, misses)) = (state.store.size(), state.store.found());
        let gauges = [
            ("database_connections", "Connections to the database", pool.connections),
            ("database_connections_in_use", "Connections that a request has", pool.in_use),
            ("database_connections_most", "Connections that there may be", pool.most),
            ("database_requests_waiting", "Requests that wait for a connection or a statement", pool.waiting),
            ("passwords_waiting", "Passwords that are hashed or wait for it", passwords.waiting()),
            ("nodes", "Nodes that share the limits of use", limits.nodes() as usize),
            ("mails_waiting", "Mails that wait to be sent, by all nodes", whole(mails)),
            ("mails_oldest_seconds", "Since when the oldest of them waits", whole(oldest)),
            ("database_frozen", "1 while the database does not answer", state.db.is_frozen().into()),
            ("cache_believed", "1 while what is kept in memory may be shown", state.store.changes.is_sure().into()),
            ("cache_answers", "Answers that are kept in memory", answers),
            ("cache_bytes", "Bytes that they take", whole(bytes)),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let counters = [
            ("database_statements", "Statements that were run", state.db.statements()),
            ("passwords_hashed", "Runs of argon2", passwords.runs()),
            ("cache_hits", "Answers that were found in memory", hits),
            ("cache_misses", "Answers that were not, and were read or waited for", misses),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let help = "Attempts to send a mail, by what came of them";
        let mut family = encoder.encode_descriptor("mails", help, None, MetricType::Counter)?;
        for (outcome, value) in self.1.outcomes() {
            ConstCounter::new(value).encode(family.encode_family(&[("outcome", outcome)])?)?;
        }
        let help = "For how long nothing is known of what other nodes changed";
        let age = ConstGauge::new(state.store.changes.age().as_secs_f64());
        age.encode(encoder.encode_descriptor("events_age_seconds", help, None, age.metric_type())?)?;
        tell_of_replicas(&state.replicas, &mut encoder)
    }
}

/// Each is called by its place among the addresses, from 1: an address may have a password.
fn tell_of_replicas(replicas: &Replicas, encoder: &mut DescriptorEncoder) -> fmt::Result {
    let late: Vec<_> = replicas.late().collect();
    let numbered = || late.iter().zip(1..).map(|(late, number)| ([("replica", number)], late));
    let mut near = encoder.encode_descriptor("replica_near", "1 while guests read there", None, MetricType::Gauge)?;
    for (labels, late) in numbered() {
        let is_near = late.is_some_and(|(_, is_near)| is_near);
        ConstGauge::new(i64::from(is_near)).encode(near.encode_family(&labels)?)?;
    }
    let help = "How late it is; not told of one that does not answer";
    let mut lag = encoder.encode_descriptor("replica_lag_seconds", help, None, MetricType::Gauge)?;
    for (labels, late) in numbered() {
        if let Some((late, _)) = late {
            ConstGauge::new(late.as_secs_f64()).encode(lag.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Who tells it, and where.
pub struct Listener {
    pub server: ServerHandle,
    pub address: SocketAddr,
}

/// Serves it. A node that shares its machine with another one may find the usual address taken: then it
/// does without, and says so.
pub fn serve(registry: Registry, listen: Option<SocketAddr>) -> Result<Option<Listener>, String> {
    let address = listen.unwrap_or(USUAL);
    let bound = match std::net::TcpListener::bind(address) {
        Ok(listener) => listener,
        Err(error) if listen.is_none() && error.kind() == ErrorKind::AddrInUse => return Ok(None),
        Err(error) => return Err(format!("--metrics-listen {address}: {error}")),
    };
    let address = bound.local_addr().map_err(|e| e.to_string())?;
    let registry = Data::new(registry);
    let server = HttpServer::new(move || App::new().app_data(registry.clone()).route("/metrics", get().to(metrics)))
        .workers(1)
        .disable_signals()
        .client_request_timeout(Duration::from_secs(5))
        .listen(bound)
        .map_err(|e| e.to_string())?
        .run();
    let listener = Listener { server: server.handle(), address };
    actix_web::rt::spawn(server);
    Ok(Some(listener))
}

async fn metrics(registry: Data<Registry>) -> Result<HttpResponse, Error> {
    let mut told = String::new();
    text::encode(&mut told, &registry).map_err(Error::internal)?;
    Ok(HttpResponse::Ok().content_type(OPENMETRICS).body(told))
}
