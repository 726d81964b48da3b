//! The quick way to an answer that is kept: what a guest asks for again is found before anything else is done for the request. The
//! answer is the one that all layers would have made, and is counted, limited and logged like it.

use std::time::Instant;

use actix_http::{Request, Response};
use actix_web::HttpMessage;
use actix_web::body::BoxBody;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH,
    HeaderMap, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING, VARY,
};
use actix_web::web::Data;

use super::direct::{self, Queue};
use super::limit::{Limits, Told};
use super::log::answered_at_once;
use super::metrics::Requests;
use super::served::Routes;
use super::{etag, frame, kept, trace};
use crate::state::State;

/// With one of these fields a request goes the long way.
const ODD: [HeaderName; 4] = [AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING, trace::PARENT];
/// What an answer to guests depends on, beside its address: with what the layer for other origins says.
static VARIES: HeaderValue = HeaderValue::from_static(
    "Authorization, Accept-Encoding, Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
);

/// The quick way, with what it needs of a worker.
#[derive(Clone)]
pub struct Quick {
    pub state: Data<State>,
    pub limits: Data<Limits>,
    pub requests: Data<Requests>,
    pub routes: Data<Routes>,
}

impl Quick {
    /// The answer, where there is one. What fails here goes the long way, which tells why.
    pub fn answer(&self, request: &Request) -> Option<Response<BoxBody>> {
        let from = Instant::now();
        let asked = request.head();
        let is_odd = ODD.iter().any(|field| asked.headers.contains_key(field));
        if asked.method != Method::GET || is_odd || trace::is_collected() || self.state.stopping.is_so() {
            return None;
        }
        let found = self.state.store.find(kept::key(&asked.uri))?;
        let act = self.routes.act(&Method::GET, asked.uri.path())?;
        let (mut answer, body) = kept::answer_at_once(&found, &asked.headers).ok()??;
        let id = frame::request_id(&asked.headers, self.state.random).ok()?;
        let named = HeaderValue::from_str(&id).ok()?;
        let told = match self.limits.count(asked, None, act.limit) {
            Ok(told) => told,
            // Refused on the long way, where it does not count again.
            Err(left) => {
                request.extensions_mut().insert(left);
                return None;
            }
        };
        tell(answer.headers_mut(), asked.headers.contains_key(ORIGIN), told);
        frame::name(answer.headers_mut(), named);
        kept::viewed(&found, &self.state);
        answered_at_once(&id, &act.route, answer.status().as_u16(), from, &self.requests);
        let answer = match request.conn_data::<Queue>() {
            Some(queue) => queue.with_body(answer, body),
            None => direct::with_body(answer, [body]),
        };
        Some(answer.into())
    }
}

/// The fields that the layers between would have set.
fn tell(fields: &mut HeaderMap, has_origin: bool, told: Option<Told>) {
    fields.insert(CACHE_CONTROL, etag::FOR_GUESTS.clone());
    fields.insert(VARY, VARIES.clone());
    fields.insert(ACCESS_CONTROL_EXPOSE_HEADERS, frame::EXPOSES.clone());
    if has_origin {
        fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if let Some(told) = told {
        told.tell(fields);
    }
}
