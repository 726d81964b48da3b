//! The tokens in the links of mails.

use chrono::{DateTime, Duration, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::letter::Letter;
use super::outbox;
use crate::access::{hash_opaque, make_opaque};
use crate::db::schema::{mail_tokens, members};
use crate::db::text_enum;
use crate::error::{Code, Error};
use crate::ids::MemberId;
use crate::state::State;
use crate::web::identity::Email;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum Purpose {
    /// Shows that an address is the member's.
    Verify,
    /// Sets a new password.
    Reset,
}

text_enum!(Purpose { Verify "verify", Reset "reset", });

impl Purpose {
    fn lifetime(self) -> Duration {
        match self {
            Self::Verify => Duration::hours(24),
            Self::Reset => Duration::hours(1),
        }
    }
}

/// A new token of a member for an address, in the place of one for the same purpose. Only its hash is stored.
pub(super) async fn give(
    member: MemberId,
    purpose: Purpose,
    email: &str,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<String, Error> {
    let text = make_opaque(state)?;
    let fresh = (
        mail_tokens::token_hash.eq(hash_opaque(&text)),
        mail_tokens::email.eq(email),
        mail_tokens::expires_at.eq(state.clock.now() + purpose.lifetime()),
    );
    diesel::insert_into(mail_tokens::table)
        .values((mail_tokens::member_id.eq(member), mail_tokens::purpose.eq(purpose), fresh.clone()))
        .on_conflict((mail_tokens::member_id, mail_tokens::purpose))
        .do_update()
        .set(fresh)
        .execute(conn)
        .await?;
    Ok(text)
}

/// A new token in the place of one that is still the last of its member, expired or not; none where it is no longer.
pub(super) async fn renew(
    old: &str,
    purpose: Purpose,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<Option<String>, Error> {
    let text = make_opaque(state)?;
    let same = mail_tokens::token_hash.eq(hash_opaque(old)).and(mail_tokens::purpose.eq(purpose));
    let fresh = (
        mail_tokens::token_hash.eq(hash_opaque(&text)),
        mail_tokens::expires_at.eq(state.clock.now() + purpose.lifetime()),
    );
    let renewed = diesel::update(mail_tokens::table.filter(same)).set(fresh).execute(conn).await?;
    Ok((renewed > 0).then_some(text))
}

/// Whether a token is still the last of its member for this purpose, expired or not.
pub(super) async fn is_open(token: &str, purpose: Purpose, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let same = mail_tokens::token_hash.eq(hash_opaque(token)).and(mail_tokens::purpose.eq(purpose));
    diesel::select(diesel::dsl::exists(mail_tokens::table.filter(same))).get_result(conn).await
}

/// Mails a member a token by which it can show that an address is its own, within a day.
pub async fn ask_to_verify(
    member: MemberId,
    email: &Email,
    state: &State,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    let token = give(member, Purpose::Verify, email.as_str(), state, conn).await?;
    outbox::write(&Letter::Verify { to: email.as_str().to_owned(), token }, Some(member), state, conn).await
}

/// Whose a token is, if it is good for this purpose now; else 422.
pub async fn owner_of(
    token: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<MemberId, Error> {
    find(token, purpose, now, conn).await?.ok_or_else(invalid)
}

/// Whose a token is, if it is good for this purpose now.
async fn find(
    token: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> QueryResult<Option<MemberId>> {
    let good = mail_tokens::token_hash.eq(hash_opaque(token)).and(mail_tokens::purpose.eq(purpose));
    let good = mail_tokens::table.filter(good.and(mail_tokens::expires_at.gt(now)));
    good.select(mail_tokens::member_id).first(conn).await.optional()
}

/// Who has spent a token.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = members, check_for_backend(Pg))]
pub struct Spent {
    pub id: MemberId,
    pub email_key: Option<String>,
    /// The address that the token was sent to.
    #[diesel(select_expression = mail_tokens::email)]
    pub sent_to: String,
}

/// Spends a token: it is gone once the transaction is committed. Its member stays locked. 422 where it is not good for this
/// purpose, or no longer.
pub async fn spend(
    token: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<Spent, Error> {
    let member = owner_of(token, purpose, now, conn).await?;
    // The member first, as all who change its tokens do; then what was found may be gone.
    let locked = members::table.filter(members::id.eq(member).and(members::deleted_at.is_null()));
    let locked = locked.select(members::id).for_no_key_update().first::<MemberId>(conn).await.optional()?;
    locked.ok_or_else(invalid)?;
    let same = mail_tokens::token_hash.eq(hash_opaque(token)).and(mail_tokens::purpose.eq(purpose));
    let spent = mail_tokens::table.inner_join(members::table).filter(same).select(Spent::as_select());
    let spent: Spent = spent.first(conn).await.optional()?.ok_or_else(invalid)?;
    diesel::delete(mail_tokens::table.find((member, purpose))).execute(conn).await?;
    Ok(spent)
}

/// What is told of a token that is unknown, spent, replaced, expired, or for something else.
fn invalid() -> Error {
    Error::new(
        Code::InvalidMailToken,
        "this token is unknown, has expired, was used, or a newer mail has taken its place",
    )
}

/// Ends all tokens that were mailed to a member.
pub async fn end_tokens(member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::delete(mail_tokens::table.filter(mail_tokens::member_id.eq(member))).execute(conn).await?;
    Ok(())
}
