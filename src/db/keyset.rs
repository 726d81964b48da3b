//! `(a, b) < (x, y)`: where a list goes on. PostgreSQL answers a comparison of rows from one index, at any depth and however
//! many rows share the first value; diesel has no such operator.

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// How two rows compare.
#[derive(Clone, Copy, Debug)]
pub struct RowsCompared<C, V> {
    columns: C,
    operator: &'static str,
    values: V,
}

/// Those before these values, in ascending order: what comes next in a descending list.
pub fn before<C, V>(columns: C, values: V) -> RowsCompared<C, V> {
    RowsCompared { columns, operator: " < ", values }
}

/// Those that are not: what a descending list ends with.
pub fn not_before<C, V>(columns: C, values: V) -> RowsCompared<C, V> {
    RowsCompared { columns, operator: " >= ", values }
}

/// It is known by its text.
impl<C, V> QueryId for RowsCompared<C, V> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: Expression, V: Expression<SqlType = C::SqlType>> Expression for RowsCompared<C, V> {
    type SqlType = Bool;
}

impl<From, C: AppearsOnTable<From>, V: AppearsOnTable<From>> AppearsOnTable<From> for RowsCompared<C, V> where
    Self: Expression
{
}

impl<From, C: SelectableExpression<From>, V: SelectableExpression<From>> SelectableExpression<From>
    for RowsCompared<C, V>
where
    Self: AppearsOnTable<From>,
{
}

impl<GroupBy, C, V> ValidGrouping<GroupBy> for RowsCompared<C, V> {
    type IsAggregate = is_aggregate::No;
}

impl<C: QueryFragment<Pg>, V: QueryFragment<Pg>> QueryFragment<Pg> for RowsCompared<C, V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(")");
        out.push_sql(self.operator);
        out.push_sql("(");
        self.values.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
