//! Request bodies: JSON, closed, at most 256 KiB and 32 levels.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::form;
use super::text::Text;
use crate::error::{Code, Error, FieldError, Flaw};
use crate::state::State;

/// The most bytes of a body.
pub const MAX_BYTES: usize = 256 * 1024;
/// The most levels of arrays and objects.
pub const MAX_DEPTH: usize = 32;

/// The most flaws of a body that are told, and the most characters of a flaw's place and words.
const MAX_FLAWS: usize = 100;
const MAX_WORDS: usize = 500;

/// A body that has been read, is of the right shape and within its limits.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T> Deref for Body<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Body<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// A body's own rules, beyond its types.
pub trait Settle {
    /// Normalises what is there and notes every flaw.
    fn settle(&mut self, flaws: &mut Flaws);
}

/// The flaws of a body, as they are found.
#[derive(Debug, Default)]
pub struct Flaws(Vec<FieldError>);

impl Flaws {
    /// Notes one flaw; `pointer` is a JSON pointer. What a body of rubbish could make of it has an end: flaws past the
    /// hundredth are left out, a place whose name is too long to be one of ours is told as the whole body, and words are cut.
    pub fn add(&mut self, pointer: &str, code: Flaw, detail: impl Into<String>) {
        if self.0.len() == MAX_FLAWS {
            return;
        }
        let pointer = if pointer.len() > MAX_WORDS { "" } else { pointer };
        let detail = detail.into().chars().take(MAX_WORDS).collect();
        self.0.push(FieldError { pointer: pointer.to_owned(), code, detail });
    }

    /// Settles a field of text.
    pub fn text(&mut self, pointer: &str, text: &mut impl Text) {
        text.settle(pointer, self);
    }

    /// Settles a field of text that may be absent.
    pub fn text_if_any(&mut self, pointer: &str, text: &mut Option<impl Text>) {
        if let Some(text) = text {
            text.settle(pointer, self);
        }
    }

    /// Whether a flaw was noted at this place.
    pub fn has(&self, pointer: &str) -> bool {
        self.0.iter().any(|flaw| flaw.pointer == pointer)
    }

    /// The first flaw, if there is any.
    pub fn first(self) -> Option<FieldError> {
        self.0.into_iter().next()
    }

    fn into_result(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(self.0)) }
    }
}

/// What the middleware below has read of the body, for `Body` to take.
#[derive(Clone)]
struct Read(Result<Bytes, Code>);

/// Reads the body before the handler's parameters are made: then all of them are ready at once, and what is wrong is
/// told in the order of the parameters.
pub async fn read_body(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let has_body =
        request.headers().contains_key(CONTENT_LENGTH) || request.headers().contains_key("transfer-encoding");
    if has_body {
        let payload = request.take_payload();
        let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
        let read = tokio::time::timeout(state.limits.body, collect(request.request(), payload)).await;
        let read = Read(read.unwrap_or(Err(Code::RequestTimeout)));
        request.extensions_mut().insert(read);
    }
    next.call(request).await
}

/// The bytes of a request's body, as far as they were read.
pub fn bytes_of(request: &HttpRequest) -> Bytes {
    request.extensions().get::<Read>().and_then(|read| read.0.clone().ok()).unwrap_or_default()
}

async fn collect(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Code> {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if length.is_some_and(|n: usize| n > MAX_BYTES) {
        return Err(Code::BodyTooLarge);
    }
    let mut bytes = BytesMut::with_capacity(length.unwrap_or(0));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Code::BadRequest)?;
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(Code::BodyTooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

impl<T: DeserializeOwned + Settle> FromRequest for Body<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(from_request(request).map(Self))
    }
}

fn from_request<T: DeserializeOwned + Settle>(request: &HttpRequest) -> Result<T, Error> {
    let read = request.extensions().get::<Read>().cloned();
    let bytes = match read {
        Some(Read(Ok(bytes))) => bytes,
        Some(Read(Err(Code::BodyTooLarge))) => {
            return Err(Error::new(Code::BodyTooLarge, format!("a body may have {MAX_BYTES} bytes")));
        }
        Some(Read(Err(Code::RequestTimeout))) => {
            return Err(Error::new(Code::RequestTimeout, "the body did not come in time"));
        }
        Some(Read(Err(code))) => return Err(Error::new(code, "the body ended before its end")),
        None => Bytes::new(),
    };
    if !bytes.is_empty() {
        must_be_json(request)?;
    }
    form::check(request)?;
    parse(&bytes)
}

fn must_be_json(request: &HttpRequest) -> Result<(), Error> {
    let field = |name| request.headers().get(name).map(|v| v.to_str().unwrap_or("").trim());
    let essence = field(CONTENT_TYPE).and_then(|t| t.split(';').next()).unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Error::new(Code::UnsupportedMediaType, "send JSON, with Content-Type: application/json"));
    }
    if field(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Error::new(Code::UnsupportedMediaType, "send the body without a Content-Encoding"));
    }
    Ok(())
}

/// Reads JSON in the order in which errors are told: syntax and depth, then types and unknown fields, then limits.
fn parse<T: DeserializeOwned + Settle>(bytes: &[u8]) -> Result<T, Error> {
    let malformed = |e: serde_json::Error| Error::new(Code::MalformedJson, format!("the body is not JSON: {e}"));
    if depth(bytes) > MAX_DEPTH {
        return Err(Error::new(Code::JsonTooDeep, format!("a body may have {MAX_DEPTH} levels")));
    }
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(malformed)?;
    // A list would be taken for the fields in their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Error::flaw("", Flaw::WrongType, "the body is an object"));
    }
    let mut flaws = Flaws::default();
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let mut unknown = |path: serde_ignored::Path<'_>| {
        flaws.add(&pointer_of_ignored(&path), Flaw::UnknownField, "there is no such field");
    };
    let body: Result<T, serde_json::Error> = serde_ignored::deserialize(tracked, &mut unknown);
    match body {
        Ok(mut body) => {
            body.settle(&mut flaws);
            flaws.into_result().map(|()| body)
        }
        // The JSON was read before: what is left is text with half a character, or a value of another kind than is read here.
        Err(e) if !e.is_data() && !is_of_another_kind(&e) => Err(malformed(e)),
        Err(e) => {
            let (pointer, code, detail) = wrong_type(&track.path(), &e.to_string());
            // What stopped the reading is told in any case.
            flaws.0.truncate(MAX_FLAWS - 1);
            flaws.add(&pointer, code, detail);
            Err(Error::invalid(flaws.0))
        }
    }
}

/// What is no fault of the JSON: a name's place that holds something else, a number that no number here is as large as.
fn is_of_another_kind(error: &serde_json::Error) -> bool {
    let message = error.to_string();
    message.starts_with("expected value") || message.starts_with("number out of range")
}

/// What serde says, as a flaw. It names a missing field in its message only.
fn wrong_type(path: &serde_path_to_error::Path, message: &str) -> (String, Flaw, String) {
    let at = pointer(path);
    // " at line 1 column 7" is of no use beside a pointer.
    let message = message.rsplit_once(" at line ").map_or(message, |(m, _)| m);
    let named = |prefix: &str| Some(message.strip_prefix(prefix)?.split('`').next()?.to_owned());
    if let Some(field) = named("missing field `") {
        return (format!("{at}/{field}"), Flaw::Missing, format!("`{field}` is required"));
    }
    if message.starts_with("unknown variant") {
        return (at, Flaw::Invalid, message.to_owned());
    }
    if message == "expected value" || message == "number out of range" {
        return (at, Flaw::WrongType, "the value has the wrong type".to_owned());
    }
    let code = if message.starts_with("invalid type") { Flaw::WrongType } else { Flaw::Invalid };
    (at, code, message.to_owned())
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn pointer_of_ignored(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", pointer_of_ignored(parent)),
        Path::Map { parent, key } => format!("{}/{}", pointer_of_ignored(parent), escape(key)),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            pointer_of_ignored(parent)
        }
    }
}

/// RFC 6901, section 3.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// How deep arrays and objects are nested, told without recursion.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// For a field of a PATCH that may be left out and never be null.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Option<T>, D::Error> {
    T::deserialize(input).map(Some)
}

/// For a field of a PATCH that may be left out, and be null to clear.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// For a time: RFC 3339 alone, so of the years 0 to 9999.
pub fn time<'de, D: Deserializer<'de>>(input: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(input)?;
    let time = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc());
    time.map_err(|_| serde::de::Error::custom("a time is written as in RFC 3339: 2014-02-12T09:00:00Z"))
}

/// The same for one that may be left out, or null.
pub fn any_time<'de, D: Deserializer<'de>>(input: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    #[derive(Deserialize)]
    struct Time(#[serde(deserialize_with = "time")] DateTime<Utc>);
    Ok(Option::<Time>::deserialize(input)?.map(|Time(time)| time))
}

/// For a list of structs: each has to be an object, as serde would take a list for one, by position.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Vec<T>, D::Error> {
    Vec::<Object<T>>::deserialize(input).map(|objects| objects.into_iter().map(|object| object.0).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
