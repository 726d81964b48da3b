//! The keys that sign access tokens.

use std::sync::Arc;

use chrono::Duration;
use folkmoot::access::Keys;
use folkmoot::cache::Store;
use folkmoot::clock::Clock;
use folkmoot::db::{Pool, PoolLimits, Replicas};
use folkmoot::state::{Random, RequestLimits, Secret, State};
use futures_util::future::join_all;

use crate::support::{App, PATIENCE};

fn node(app: &App, secret: &str) -> State {
    let limits = PoolLimits {
        connections: 2,
        wait: PATIENCE,
        wait_in_crowd: PATIENCE,
        connect: PATIENCE,
        statement: PATIENCE,
        lock: PATIENCE,
        pipelined_lock: PATIENCE,
        pipelined_read: PATIENCE,
    };
    State {
        db: Pool::new(&app.database_url, limits).unwrap(),
        clock: Clock::default(),
        random: Random,
        replicas: Replicas::default(),
        store: Arc::new(Store::new(0, Clock::default())),
        views: Arc::default(),
        public_url: "http://forum.test".into(),
        secret: Secret::new(secret.into()),
        limits: RequestLimits::default(),
        stopping: Arc::default(),
    }
}

const SECRET: &str = "a secret of at least thirty-two characters";

#[actix_web::test]
async fn nodes_that_start_at_once_have_one_key() {
    let app = App::start().await;
    app.sql().await.batch_execute("DELETE FROM signing_keys").await.unwrap();
    let nodes: Vec<_> = (0..6).map(|_| node(&app, SECRET)).collect();
    let keys: Vec<_> = join_all(nodes.iter().map(Keys::load)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(app.count("SELECT count(*) FROM signing_keys").await, 1);
    let now = app.clock.now();
    let token = keys[0].sign(7.into(), 9.into(), now).unwrap();
    for node in &keys {
        let claims = node.verify(&token, now).unwrap();
        assert_eq!((claims.member_id.0, claims.session_id.0), (7, 9));
    }
}

#[actix_web::test]
async fn another_secret_neither_starts_nor_rotates() {
    let app = App::start().await;
    let other = node(&app, "another secret of at least thirty-two characters");
    let refused = Keys::load(&other).await.err().unwrap().to_string();
    assert!(refused.contains("FOLKMOOT_SECRET"), "{refused}");
    Keys::rotate(&other).await.unwrap_err();
    assert_eq!(app.count("SELECT count(*) FROM signing_keys").await, 1);
}

#[actix_web::test]
async fn a_changed_public_key_is_refused() {
    let app = App::start().await;
    let sql = "UPDATE signing_keys SET public_key = decode(repeat('58', 32), 'hex')";
    app.sql().await.batch_execute(sql).await.unwrap();
    app.shared.keys.refresh(&app.shared.state).await.unwrap_err();
}

#[actix_web::test]
async fn a_key_that_another_node_signs_with_is_known_after_a_refresh() {
    let app = App::start().await;
    Keys::rotate(&app.shared.state).await.unwrap();
    let other = Keys::load(&node(&app, SECRET)).await.unwrap();
    let later = app.clock.now() + Duration::seconds(61);
    let token = other.sign(1.into(), 1.into(), later).unwrap();
    app.shared.keys.verify(&token, later).unwrap_err();
    app.shared.keys.refresh(&app.shared.state).await.unwrap();
    app.shared.keys.verify(&token, later).unwrap();
}
