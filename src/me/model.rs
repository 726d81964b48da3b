//! What more than one act asks of the caller's own row.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::members;
use crate::error::{Code, Error, OrNotFound};
use crate::ids::MemberId;
use crate::state::State;

/// Name and hash of the password. The connection is given back before the hash is checked, which takes long.
pub(super) async fn name_and_hash(id: MemberId, state: &State) -> Result<(Option<String>, Option<String>), Error> {
    let conn = &mut state.db.get().await?;
    let member = members::table.find(id).select((members::username, members::password_hash));
    member.first(conn).await.optional()?.or_not_found()
}

/// 403 for a password that is not the caller's.
pub(super) fn wrong_password() -> Error {
    Error::new(Code::WrongPassword, "the present password is another one")
}
