//! Content codings: which of those that a client takes can be had here, and entity tags that tell them apart.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue, VARY};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::direct;
use crate::cache::{Coding, Held, LONG};
use crate::error::Error;
use crate::state::State;

/// The coding that a client likes best among ours; none where it likes the plain form better or takes no other. Where it likes some
/// alike, the one that is smallest.
pub fn best(headers: &HeaderMap) -> Option<Coding> {
    let fields = headers.get_all(ACCEPT_ENCODING).filter_map(|field| field.to_str().ok());
    let liked = fields.flat_map(|field| field.split(',')).filter_map(liking);
    let mut best: Option<(f32, Option<Coding>)> = None;
    for (q, coding) in liked {
        if best.is_none_or(|(most, present)| q > most || q == most && rank(coding) > rank(present)) {
            best = Some((q, coding));
        }
    }
    best.and_then(|(_, coding)| coding)
}

fn rank(coding: Option<Coding>) -> u8 {
    match coding {
        None => 0,
        Some(Coding::Gzip) => 1,
        Some(Coding::Zstd) => 2,
        Some(Coding::Brotli) => 3,
    }
}

/// How much one of ours, or the plain form, is liked.
fn liking(one: &str) -> Option<(f32, Option<Coding>)> {
    let (name, q) = match one.split_once(';') {
        None => (one, 1.0),
        Some((name, weight)) => {
            (name, weight.trim().to_ascii_lowercase().strip_prefix("q=")?.trim().parse().ok().filter(|q| *q > 0.0)?)
        }
    };
    let coding = Coding::ALL.into_iter().find(|coding| coding.name().eq_ignore_ascii_case(name.trim()));
    (coding.is_some() || name.trim().eq_ignore_ascii_case("identity")).then_some((q, coding))
}

/// Of an answer that goes as it is, as there was no room to code it.
pub struct AsItIs;

/// Counts a long answer in the memory budget, unless its maker did. A write that finds no memory is answered all the same: it is done.
fn counted(response: ServiceResponse<BoxBody>, held: &Held) -> ServiceResponse<BoxBody> {
    let is_long = matches!(response.response().body().size(), BodySize::Sized(length) if length >= LONG as u64);
    if !is_long || direct::has_pieces(response.response()) {
        return response;
    }
    let is_read = response.request().method() == Method::GET;
    let (request, response) = response.into_parts();
    let (response, body) = direct::whole(response);
    let response = match body {
        Ok(bytes) => match held.hold(bytes.clone()) {
            Ok(bytes) => direct::with_body(response.map_body(|_, ()| BoxBody::new(())), [bytes]),
            Err(_) if !is_read => response.set_body(BoxBody::new(bytes)),
            Err(problem) => HttpResponse::from_error(problem),
        },
        Err(stream) => response.set_body(stream),
    };
    ServiceResponse::new(request, response)
}

/// Codes an answer as its client likes it best, unless it is coded already, or comes as a stream. A client that excludes the plain form
/// and everything else gets the plain one, as RFC 9110, section 12.5.3, permits: it is better than none.
pub async fn encode<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let best = best(request.headers());
    let state = request.app_data::<Data<State>>().cloned().ok_or_else(|| Error::internal("no state"))?;
    let mut response = counted(next.call(request).await?.map_into_boxed_body(), &state.store.held);
    let is_coded = response.headers().contains_key(CONTENT_ENCODING);
    let (Some(coding), false, BodySize::Sized(length @ 1..)) = (best, is_coded, response.response().body().size())
    else {
        return Ok(response);
    };
    if !response.headers().contains_key(VARY) {
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    // Asked for first: without it the answer goes its way as it is.
    let Some(there) = state.store.room.for_bytes(length).await else { return Ok(response) };
    let (request, response) = response.into_parts();
    let (mut response, body) = direct::whole(response);
    let plain = match body {
        Ok(bytes) => bytes,
        Err(stream) => return Ok(ServiceResponse::new(request, response.set_body(stream))),
    };
    let coded = coding.code(plain, there).await.map_err(Error::internal)?;
    let fields = response.headers_mut();
    fields.insert(CONTENT_ENCODING, coding.field());
    if let Some(tag) = fields.get(ETAG).and_then(|tag| tag.to_str().ok()) {
        let tag = HeaderValue::try_from(coding.tag(tag)).map_err(Error::internal)?;
        fields.insert(ETAG, tag);
    }
    let response = direct::with_body(response.map_body(|_, ()| BoxBody::new(())), [coded]);
    Ok(ServiceResponse::new(request, response))
}
