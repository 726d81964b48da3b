//! What `folkmoot serve` refuses to begin with.

use std::process::Command;

use crate::support::database;

/// What it says instead of serving.
async fn refusal(options: &[&str]) -> String {
    let url = database::bare().await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    program.args(["serve", "--listen", "127.0.0.1:0", "--database-connections", "16", "--database-url", &url]);
    program.args(["--data-dir", env!("CARGO_TARGET_TMPDIR")]).args(options);
    let done = program.env_remove("DATABASE_URL").output().unwrap();
    assert!(!done.status.success(), "{options:?}");
    // Nothing was done to the database.
    let client = folkmoot::db::connect(&url).await.unwrap();
    let tables = client.query_one("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()", &[]).await;
    let metrics_refused = options.contains(&"--metrics-listen");
    assert_eq!(tables.unwrap().get::<_, i64>(0) == 0, !metrics_refused, "{options:?}");
    String::from_utf8(done.stderr).unwrap()
}

const SECRET: &str = "a secret of at least thirty-two characters";

#[actix_web::test]
async fn settings_that_are_wrong_or_not_safe_are_refused_by_name() {
    let refused: [(&[&str], &str); 13] = [
        (&["--secret", SECRET], "these settings off: fsync"),
        (&["--allow-data-loss"], "a --secret is needed"),
        (&["--secret", "a short secret"], "32 characters or more"),
        (&["--secret", &"ab".repeat(20)], "the secret can be guessed"),
        (&["--secret", SECRET, "--public-url", "forum.example.org"], "--public-url forum.example.org"),
        (&["--secret", SECRET, "--public-url", "ftp://forum.example.org"], "--public-url ftp://forum.example.org"),
        (&["--secret", SECRET, "--public-url", "https://forum.example.org/?a=b"], "it has to be like"),
        (&["--secret", SECRET, "--trusted-proxies", "10.0.0.0/8,0.0.0.0/0"], "--trusted-proxies 0.0.0.0/0"),
        (&["--secret", SECRET, "--trusted-proxies", "::/0"], "--trusted-proxies ::/0"),
        (&["--secret", SECRET, "--otlp-endpoint", "https://collector.example.org"], "--otlp-endpoint"),
        (&["--secret", SECRET, "--workers", "8"], "--workers 8 need --database-connections 27"),
        (
            &["--secret", SECRET, "--mail-url", "smtp://localhost", "--mail-from", "a@b.test"],
            "a --public-url is needed",
        ),
        (&["--secret", SECRET, "--allow-data-loss", "--metrics-listen", "192.0.2.1:1"], "--metrics-listen 192.0.2.1:1"),
    ];
    for (options, words) in refused {
        let said = refusal(options).await;
        assert!(said.contains(words), "{options:?}: {said}");
    }
}
