//! `PATCH /api/v1/me`: what a member tells about itself.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Me;
use crate::access::{AsMember, Signed};
use crate::db::schema::members;
use crate::error::{Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::answer;
use crate::web::body::{Body, Flaws, Settle, nullable};
use crate::web::etag::{IfMatch, IfMatchField};
use crate::web::idempotency::Idempotency;
use crate::web::identity::{AvatarUrl, CountryCode};
use crate::web::text::{Bio, Text};

/// What to change: absent leaves as it is, null clears.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"bio": "Reads more than it writes.", "country": null}))]
pub struct EditMe {
    /// What you tell about yourself.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Bio>)]
    bio: Option<Option<Bio>>,
    /// Where you are from.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<CountryCode>)]
    country: Option<Option<CountryCode>>,
    /// Your picture.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<AvatarUrl>)]
    avatar_url: Option<Option<AvatarUrl>>,
}

impl Settle for EditMe {
    fn settle(&mut self, flaws: &mut Flaws) {
        settle("/bio", &mut self.bio, flaws);
        settle("/country", &mut self.country, flaws);
        settle("/avatar_url", &mut self.avatar_url, flaws);
    }
}

fn settle(pointer: &str, field: &mut Option<Option<impl Text>>, flaws: &mut Flaws) {
    if let Some(field) = field {
        flaws.text_if_any(pointer, field);
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = members)]
struct Changes<'a> {
    bio: Option<Option<&'a str>>,
    country: Option<Option<&'a str>>,
    avatar_url: Option<Option<&'a str>>,
    version: i64,
}

/// Edit your own profile.
///
/// Role, title, counts and dates can not be set. A body without fields changes nothing.
#[utoipa::path(tag = "me", request_body = EditMe,
    params(IfMatchField),
    responses((status = 200, description = "You", body = Me)), security(("bearer" = ["profile"])))]
#[patch("/api/v1/me")]
pub async fn edit_me(
    caller: AsMember,
    if_match: IfMatch,
    body: Body<EditMe>,
    idempotency: Idempotency,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let work = async |caller: &Signed, conn: &mut _| {
        let version = lock(caller.member_id, conn).await?.or_not_found()?;
        if_match.check(version)?;
        Ok(change(caller.member_id, version, &body, conn).await?)
    };
    let show = async |caller: &Signed, (), conn: &mut _| {
        let me = Me::find(caller.member_id, caller.scopes.to_vec(), state.clock.now(), conn).await?.or_not_found()?;
        Ok(answer::shown(&me.etag(&state.secret)?, &me))
    };
    // The stored response shows the caller's own profile, which the caller may always see.
    let may_replay = async |_: &_, _, _: &mut _| Ok(());
    let mut answer = caller.write_once(idempotency, &state, work, show, may_replay).await?;
    answer::keep_out_of_stores(&mut answer);
    Ok(answer)
}

async fn lock(id: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<Option<i64>> {
    members::table.find(id).select(members::version).for_no_key_update().first(conn).await.optional()
}

async fn change(id: MemberId, version: i64, body: &EditMe, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    if body.bio.is_none() && body.country.is_none() && body.avatar_url.is_none() {
        return Ok(());
    }
    let changes = Changes {
        bio: body.bio.as_ref().map(|bio| bio.as_ref().map(Bio::as_str)),
        country: body.country.as_ref().map(|country| country.as_ref().map(CountryCode::as_str)),
        avatar_url: body.avatar_url.as_ref().map(|url| url.as_ref().map(AvatarUrl::as_str)),
        version: version + 1,
    };
    diesel::update(members::table.find(id)).set(changes).execute(conn).await?;
    Event::of_member(What::MemberEdited, id).by(id).record(conn).await
}
