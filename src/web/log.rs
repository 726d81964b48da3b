//! One line in the log for each request: what was asked, by whom, what came of it, how long it took. Never a query, a body or
//! a field that a client sent, but for `X-Request-Id`: those may hold secrets.

use std::sync::Arc;
use std::time::Instant;

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
    /// None where the request is answered at once, and followed by nobody.
    trace: Option<Trace>,
    method: Method,
    route: Option<Arc<str>>,
    requests: Data<Requests>,
    _in_flight: InFlight,
    from: Instant,
}

impl Asked {
    /// It begins now.
    pub fn new(id: String, request: &ServiceRequest, route: Option<Arc<str>>, requests: Data<Requests>) -> Self {
        let trace = Some(Trace::new(&id, request.headers()));
        let (method, _in_flight) = (request.method().clone(), requests.begin());
        Self { id, trace, method, route, requests, _in_flight, from: Instant::now() }
    }

    /// One that is answered at once.
    pub fn quickly(id: &str, route: Arc<str>, requests: Data<Requests>) -> Self {
        let _in_flight = requests.begin();
        let (id, method, route) = (id.to_owned(), Method::GET, Some(route));
        Self { id, trace: None, method, route, requests, _in_flight, from: Instant::now() }
    }

    /// What is written while it is worked on carries its ids.
    pub fn span(&self) -> Span {
        self.trace.as_ref().map_or_else(Span::none, |trace| trace.span.clone())
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

    /// It ended with this status.
    pub fn ended(&self, member_id: Option<i64>, status: u16) {
        let took = self.from.elapsed();
        self.requests.add(&self.method, self.route.as_ref(), status, took);
        let (request_id, method, route) = (self.id.as_str(), self.method.as_str(), self.route.as_deref());
        if let Some(trace) = &self.trace {
            trace.ended(&self.method, route, status);
        }
        let trace_id = self.trace.as_ref().and_then(|trace| trace.id.as_deref());
        let ms = took.as_secs_f64() * 1000.0;
        // As a field of text: what comes as a format would be formatted for each request.
        let message = "request";
        tracing::info!(target: "folkmoot::requests", message, request_id, trace_id, method, route, status, member_id, ms);
    }
}
