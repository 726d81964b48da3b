//! Conditional requests (RFC 9110, section 13): entity tags, `If-None-Match` on reads, `If-Match` on edits.

use std::future::{Ready, ready};
use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;

use utoipa::IntoParams;

use super::query;
use crate::cache::Coding;
use crate::error::{Code, Error};
use crate::state::Secret;

/// What is the same for all guests may be stored by anybody, and is asked for again each time.
pub(super) static FOR_GUESTS: HeaderValue = HeaderValue::from_static("no-cache");
static FOR_ONE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// What reads depend on beside their address.
const VARIES: &str = "Authorization, Accept-Encoding";

/// An entity tag, with its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// The tag of a thing with a version of its own: `"<version>.<hash>"`. `rest` is what else its JSON is made of, and nothing that
    /// the JSON does not show.
    pub fn versioned(version: i64, rest: &impl Hash, secret: &Secret) -> Result<Self, Error> {
        Ok(Self(format!("\"{version}.{:x}\"", secret.hash(rest)?)))
    }

    /// The tag of a thread page: `W/"p<page version>.<hash>"`. `rest` is made of what the page shows, as above.
    pub fn page(version: i64, rest: &impl Hash, secret: &Secret) -> Result<Self, Error> {
        Ok(Self(format!("W/\"p{version}.{:x}\"", secret.hash(rest)?)))
    }

    /// The tag of a thing without a version: a hash of its JSON, as its GET has it.
    pub fn of(thing: &impl Serialize) -> Result<Self, Error> {
        serde_json::to_vec(thing).map(|bytes| Self::of_bytes(&bytes)).map_err(Error::internal)
    }

    /// The tag of a response that is known by its bytes: their SipHash without a secret key, as whoever gets the tag gets the bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Self(format!("\"{:x}\"", hasher.finish()))
    }

    /// As the value of a header field.
    pub fn field(&self) -> Result<HeaderValue, Error> {
        HeaderValue::from_str(&self.0).map_err(Error::internal)
    }

    /// As a header field.
    pub fn header(&self) -> (&'static str, &str) {
        ("ETag", &self.0)
    }

    /// The answer without a body, if the client has this already.
    pub fn not_modified(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let named = matching(request.headers(), &self.0)?;
        Some(HttpResponse::NotModified().insert_header(("ETag", named)).finish())
    }
}

/// The tag of `If-None-Match` that names this one, as the client wrote it: the one it has its copy under. `W/` does not
/// count, nor how the copy is encoded.
pub(super) fn matching(headers: &HeaderMap, tag: &str) -> Option<String> {
    let mut candidates = tags_of(headers.get_all(IF_NONE_MATCH));
    let named = candidates.find(|candidate| *candidate == "*" || plain(candidate) == plain(tag))?;
    let as_strong = if tag.starts_with("W/") { named } else { named.trim_start_matches("W/") };
    Some(if named == "*" { tag.to_owned() } else { as_strong.to_owned() })
}

/// The entity tags of header fields, with their quotes, and `*`; what is neither is left out (RFC 9110, section 8.8.3).
fn tags_of<'a>(fields: impl Iterator<Item = &'a HeaderValue>) -> impl Iterator<Item = &'a str> {
    fields.filter_map(|field| field.to_str().ok()).flat_map(|field| {
        let mut rest = field;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let opaque = if rest.starts_with("W/") { 2 } else { 0 };
            let end = match rest[opaque..].strip_prefix('"') {
                Some(inside) => opaque + 1 + inside.find('"')? + 1,
                None => rest.find(',').unwrap_or(rest.len()),
            };
            let (tag, after) = rest.split_at(end);
            rest = after;
            (!tag.is_empty()).then_some(tag.trim())
        })
        .filter(|tag| *tag == "*" || tag.ends_with('"') && tag.strip_prefix("W/").unwrap_or(tag).starts_with('"'))
    })
}

/// A tag without `W/`, quotes and encoding.
fn plain(tag: &str) -> &str {
    Coding::without(tag.trim_start_matches("W/").trim_matches('"'))
}

/// Gives every successful read a tag (a hash of its bytes where the act made none) and a `Cache-Control`, and answers 304
/// where the client has it already.
pub async fn conditional<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let reads = request.method() == Method::GET;
    let signed_in = request.headers().contains_key("authorization");
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !reads || (status != StatusCode::OK && status != StatusCode::NOT_MODIFIED) {
        return Ok(response);
    }
    let cache = if signed_in { &FOR_ONE } else { &FOR_GUESTS };
    let headers = response.headers_mut();
    let varies: Vec<_> = headers.get_all(VARY).filter_map(|value| value.to_str().ok()).collect();
    let varies = [varies.as_slice(), &[VARIES]].concat().join(", ");
    // One field: whoever adds to it further out looks at the first alone.
    if let Ok(varies) = HeaderValue::from_str(&varies) {
        headers.insert(VARY, varies);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, cache.clone());
    }
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    match tag {
        Some(tag) if status == StatusCode::OK => match matching(response.request().headers(), &tag) {
            Some(named) => Ok(unchanged(response, &named)),
            None => Ok(response),
        },
        Some(_) => Ok(response),
        None => Ok(tagged_by_bytes(response)),
    }
}

/// 304: the client has this already.
fn unchanged(response: ServiceResponse<BoxBody>, named: &str) -> ServiceResponse<BoxBody> {
    let mut response = response.map_body(|_, _| BoxBody::new(()));
    if let Ok(value) = HeaderValue::from_str(named) {
        response.headers_mut().insert(ETAG, value);
    }
    *response.response_mut().status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

fn tagged_by_bytes(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let bytes = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        // A stream has no bytes to hash yet.
        Err(body) => return ServiceResponse::new(request, response.set_body(body)),
    };
    let Etag(tag) = Etag::of_bytes(&bytes);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, value);
    }
    if let Some(named) = matching(request.headers(), &tag) {
        return unchanged(ServiceResponse::new(request, response.set_body(BoxBody::new(()))), &named);
    }
    ServiceResponse::new(request, response.set_body(BoxBody::new(bytes)))
}

/// The versions that a client says it changes.
#[derive(Clone, Debug)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// 428 without the field, 412 where it names another version. The number in front of a tag counts; a page's tag and
    /// weak ones name no version (RFC 9110, section 13.1.1).
    pub fn check(&self, version: i64) -> Result<(), Error> {
        let Some(tags) = &self.0 else {
            let detail = format!("send `If-Match: \"{version}\"` if you have read version {version}");
            return Err(Error::new(Code::VersionRequired, detail));
        };
        let names_it = |tag: &String| tag == "*" || number(tag) == Some(version);
        if tags.iter().any(names_it) {
            return Ok(());
        }
        Err(Error::new(Code::VersionMismatch, format!("the present version is {version}")))
    }
}

/// `If-Match` as the document shows it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only the document reads it")]
pub struct IfMatchField {
    /// The version that the change is made to: the ETag or `"<version>"` of what was read. 428 without, 412 if it was changed
    /// meanwhile.
    #[param(rename = "If-Match", required = true, value_type = String, example = "\"3\"")]
    if_match: String,
}

fn number(tag: &str) -> Option<i64> {
    let opaque = tag.strip_prefix('"')?.strip_suffix('"')?;
    query::number(opaque.split('.').next()?)
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let tags = tags_of(request.headers().get_all(IF_MATCH)).map(str::to_owned).collect();
        ready(Ok(Self(request.headers().contains_key(IF_MATCH).then_some(tags))))
    }
}
