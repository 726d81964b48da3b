//! Answers that many acts give alike.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use bytes::Bytes;
use serde::Serialize;

use super::etag::Etag;
use super::{direct, frame};

/// 200 with the thing as it is now.
pub fn shown(etag: &Etag, thing: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag.header()).json(thing)
}

/// 200 with a thing that is JSON already, in pieces.
pub fn written(etag: &Etag, json: Vec<Bytes>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header(etag.header()).insert_header((CONTENT_TYPE, frame::JSON.clone()));
    direct::with_body(answer.finish(), json)
}

/// 201 with the new thing and its address.
pub fn created(location: String, etag: &Etag, thing: &impl Serialize) -> HttpResponse {
    HttpResponse::Created().insert_header(("Location", location)).insert_header(etag.header()).json(thing)
}

/// 202: something comes of it later, or nothing; which is not told.
pub fn accepted() -> HttpResponse {
    HttpResponse::Accepted().finish()
}

/// 204: it is gone.
pub fn gone() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Identity and tokens: no cache keeps them.
pub fn keep_out_of_stores(answer: &mut HttpResponse) {
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
