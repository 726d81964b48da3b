//! What is counted of requests, for Prometheus. Each thread counts by itself, and the sums are made when they are asked for: with one
//! counter for all, threads would wait for each other's memory at every request.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::web::Data;
use crossbeam_utils::CachePadded;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use thread_local::ThreadLocal;

/// The upper ends of the buckets, in seconds: from what a warm page takes to what no request may take, and one for all beyond.
const BUCKETS: [f64; 15] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, f64::INFINITY];

/// The route of what no act takes.
const NO_ROUTE: &str = "none";

/// How many requests there were, by what came of them, and how long they took.
#[derive(Clone, Debug)]
pub struct Requests {
    no_route: Arc<str>,
    threads: Arc<ThreadLocal<CachePadded<OnThread>>>,
}

/// What one thread has counted.
#[derive(Debug, Default)]
struct OnThread {
    /// Those that began on it, less those that ended on it.
    in_flight: AtomicI64,
    /// By the place where the route is written (one for each, so its bytes need not be looked at), and by method.
    acts: Mutex<BTreeMap<(usize, &'static str), Tally>>,
}

/// What is counted of the requests of an act.
#[derive(Clone, Debug)]
struct Tally {
    route: Arc<str>,
    /// By the status of the answer.
    answered: BTreeMap<u16, u64>,
    /// How many took so long.
    buckets: [u64; BUCKETS.len()],
    seconds: f64,
}

impl Tally {
    fn new(route: Arc<str>) -> Self {
        Self { route, answered: BTreeMap::new(), buckets: [0; BUCKETS.len()], seconds: 0.0 }
    }

    fn add(&mut self, status: u16, seconds: f64) {
        *self.answered.entry(status).or_default() += 1;
        self.buckets[BUCKETS.partition_point(|end| *end < seconds)] += 1;
        self.seconds += seconds;
    }

    fn add_all(&mut self, other: &Self) {
        for (status, count) in &other.answered {
            *self.answered.entry(*status).or_default() += count;
        }
        for (sum, count) in self.buckets.iter_mut().zip(other.buckets) {
            *sum += count;
        }
        self.seconds += other.seconds;
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self { no_route: NO_ROUTE.into(), threads: Arc::default() }
    }
}

impl Requests {
    /// One more that has begun; it is in flight as long as this is kept.
    pub fn begin(requests: Data<Self>) -> InFlight {
        requests.threads.get_or_default().in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(requests)
    }

    /// One more that was answered, with the route that took it.
    pub fn add(&self, method: &Method, route: Option<&Arc<str>>, status: u16, took: Duration) {
        let route = route.unwrap_or(&self.no_route);
        let acts = &mut *self.threads.get_or_default().acts.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = acts.entry((route.as_ptr().addr(), known(method))).or_insert_with(|| Tally::new(route.clone()));
        tally.add(status, took.as_secs_f64());
    }

    /// Those of all threads, by route and method.
    fn acts(&self) -> BTreeMap<(Arc<str>, &'static str), Tally> {
        let mut all = BTreeMap::<_, Tally>::new();
        for thread in self.threads.iter() {
            for ((_, method), tally) in &*thread.acts.lock().unwrap_or_else(PoisonError::into_inner) {
                let key = (tally.route.clone(), *method);
                all.entry(key).or_insert_with(|| Tally::new(tally.route.clone())).add_all(tally);
            }
        }
        all
    }
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let in_flight =
            ConstGauge::new(self.threads.iter().map(|thread| thread.in_flight.load(Ordering::Relaxed)).sum::<i64>());
        let help = "Requests without their answer";
        in_flight.encode(encoder.encode_descriptor("http_requests_in_flight", help, None, MetricType::Gauge)?)?;
        let acts = self.acts();
        let help = "Requests that were answered";
        let mut answered = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        for ((route, method), tally) in &acts {
            for (status, count) in &tally.answered {
                let labels = [("method", *method), ("route", route), ("status", &status.to_string())];
                ConstCounter::new(*count).encode(answered.encode_family(&labels)?)?;
            }
        }
        let (help, unit) = ("From the head of a request to that of its answer", Some(&Unit::Seconds));
        let mut seconds = encoder.encode_descriptor("http_request_duration", help, unit, MetricType::Histogram)?;
        for ((route, method), tally) in &acts {
            let buckets: Vec<_> = BUCKETS.into_iter().zip(tally.buckets).collect();
            let count = tally.buckets.iter().sum();
            let labels = [("method", *method), ("route", route)];
            let mut of_act = seconds.encode_family(&labels)?;
            of_act.encode_histogram::<NoLabelSet>(tally.seconds, count, &buckets, None)?;
        }
        Ok(())
    }
}

/// A request without its answer.
pub struct InFlight(Data<Requests>);

impl Deref for InFlight {
    type Target = Requests;

    fn deref(&self) -> &Requests {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.threads.get_or_default().in_flight.fetch_sub(1, Ordering::Relaxed);
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
