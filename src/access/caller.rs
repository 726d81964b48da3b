//! Who is calling. The rights to call are types: an act names in its parameters who may use it.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Role;
use super::keys::Keys;
use crate::db::schema::{members, sessions};
use crate::error::{Code, Error};
use crate::ids::{MemberId, SessionId};
use crate::state::State;
use crate::web::query::must_be_wanted;

/// A signed-in member, as session and member are now.
#[derive(Clone, Debug)]
pub struct Signed {
    pub member_id: MemberId,
    pub session_id: SessionId,
    pub role: Role,
    pub scopes: Vec<String>,
}

impl Signed {
    /// Whether its role is at least this one.
    pub fn is(&self, role: Role) -> bool {
        self.role >= role
    }

    /// 403 where its role is less than this one.
    pub fn must_be(&self, role: Role) -> Result<(), Error> {
        if self.is(role) {
            return Ok(());
        }
        Err(Error::new(Code::InsufficientRole, format!("this needs the role {}", role.name())))
    }
}

/// Anyone: a guest, or a member who is signed in. A bad token is an error, never a guest.
#[derive(Clone, Debug)]
pub struct Viewer(Option<Signed>);

impl Viewer {
    /// The member, if it is not a guest.
    pub fn member(&self) -> Option<&Signed> {
        self.0.as_ref()
    }

    /// The member's id, if it is not a guest.
    pub fn member_id(&self) -> Option<MemberId> {
        self.0.as_ref().map(|signed| signed.member_id)
    }

    /// Whether deleted things are shown to it.
    pub fn moderates(&self) -> bool {
        self.0.as_ref().is_some_and(|signed| signed.is(Role::Moderator))
    }
}

impl From<Signed> for Viewer {
    fn from(signed: Signed) -> Self {
        Self(Some(signed))
    }
}

/// A member who is signed in.
#[derive(Clone, Debug)]
pub struct AsMember(pub Signed);

/// A moderator or an administrator.
#[derive(Clone, Debug)]
pub struct AsModerator(pub Signed);

/// An administrator.
#[derive(Clone, Debug)]
pub struct AsAdmin(pub Signed);

macro_rules! is_signed {
    ($($right:ident)*) => {$(
        impl Deref for $right {
            type Target = Signed;

            fn deref(&self) -> &Signed {
                &self.0
            }
        }

        impl From<$right> for Viewer {
            fn from(right: $right) -> Self {
                Self(Some(right.0))
            }
        }

        impl $right {
            /// The same one, as someone who looks at things.
            pub fn viewer(&self) -> Viewer {
                Viewer(Some(self.0.clone()))
            }
        }
    )*};
}

is_signed! { AsMember AsModerator AsAdmin }

/// What `authenticate` found out, for the parameters above to take.
#[derive(Clone)]
struct Caller(Result<Signed, Error>);

/// Finds out who is calling, if the request says so. Whether a bad token matters is for the act: signing in does not
/// look at it.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.headers().contains_key(AUTHORIZATION) {
        let caller = Caller(signed(request.request()).await);
        request.extensions_mut().insert(caller);
    }
    next.call(request).await
}

async fn signed(request: &HttpRequest) -> Result<Signed, Error> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    let keys = request.app_data::<Data<Keys>>().ok_or_else(|| Error::internal("no keys"))?;
    let claims = keys.verify(bearer(request)?, state.clock.now())?;
    let conn = &mut state.db.get().await?;
    let row = present(claims.session_id, claims.member_id, conn).await?;
    let ended = || Error::new(Code::SessionEnded, "the session of this token has ended");
    let row = row.filter(|row| row.ended_at.is_none() && row.deleted_at.is_none()).ok_or_else(ended)?;
    if row.expires_at <= state.clock.now() {
        return Err(ended());
    }
    if row.suspended_at.is_some() && row.suspended_until.is_none_or(|until| until > state.clock.now()) {
        return Err(ended());
    }
    Ok(Signed { member_id: claims.member_id, session_id: claims.session_id, role: row.role, scopes: row.scopes })
}

/// RFC 6750, section 2.1: the one way to send a token.
fn bearer(request: &HttpRequest) -> Result<&str, Error> {
    let invalid = || Error::new(Code::InvalidToken, "send one field `Authorization: Bearer <access_token>`");
    let mut fields = request.headers().get_all(AUTHORIZATION);
    let field = fields.next().and_then(|f| f.to_str().ok()).ok_or_else(invalid)?;
    if fields.next().is_some() {
        return Err(invalid());
    }
    let (scheme, token) = field.split_once(' ').ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(invalid()) }
}

#[derive(Queryable)]
struct Present {
    expires_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    scopes: Vec<String>,
    role: Role,
    suspended_at: Option<DateTime<Utc>>,
    suspended_until: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
}

/// Session and member as they are now: a token carries neither role nor state.
async fn present(session: SessionId, member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<Option<Present>> {
    sessions::table
        .inner_join(members::table)
        .filter(sessions::id.eq(session).and(sessions::member_id.eq(member)))
        .select((
            sessions::expires_at,
            sessions::ended_at,
            sessions::scopes,
            members::role,
            members::suspended_at,
            members::suspended_until,
            members::deleted_at,
        ))
        .first(conn)
        .await
        .optional()
}

fn caller(request: &HttpRequest) -> Option<Caller> {
    request.extensions().get::<Caller>().cloned()
}

impl FromRequest for Viewer {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let viewer = caller(request).map(|caller| caller.0).transpose().map(Self);
        ready(viewer.and_then(|viewer| must_be_wanted(request).map(|()| viewer)))
    }
}

fn must_be_signed(request: &HttpRequest) -> Result<Signed, Error> {
    match caller(request) {
        Some(Caller(signed)) => signed.and_then(|signed| must_be_wanted(request).map(|()| signed)),
        None => Err(Error::new(Code::NotSignedIn, "send `Authorization: Bearer <access_token>`")),
    }
}

impl FromRequest for AsMember {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(must_be_signed(request).map(Self))
    }
}

/// A role that is missing is told after a body that is wrong: so this waits one turn, in which the parameters behind it
/// are made.
pub struct AfterTheBody<T> {
    right: Option<Result<T, Error>>,
    waited: bool,
}

impl<T: Unpin> Future for AfterTheBody<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let lacks_role = matches!(&self.right, Some(Err(error)) if error.code() == Code::InsufficientRole);
        if lacks_role && !self.waited {
            self.waited = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.right.take().map_or(Poll::Pending, Poll::Ready)
    }
}

macro_rules! needs_role {
    ($($right:ident $role:ident)*) => {$(
        impl FromRequest for $right {
            type Error = Error;
            type Future = AfterTheBody<Self>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let right = must_be_signed(request)
                    .and_then(|signed| signed.must_be(Role::$role).map(|()| Self(signed)));
                AfterTheBody { right: Some(right), waited: false }
            }
        }
    )*};
}

needs_role! { AsModerator Moderator  AsAdmin Admin }
