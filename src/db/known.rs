//! Statements of requests whose text is built once. diesel writes the text of a statement anew each time that it runs, to find it
//! among those that are prepared; for one of a single row this is a good part of the work.

use std::any::type_name;
use std::marker::PhantomData;
use std::sync::OnceLock;

use diesel::QueryResult;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};

/// A query whose text is the same each time that it runs at its place in the code.
pub struct Known<Q, Here> {
    query: Q,
    text: &'static OnceLock<Written>,
    here: PhantomData<Here>,
}

/// A text as it was written, and the type of the query that has it.
pub type Written = (&'static str, String);

impl<Q, Here> Known<Q, Here> {
    /// The query of a place, and where the text of that place is kept: for `known!` alone.
    pub fn at(query: Q, text: &'static OnceLock<Written>) -> Self {
        Self { query, text, here: PhantomData }
    }
}

/// Says of a query that its text is the same each time that it runs here: what differs are values. A place is a place in the code:
/// all instances of a generic function would share one text, and one statement that is prepared. So its type must not hang on a
/// parameter of the function that it stands in, which is looked at each time; and no part of it may be left out at one time or be
/// written more often at another (`boxed`, rows of an insert), which only builds for tests look at, as it takes what is saved here.
macro_rules! known {
    ($query:expr) => {{
        struct Here;
        static TEXT: std::sync::OnceLock<$crate::db::Written> = std::sync::OnceLock::new();
        $crate::db::Known::<_, Here>::at($query, &TEXT)
    }};
}
pub(crate) use known;

fn written(query: &impl QueryFragment<Pg>, backend: &Pg) -> QueryResult<String> {
    let mut out = PgQueryBuilder::default();
    query.to_sql(&mut out, backend)?;
    Ok(out.finish())
}

impl<Q: QueryFragment<Pg>, Here> QueryFragment<Pg> for Known<Q, Here> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        // The compiler gives each type one name, mostly at one address: to compare costs nothing.
        let of = type_name::<Q>();
        let (first, text) = match self.text.get() {
            Some(known) => known,
            None => {
                let text = written(&self.query, backend)?;
                self.text.get_or_init(|| (of, text))
            }
        };
        if !std::ptr::eq(*first, of) && *first != of {
            let told = format!("a known query is of two types: {first} and {of}");
            return Err(diesel::result::Error::QueryBuilderError(told.into()));
        }
        debug_assert_eq!(*text, written(&self.query, backend)?, "the text of a known query differs");
        out.push_sql(text);
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

/// It is known by its place.
impl<Q, Here: 'static> QueryId for Known<Q, Here> {
    type QueryId = Here;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: Query, Here> Query for Known<Q, Here> {
    type SqlType = Q::SqlType;
}
