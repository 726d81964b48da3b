//! Traces: a request goes on with the trace that it comes with (W3C Trace Context), and where an operator collects them it is a
//! span of OpenTelemetry, with the attributes of its conventions for HTTP servers.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The field in which a request names the trace that it belongs to.
pub const PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Whether spans are sent to somebody.
static COLLECTED: AtomicBool = AtomicBool::new(false);

/// From now on they are.
pub fn collect() {
    COLLECTED.store(true, Ordering::Relaxed);
}

/// Whether they are.
pub fn is_collected() -> bool {
    COLLECTED.load(Ordering::Relaxed)
}

/// What follows a request through the service.
pub struct Trace {
    /// What is written while it is worked on carries its ids.
    pub span: Span,
    /// 32 hexadecimal digits, where there is a trace.
    pub id: Option<String>,
    /// Whether it is sent to somebody.
    is_collected: bool,
}

impl Trace {
    /// Begins with a request.
    pub fn new(request_id: &str, headers: &HeaderMap) -> Self {
        let span = tracing::info_span!("request", request_id, trace_id = tracing::field::Empty);
        if !is_collected() && !headers.contains_key(PARENT) {
            return Self { span, id: None, is_collected: false };
        }
        let from = TraceContextPropagator::new().extract(&Fields(headers));
        if from.span().span_context().is_valid()
            && let Err(error) = span.set_parent(from.clone())
        {
            tracing::debug!(%error, "a trace is not continued");
        }
        let own = span.context().span().span_context().clone();
        let is_collected = own.is_valid();
        let of = if is_collected { own } else { from.span().span_context().clone() };
        let id = of.is_valid().then(|| of.trace_id().to_string());
        if let Some(id) = &id {
            span.record("trace_id", id);
        }
        Self { span, id, is_collected }
    }

    /// What came of it.
    pub fn ended(&self, method: &Method, route: Option<&str>, status: u16) {
        if !self.is_collected {
            return;
        }
        let span = &self.span;
        span.set_attribute("http.request.method", method.to_string());
        span.set_attribute("http.response.status_code", i64::from(status));
        if let Some(route) = route {
            span.set_attribute("http.route", route.to_owned());
            span.context().span().update_name(format!("{method} {route}"));
        }
        if status >= 500 {
            span.set_status(Status::error(""));
        }
    }
}

/// The fields of a request.
struct Fields<'a>(&'a HeaderMap);

impl Extractor for Fields<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|field| field.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
