//! Somebody registers in the very moment in which an import writes.

use futures_util::future::join;
use serde_json::json;

use super::*;
use crate::support::database;

/// Takes lines in while a registration, which began before, has not ended.
async fn take_in_beside(url: &str, registration: &str, lines: &[Value]) -> Result<Summary, ImportError> {
    let mut zoe = sql(url).await;
    let tx = zoe.transaction().await.unwrap();
    tx.batch_execute(registration).await.unwrap();
    let ending = async {
        until_waited_for(url, &tx).await;
        tx.commit().await.unwrap();
    };
    join(take_in(url, lines), ending).await.0
}

#[actix_web::test]
async fn a_name_slug_or_address_that_is_taken_meanwhile_is_told() {
    for (taken, said) in [
        (
            "INSERT INTO members (username, username_key, joined_at) VALUES ('ANN', 'ann', now())",
            "line 3: `username`: `Ann`",
        ),
        ("INSERT INTO forums (slug, title) VALUES ('talk', 'Talk')", "line 2: `slug`: `talk`"),
        (
            "INSERT INTO members (username, username_key, email, email_key, email_verified, joined_at)
             VALUES ('Zoe', 'zoe', 'ann@example.com', 'ann@example.com', true, now())",
            "line 3: `email`: this address",
        ),
    ] {
        let url = database::empty().await;
        let mut lines = ground();
        lines[2] = with(lines[2].clone(), json!({"email": "ann@example.com", "email_verified": true}));
        let error = take_in_beside(&url, taken, &lines).await.unwrap_err().to_string();
        let start = "the database: somebody took what a line of this batch wants: run it again, and it goes on or says at \
                     which line it can not (ERROR: duplicate key";
        assert!(error.starts_with(start), "{error}");
        let again = take_in(&url, &lines).await.unwrap_err().to_string();
        assert!(again.starts_with(said), "{again}");
    }
}

#[actix_web::test]
async fn names_are_kept_from_others_in_the_order_in_which_registrations_take_them() {
    let url = database::empty().await;
    // Each would hold what the other waits for, did the import take them as its lines come.
    let mut lines = ground();
    lines.push(member("y", "yyy"));
    lines.push(member("x", "xxx"));
    let mut zoe = sql(&url).await;
    let take = |skeleton: &str| format!("INSERT INTO username_skeletons VALUES ('{skeleton}', 0)");
    zoe.batch_execute("ALTER TABLE username_skeletons DROP CONSTRAINT username_skeletons_member_id_fkey")
        .await
        .unwrap();
    let tx = zoe.transaction().await.unwrap();
    tx.batch_execute(&take("xxx")).await.unwrap();
    let registering = async {
        until_waited_for(&url, &tx).await;
        tx.batch_execute(&take("yyy")).await.unwrap();
        tx.commit().await.unwrap();
    };
    let (summary, ()) = join(take_in(&url, &lines), registering).await;
    assert_eq!(summary.unwrap().added.members, 4);
    assert_eq!(count(&url, "SELECT count(*) FROM username_skeletons WHERE member_id = 0").await, 2);
}
