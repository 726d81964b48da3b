//! Rows of members, and what more than one act asks of them.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::{self, Role, Signed, is_suspended, username_key};
use crate::db::schema::{members, site, username_skeletons};
use crate::db::{Fixed, Lookup, any_of, fixed, known, transaction};
use crate::error::{Code, ConstraintName, Error, OrNotFound};
use crate::events::{Event, What};
use crate::ids::MemberId;
use crate::web::identity::Email;

/// What is shown of a member beside everything it writes.
#[derive(Clone, Debug, Hash, Queryable, Selectable)]
#[diesel(table_name = members, check_for_backend(Pg))]
pub struct Card {
    pub id: MemberId,
    pub username: Option<String>,
    pub custom_title: Option<String>,
    pub country: Option<String>,
    pub avatar_url: Option<String>,
    pub role: Role,
    pub joined_at: DateTime<Utc>,
    pub posts_shown: i64,
    pub likes_shown: i64,
    pub suspended_at: Option<DateTime<Utc>>,
    pub suspended_until: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Whether a member may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// It may sign in and write.
    Active,
    /// It may not sign in for now.
    Suspended,
    /// It deleted itself; what it wrote stays.
    Deleted,
}

/// The name of the highest rank that a member's shown post count reaches, for a query over members. The ladder, which always
/// starts at 0, is read once for a statement, not once for each row.
pub fn rank() -> Fixed<'static, Text> {
    fixed(
        "(SELECT array_agg(name ORDER BY from_posts) FROM ranks)\
         [width_bucket(members.posts_shown, (SELECT array_agg(from_posts ORDER BY from_posts) FROM ranks))]",
    )
}

/// Names a member in a URL.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberPath {
    /// The member's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    pub member_id: MemberId,
}

impl Card {
    /// A member's card; everybody sees every member.
    pub async fn find(id: MemberId, conn: &AsyncPgConnection) -> QueryResult<Option<(Self, String)>> {
        Ok(Self::with_rank(&[id], conn).await?.pop())
    }

    /// Cards with their ranks, in no order; nobody's without a statement.
    pub async fn with_rank(ids: &[MemberId], mut conn: &AsyncPgConnection) -> QueryResult<Vec<(Self, String)>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let these = members::id.eq(any_of(ids.iter().copied()));
        let cards = members::table.filter(these).select((Self::as_select(), rank()));
        known!(cards).load(&mut conn).await
    }

    /// The member's state at this moment.
    pub fn state(&self, now: DateTime<Utc>) -> MemberState {
        if self.deleted_at.is_some() {
            MemberState::Deleted
        } else if is_suspended(self.suspended_at, self.suspended_until, now) {
            MemberState::Suspended
        } else {
            MemberState::Active
        }
    }
}

/// A member's card with its rank, if there is such a member.
pub struct CardById;

impl Lookup for CardById {
    type Key = MemberId;
    type Found = Option<(Card, String)>;

    async fn find(ids: &[MemberId], conn: &AsyncPgConnection) -> Result<Vec<Self::Found>, Error> {
        let cards = Card::with_rank(ids, conn).await?;
        Ok(ids.iter().map(|id| cards.iter().find(|(card, _)| card.id == *id).cloned()).collect())
    }
}

/// A member to be.
#[derive(Clone, Debug)]
pub struct NewMember<'a> {
    /// As it is shown; it has passed `access::flaw_of_username`.
    pub username: &'a str,
    /// A PHC string.
    pub password_hash: &'a str,
    pub email: Option<&'a Email>,
    pub country: Option<&'a str>,
    pub role: Role,
    pub joined_at: DateTime<Utc>,
}

/// Makes a member. 409 where its name is taken, or looks like a taken one. The address counts as not verified.
pub async fn create(new: &NewMember<'_>, conn: &mut AsyncPgConnection) -> Result<MemberId, Error> {
    let row = (
        members::username.eq(new.username),
        members::username_key.eq(username_key(new.username)),
        members::password_hash.eq(new.password_hash),
        members::email.eq(new.email.map(Email::as_str)),
        members::email_key.eq(new.email.map(Email::key)),
        members::country.eq(new.country),
        members::role.eq(new.role),
        members::joined_at.eq(new.joined_at),
    );
    conn.transaction(async |conn| {
        let insert = diesel::insert_into(members::table).values(row).returning(members::id);
        let id = insert.get_result::<MemberId>(conn).await?;
        take_skeletons(new.username, id, conn).await?;
        Event::of_member(What::MemberCreated, id).record(conn).await?;
        Ok(id)
    })
    .await
    .map_err(name_refused)
}

/// Takes the forms under which a name is mistaken for others; a violation of `username_skeletons_pkey` where one is taken.
async fn take_skeletons(username: &str, id: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    // Sorted, as they come: two who take the same ones wait for each other and do not lock each other out.
    let rows = access::skeletons(username).into_iter();
    let rows: Vec<_> = rows
        .map(|skeleton| (username_skeletons::skeleton.eq(skeleton), username_skeletons::member_id.eq(id)))
        .collect();
    diesel::insert_into(username_skeletons::table).values(rows).execute(conn).await?;
    Ok(())
}

fn name_refused(error: diesel::result::Error) -> Error {
    match error.constraint_name() {
        Some("members_username_key") => Error::new(Code::UsernameTaken, "another member has this name"),
        Some("username_skeletons_pkey") => {
            Error::new(Code::UsernameLooksTaken, "another member has a name that looks like this one")
        }
        _ => error.into(),
    }
}

/// The member of this name, if there is one and it has not deleted itself.
pub async fn find_by_username(username: &str, conn: &mut AsyncPgConnection) -> QueryResult<Option<MemberId>> {
    // PostgreSQL takes no U+0000 in text, so no name has it.
    if username.contains('\0') {
        return Ok(None);
    }
    let named = members::username_key.eq(username_key(username)).and(members::deleted_at.is_null());
    members::table.filter(named).select(members::id).first(conn).await.optional()
}

/// Sets a password by its hash. Sessions are to be ended beside it, in the same transaction.
pub async fn set_password(id: MemberId, hash: &str, conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let member = members::table.filter(members::id.eq(id).and(members::deleted_at.is_null()));
    Ok(diesel::update(member).set(members::password_hash.eq(hash)).execute(conn).await? > 0)
}

/// Gives a role to a member that is held.
pub async fn give_role(id: MemberId, role: Role, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::update(members::table.find(id)).set(members::role.eq(role)).execute(conn).await?;
    Event::of_member(What::RoleSet, id).record(conn).await
}

/// Sets a role, also an administrator's. 404 if there is no such member; 409 if it is the last administrator, or if a suspended
/// member is to be moderator or administrator.
pub async fn set_role(id: MemberId, role: Role, now: DateTime<Utc>, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    transaction(conn, async |conn| {
        access::lock_out_writes(id, conn).await?;
        let member = Subject::lock(id, conn).await?.or_not_found()?;
        member.may_get(role, now)?;
        if member.role == Role::Admin && role < Role::Admin {
            must_not_be_last_admin(id, now, conn).await?;
        }
        give_role(id, role, conn).await?;
        Ok(())
    })
    .await
}

/// 409 if no other administrator can act: a suspended one does not count. Administrators leave one at a time, so that the
/// last two cannot leave at once. The row of the member must be locked before.
pub async fn must_not_be_last_admin(
    id: MemberId,
    now: DateTime<Utc>,
    conn: &mut AsyncPgConnection,
) -> Result<(), Error> {
    site::table.select(site::id).for_update().execute(conn).await?;
    let others = members::table.filter(members::role.eq(Role::Admin).and(members::id.ne(id)));
    let others = others.filter(members::deleted_at.is_null()).select(Subject::as_select());
    let others: Vec<Subject> = others.load(conn).await?;
    if others.iter().all(|other| other.is_suspended(now)) {
        return Err(Error::new(Code::LastAdmin, "this is the last administrator"));
    }
    Ok(())
}

/// A member whose row is locked until the transaction ends.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = members, check_for_backend(Pg))]
pub struct Subject {
    pub id: MemberId,
    pub role: Role,
    pub suspended_at: Option<DateTime<Utc>>,
    pub suspended_until: Option<DateTime<Utc>>,
}

impl Subject {
    /// Locks a member that has not deleted itself.
    pub async fn lock(id: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<Option<Self>> {
        let member = members::table.filter(members::id.eq(id).and(members::deleted_at.is_null()));
        // The key stays as it is, so posts of the member need not wait.
        member.select(Self::as_select()).for_no_key_update().first(conn).await.optional()
    }

    /// Locks a member whom the caller takes rights away from, after the member's writes in flight.
    ///
    /// # Errors
    ///
    /// 404 if there is no such member. 403 if the caller has less than this role, or no higher role than the member: then
    /// no row is locked.
    pub async fn lock_out(
        id: MemberId,
        caller: &Signed,
        role: Role,
        conn: &mut AsyncPgConnection,
    ) -> Result<Self, Error> {
        let member = members::table.filter(members::id.eq(id).and(members::deleted_at.is_null()));
        let member: Option<Self> = member.select(Self::as_select()).first(conn).await.optional()?;
        let member = member.or_not_found()?;
        caller.must_be(role)?;
        // Checked before the lock: two who try this on each other must not deadlock.
        member.must_be_below(caller)?;
        access::lock_out_writes(id, conn).await?;
        let member = Self::lock(id, conn).await?.or_not_found()?;
        member.must_be_below(caller)?;
        Ok(member)
    }

    /// 403 where its role is not below the caller's, or it is the caller.
    pub fn must_be_below(&self, caller: &Signed) -> Result<(), Error> {
        if self.id != caller.member_id && self.role < caller.role {
            return Ok(());
        }
        Err(Error::new(Code::SameOrHigherRole, "the member's role is not below yours"))
    }

    /// 409 if the member is suspended and this is more than the role of a member.
    pub fn may_get(&self, role: Role, now: DateTime<Utc>) -> Result<(), Error> {
        if role > Role::Member && self.is_suspended(now) {
            return Err(Error::new(Code::MemberSuspended, "a suspended member cannot be a moderator or administrator"));
        }
        Ok(())
    }

    /// Whether a suspension holds at this moment.
    pub fn is_suspended(&self, now: DateTime<Utc>) -> bool {
        is_suspended(self.suspended_at, self.suspended_until, now)
    }
}
