//! How the database is reached.

use std::fs;
use std::process::{Command, Output};
use std::time::Duration;

use folkmoot::db::{Pool, PoolLimits};

use crate::support::database;

/// Brings a schema up to date by the program itself, with these root certificates.
fn migrate(database_url: &str, certificates: &str) -> Output {
    let file = std::env::temp_dir().join(format!("fm-{}.pem", uuid::Uuid::new_v4().simple()));
    fs::write(&file, certificates).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    program.arg("migrate").env("FOLKMOOT_DATABASE_URL", database_url).env("SSL_CERT_FILE", &file);
    let output = program.output().unwrap();
    fs::remove_file(file).unwrap();
    output
}

#[actix_web::test]
async fn certificates_that_can_not_be_read_keep_nobody_from_a_server_without_tls() {
    let url = database::bare().await;
    let spoilt = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for mode in ["prefer", "disable"] {
        let done = migrate(&format!("{url} sslmode={mode}"), spoilt);
        assert!(done.status.success(), "{mode}: {done:?}");
    }
    let refused = migrate(&format!("{url} host=127.0.0.1 port=1 sslmode=require"), spoilt);
    assert!(!refused.status.success());
}

#[actix_web::test]
async fn what_a_worker_had_is_no_longer_counted_when_it_has_ended() {
    let second = Duration::from_secs(1);
    let limits = PoolLimits {
        connections: 16,
        wait: second,
        wait_in_crowd: second,
        connect: second,
        statement: second,
        lock: second,
        pipelined_lock: second,
        pipelined_read: second,
    };
    let node = Pool::new(&database::bare().await, limits).unwrap();
    let beside = node.load().most;
    for _ in 0..3 {
        let worker = node.for_one_of(1);
        assert!(node.load().most > beside);
        drop(worker);
        assert_eq!(node.load().most, beside);
    }
}
