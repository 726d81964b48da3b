//! `GET /.well-known/jwks.json`.

use chrono::Duration;
use folkmoot::access::Keys;

use crate::support::App;

#[actix_web::test]
async fn the_public_keys_are_there_and_the_private_ones_are_not() {
    let app = App::start().await;
    let answer = app.guest().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(answer.header("cache-control"), "public, max-age=30");
    let key = &answer["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&"OKP".into(), &"Ed25519".into(), &"sig".into()));
    assert_eq!(answer["keys"].as_array().unwrap().len(), 1);
    assert!(key.get("d").is_none());
}

#[actix_web::test]
async fn a_new_key_is_published_before_it_signs_and_an_old_one_until_its_last_token_has_ended() {
    let app = App::start().await;
    let anna = app.member("Anna").await;
    let (state, keys) = (&app.shared.state, &app.shared.keys);
    let new = Keys::rotate(state).await.unwrap();
    keys.refresh(state).await.unwrap();
    let kids = async || -> Vec<String> {
        let answer = app.guest().get("/.well-known/jwks.json").await.expect(200);
        answer["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let signer = || {
        let token = keys.sign(1.into(), 1.into(), app.clock.now()).unwrap();
        jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
    };
    assert_eq!(kids().await.len(), 2);
    assert_ne!(signer(), new);

    app.clock.advance(Duration::seconds(61));
    assert_eq!(signer(), new);
    anna.get("/api/v1/me").await.expect(200);
    let last_of_the_old = anna.with_token(&keys.sign(anna.id.into(), 1.into(), app.clock.now()).unwrap());
    last_of_the_old.get("/api/v1/me").await.expect(200);

    app.clock.advance(Duration::minutes(12));
    assert_eq!(kids().await, std::slice::from_ref(&new));
    Keys::rotate(state).await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM signing_keys").await, 2);
}
