//! Query parameters: closed, like bodies.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use utoipa::IntoParams;

use super::text::{Reason, Tag};
use crate::error::{Code, Error};
use crate::ids::MAX_ID;

/// The parameters of a URL, read into a struct that denies unknown fields.
#[derive(Debug)]
pub struct Query<T>(pub T);

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
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|e| {
        let path = e.path().to_string();
        let reason = e.into_inner().to_string();
        invalid(if path == "." { reason } else { format!("{path}: {reason}") })
    })
}

/// Notes on a request that its act takes no parameters and it has some.
pub struct UnwantedQuery;

/// 400 where it is so. Told by what every act takes: its caller or its body.
pub fn must_be_wanted(request: &HttpRequest) -> Result<(), Error> {
    if request.extensions().get::<UnwantedQuery>().is_none() {
        return Ok(());
    }
    Err(Error::new(Code::InvalidParameter, "this act takes no parameters in the query"))
}

/// Reads an id that may be left out.
pub fn id<'de, D: Deserializer<'de>, Id: From<i64>>(input: D) -> Result<Option<Id>, D::Error> {
    let text = String::deserialize(input)?;
    match text.parse() {
        Ok(id @ 1..=MAX_ID) => Ok(Some(Id::from(id))),
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

/// Reads a time that may be left out: RFC 3339 alone, so of the years 0 to 9999.
pub fn time<'de, D: Deserializer<'de>>(input: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = String::deserialize(input)?;
    let time = DateTime::parse_from_rfc3339(&text).map(|time| Some(time.to_utc()));
    time.map_err(|_| serde::de::Error::custom("a time is written as in RFC 3339: 2014-02-12T09:00:00Z"))
}
