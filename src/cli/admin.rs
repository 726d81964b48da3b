//! `folkmoot admin`: what an operator needs before and beside the API.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use diesel_async::AsyncPgConnection;

use super::check;
use super::setup::{Database, Folder};
use crate::access::{Keys, Passwords, Role, flaw_of_password, flaw_of_username, lock_out_writes};
use crate::config::Config;
use crate::db::transaction;
use crate::error::{Error, OrNotFound};
use crate::ids::MemberId;
use crate::members::{self, NewMember};
use crate::state::State;
use crate::web::identity::Email;
use crate::web::text::{Password, Username};
use crate::{mails, sessions, tokens};

#[derive(Subcommand)]
pub enum Admin {
    #[command(flatten)]
    Change(Change),
    /// Hold every counter against its rows, and mend what differs.
    Check {
        /// Only tell; fails if anything differs.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Those that change members and keys.
#[derive(Subcommand)]
pub enum Change {
    /// Make a member; prints its id, and its password if one is made up.
    CreateMember {
        /// The member's name.
        username: String,
        /// Its role.
        #[arg(long, value_enum, default_value_t = Role::Member)]
        role: Role,
        /// Its e-mail address; not verified.
        #[arg(long)]
        email: Option<String>,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Give a member a role.
    SetRole {
        /// The member's name.
        username: String,
        /// The role.
        #[arg(value_enum)]
        role: Role,
    },
    /// Give a member a password, and end all its sessions and personal tokens; prints the password if one is made up.
    SetPassword {
        /// The member's name.
        username: String,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Make a new key for access tokens: published at once, signing a minute later. Nobody is signed out.
    RotateKeys,
}

#[derive(Args)]
pub struct NewPassword {
    /// The password. Better by the variable: others can see the arguments of a running program. Default: one is made up.
    #[arg(long, env = "FOLKMOOT_PASSWORD", hide_env_values = true, value_name = "TEXT")]
    password: Option<String>,
}

/// Runs one of them.
pub async fn run(config: &Config, admin: Admin) -> Result<(), String> {
    let database = Database::open(config, "folkmoot admin", Folder::Shared).await?;
    let done = match admin {
        Admin::Check { dry_run } => check_counters(&database, dry_run).await,
        Admin::Change(asked) => match database.state(config, String::new()) {
            Ok(state) => change(asked, &state).await.and_then(|line| say(&line)),
            Err(message) => Err(message),
        },
    };
    database.close().await?;
    done
}

fn say(line: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{line}").map_err(|e| e.to_string())
}

async fn check_counters(database: &Database, dry_run: bool) -> Result<(), String> {
    let report = check::check(&database.url, !dry_run).await?;
    say(report.to_string().trim_end())?;
    if report.is_clean() || report.mended { Ok(()) } else { Err("counters differ from their rows".into()) }
}

async fn change(asked: Change, state: &State) -> Result<String, String> {
    match asked {
        Change::CreateMember { username, role, email, password } => {
            let username = Username::new(&username).map_err(|flaw| flaw.detail)?;
            if let Some((_, detail)) = flaw_of_username(username.as_str()) {
                return Err(detail);
            }
            let email = email.map(|text| Email::new(&text).ok_or("this is no e-mail address")).transpose()?;
            let (hash, told) = hash(username.as_str(), password, state).await?;
            let new = NewMember {
                username: username.as_str(),
                password_hash: &hash,
                email: email.as_ref(),
                country: None,
                role,
                joined_at: state.clock.now(),
            };
            let id = create(&new, state).await.map_err(|e| e.to_string())?;
            Ok(format!("member {id}, {}{told}", role.name()))
        }
        Change::SetRole { username, role } => {
            set_role(&username, role, state).await.map_err(|e| of(&username, &e))?;
            Ok(format!("{username} is {} now", role.name()))
        }
        Change::SetPassword { username, password } => {
            let (hash, told) = hash(&username, password, state).await?;
            set_password(&username, &hash, state).await.map_err(|e| of(&username, &e))?;
            Ok(format!("{username} has a new password{told}, and is signed out everywhere"))
        }
        Change::RotateKeys => {
            let kid = Keys::rotate(state).await.map_err(|e| e.to_string())?;
            Ok(format!("key {kid} is published; it signs in a minute"))
        }
    }
}

/// A password that was given or made up, hashed; and what is told of it.
async fn hash(username: &str, given: NewPassword, state: &State) -> Result<(String, String), String> {
    let told = |e: Error| e.to_string();
    let (password, said) = match given.password {
        Some(password) => (password, String::new()),
        None => {
            let made_up = BASE64_URL_SAFE_NO_PAD.encode(state.random.bytes::<12>().map_err(told)?);
            (made_up.clone(), format!(", password {made_up}"))
        }
    };
    let password = Password::new(&password).map_err(|flaw| flaw.detail)?;
    if let Some((_, detail)) = flaw_of_password(password.as_str(), Some(username)) {
        return Err(detail.into());
    }
    Ok((Passwords::new().hash(password.as_str()).await.map_err(told)?, said))
}

fn of(username: &str, error: &Error) -> String {
    if error.code() == crate::error::Code::NotFound {
        format!("there is no member {username:?}")
    } else {
        error.to_string()
    }
}

async fn create(new: &NewMember<'_>, state: &State) -> Result<MemberId, Error> {
    members::create(new, &mut *state.db.get().await?).await
}

async fn find(username: &str, conn: &mut AsyncPgConnection) -> Result<MemberId, Error> {
    members::find_by_username(username, conn).await?.or_not_found()
}

async fn set_role(username: &str, role: Role, state: &State) -> Result<(), Error> {
    let conn = &mut state.db.get().await?;
    let id = find(username, conn).await?;
    members::set_role(id, role, state.clock.now(), conn).await
}

async fn set_password(username: &str, hash: &str, state: &State) -> Result<(), Error> {
    let conn = &mut state.db.get().await?;
    let id = find(username, conn).await?;
    transaction(conn, async |conn| {
        lock_out_writes(id, conn).await?;
        members::set_password(id, hash, conn).await?;
        sessions::end_all(id, state.clock.now(), conn).await?;
        tokens::end_all(id, conn).await?;
        mails::end_tokens(id, conn).await?;
        Ok(())
    })
    .await
}
