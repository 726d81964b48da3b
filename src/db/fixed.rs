//! SQL of which diesel has no words, and whose text is always the same. diesel's own `sql` and `sql_query` are taken for texts that
//! change, and parsed and planned anew for each request; these are prepared once for a connection.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::SqlType;

/// A statement, or a part of one; `?` stands for each of its values.
pub struct Fixed<'a, ST> {
    text: &'static str,
    values: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
    shape: PhantomData<ST>,
}

/// SQL of this text, of this type.
pub fn fixed<'a, ST>(text: &'static str) -> Fixed<'a, ST> {
    Fixed { text, values: Vec::new(), shape: PhantomData }
}

impl<'a, ST> Fixed<'a, ST> {
    /// The value of the next `?`: `id.into_sql::<BigInt>()`.
    pub fn with(mut self, value: impl QueryFragment<Pg> + Send + 'a) -> Self {
        self.values.push(Box::new(value));
        self
    }
}

impl<ST> Fixed<'_, ST> {
    fn miscounted(&self) -> diesel::result::Error {
        let places = self.text.matches('?').count();
        let told = format!("{} values for the {places} places of: {}", self.values.len(), self.text);
        diesel::result::Error::QueryBuilderError(told.into())
    }
}

impl<ST> QueryFragment<Pg> for Fixed<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (n, piece) in self.text.split('?').enumerate() {
            if n > 0 {
                values.next().ok_or_else(|| self.miscounted())?.walk_ast(out.reborrow())?;
            }
            out.push_sql(piece);
        }
        if values.next().is_some() { Err(self.miscounted()) } else { Ok(()) }
    }
}

/// It is known by its text.
impl<ST> QueryId for Fixed<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST: TypedExpressionType> Expression for Fixed<'_, ST> {
    type SqlType = ST;
}

impl<From, ST: TypedExpressionType> AppearsOnTable<From> for Fixed<'_, ST> {}

impl<From, ST: TypedExpressionType> SelectableExpression<From> for Fixed<'_, ST> {}

impl<GroupBy, ST> ValidGrouping<GroupBy> for Fixed<'_, ST> {
    type IsAggregate = is_aggregate::Never;
}

impl<ST: SqlType> Query for Fixed<'_, ST> {
    type SqlType = ST;
}
