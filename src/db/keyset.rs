//! `(a, b) < (x, y)`: where a list goes on. PostgreSQL answers a comparison of rows from one index, at any depth and however
//! many rows share the first value; diesel has no such operator.

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// Whether one row of two values comes before another.
#[derive(Clone, Copy, Debug, QueryId)]
pub struct RowBefore<A, B, X, Y> {
    columns: (A, B),
    values: (X, Y),
}

/// The rows before this one, in ascending order: what comes next in a descending list.
pub fn before<A, B, X, Y>(columns: (A, B), values: (X, Y)) -> RowBefore<A, B, X, Y> {
    RowBefore { columns, values }
}

impl<A, B, X, Y> Expression for RowBefore<A, B, X, Y>
where
    A: Expression,
    B: Expression,
    X: Expression<SqlType = A::SqlType>,
    Y: Expression<SqlType = B::SqlType>,
{
    type SqlType = Bool;
}

impl<From, A, B, X, Y> AppearsOnTable<From> for RowBefore<A, B, X, Y>
where
    Self: Expression,
    A: AppearsOnTable<From>,
    B: AppearsOnTable<From>,
    X: AppearsOnTable<From>,
    Y: AppearsOnTable<From>,
{
}

impl<From, A, B, X, Y> SelectableExpression<From> for RowBefore<A, B, X, Y>
where
    Self: AppearsOnTable<From>,
    A: SelectableExpression<From>,
    B: SelectableExpression<From>,
    X: SelectableExpression<From>,
    Y: SelectableExpression<From>,
{
}

impl<GroupBy, A, B, X, Y> ValidGrouping<GroupBy> for RowBefore<A, B, X, Y> {
    type IsAggregate = is_aggregate::No;
}

impl<A, B, X, Y> QueryFragment<Pg> for RowBefore<A, B, X, Y>
where
    A: QueryFragment<Pg>,
    B: QueryFragment<Pg>,
    X: QueryFragment<Pg>,
    Y: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.columns.1.walk_ast(out.reborrow())?;
        out.push_sql(") < (");
        self.values.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.values.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
