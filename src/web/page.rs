//! Lists: how many, from where on, and the address of what comes next.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LINK};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema};

use super::query::CanonicalUrl;
use super::{direct, frame, kept, query};
use crate::cache::Kept;
use crate::error::{Code, Error};
use crate::state::State;

/// How many items a list gives at most: 1 to 100, 20 by default.
#[derive(Clone, Copy, Debug)]
pub struct Limit(u8);

impl Limit {
    /// The most items of a list.
    pub const MAX: i64 = 100;
    const USUAL: u8 = 20;
    /// Statements ask for one of so many at least, and one more.
    const STEPS: [u8; 3] = [5, Self::USUAL, 50];

    /// How many.
    pub fn get(self) -> i64 {
        self.0.into()
    }

    /// Returns the value for a canonical URL, or None for the default.
    pub fn unless_usual(self) -> Option<i64> {
        (self.0 != Self::USUAL).then_some(self.get())
    }

    /// One more than what is shown at least: whether it is there tells whether there is a next page. It is one of few numbers, as
    /// statements have it in their text.
    pub fn and_some(self) -> i64 {
        Self::STEPS.into_iter().find(|count| self.0 <= *count).map_or(Self::MAX, i64::from) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::USUAL)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        match query::number(&text).and_then(|n| u8::try_from(n).ok()) {
            Some(n @ 1..=100) => Ok(Self(n)),
            _ => Err(serde::de::Error::custom("takes a whole number from 1 to 100")),
        }
    }
}

impl utoipa::PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Self::MAX))
            .default(Some(Self::USUAL.into()))
            .into()
    }
}

impl ToSchema for Limit {}

/// The most characters of a cursor, as the document tells it: its keys are an id and a number or a time, or a name, which
/// compatibility forms can make eighteen times as long as it is written.
const MAX_CURSOR: usize = 4_000;

/// Where a list goes on: the sort key of the last item that was shown, bound to its list and sort.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// The place behind an item of the list named `list`.
    pub fn after(list: &str, key: &impl Serialize) -> Result<Self, Error> {
        let json = serde_json::to_vec(&(list, key)).map_err(Error::internal)?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(json)))
    }

    /// The canonical spelling of a cursor of the list named `list` that was read as `key`.
    pub fn read_as(list: &str, key: Option<&impl Serialize>) -> Result<Option<Self>, Error> {
        key.map(|key| Self::after(list, key)).transpose()
    }

    /// The sort key, if the cursor is one of this list's.
    pub fn key<K: DeserializeOwned>(&self, list: &str) -> Result<K, Error> {
        let read = || {
            let json = BASE64_URL_SAFE_NO_PAD.decode(&self.0).ok()?;
            let (of, key): (String, K) = serde_json::from_slice(&json).ok()?;
            (of == list).then_some(key)
        };
        read().ok_or_else(Self::foreign)
    }

    /// What is told of a cursor that is not one of this list's.
    pub fn foreign() -> Error {
        Error::new(Code::InvalidCursor, "`cursor` takes what `next` of the same list gave")
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl utoipa::PartialSchema for Cursor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_CURSOR)).into()
    }
}

impl ToSchema for Cursor {}

/// A time in a cursor: microseconds since 1970, of the years 0 to 9999. Others, which a cursor of ours never has and
/// PostgreSQL would not take, are refused.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// The time.
    pub fn time(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl From<Moment> for i64 {
    fn from(moment: Moment) -> Self {
        moment.0.timestamp_micros()
    }
}

impl TryFrom<i64> for Moment {
    type Error = &'static str;

    fn try_from(us: i64) -> Result<Self, Self::Error> {
        let time = DateTime::from_timestamp_micros(us).filter(|time| (0..=9999).contains(&time.year()));
        time.map(Self).ok_or("a time of the years 0 to 9999")
    }
}

/// The sort key of an optional cursor.
pub fn key_of<K: DeserializeOwned>(cursor: &Option<Cursor>, list: &str) -> Result<Option<K>, Error> {
    cursor.as_ref().map(|cursor| cursor.key(list)).transpose()
}

/// A page of a list whose items name no members.
#[derive(Serialize)]
pub struct Items<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of what comes next, null at the end.
    pub next: Option<String>,
}

/// A page of a list, with the cards of the members that its items name.
#[derive(Serialize)]
pub struct ItemsWithMembers<T, M> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Every member that the items name, by id.
    pub members: BTreeMap<String, M>,
    /// The cursor of what comes next, null at the end.
    pub next: Option<String>,
}

// Written out, as a derived schema of a generic type has one name for all of its types, and repeats them inside of it. In the
// document a list is called by its items: `PostList`. Acts name it by an alias: `pub type PostList = Items<PostView>`.
impl<T: ToSchema> utoipa::PartialSchema for Items<T> {
    fn schema() -> RefOr<Schema> {
        list_of::<T>().property("next", next()).into()
    }
}

impl<T: ToSchema> ToSchema for Items<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema, M: ToSchema> utoipa::PartialSchema for ItemsWithMembers<T, M> {
    fn schema() -> RefOr<Schema> {
        let members = ObjectBuilder::new()
            .description(Some("Every member that the items name, by id."))
            .additional_properties(Some(Ref::from_schema_name(M::name())));
        list_of::<T>().property("members", members).property("next", next()).into()
    }
}

impl<T: ToSchema, M: ToSchema> ToSchema for ItemsWithMembers<T, M> {
    fn name() -> Cow<'static, str> {
        Items::<T>::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Items::<T>::schemas(schemas);
        schemas.push((M::name().into(), M::schema()));
        M::schemas(schemas);
    }
}

fn list_of<T: ToSchema>() -> ObjectBuilder {
    let items = ArrayBuilder::new()
        .items(Ref::from_schema_name(T::name()))
        .description(Some("The items, in the order of the list."))
        .max_items(usize::try_from(Limit::MAX).ok());
    ObjectBuilder::new().description(Some("A page of a list.")).property("items", items)
}

fn next() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The cursor of what comes next, null at the end."))
        .max_length(Some(MAX_CURSOR))
}

/// Cuts what is too many, and makes the cursor from the last row that stays.
pub fn cut<T, K: Serialize>(
    rows: &mut Vec<T>,
    limit: Limit,
    list: &str,
    key: impl Fn(&T) -> K,
) -> Result<Option<String>, Error> {
    if rows.len() <= usize::from(limit.0) {
        return Ok(None);
    }
    rows.truncate(limit.0.into());
    rows.last().map(|last| Cursor::after(list, &key(last)).map(|c| c.0)).transpose()
}

/// The answer of a list, with `Link: rel="next"` (RFC 8288) where there is more.
pub fn answer(request: &HttpRequest, next: Option<&str>, list: &impl Serialize) -> Result<HttpResponse, Error> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    let body = serde_json::to_vec(list).map_err(Error::internal)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, frame::JSON.clone()));
    if let Some(link) = link(request, next) {
        answer.insert_header((LINK, link));
    }
    Ok(direct::with_body(answer.finish(), [state.store.held.hold(body.into())?]))
}

/// JSON of a list as it is kept. `url` is its canonical URL without a cursor.
pub fn kept(url: &CanonicalUrl, next: Option<&str>, body: Vec<u8>) -> Result<Kept, Error> {
    let mut kept = kept::by_bytes(body)?;
    let link = next.map(|next| format!("<{}>; rel=\"next\"", url.clone().with("cursor", Some(next)).as_str()));
    kept.link = link.map(HeaderValue::try_from).transpose().map_err(Error::internal)?;
    Ok(kept)
}

fn link(request: &HttpRequest, next: Option<&str>) -> Option<String> {
    let kept = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "cursor");
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair("cursor", next?).finish();
    Some(format!("<{}?{query}>; rel=\"next\"", request.path()))
}

/// The parameters of a list that has no others.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListOfItems {
    /// How many.
    #[param(inline)]
    pub limit: Option<Limit>,
    /// Where to go on: `next` of the page before.
    #[param(inline)]
    pub cursor: Option<Cursor>,
}
