//! One line in the log for each request: what was asked, by whom, what came of it, how long it took. Never a query, a body or
//! a field that a client sent: those may hold secrets.

use std::time::Instant;

use actix_web::HttpMessage;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use tracing::Span;

use crate::ids::MemberId;

/// Notes who was found to be calling.
#[derive(Clone, Copy)]
pub struct Caller(pub MemberId);

/// A request, from its beginning on.
pub struct Asked {
    id: String,
    method: Method,
    from: Instant,
}

impl Asked {
    /// It begins now.
    pub fn new(id: String, method: Method) -> Self {
        Self { id, method, from: Instant::now() }
    }

    /// What is written while it is worked on carries its id.
    pub fn span(&self) -> Span {
        tracing::info_span!("request", request_id = %self.id)
    }

    /// It was answered.
    pub fn answered<B>(&self, response: &ServiceResponse<B>) {
        let request = response.request();
        let route = request.match_pattern();
        let member = request.extensions().get::<Caller>().map(|caller| caller.0.0);
        self.write(route.as_deref(), member, response.status().as_u16());
    }

    /// It took too long.
    pub fn given_up(&self, status: u16) {
        self.write(None, None, status);
    }

    fn write(&self, route: Option<&str>, member_id: Option<i64>, status: u16) {
        let (request_id, method) = (self.id.as_str(), self.method.as_str());
        let ms = self.from.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(target: "folkmoot::requests", request_id, method, route, status, member_id, ms, "request");
    }
}
