//! How many rows a statement gives, as a number in its text. As a value it is not known when PostgreSQL plans for all values: it then
//! reckons with a tenth of what the query would give, finds every plan for the values at hand cheaper, and makes one each time, which for a page of a
//! list takes longer than to read it.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A query of so many rows.
pub struct FirstRows<Q> {
    query: Q,
    count: i64,
}

/// The first rows of a query that ends with its order. Each number is a statement of its own, which is kept: few are to be used.
pub fn first_rows<Q>(query: Q, count: i64) -> FirstRows<Q> {
    FirstRows { query, count }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for FirstRows<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_sql(&self.count.to_string());
        Ok(())
    }
}

/// It is known by its text.
impl<Q> QueryId for FirstRows<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for FirstRows<Q> {
    type SqlType = Q::SqlType;
}
