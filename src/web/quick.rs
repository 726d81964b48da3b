//! The quick way to an answer that is kept: what a guest asks for again is found before anything else is done for the request. The
//! answer is the one that all layers would have made, and is counted, limited and logged like it.

use std::time::Instant;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH,
    HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING, VARY,
};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpResponse};

use super::connection::Turn;
use super::direct::{self, Queue};
use super::limit::Limits;
use super::log::answered_at_once;
use super::metrics::Requests;
use super::served::Routes;
use super::{etag, frame, kept, trace};
use crate::error::Error;
use crate::state::State;

/// With one of these fields a request goes the long way.
const ODD: [HeaderName; 4] = [AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING, trace::PARENT];
/// What an answer to guests depends on, beside its address: with what the layer for other origins says.
static VARIES: HeaderValue = HeaderValue::from_static(
    "Authorization, Accept-Encoding, Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
);

/// The answer, where there is one.
pub fn answer(request: &ServiceRequest, id: &str) -> Result<Option<HttpResponse>, Error> {
    let from = Instant::now();
    let headers = request.headers();
    let is_odd = ODD.iter().any(|field| headers.contains_key(field)) || frame::too_large(request).is_some();
    if request.method() != Method::GET || is_odd || trace::is_collected() {
        return Ok(None);
    }
    let (state, requests) = (data::<State>(request)?, data::<Requests>(request)?);
    if state.stopping.is_so() {
        return Ok(None);
    }
    let Some(found) = state.store.find(kept::key(request.request())) else { return Ok(None) };
    let Some(act) = data::<Routes>(request)?.act(&Method::GET, request.path()) else { return Ok(None) };
    let Some((mut answer, body)) = kept::answer_at_once(&found, headers, state)? else { return Ok(None) };
    let told = match data::<Limits>(request)?.count(request, act.limit) {
        Ok(told) => told,
        // Refused on the long way, where it does not count again.
        Err(left) => {
            request.extensions_mut().insert(left);
            return Ok(None);
        }
    };
    let _ours = Turn::take(request);
    let fields = answer.headers_mut();
    fields.insert(CACHE_CONTROL, etag::FOR_GUESTS.clone());
    fields.insert(VARY, VARIES.clone());
    fields.insert(ACCESS_CONTROL_EXPOSE_HEADERS, frame::EXPOSES.clone());
    if headers.contains_key(ORIGIN) {
        fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if let Some(told) = told {
        told.tell(fields);
    }
    kept::viewed(&found, state);
    answered_at_once(id, &act.route, answer.status().as_u16(), from, requests);
    Ok(Some(match request.conn_data::<Queue>() {
        Some(queue) => queue.with_body(answer, body),
        None => direct::with_body(answer, [body]),
    }))
}

fn data<T: 'static>(request: &ServiceRequest) -> Result<&Data<T>, Error> {
    request.app_data::<Data<T>>().ok_or_else(|| Error::internal("a part of the service is missing"))
}
