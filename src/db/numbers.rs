//! Lists of numbers as statements take them. diesel writes an array number by number, each through the whole of its machinery; a page
//! needs a hundred of them.
//!
//! A statement takes them from a sub-query, `(SELECT ?)::bigint[]`: as a value PostgreSQL sees how many they are, finds a plan for these few
//! cheaper than one for as many as it guesses, and makes one each time, which takes longer than to look them up.

use std::io::Write;

use diesel::IntoSql;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{IsNull, Output, Result, ToSql};
use diesel::sql_types::{Array, BigInt};

use super::fixed::{Fixed, fixed};

/// PostgreSQL's id of the type of each, `int8`.
const BIGINT: i32 = 20;

/// `bigint[]`, in PostgreSQL's binary form (`array_send` in its src/backend/utils/adt/arrayfuncs.c).
#[derive(Debug, AsExpression)]
#[diesel(sql_type = Array<BigInt>)]
struct Numbers(Vec<u8>);

/// Any of these: `posts::id.eq(any_of(ids))`, which is planned once. The cast makes the sub-query one array: without it, it would be its rows
/// that are compared with.
pub fn any_of<'a, N: Into<i64>>(numbers: impl IntoIterator<Item = N>) -> Fixed<'a, BigInt> {
    fixed("ANY ((SELECT ?)::bigint[])").with_numbers(numbers)
}

impl<ST> Fixed<'_, ST> {
    /// Numbers as the value of the next `?`.
    pub fn with_numbers<N: Into<i64>>(self, numbers: impl IntoIterator<Item = N>) -> Self {
        self.with(numbers.into_iter().collect::<Numbers>().into_sql::<Array<BigInt>>())
    }
}

impl<N: Into<i64>> FromIterator<N> for Numbers {
    fn from_iter<T: IntoIterator<Item = N>>(numbers: T) -> Self {
        // One dimension, no nulls, their type, how many there are (below), and that the first is number 1.
        let mut bytes = [1, 0, BIGINT, 0, 1].map(i32::to_be_bytes).concat();
        let mut count = 0_i32;
        for number in numbers {
            bytes.extend_from_slice(&8_i32.to_be_bytes());
            bytes.extend_from_slice(&number.into().to_be_bytes());
            count += 1;
        }
        bytes[12..16].copy_from_slice(&count.to_be_bytes());
        Self(bytes)
    }
}

impl ToSql<Array<BigInt>, Pg> for Numbers {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> Result {
        out.write_all(&self.0)?;
        Ok(IsNull::No)
    }
}
