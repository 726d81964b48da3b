//! What is counted of requests, for Prometheus.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The upper ends of the buckets, in seconds: from what a warm page takes to what no request may take.
const BUCKETS: [f64; 14] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

/// The route of what no act takes.
const NO_ROUTE: &str = "none";

/// An act, as the document names it: as many as there are, whatever clients ask for.
#[derive(Clone, Debug)]
struct Act {
    method: &'static str,
    route: Arc<str>,
}

// Each route is written once, and known by the place where that is: its bytes need not be hashed for each request.
impl PartialEq for Act {
    fn eq(&self, other: &Self) -> bool {
        self.method == other.method && Arc::ptr_eq(&self.route, &other.route)
    }
}

impl Eq for Act {}

impl Hash for Act {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.route.as_ptr().hash(state);
    }
}

impl EncodeLabelSet for Act {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> Result<(), std::fmt::Error> {
        [("method", self.method), ("route", &*self.route)].encode(encoder)
    }
}

/// What came of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    #[prometheus(flatten)]
    act: Act,
    status: u16,
}

/// How many requests there were, by what came of them, and how long they took.
#[derive(Clone, Debug)]
pub struct Requests {
    in_flight: Gauge,
    no_route: Arc<str>,
    answered: Family<Answered, Counter>,
    seconds: Family<Act, Histogram, fn() -> Histogram>,
}

impl Default for Requests {
    fn default() -> Self {
        let seconds = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { in_flight: Gauge::default(), no_route: NO_ROUTE.into(), answered: Family::default(), seconds }
    }
}

impl Requests {
    /// Puts them among what Prometheus is told.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests_in_flight", "Requests without their answer", self.in_flight.clone());
        registry.register("http_requests", "Requests that were answered", self.answered.clone());
        let help = "From the head of a request to that of its answer";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, self.seconds.clone());
    }

    /// One more that has begun; it is in flight as long as this is kept.
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// One more that was answered, with the route that took it.
    pub fn add(&self, method: &Method, route: Option<&Arc<str>>, status: u16, took: Duration) {
        let route = route.unwrap_or(&self.no_route).clone();
        let act = Act { method: known(method), route };
        self.seconds.get_or_create(&act).observe(took.as_secs_f64());
        self.answered.get_or_create(&Answered { act, status }).inc();
    }
}

/// A request without its answer.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A client may make up any number of methods.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
