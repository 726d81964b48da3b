//! Whom an address belongs to: the member who has shown that it is theirs.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::letter::Letter;
use super::outbox;
use crate::db::schema::members;
use crate::error::Error;
use crate::ids::MemberId;
use crate::state::State;
use crate::web::identity::Email;

/// A member with a verified address.
#[derive(Queryable)]
pub(super) struct Owner {
    pub id: MemberId,
    username: Option<String>,
    email: Option<String>,
}

/// Who was found for an address.
pub(super) enum Found {
    Nobody,
    /// Somebody whom another transaction has locked.
    Busy,
    One(Owner),
}

impl Owner {
    /// The owner of an address. It stays locked, so that nothing is mailed to an account that goes meanwhile; it is not waited for.
    pub async fn hold(email: &str, conn: &mut AsyncPgConnection) -> QueryResult<Found> {
        let Some(email) = Email::stored(email) else { return Ok(Found::Nobody) };
        let verified = members::email_verified.and(members::email_key.eq(email.key()));
        let owner = members::table.filter(verified.and(members::deleted_at.is_null()));
        let owner = owner.select((members::id, members::username, members::email));
        if owner.clone().first::<Self>(conn).await.optional()?.is_none() {
            return Ok(Found::Nobody);
        }
        let held = owner.for_no_key_update().skip_locked().first(conn).await.optional()?;
        Ok(held.map_or(Found::Busy, Found::One))
    }

    /// A letter to the address as its owner writes it, by the owner's name.
    pub fn letter(self, letter: impl FnOnce(String, String) -> Letter) -> Option<Letter> {
        Some(letter(self.email?, self.username?))
    }
}

/// Locks a member, where nobody else has.
pub(super) async fn hold(member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let held = members::table.find(member).select(members::id).for_no_key_update().skip_locked();
    Ok(held.first::<MemberId>(conn).await.optional()?.is_some())
}

/// Writes to a member at its present address, if it has a verified one.
pub async fn tell(
    member: MemberId,
    letter: impl FnOnce(String, String) -> Letter,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let verified = members::table.filter(members::id.eq(member).and(members::email_verified));
    let owner =
        verified.select((members::id, members::username, members::email)).first::<Owner>(conn).await.optional()?;
    match owner.and_then(|owner| owner.letter(letter)) {
        Some(letter) => outbox::write(&letter, Some(member), state, conn).await,
        None => Ok(()),
    }
}
