//! `PUT /api/v1/ranks`: another ladder.

use std::collections::HashSet;

use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{self, Rank};
use super::view::RankList;
use crate::access::{AsMember, Role, Signed};
use crate::db;
use crate::db::schema::ranks;
use crate::error::{Error, Flaw};
use crate::ids::MAX_ID;
use crate::state::State;
use crate::web::body::{self, Body, Flaws, Settle};
use crate::web::text::RankName;

/// The most ranks.
const MOST: usize = 50;

/// A whole ladder.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"items": [{"name": "New Member", "from": 0}, {"name": "Regular Member", "from": 100}]}))]
pub struct SetRanks {
    /// The ranks, in any order. One starts at 0; names and starts are distinct.
    #[serde(deserialize_with = "body::objects")]
    #[schema(min_items = 1, max_items = 50)]
    items: Vec<NewRank>,
}

/// One step of the ladder.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "Regular Member", "from": 100}))]
pub struct NewRank {
    /// Its name.
    name: RankName,
    /// The post count that reaches it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    from: i64,
}

impl Settle for SetRanks {
    fn settle(&mut self, flaws: &mut Flaws) {
        if self.items.len() > MOST {
            return flaws.add("/items", Flaw::TooLong, format!("there are at most {MOST} ranks"));
        }
        let (mut names, mut starts) = (HashSet::new(), HashSet::new());
        for (n, rank) in self.items.iter_mut().enumerate() {
            flaws.text(&format!("/items/{n}/name"), &mut rank.name);
            if !(0..=MAX_ID).contains(&rank.from) {
                flaws.add(&format!("/items/{n}/from"), Flaw::Invalid, "a rank starts at 0 posts or more");
            }
            if !names.insert(rank.name.as_str()) {
                flaws.add(&format!("/items/{n}/name"), Flaw::Duplicate, "another rank has this name");
            }
            if !starts.insert(rank.from) {
                flaws.add(&format!("/items/{n}/from"), Flaw::Duplicate, "another rank starts there");
            }
        }
        if !starts.contains(&0) {
            flaws.add("/items", Flaw::Invalid, "the lowest rank starts at 0 posts");
        }
    }
}

/// Replace the ranks.
///
/// Administrators may. It holds for every member from the next request on.
#[utoipa::path(tag = "ranks", request_body = SetRanks,
    responses((status = 200, description = "The ladder", body = RankList)), security(("bearer" = ["admin"])),
    extensions(("x-problems" = json!(["insufficient_role"]))))]
#[put("/api/v1/ranks")]
pub async fn set_ranks(caller: AsMember, body: Body<SetRanks>, state: Data<State>) -> Result<HttpResponse, Error> {
    let rows = body.0.items.into_iter();
    let rows: Vec<_> = rows.map(|rank| Rank { from_posts: rank.from, name: rank.name.into_string() }).collect();
    let set = async |caller: &Signed, conn: &mut _| {
        caller.must_be(Role::Admin)?;
        Ok(replace(&rows, conn).await?)
    };
    let ladder = caller.write(&state, set).await?;
    Ok(HttpResponse::Ok().json(RankList::new(ladder)))
}

async fn replace(rows: &[Rank], conn: &mut AsyncPgConnection) -> diesel::QueryResult<Vec<Rank>> {
    // Two who replace it at once take turns; who reads it meanwhile sees the old one.
    db::lock_table("ranks", conn).await?;
    diesel::delete(ranks::table).execute(conn).await?;
    diesel::insert_into(ranks::table).values(rows).execute(conn).await?;
    model::ladder(conn).await
}
