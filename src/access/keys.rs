//! The keys that sign access tokens: kept in a table, the private part sealed with the operator's secret. A key is
//! published before it signs, and verifies until the last token that it signed has ended.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::seal::Seal;
use super::token::{self, Claims, LEEWAY, LIFETIME, Verified};
use crate::db;
use crate::db::schema::signing_keys;
use crate::error::{Code, Error};
use crate::ids::{MemberId, SessionId};
use crate::state::{Random, Secret, State};

/// How long a new key is published before it signs: nodes read the table, and clients the published set, more often.
const PUBLISHED_BEFORE: Duration = Duration::seconds(60);
/// For how long clients may keep the published set: well below the time above.
pub const JWKS_MAX_AGE: Duration = Duration::seconds(30);

/// So many tokens that were verified are known, about.
const MOST_VERIFIED: usize = 16_384;

/// The keys as this node knows them.
pub struct Keys {
    issuer: String,
    random: Random,
    // Replaced as a whole, so that nobody waits longer than it takes to clone a pointer.
    ring: RwLock<Arc<Vec<Key>>>,
    /// Tokens that were verified, by their hashes.
    verified: Cache<[u8; 32], Verified>,
}

/// One key, ready for use.
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    public: Vec<u8>,
    signs_from: DateTime<Utc>,
    /// The last token that it signed has ended by then; none while no other key follows it.
    ends: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys, check_for_backend(diesel::pg::Pg))]
struct Row {
    kid: String,
    public_key: Vec<u8>,
    sealed_private_key: Vec<u8>,
    created_at: DateTime<Utc>,
    signs_from: DateTime<Utc>,
}

impl Keys {
    /// Reads them; makes the first one where there is none. An error where the secret is not the one they were sealed
    /// with.
    pub async fn load(state: &State) -> Result<Self, Error> {
        let conn = &mut state.db.get().await?;
        let mut rows = rows(conn).await?;
        if rows.is_empty() {
            rows = first(state, conn).await?;
        }
        let ring = RwLock::new(Arc::new(open(rows, &state.secret)?));
        let verified = Cache::new(MOST_VERIFIED);
        Ok(Self { issuer: state.public_url.clone(), random: state.random, ring, verified })
    }

    /// Reads them again: what another node or a command has added signs and verifies from now on here too.
    pub async fn refresh(&self, state: &State) -> Result<(), Error> {
        let conn = &mut state.db.get().await?;
        let rows = rows(conn).await?;
        if rows.is_empty() {
            return Err(Error::internal("the signing keys are gone from the database"));
        }
        let ring = Arc::new(open(rows, &state.secret)?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// Adds a key that is published at once and signs a minute later, and removes those whose last token has ended.
    /// Gives the id of the new one.
    pub async fn rotate(state: &State) -> Result<String, Error> {
        let now = state.clock.now();
        let new = make(state, now, now + PUBLISHED_BEFORE)?;
        let kid = new.kid.clone();
        let conn = &mut state.db.get().await?;
        conn.transaction(async |conn| {
            // Two commands at once take turns.
            db::lock_table("signing_keys", conn).await?;
            // Not beside keys of another secret: the nodes that serve could not read it.
            let ended: Vec<_> = open(rows(conn).await?, &state.secret)?;
            let ended = ended.into_iter().filter(|key| key.has_ended(now)).map(|key| key.kid);
            let ended = signing_keys::table.filter(signing_keys::kid.eq_any(ended.collect::<Vec<_>>()));
            diesel::delete(ended).execute(conn).await?;
            diesel::insert_into(signing_keys::table).values(&new).execute(conn).await?;
            Ok::<_, Error>(())
        })
        .await?;
        Ok(kid)
    }

    /// An access token for this session: 10 minutes from now.
    pub fn sign(&self, member: MemberId, session: SessionId, now: DateTime<Utc>) -> Result<String, Error> {
        let ring = self.ring();
        // Where no key's time has come, another node with a faster clock has just made the first.
        let key = ring.iter().rfind(|key| key.signs_from <= now).or(ring.iter().next());
        let key = key.ok_or_else(|| Error::internal("no signing key"))?;
        token::write(key, &self.issuer, member, session, self.random.bytes()?, now)
    }

    /// The claims of a token, if it is one of ours and its time has not passed. One that was verified is known by its hash, as long as
    /// its key verifies: the signature costs more than all else that a request of a member does.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, Error> {
        let ring = self.ring();
        let hash: [u8; 32] = Sha256::digest(token).into();
        let key = |kid: &str| ring.iter().find(|key| key.kid == kid && !key.has_ended(now));
        if let Some(verified) = self.verified.get(&hash).filter(|verified| key(&verified.kid).is_some()) {
            return verified.at(now);
        }
        let verified = token::read(token, &self.issuer, key)?;
        self.verified.insert(hash, verified.clone());
        verified.at(now)
    }

    /// The keys that verify now or will: id and public key (base64url).
    pub fn published(&self, now: DateTime<Utc>) -> Vec<(String, String)> {
        let ring = self.ring();
        let present = ring.iter().filter(|key| !key.has_ended(now));
        present.map(|key| (key.kid.clone(), BASE64_URL_SAFE_NO_PAD.encode(&key.public))).collect()
    }

    fn ring(&self) -> Arc<Vec<Key>> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Key {
    fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.ends.is_some_and(|ends| ends < now)
    }
}

/// In the order in which they sign.
async fn rows(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Row>> {
    let in_order = (signing_keys::signs_from, signing_keys::kid);
    signing_keys::table.order(in_order).select(Row::as_select()).load(conn).await
}

/// Makes the first key, unless another node was faster.
async fn first(state: &State, conn: &mut AsyncPgConnection) -> Result<Vec<Row>, Error> {
    let now = state.clock.now();
    let new = make(state, now, now)?;
    conn.transaction(async |conn| {
        // Nodes that start together take turns.
        db::lock_table("signing_keys", conn).await?;
        let present = rows(conn).await?;
        if !present.is_empty() {
            return Ok(present);
        }
        diesel::insert_into(signing_keys::table).values(&new).execute(conn).await?;
        Ok(vec![new])
    })
    .await
}

fn make(state: &State, created_at: DateTime<Utc>, signs_from: DateTime<Utc>) -> Result<Row, Error> {
    let seed = state.random.bytes::<32>()?;
    let public_key = SigningKey::from_bytes(&seed).verifying_key().to_bytes().to_vec();
    let kid = thumbprint(&public_key);
    let sealed_private_key = seal(&state.secret)?.close(&seed, kid.as_bytes(), state.random)?;
    Ok(Row { kid, public_key, sealed_private_key, created_at, signs_from })
}

/// RFC 7638 over the members of RFC 8037, section 2.
fn thumbprint(public_key: &[u8]) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(public_key);
    let json = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(json))
}

fn seal(secret: &Secret) -> Result<Seal, Error> {
    Seal::new(secret, "folkmoot signing keys v1")
}

/// Opens them all; `rows` come in the order in which they sign.
fn open(rows: Vec<Row>, secret: &Secret) -> Result<Vec<Key>, Error> {
    let seal = seal(secret)?;
    let next: Vec<_> = rows.iter().skip(1).map(|row| row.signs_from).collect();
    let last_token = LIFETIME + LEEWAY + PUBLISHED_BEFORE;
    let keys = rows.into_iter().enumerate().map(|(n, row)| {
        let seed = unseal(&row, &seal).ok_or_else(wrong_secret)?;
        let der = SigningKey::from_bytes(&seed).to_pkcs8_der().map_err(Error::internal)?;
        Ok(Key {
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            decoding: DecodingKey::from_ed_der(&row.public_key),
            kid: row.kid,
            public: row.public_key,
            signs_from: row.signs_from,
            ends: next.get(n).map(|next| *next + last_token),
        })
    });
    keys.collect()
}

/// The seed; the key's id is sealed with it.
fn unseal(row: &Row, seal: &Seal) -> Option<[u8; 32]> {
    let seed: [u8; 32] = seal.open(&row.sealed_private_key, row.kid.as_bytes())?.try_into().ok()?;
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    (public.as_slice() == row.public_key).then_some(seed)
}

fn wrong_secret() -> Error {
    let detail = "the secret does not open the signing keys of this database: start with the FOLKMOOT_SECRET that it \
                  was first started with";
    Error::new(Code::InternalError, detail)
}
