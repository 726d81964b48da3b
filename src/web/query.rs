//! Query parameters: closed, like bodies.

use std::fmt::{Display, Write};
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use utoipa::IntoParams;

use super::body;
use super::form;
use super::text::{Reason, Tag};
use crate::error::{Code, Error};
use crate::ids::MAX_ID;

/// The parameters of a URL, read into a struct that denies unknown fields.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let invalid = |detail: String| Error::new(Code::InvalidParameter, detail);
    if query.contains("%00") {
        return Err(invalid("a parameter may not hold the character U+0000".into()));
    }
    if query.contains('%') && percent_encoding::percent_decode_str(query).decode_utf8().is_err() {
        return Err(invalid("the parameters are not UTF-8".into()));
    }
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|e| {
        let path = e.path().to_string();
        let reason = e.into_inner().to_string();
        invalid(if path == "." { reason } else { format!("{path}: {reason}") })
    })
}

/// The parameter of an act that takes none in the query and does not look at its caller or a body.
#[derive(Debug)]
pub struct NoQuery;

impl FromRequest for NoQuery {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(form::check(request).map(|()| Self))
    }
}

/// Characters that stand for themselves in a value of a query (RFC 3986, section 3.4), as clients write them.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',');

/// The canonical URL of an answer: path and parameters as they were read, in the order of the document, without those that have their
/// default. Differently spelled queries for the same answer have one canonical URL.
#[derive(Clone, Debug)]
pub struct CanonicalUrl {
    text: String,
    path: usize,
}

impl CanonicalUrl {
    /// Starts with the path.
    pub fn new(path: impl Into<String>) -> Self {
        let text = path.into();
        Self { path: text.len(), text }
    }

    /// Adds a parameter, unless it has its default.
    pub fn with(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.text.push(if self.text.len() == self.path { '?' } else { '&' });
            // Writing to a string does not fail.
            _ = write!(self.text, "{name}={}", utf8_percent_encode(&value.to_string(), PLAIN));
        }
        self
    }

    /// Returns path and query.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A number as it is written: "+7" and "007" are no other names of 7.
pub fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

/// Reads an id that may be left out.
pub fn id<'de, D: Deserializer<'de>, Id: From<i64>>(input: D) -> Result<Option<Id>, D::Error> {
    let text = String::deserialize(input)?;
    match number(&text) {
        Some(id @ 1..=MAX_ID) => Ok(Some(Id::from(id))),
        _ => Err(serde::de::Error::custom(format_args!("an id is a whole number from 1 to {MAX_ID}"))),
    }
}

/// `?reason=` of an act that keeps one.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WithReason {
    /// Why.
    #[serde(default, deserialize_with = "reason")]
    #[param(value_type = Option<Reason>)]
    pub reason: Option<Reason>,
}

fn reason<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Reason>, D::Error> {
    let text = String::deserialize(input)?;
    Reason::new(&text).map(Some).map_err(|flaw| serde::de::Error::custom(flaw.detail))
}

/// Reads a tag that may be left out, normalised as those of threads are.
pub fn tag<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Tag>, D::Error> {
    let text = String::deserialize(input)?;
    Tag::new(&text).map(Some).map_err(|flaw| serde::de::Error::custom(flaw.detail))
}

/// Reads a time that may be left out.
pub fn time<'de, D: Deserializer<'de>>(input: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    body::time(input).map(Some)
}
