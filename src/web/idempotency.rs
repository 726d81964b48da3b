//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a request that is repeated has one effect and one answer.
//! The answer is written in the transaction of the work itself, so it is there exactly if the work is.

use std::future::{Ready, ready};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest, Sha256};

use super::body;
use crate::db::schema::idempotency_keys;
use crate::db::{self, Pool};
use crate::error::{Code, Error};
use crate::ids::MemberId;
use crate::state::State;

const FIELD: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The most characters of a key.
const MAX: usize = 255;
/// For so long the first answer is given again.
const KEPT: Duration = Duration::hours(24);
/// Whose keys those of guests are.
const GUESTS: MemberId = MemberId(0);

/// The key of a request, if it has one.
#[derive(Debug)]
pub struct Idempotency {
    keyed: Option<Keyed>,
    now: DateTime<Utc>,
}

/// A key, and what it came with.
#[derive(Debug)]
struct Keyed {
    key: String,
    /// SHA-256 of method, path and body.
    request_hash: Vec<u8>,
    body: Bytes,
}

impl FromRequest for Idempotency {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(from_request(request))
    }
}

fn from_request(request: &HttpRequest) -> Result<Idempotency, Error> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    let keyed = key_of(request)?.map(|key| {
        let body = body::bytes_of(request);
        let hash = Sha256::new().chain_update(format!("{} {}\n", request.method(), request.path()));
        Keyed { key, request_hash: hash.chain_update(&body).finalize().to_vec(), body }
    });
    Ok(Idempotency { keyed, now: state.clock.now() })
}

/// The key of a request, without quotes; 400 where it is malformed.
pub fn key_of(request: &HttpRequest) -> Result<Option<String>, Error> {
    let malformed = |detail: &'static str| Error::new(Code::InvalidIdempotencyKey, detail);
    let mut fields = request.headers().get_all(FIELD);
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(malformed("send one field `Idempotency-Key`"));
    }
    let key = field.to_str().ok().and_then(unquoted);
    let is_key = |key: &String| (1..=MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    key.filter(is_key).map(Some).ok_or_else(|| malformed("a key has 1 to 255 visible ASCII characters"))
}

/// `"k"` is `k` (RFC 9651, section 3.3.3); none where the quotes are not in pairs.
fn unquoted(field: &str) -> Option<String> {
    let Some(quoted) = field.strip_prefix('"') else { return Some(field.to_owned()) };
    let mut characters = quoted.strip_suffix('"')?.chars();
    let mut key = String::new();
    while let Some(c) = characters.next() {
        match c {
            '\\' => key.push(characters.next().filter(|c| matches!(c, '"' | '\\'))?),
            '"' => return None,
            c => key.push(c),
        }
    }
    Some(key)
}

/// The first answer to a request.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = idempotency_keys, check_for_backend(Pg), primary_key(member_id, key), treat_none_as_null = true)]
struct Kept {
    member_id: MemberId,
    key: String,
    request_hash: Vec<u8>,
    status: i16,
    location: Option<String>,
    etag: Option<String>,
    body: Vec<u8>,
    created_at: DateTime<Utc>,
}

/// A request whose sender is known: its work is done once.
#[derive(Debug)]
pub struct Once {
    key: Option<OwnedKey>,
    now: DateTime<Utc>,
}

/// A key, whose it is, and the request that it came with.
#[derive(Debug)]
struct OwnedKey {
    member: MemberId,
    key: String,
    request_hash: Vec<u8>,
}

impl Idempotency {
    /// A member's: nobody else's key is the same.
    pub fn of(self, member: MemberId) -> Once {
        let owned = |keyed: Keyed| OwnedKey { member, key: keyed.key, request_hash: keyed.request_hash };
        Once { key: self.keyed.map(owned), now: self.now }
    }

    /// A guest's. As nobody tells guests apart, the body is part of the key: who does not know all of it, and so the password
    /// in it, gets no other's answer.
    pub fn of_guest(self, state: &State) -> Result<Once, Error> {
        let owned = |Keyed { key, request_hash, body }| {
            let mac = state.secret.mac("folkmoot idempotency keys v1", &[key.as_bytes(), b"\n", &body])?;
            Ok::<_, Error>(OwnedKey { member: GUESTS, key: BASE64_URL_SAFE_NO_PAD.encode(mac), request_hash })
        };
        Ok(Once { key: self.keyed.map(owned).transpose()?, now: self.now })
    }
}

impl Once {
    /// Does the work and shows its outcome, inside the caller's transaction: the response is of this work, whatever others do
    /// right after it. With a key that was used for the same request before, returns the stored response instead, once
    /// `may_replay` has checked that the caller may still see it.
    ///
    /// # Errors
    ///
    /// 409 if the first request with this key has not ended yet, 422 if it was another request; the errors of `may_replay`,
    /// `work` and `show`, after which the transaction must be rolled back.
    pub async fn run<T>(
        &self,
        conn: &mut AsyncPgConnection,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, Error>,
        show: impl AsyncFnOnce(T, &mut AsyncPgConnection) -> Result<HttpResponse, Error>,
        may_replay: impl AsyncFnOnce(Replay, &mut AsyncPgConnection) -> Result<(), Error>,
    ) -> Result<HttpResponse, Error> {
        let Some(key) = &self.key else {
            let done = work(conn).await?;
            return show(done, conn).await;
        };
        key.hold(conn).await?;
        if let Some(stored) = key.stored(self.now, conn).await? {
            may_replay(stored.replay(), conn).await?;
            return stored.again();
        }
        let done = work(conn).await?;
        let answer = show(done, conn).await?;
        key.keep(answer, self.now, conn).await
    }

    /// Returns the stored response, if there is one: for work that costs much before its transaction begins.
    pub async fn replayed(&self, db: &Pool) -> Result<Option<HttpResponse>, Error> {
        let Some(key) = &self.key else { return Ok(None) };
        key.stored(self.now, &mut *db.get().await?).await?.map(Kept::again).transpose()
    }
}

impl OwnedKey {
    /// Keeps others with the same key out until the transaction ends.
    async fn hold(&self, conn: &mut AsyncPgConnection) -> Result<(), Error> {
        let hash = Sha256::digest(format!("idempotency key {} {}", self.member, self.key));
        let hash = hash.first_chunk().map_or(0, |first| i64::from_be_bytes(*first));
        if db::hold_name(hash, conn).await? {
            return Ok(());
        }
        Err(Error::new(Code::IdempotencyKeyInUse, "the first request with this key has not ended yet"))
    }

    async fn stored(&self, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> Result<Option<Kept>, Error> {
        let young = idempotency_keys::created_at.gt(now - KEPT);
        let kept = idempotency_keys::table.find((self.member, &self.key)).filter(young).select(Kept::as_select());
        let kept: Option<Kept> = kept.first(conn).await.optional()?;
        if kept.as_ref().is_some_and(|kept| kept.request_hash != self.request_hash) {
            return Err(Error::new(Code::IdempotencyKeyReused, "another request had this key: make a new one"));
        }
        Ok(kept)
    }

    async fn keep(
        &self,
        answer: HttpResponse,
        now: DateTime<Utc>,
        conn: &mut AsyncPgConnection,
    ) -> Result<HttpResponse, Error> {
        let (answer, body) = answer.into_parts();
        let body = body.try_into_bytes().map_err(|_| Error::internal("an answer that is kept has all its bytes"))?;
        let text = |name: HeaderName| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let kept = Kept {
            member_id: self.member,
            key: self.key.clone(),
            request_hash: self.request_hash.clone(),
            status: i16::try_from(answer.status().as_u16()).map_err(Error::internal)?,
            location: text(LOCATION),
            etag: text(ETAG),
            body: body.to_vec(),
            created_at: now,
        };
        // One that is too old to count may still be there.
        diesel::insert_into(idempotency_keys::table)
            .values(&kept)
            .on_conflict((idempotency_keys::member_id, idempotency_keys::key))
            .do_update()
            .set(&kept)
            .execute(conn)
            .await?;
        Ok(answer.set_body(BoxBody::new(body)))
    }
}

/// A response that is about to be returned again.
#[derive(Clone, Copy, Debug)]
pub struct Replay {
    /// The id of what the first request created, or None if it created nothing.
    pub created_id: Option<i64>,
}

impl Kept {
    fn replay(&self) -> Replay {
        let id = self.location.as_deref().and_then(|location| location.rsplit('/').next());
        Replay { created_id: id.and_then(|id| id.parse().ok()) }
    }

    fn again(self) -> Result<HttpResponse, Error> {
        let status = u16::try_from(self.status).map_err(Error::internal)?;
        let mut answer = HttpResponse::build(StatusCode::from_u16(status).map_err(Error::internal)?);
        answer.insert_header((REPLAYED, "true")).insert_header((CONTENT_TYPE, "application/json"));
        if let Some(location) = self.location {
            answer.insert_header((LOCATION, location));
        }
        if let Some(etag) = self.etag {
            answer.insert_header((ETAG, etag));
        }
        Ok(answer.body(self.body))
    }
}

/// Removes the stored responses to a member, and the one that answered the member's registration.
pub async fn forget(member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let registered = idempotency_keys::location.eq(format!("/api/v1/members/{member}"));
    let registered = idempotency_keys::member_id.eq(GUESTS).and(registered);
    let theirs = idempotency_keys::member_id.eq(member);
    diesel::delete(idempotency_keys::table.filter(theirs)).execute(conn).await?;
    diesel::delete(idempotency_keys::table.filter(registered)).execute(conn).await?;
    Ok(())
}

/// Removes answers that are no longer given again. Gives how many.
pub async fn prune(now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    let old = "DELETE FROM idempotency_keys WHERE (member_id, key) IN \
               (SELECT member_id, key FROM idempotency_keys WHERE created_at < $1 LIMIT $2)";
    db::delete_in_batches(old, now - KEPT, conn).await
}
