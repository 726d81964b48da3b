//! Access tokens that are not what they should be.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as B64;
use chrono::Duration;
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{App, Forger};

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name).unwrap();
}

#[actix_web::test]
async fn an_access_token_says_who_and_for_whom_and_carries_no_role() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    assert_eq!((&forger.header["typ"], &forger.header["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
    let claims = &forger.payload;
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("http://forum.test"), &json!("http://forum.test")));
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(forger.anna.id.to_string()), &json!("folkmoot")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    assert_eq!(claims["scope"], "read post like profile moderate admin");
    assert!(claims.get("role").is_none());
    let again = forger.header(|_| {});
    forger.anna.with_token(&again).get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn forged_signatures_and_keys_are_refused() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let (header, payload) = (&forger.header, &forger.payload);
    let unsigned = Forger::message(&json!({"alg": "none", "typ": "at+jwt", "kid": header["kid"]}), payload);
    forger.is_refused("none", &format!("{unsigned}.")).await;
    forger.is_refused("None", &format!("{}.", unsigned.replace("none", "None"))).await;

    let hs256 = Forger::message(&json!({"alg": "HS256", "typ": "at+jwt", "kid": header["kid"]}), payload);
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(forger.key.verifying_key().as_bytes()).unwrap();
    mac.update(hs256.as_bytes());
    forger.is_refused("HS256", &format!("{hs256}.{}", B64.encode(mac.finalize().into_bytes()))).await;

    let foreign = SigningKey::from_bytes(&[7; 32]);
    forger.is_refused("foreign key", &Forger::signed_by(&foreign, header, payload)).await;
    let x = B64.encode(foreign.verifying_key().as_bytes());
    let mut own_key = header.clone();
    own_key["jwk"] = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    forger.is_refused("a key in the header", &Forger::signed_by(&foreign, &own_key, payload)).await;

    forger.is_refused("foreign kid", &forger.header(|h| h["kid"] = json!("another"))).await;
    forger.is_refused("no kid", &forger.header(|h| remove(h, "kid"))).await;
    forger.is_refused("no typ", &forger.header(|h| remove(h, "typ"))).await;
    forger.is_refused("typ JWT", &forger.header(|h| h["typ"] = json!("JWT"))).await;
    forger.is_refused("crit", &forger.header(|h| h["crit"] = json!(["exp"]))).await;
}

#[actix_web::test]
async fn wrong_claims_are_refused_though_the_signature_is_right() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let exp = forger.payload["exp"].as_i64().unwrap();
    for name in ["exp", "iat", "iss", "aud", "sub", "sid", "jti", "client_id", "scope"] {
        forger.is_refused(name, &forger.claims(|c| remove(c, name))).await;
        forger.is_refused(name, &forger.claims(|c| c[name] = json!(null))).await;
        // Those two can hold any text.
        if !["jti", "scope"].contains(&name) {
            forger.is_refused(name, &forger.claims(|c| c[name] = json!("another"))).await;
        }
    }
    forger.is_refused("exp as text", &forger.claims(|c| c["exp"] = json!(exp.to_string()))).await;
    forger.is_refused("iat ahead", &forger.claims(|c| c["iat"] = json!(exp))).await;
    forger.is_refused("nbf ahead", &forger.claims(|c| c["nbf"] = json!(exp))).await;
    forger.is_refused("sub as number", &forger.claims(|c| c["sub"] = json!(1))).await;
    forger.is_refused("sub 0", &forger.claims(|c| c["sub"] = json!("0"))).await;
    let foreign = json!("http://elsewhere.test");
    forger.is_refused("aud", &forger.claims(|c| c["aud"] = foreign.clone())).await;
    forger.is_refused("iss", &forger.claims(|c| c["iss"] = foreign.clone())).await;
    forger.is_refused("long", &forger.claims(|c| c["pad"] = json!("x".repeat(5_000)))).await;
    for nonsense in ["", "x", "a.b.c", "..", "e30.e30.e30"] {
        forger.is_refused(nonsense, nonsense).await;
    }
}

#[actix_web::test]
async fn a_session_of_another_member_is_not_taken_over() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let bob = app.member("Bob").await;
    let token = forger.claims(|c| c["sub"] = json!(bob.id.to_string()));
    bob.with_token(&token).get("/api/v1/me").await.refused(401, "session_ended");
}

#[actix_web::test]
async fn a_token_ends_after_ten_minutes_and_five_seconds() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    app.clock.advance(Duration::seconds(600));
    anna.get("/api/v1/me").await.expect(200);
    app.clock.advance(Duration::seconds(6));
    anna.get("/api/v1/me").await.refused(401, "token_expired");
    anna.get("/api/v1/ranks").await.refused(401, "token_expired");
}

#[actix_web::test]
async fn a_token_comes_in_one_field_only() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let token = anna.token.clone().unwrap();
    let guest = app.guest();
    guest.get(&format!("/api/v1/me?access_token={token}")).await.refused(401, "not_signed_in");
    for field in [format!("Basic {token}"), token.clone(), "Bearer".into()] {
        guest.ask("GET", "/api/v1/me", &[("Authorization", &field)], None).await.refused(401, "invalid_token");
    }
    let bearer = format!("bearer {token}");
    guest.ask("GET", "/api/v1/me", &[("Authorization", &bearer)], None).await.expect(200);
    let twice = [("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())];
    guest.ask("GET", "/api/v1/me", &twice, None).await.refused(401, "invalid_token");
}
