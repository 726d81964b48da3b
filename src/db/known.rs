//! Statements of requests whose text is built once. diesel writes the text of a statement anew each time that it runs, to find it
//! among those that are prepared; for one of a single row this is a good part of the work.

use std::marker::PhantomData;
use std::sync::OnceLock;

use diesel::QueryResult;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};

/// A query whose text is the same each time that it runs at its place in the code.
pub struct Known<Q, Place> {
    query: Q,
    text: &'static OnceLock<String>,
    place: PhantomData<Place>,
}

impl<Q, Place> Known<Q, Place> {
    /// The query of a place, and where the text of that place is kept: for `known!` alone.
    pub fn at(query: Q, text: &'static OnceLock<String>) -> Self {
        Self { query, text, place: PhantomData }
    }
}

/// Says of a query that its text is the same each time that it runs here: what differs are values.
macro_rules! known {
    ($query:expr) => {{
        struct Here;
        static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        $crate::db::Known::<_, Here>::at($query, &TEXT)
    }};
}
pub(crate) use known;

fn written(query: &impl QueryFragment<Pg>, backend: &Pg) -> QueryResult<String> {
    let mut out = PgQueryBuilder::default();
    query.to_sql(&mut out, backend)?;
    Ok(out.finish())
}

impl<Q: QueryFragment<Pg>, Place> QueryFragment<Pg> for Known<Q, Place> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        if let Some(text) = self.text.get() {
            debug_assert_eq!(*text, written(&self.query, backend)?, "the text of a known query differs");
            out.push_sql(text);
            return Ok(());
        }
        let text = written(&self.query, backend)?;
        out.push_sql(self.text.get_or_init(|| text));
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

/// It is known by its place.
impl<Q, Place: 'static> QueryId for Known<Q, Place> {
    type QueryId = Place;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: Query, Place> Query for Known<Q, Place> {
    type SqlType = Q::SqlType;
}
