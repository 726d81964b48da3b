//! Forged access tokens (RFC 8725), beyond those of `access/token.rs`: the usual attacks in all their spellings.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD as B64};
use ed25519_dalek::pkcs8::EncodePublicKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{App, Forger};

/// The order of the group, in little endian: a signature's second half plus this has the same meaning.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn with(mut value: Value, name: &str, to: Value) -> Value {
    value[name] = to;
    value
}

#[actix_web::test]
async fn a_token_that_calls_itself_unsigned_is_refused_however_it_spells_it() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let true_one = forger.anna.token.clone().unwrap();
    let signature = true_one.rsplit('.').next().unwrap();
    for alg in
        ["none", "None", "NONE", "nOnE", " none", "", "null", "EDDSA", "eddsa", "Ed25519", "RS256", "ES256", "PS512"]
    {
        let message = Forger::message(&with(forger.header.clone(), "alg", json!(alg)), &forger.payload);
        for end in ["", ".", &format!(".{signature}"), ".AA"] {
            forger.is_refused(alg, &format!("{message}{end}")).await;
        }
    }
    for alg in [json!(null), json!(0), json!(["EdDSA"]), json!({"alg": "EdDSA"})] {
        forger.is_refused("alg", &forger.header(|h| h["alg"] = alg.clone())).await;
    }
}

#[actix_web::test]
async fn the_public_key_is_no_secret_to_sign_with_in_any_form() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let key = forger.key.verifying_key();
    let jwks = app.guest().get("/.well-known/jwks.json").await.expect(200);
    let pem = key.to_public_key_pem(LineEnding::LF).unwrap();
    let secrets = [
        key.as_bytes().to_vec(),
        key.to_public_key_der().unwrap().into_vec(),
        pem.clone().into_bytes(),
        pem.trim().as_bytes().to_vec(),
        B64.encode(key.as_bytes()).into_bytes(),
        jwks["keys"][0].to_string().into_bytes(),
        jwks.bytes.clone(),
        Vec::new(),
    ];
    for secret in &secrets {
        for alg in ["HS256", "HS384", "HS512", "EdDSA"] {
            let message = Forger::message(&with(forger.header.clone(), "alg", json!(alg)), &forger.payload);
            let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret).unwrap();
            mac.update(message.as_bytes());
            let token = format!("{message}.{}", B64.encode(mac.finalize().into_bytes()));
            forger.is_refused(alg, &token).await;
        }
    }
}

#[actix_web::test]
async fn a_key_is_found_by_its_id_among_ours_and_nowhere_else() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let foreign = SigningKey::from_bytes(&[7; 32]);
    let kid = forger.header["kid"].as_str().unwrap().to_owned();
    let odd = [
        json!("../../../../dev/null"),
        json!("/dev/null"),
        json!("file:///dev/null"),
        json!("https://evil.example/jwks.json"),
        json!("x' UNION SELECT 'AAAA' --"),
        json!("' OR '1'='1"),
        json!(format!("{kid}\0")),
        json!(format!(" {kid}")),
        json!(format!("{kid} ")),
        json!(kid.to_lowercase() + "x"),
        json!(""),
        json!(null),
        json!(0),
        json!([kid]),
        json!("x".repeat(2_000)),
    ];
    for other in odd {
        let header = with(forger.header.clone(), "kid", other.clone());
        forger.is_refused(&other.to_string(), &Forger::signed_by(&foreign, &header, &forger.payload)).await;
        forger.is_refused(&other.to_string(), &Forger::signed_by(&forger.key, &header, &forger.payload)).await;
    }
    let x = B64.encode(foreign.verifying_key().as_bytes());
    let carried = [
        ("jwk", json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid})),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!([BASE64_STANDARD.encode(foreign.verifying_key().as_bytes())])),
        ("x5t", json!(x)),
    ];
    for (name, value) in carried {
        let header = with(forger.header.clone(), name, value);
        forger.is_refused(name, &Forger::signed_by(&foreign, &header, &forger.payload)).await;
    }
    for crit in [json!(["b64"]), json!(["exp"]), json!([])] {
        let token = forger.header(|h| {
            h["crit"] = crit.clone();
            h["b64"] = json!(true);
        });
        forger.is_refused("crit", &token).await;
    }
}

#[actix_web::test]
async fn a_token_of_another_type_or_for_others_is_refused() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    for typ in
        ["JWT", "jwt", "at+JWTx", "rt+jwt", "id_token", "dpop+jwt", "logout+jwt", "", " at+jwt", "application/jwt"]
    {
        forger.is_refused(typ, &forger.header(|h| h["typ"] = json!(typ))).await;
    }
    forger.is_refused("cty", &forger.header(|h| *h = json!({"alg": "EdDSA", "kid": h["kid"], "cty": "at+jwt"}))).await;
    let ours = "http://forum.test";
    let near = [
        "http://forum.test/",
        "https://forum.test",
        "HTTP://FORUM.TEST",
        "http://forum.test.evil.example",
        "http://forum.tes",
        "",
        "*",
    ];
    for name in ["aud", "iss"] {
        for other in near.map(Value::from).into_iter().chain([json!([]), json!(null), json!(1), json!({"0": ours})]) {
            forger.is_refused(name, &forger.claims(|c| c[name] = other.clone())).await;
        }
        forger.is_refused("several", &forger.claims(|c| c[name] = json!(["http://evil.example", ours]))).await;
        forger.is_refused("a list of one", &forger.claims(|c| c[name] = json!([ours]))).await;
    }
    for client in ["Folkmoot", "folkmoot ", "other"] {
        forger.is_refused("client_id", &forger.claims(|c| c["client_id"] = json!(client))).await;
    }
}

#[actix_web::test]
async fn times_are_whole_seconds_that_can_be() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let now = app.clock.now().timestamp();
    let numbers =
        ["9223372036854775808", "1e300", "1e18", "-1.5", "NaN", "\"9999999999\"", "true", "[9999999999]", "{}", "null"];
    for name in ["exp", "iat", "nbf"] {
        for number in numbers {
            // An absent `nbf` is as good as none.
            if (name, number) == ("nbf", "null") {
                continue;
            }
            let mut payload = forger.payload.clone();
            payload[name] = json!("THE NUMBER");
            let payload = payload.to_string().replace("\"THE NUMBER\"", number);
            let message = format!("{}.{}", B64.encode(forger.header.to_string()), B64.encode(payload));
            let token = format!("{message}.{}", B64.encode(forger.key.sign(message.as_bytes()).to_bytes()));
            forger.is_refused(&format!("{name} {number}"), &token).await;
        }
        let float = forger.claims(|c| c[name] = json!(now as f64 + 0.5));
        forger.is_refused(&format!("{name} with a fraction"), &float).await;
    }
    // Further than this test may take.
    for ahead in [120, 3_600, i64::MAX / 2] {
        forger.is_refused("iat", &forger.claims(|c| c["iat"] = json!(now.saturating_add(ahead)))).await;
        forger.is_refused("nbf", &forger.claims(|c| c["nbf"] = json!(now.saturating_add(ahead)))).await;
    }
    for past in [0, -1, i64::MIN, now - 6] {
        let token = forger.claims(|c| c["exp"] = json!(past));
        forger.anna.with_token(&token).get("/api/v1/me").await.expect(401);
    }
}

#[actix_web::test]
async fn a_token_has_three_parts_in_one_spelling() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let token = forger.anna.token.clone().unwrap();
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let padded = |part: &str| BASE64_URL_SAFE.encode(B64.decode(part).unwrap());
    let mut odd = vec![
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{}", parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", padded(&parts[0]), parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], padded(&parts[1]), parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], padded(&parts[2])),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][..85]),
        format!("{}.{}.{}A", parts[0], parts[1], parts[2]),
        format!("{} .{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}. {}", parts[0], parts[1], parts[2]),
        format!("{}.{}.{}", parts[1], parts[0], parts[2]),
        format!("{token},{token}"),
        format!("{token} {token}"),
        format!("\"{token}\""),
        "eyJ".repeat(1_300),
        format!("{token}{}", ".".repeat(3_000)),
        "A".repeat(15_000),
    ];
    // The same bytes with other last bits: a lenient reader takes four spellings of one signature.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(&parts[2][85..]).unwrap();
    for n in 1..16 {
        let other = alphabet.as_bytes()[last ^ n] as char;
        odd.push(format!("{}.{}.{}{other}", parts[0], parts[1], &parts[2][..85]));
    }
    // The other half of the equation, with the order of the group added: the same to who checks by the equation alone.
    let mut signature = B64.decode(&parts[2]).unwrap();
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = (carry & 0xff) as u8;
        carry >>= 8;
    }
    odd.push(format!("{}.{}.{}", parts[0], parts[1], B64.encode(&signature)));
    odd.push(format!("{}.{}.{}", parts[0], parts[1], B64.encode([0; 64])));
    for token in &odd {
        forger.is_refused(&token[..token.len().min(60)], token).await;
    }
    // The one that all are made of is good.
    forger.anna.get("/api/v1/me").await.expect(200);
}

#[actix_web::test]
async fn a_claim_that_stands_twice_makes_a_token_none() {
    let app = App::start().await;
    let forger = Forger::new(&app).await;
    let sign = |header: &str, payload: &str| {
        let message = format!("{}.{}", B64.encode(header), B64.encode(payload));
        format!("{message}.{}", B64.encode(forger.key.sign(message.as_bytes()).to_bytes()))
    };
    let (header, payload) = (forger.header.to_string(), forger.payload.to_string());
    for (name, value) in
        [("sub", "\"1\""), ("sid", "\"1\""), ("exp", "9999999999"), ("aud", "\"http://forum.test\""), ("iss", "\"x\"")]
    {
        forger.is_refused(name, &sign(&header, &format!("{{\"{name}\":{value},{}", &payload[1..]))).await;
        let behind = format!("{},\"{name}\":{value}}}", &payload[..payload.len() - 1]);
        forger.is_refused(name, &sign(&header, &behind)).await;
    }
    for twice in ["\"alg\":\"none\"", "\"kid\":\"x\"", "\"typ\":\"JWT\""] {
        forger.is_refused(twice, &sign(&format!("{{{twice},{}", &header[1..]), &payload)).await;
    }
    for rubbish in ["", "null", "[]", "{", "{}", "\u{feff}{}"] {
        forger.is_refused(rubbish, &sign(&header, rubbish)).await;
        forger.is_refused(rubbish, &sign(rubbish, &payload)).await;
    }
}

#[actix_web::test]
async fn tokens_of_one_kind_are_not_taken_for_another() {
    let app = App::start().await;
    let (anna, refresh) = app.registered("Boris").await;
    let personal = anna.personal_token(&["read", "profile"]).await;
    let (access, personal_text) = (anna.token.clone().unwrap(), personal.token.clone().unwrap());
    let bare = personal_text.trim_start_matches("fm_");
    for other in [&refresh, &format!("fm_{refresh}"), &format!("fm_{access}"), bare, &personal_text.to_uppercase()] {
        anna.with_token(other).get("/api/v1/me").await.refused(401, "invalid_token");
    }
    app.refresh(&personal_text).await.refused(401, "invalid_refresh_token");
    app.refresh(bare).await.refused(401, "invalid_refresh_token");
    app.refresh(&access).await.flawed("/refresh_token", "too_long");
    for text in [&access, &refresh, &personal_text] {
        app.login("Boris", text.get(..256).unwrap_or(text)).await.refused(401, "invalid_credentials");
    }
    // None of this has ended anything.
    personal.get("/api/v1/me").await.expect(200);
    app.refresh(&refresh).await.expect(200);
}

#[actix_web::test]
async fn a_token_is_taken_from_its_field_and_from_nowhere_else() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let token = anna.token.clone().unwrap();
    let guest = app.guest();
    let cookies = format!("token={token}; access_token={token}; session={token}");
    for (name, value) in [
        ("Cookie", cookies.as_str()),
        ("X-Access-Token", &token),
        ("X-Authorization", &format!("Bearer {token}")),
        ("Proxy-Authorization", &format!("Bearer {token}")),
        ("X-Api-Key", &token),
        ("X-Original-Authorization", &format!("Bearer {token}")),
    ] {
        guest.ask("GET", "/api/v1/me", &[(name, value)], None).await.refused(401, "not_signed_in");
    }
    for scheme in ["Token", "JWT", "DPoP", "Bearer:", "Basic"] {
        let field = format!("{scheme} {token}");
        guest.ask("GET", "/api/v1/me", &[("Authorization", &field)], None).await.refused(401, "invalid_token");
    }
}
