//! Statements as the service makes and gives them up.

use std::sync::OnceLock;
use std::time::Duration;

use diesel::result::Error;
use diesel::sql_types::{BigInt, Bool};
use diesel::{IntoSql, QueryResult};
use diesel_async::RunQueryDsl;
use folkmoot::db::{Fixed, Known, Written, fixed};
use futures_util::future::{join, select};

use crate::support::{App, eventually};

/// As many values as are asked for, added up.
async fn sum(statement: Fixed<'_, BigInt>, app: &App) -> QueryResult<i64> {
    let conn = app.shared.state.db.get().await.unwrap();
    statement.get_result(&mut &*conn).await
}

#[actix_web::test]
async fn a_statement_takes_as_many_values_as_it_has_places() {
    let app = App::start().await;
    let (one, two) = (|| 1_i64.into_sql::<BigInt>(), || fixed("SELECT ? + ?"));
    assert_eq!(sum(two().with(one()).with(one()), &app).await, Ok(2));
    for wrong in [two().with(one()), two().with(one()).with(one()).with(one())] {
        let refused = sum(wrong, &app).await;
        assert!(matches!(&refused, Err(Error::QueryBuilderError(_))), "{refused:?}");
    }
}

#[actix_web::test]
async fn a_statement_that_is_given_up_is_cancelled_also_where_another_that_was_sent_with_it_has_ended() {
    let app = App::start_with(|setup| setup.pool.statement = Duration::from_secs(600)).await;
    let asks = "SELECT count(*) FROM pg_stat_activity \
                WHERE application_name = current_schema() AND state = 'active' AND query LIKE 'SELECT pg_sleep(500%'";
    {
        let conn = app.shared.state.db.get().await.unwrap();
        let sleep = async |seconds: &'static str| {
            let sql = format!("SELECT pg_sleep({seconds})");
            diesel::sql_query(sql).execute(&mut &*conn).await
        };
        let both = std::pin::pin!(join(sleep("0"), sleep("500")));
        let seen = std::pin::pin!(eventually(async || app.count(asks).await == 1));
        // The first has ended: the server does one after the other.
        select(both, seen).await;
    }
    eventually(async || app.count(asks).await == 0).await;
}

#[actix_web::test]
async fn a_text_that_is_known_is_of_one_type_of_query() {
    struct Here;
    static TEXT: OnceLock<Written> = OnceLock::new();
    let app = App::start().await;
    let (mut conn, mut other) = (app.shared.state.db.get().await.unwrap(), app.shared.state.db.get().await.unwrap());
    let one = Known::<_, Here>::at(diesel::select(1_i64.into_sql::<BigInt>()), &TEXT);
    assert_eq!(one.get_result::<i64>(&mut conn).await, Ok(1));
    let two = Known::<_, Here>::at(diesel::select(true.into_sql::<Bool>()), &TEXT);
    let refused = two.get_result::<bool>(&mut other).await;
    assert!(matches!(&refused, Err(Error::QueryBuilderError(_))), "{refused:?}");
}
