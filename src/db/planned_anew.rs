//! Statements whose best plan hangs on the values in them. PostgreSQL plans a prepared statement a few times and then, where that
//! seems as good, once and for all, with the selectivity of no value in particular: for a tag that nobody uses it goes through
//! all threads by their order, as it would for one that half of them have.

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// True of every row.
#[derive(Clone, Copy, Debug, QueryId)]
pub struct PlannedAnew;

/// A condition that changes nothing: the statement that has it is not kept, so it is planned for its values each time.
pub fn planned_anew() -> PlannedAnew {
    PlannedAnew
}

impl Expression for PlannedAnew {
    type SqlType = Bool;
}

impl<From> AppearsOnTable<From> for PlannedAnew {}

impl<From> SelectableExpression<From> for PlannedAnew {}

impl<GroupBy> ValidGrouping<GroupBy> for PlannedAnew {
    type IsAggregate = is_aggregate::No;
}

impl QueryFragment<Pg> for PlannedAnew {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("true");
        Ok(())
    }
}
