//! How the database is reached.

use std::fs;
use std::process::{Command, Output};

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
async fn who_wants_no_tls_needs_no_certificates() {
    let url = database::bare().await;
    let spoilt = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let refused = migrate(&url, spoilt);
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("the system's root certificates can not be used"), "{said}");
    let done = migrate(&format!("{url} sslmode=disable"), spoilt);
    assert!(done.status.success(), "{done:?}");
}
