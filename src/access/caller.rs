//! Who is calling. The rights to call are types: an act names in its parameters who may use it. A role that an act needs
//! is asked for in the act (`must_be`): it is told after what is wrong with the body, and only of what is there.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};

use super::callers::Callers;
use super::keys::Keys;
use super::token::Claims;
use super::{Role, personal};
use crate::error::{Code, Error};
use crate::ids::{MemberId, SessionId, TokenId};
use crate::state::State;
use crate::web::form;
use crate::web::frame::CallerId;
use crate::web::limit::{Limits, QuotaOwner};
use crate::web::served::{Needs, Served};

/// A signed-in member, as session and member are now.
#[derive(Clone, Debug)]
pub struct Signed {
    pub member_id: MemberId,
    /// None where a personal token calls.
    pub session_id: Option<SessionId>,
    /// None where a session calls.
    pub token_id: Option<TokenId>,
    pub role: Role,
    pub scopes: Arc<[String]>,
}

impl Signed {
    /// Whether its role is at least this one.
    pub fn is(&self, role: Role) -> bool {
        self.role >= role
    }

    /// 403 where its token is not of the kind that an act needs, or lacks the scope.
    fn has(&self, needs: &Needs) -> Result<(), Error> {
        if needs.session && self.session_id.is_none() {
            return Err(session_required());
        }
        let scope = &needs.scope;
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let challenge = format!("Bearer realm=\"folkmoot\", error=\"insufficient_scope\", scope=\"{scope}\"");
        let challenge = HeaderValue::from_str(&challenge).map_err(Error::internal)?;
        let error = Error::new(Code::InsufficientScope, format!("the token lacks the scope {scope}"));
        Err(error.with_header(WWW_AUTHENTICATE, challenge))
    }

    /// The member as someone who looks at things.
    pub fn viewer(&self) -> Viewer {
        Viewer(Some(self.clone()))
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
    /// Someone who is not signed in.
    pub const fn guest() -> Self {
        Self(None)
    }

    /// Whether it is not signed in.
    pub const fn is_guest(&self) -> bool {
        self.0.is_none()
    }

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

impl Deref for AsMember {
    type Target = Signed;

    fn deref(&self) -> &Signed {
        &self.0
    }
}

impl From<AsMember> for Viewer {
    fn from(member: AsMember) -> Self {
        Self(Some(member.0))
    }
}

/// A member who is signed in by a session: a personal token will not do.
#[derive(Clone, Debug)]
pub struct InSession {
    signed: Signed,
    pub session_id: SessionId,
}

impl Deref for InSession {
    type Target = Signed;

    fn deref(&self) -> &Signed {
        &self.signed
    }
}

/// What `authenticate` found out, for the parameters above to take.
#[derive(Clone)]
struct Caller(Result<Signed, Error>);

/// Finds out who is calling, as session and member are now, if a request has a token and the act looks at it: signing in does not.
///
/// Comes before the rate limit. Only a credential that holds spends its member's quotas; what ends in 401 counts by address. A token
/// with a valid signature costs a statement at most: none where its session was found a moment ago or has ended, or where its
/// member's quota is used up. How many personal tokens are looked up is bounded by `TokenGuard`.
pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let act = request.extensions().get::<Arc<Served>>().cloned();
    let needs = act.as_ref().and_then(|act| act.needs.as_ref());
    if let Some(needs) = needs.filter(|_| request.headers().contains_key(AUTHORIZATION)) {
        let signed = signed(&request).await;
        let member = signed.as_ref().ok().map(|signed| signed.member_id);
        let caller = signed.and_then(|signed| signed.has(needs).map(|()| signed));
        if let Some(member) = member {
            request.extensions_mut().insert(QuotaOwner { member, suffices: caller.is_ok() });
        }
        request.extensions_mut().insert(Caller(caller));
    }
    next.call(request).await
}

async fn signed(request: &ServiceRequest) -> Result<Signed, Error> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    let keys = request.app_data::<Data<Keys>>().ok_or_else(|| Error::internal("no keys"))?;
    let callers = request.app_data::<Data<Callers>>().ok_or_else(|| Error::internal("no callers"))?;
    let limits = request.app_data::<Data<Limits>>().ok_or_else(|| Error::internal("no limits"))?;
    let token = bearer(request.request())?;
    if personal::is_one(token) {
        return callers.tokens.caller(token, request, limits, state).await;
    }
    in_session(&keys.verify(token, state.clock.now())?, request, callers, limits, state).await
}

async fn in_session(
    claims: &Claims,
    request: &ServiceRequest,
    callers: &Callers,
    limits: &Limits,
    state: &State,
) -> Result<Signed, Error> {
    let (session, member) = (claims.session_id, claims.member_id);
    request.extensions_mut().insert(CallerId(member));
    // A write reads it once more in its transaction (`write`).
    let row = match callers.known(session, member, state) {
        Some(row) => Some(row),
        None if callers.has_ended(session, member) => None,
        None => {
            limits.check_member(request, member)?;
            callers.find(session, member, state).await?
        }
    };
    let row = row.filter(|row| row.is_so(state.clock.now())).ok_or_else(session_ended)?;
    Ok(Signed { member_id: member, session_id: Some(session), token_id: None, role: row.role, scopes: row.scopes })
}

/// 401 for a token of a session that has ended.
pub fn session_ended() -> Error {
    Error::new(Code::SessionEnded, "the session of this token has ended")
}

/// Whether a suspension holds at this moment.
pub fn is_suspended(at: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    at.is_some() && until.is_none_or(|until| until > now)
}

/// RFC 6750, section 2.1: the one way to send a token.
fn bearer(request: &HttpRequest) -> Result<&str, Error> {
    let invalid = || Error::new(Code::InvalidToken, "send one field `Authorization: Bearer <access_token>`");
    let mut fields = request.headers().get_all(AUTHORIZATION);
    // Not by `to_str`, which looks at each byte by itself: other characters are found when the token is read.
    let field = fields.next().and_then(|field| str::from_utf8(field.as_bytes()).ok()).ok_or_else(invalid)?;
    if fields.next().is_some() {
        return Err(invalid());
    }
    let (scheme, token) = field.split_once(' ').ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(invalid()) }
}

fn caller(request: &HttpRequest) -> Option<Caller> {
    request.extensions().get::<Caller>().cloned()
}

impl FromRequest for Viewer {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let viewer = caller(request).map(|caller| caller.0).transpose().map(Self);
        ready(viewer.and_then(|viewer| form::check_without_body(request).map(|()| viewer)))
    }
}

fn must_be_signed(request: &HttpRequest) -> Result<Signed, Error> {
    match caller(request) {
        Some(Caller(signed)) => signed.and_then(|signed| form::check_without_body(request).map(|()| signed)),
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

fn session_required() -> Error {
    Error::new(Code::SessionRequired, "this needs an access token of a session, not a personal token")
}

impl FromRequest for InSession {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let of_session = |signed: Signed| {
            let session_id = signed.session_id.ok_or_else(session_required)?;
            Ok(Self { signed, session_id })
        };
        ready(must_be_signed(request).and_then(of_session))
    }
}
