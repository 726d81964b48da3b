//! `GET /.well-known/jwks.json`: the public keys of access tokens, for programs that check them by themselves.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{JWKS_MAX_AGE, Keys};
use crate::error::Error;
use crate::state::State;
use crate::web::query::NoQuery;

/// A set of keys (RFC 7517, section 5).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"keys": [{
    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}]}))]
struct JwkSet {
    /// Keys that verify now or will.
    keys: Vec<Jwk>,
}

/// A public key (RFC 8037, section 2).
#[derive(Serialize, ToSchema)]
struct Jwk {
    /// `OKP`.
    #[schema(max_length = 10)]
    kty: &'static str,
    /// `Ed25519`.
    #[schema(max_length = 10)]
    crv: &'static str,
    /// `EdDSA`.
    #[schema(max_length = 10)]
    alg: &'static str,
    /// `sig`.
    #[schema(max_length = 10)]
    r#use: &'static str,
    /// What a token names it by.
    #[schema(max_length = 100)]
    kid: String,
    /// The key, in base64url.
    #[schema(max_length = 100)]
    x: String,
}

/// Read the public keys of access tokens.
///
/// A new key stands here before it signs; an old one until its last token has ended.
#[utoipa::path(tag = "site", responses((status = 200, description = "The keys", body = JwkSet)), security(()))]
#[get("/.well-known/jwks.json")]
pub async fn read_jwks(_: NoQuery, state: Data<State>, keys: Data<Keys>) -> Result<HttpResponse, Error> {
    let keys = keys.published(state.clock.now()).into_iter();
    let jwk = |(kid, x)| Jwk { kty: "OKP", crv: "Ed25519", alg: "EdDSA", r#use: "sig", kid, x };
    let cache = format!("public, max-age={}", JWKS_MAX_AGE.num_seconds());
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", cache)).json(JwkSet { keys: keys.map(jwk).collect() }))
}
