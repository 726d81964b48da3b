//! One line in the log for each request: what was asked, by whom, what came of it, how long it took. Never a query, a body or
//! a field that a client sent, but for `X-Request-Id`: those may hold secrets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpMessage;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::web::Data;
use tracing::Span;

use super::frame::CallerId;
use super::metrics::{InFlight, Requests};
use super::trace::Trace;

/// A request, from its beginning on.
pub struct Asked {
    id: String,
    trace: Trace,
    method: Method,
    route: Option<Arc<str>>,
    requests: InFlight,
    from: Instant,
}

impl Asked {
    /// It begins now.
    pub fn new(id: String, request: &ServiceRequest, route: Option<Arc<str>>, requests: Data<Requests>) -> Self {
        let trace = Trace::new(&id, request.headers());
        let (method, requests) = (request.method().clone(), Requests::begin(requests));
        Self { id, trace, method, route, requests, from: Instant::now() }
    }

    /// What is written while it is worked on carries its ids.
    pub fn span(&self) -> Span {
        self.trace.span.clone()
    }

    /// It was answered.
    pub fn answered<B>(&self, response: &ServiceResponse<B>) {
        let member = response.request().extensions().get::<CallerId>().map(|caller| caller.0.0);
        self.ended(member, response.status().as_u16());
    }

    /// It took too long.
    pub fn given_up(&self, status: u16) {
        self.ended(None, status);
    }

    fn ended(&self, member_id: Option<i64>, status: u16) {
        let took = self.from.elapsed();
        self.requests.add(&self.method, self.route.as_ref(), status, took);
        let route = self.route.as_deref();
        self.trace.ended(&self.method, route, status);
        write_line(&self.id, self.trace.id.as_deref(), &self.method, route, status, member_id, took);
    }
}

/// A guest's request was answered at once, and was followed by nobody.
pub fn answered_at_once(id: &str, route: &Arc<str>, status: u16, from: Instant, requests: &Requests) {
    let took = from.elapsed();
    requests.add(&Method::GET, Some(route), status, took);
    write_line(id, None, &Method::GET, Some(route), status, None, took);
}

fn write_line(
    request_id: &str,
    trace_id: Option<&str>,
    method: &Method,
    route: Option<&str>,
    status: u16,
    member_id: Option<i64>,
    took: Duration,
) {
    let (method, ms) = (method.as_str(), took.as_secs_f64() * 1000.0);
    // As a field of text: what comes as a format would be formatted for each request.
    let message = "request";
    tracing::info!(target: "folkmoot::requests", message, request_id, trace_id, method, route, status, member_id, ms);
}
