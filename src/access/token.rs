//! Access tokens: JWT (RFC 7519) of the type `at+jwt` (RFC 9068), signed with Ed25519 (RFC 8037) and nothing else.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use super::SCOPES;
use super::keys::Key;
use crate::error::{Code, Error};
use crate::ids::{MAX_ID, MemberId, SessionId};

/// How long an access token is good for.
pub const LIFETIME: Duration = Duration::minutes(10);
/// How far the clocks of nodes may differ.
pub(super) const LEEWAY: Duration = Duration::seconds(5);

/// The most bytes of a token that are looked at.
const MAX_BYTES: usize = 4096;
const TYPE: &str = "at+jwt";
const CLIENT: &str = "folkmoot";

/// What a verified access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    pub member_id: MemberId,
    pub session_id: SessionId,
}

/// As it is written. All are required, and times are whole numbers of seconds.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    client_id: String,
    scope: String,
}

/// Writes and signs a token; `unique` becomes its id.
pub(super) fn write(
    key: &Key,
    issuer: &str,
    member: MemberId,
    session: SessionId,
    unique: [u8; 16],
    now: DateTime<Utc>,
) -> Result<String, Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.into());
    header.kid = Some(key.kid.clone());
    let payload = Payload {
        iss: issuer.into(),
        aud: issuer.into(),
        sub: member.to_string(),
        sid: session.to_string(),
        jti: BASE64_URL_SAFE_NO_PAD.encode(unique),
        iat: now.timestamp(),
        exp: (now + LIFETIME).timestamp(),
        nbf: None,
        client_id: CLIENT.into(),
        scope: SCOPES.join(" "),
    };
    jsonwebtoken::encode(&header, &payload, &key.encoding).map_err(Error::internal)
}

/// A token that is ours: its type, its key, its signature, whom it is from and for are right. Its time is another matter.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    /// The id of its key.
    pub(super) kid: Arc<str>,
    claims: Claims,
    from: i64,
    until: i64,
}

impl Verified {
    /// What it says, if its time has come and not passed.
    pub(super) fn at(&self, now: DateTime<Utc>) -> Result<Claims, Error> {
        let (now, leeway) = (now.timestamp(), LEEWAY.num_seconds());
        if self.from > now.saturating_add(leeway) {
            return Err(invalid());
        }
        if self.until.saturating_add(leeway) <= now {
            return Err(Error::new(Code::TokenExpired, "the access token has expired"));
        }
        Ok(self.claims)
    }
}

/// Checks all of a token but its time.
pub(super) fn read<'a>(
    token: &str,
    issuer: &str,
    key: impl FnOnce(&str) -> Option<&'a Key>,
) -> Result<Verified, Error> {
    let (payload, kid) =
        verified(token, issuer, key).filter(|(payload, _)| payload.client_id == CLIENT).ok_or_else(invalid)?;
    let member_id = id(&payload.sub).map(MemberId).ok_or_else(invalid)?;
    let session_id = id(&payload.sid).map(SessionId).ok_or_else(invalid)?;
    let from = payload.nbf.unwrap_or(payload.iat).max(payload.iat);
    Ok(Verified { kid, claims: Claims { member_id, session_id }, from, until: payload.exp })
}

fn verified<'a>(token: &str, issuer: &str, key: impl FnOnce(&str) -> Option<&'a Key>) -> Option<(Payload, Arc<str>)> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    // A critical extension that is not understood makes a token invalid (RFC 7515, section 4.1.11); we know none.
    if !header.typ?.eq_ignore_ascii_case(TYPE) || header.crit.is_some() {
        return None;
    }
    let key = key(&header.kid?)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The library reads the system's clock; ours is given to us, so `read` looks at the times.
    validation.validate_exp = false;
    let payload = jsonwebtoken::decode::<Payload>(token, &key.decoding, &validation).ok()?.claims;
    Some((payload, key.kid.as_str().into()))
}

fn id(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id| (1..=MAX_ID).contains(id))
}

fn invalid() -> Error {
    Error::new(Code::InvalidToken, "the access token is not valid here")
}
