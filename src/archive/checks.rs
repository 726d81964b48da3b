//! What a line's fields may hold: the limits of the API, but for bodies up to 1 MiB and names as they are.

use super::error::Flaw;
use super::line::{ArchiveLine, ForumLine, Line, MemberLine, PostLine, RankLine, RevisionLine, ThreadLine};
use crate::access::Passwords;
use crate::error::FieldError;
use crate::forums::Slug;
use crate::ids::MAX_ID;
use crate::members::MemberState;
use crate::threads::MAX_TAGS;
use crate::web::identity::{AvatarUrl, CountryCode, Email};
use crate::web::text::{Bio, CustomTitle, Description, ForumTitle, RankName, Reason, Tag, Title, Username};

/// The most bytes of a body.
const MAX_BODY: usize = 1024 * 1024;
/// The most characters of an archive's id and of a source's name.
pub(super) const MAX_ARCHIVE_ID: usize = 200;
/// The most characters of a password's hash.
const MAX_HASH: usize = 512;

type Checked = Result<(), Flaw>;

impl Line {
    /// Holds the fields against their limits; names and titles are normalised as the API does it.
    pub fn check(&mut self) -> Checked {
        match self {
            Self::Archive(line) => line.check(),
            Self::Rank(line) => line.check(),
            Self::Forum(line) => line.check(),
            Self::Member(line) => line.check(),
            Self::Thread(line) => line.check(),
            Self::Post(line) => line.check(),
            Self::Revision(line) => line.check(),
            Self::Like(_) => Ok(()),
        }
    }
}

impl ArchiveLine {
    fn check(&self) -> Checked {
        if self.version != super::VERSION {
            return flaw("version", format!("this program reads version {}, not {}", super::VERSION, self.version));
        }
        plain("source", &self.source, MAX_ARCHIVE_ID)
    }
}

impl RankLine {
    fn check(&mut self) -> Checked {
        text("name", &mut self.name, RankName::archived, RankName::into_string)?;
        count("from", Some(self.from))
    }
}

impl ForumLine {
    fn check(&mut self) -> Checked {
        plain("id", &self.id, MAX_ARCHIVE_ID)?;
        text("slug", &mut self.slug, Slug::new, Slug::into_string)?;
        text("title", &mut self.title, ForumTitle::archived, ForumTitle::into_string)?;
        any_text("description", &mut self.description, Description::new, Description::into_string)?;
        match self.position {
            Some(position) if position.abs() > MAX_ID => flaw("position", "this number is too large"),
            _ => Ok(()),
        }
    }
}

impl MemberLine {
    fn check(&mut self) -> Checked {
        plain("id", &self.id, MAX_ARCHIVE_ID)?;
        match (&self.username, self.state) {
            (Some(_), Some(MemberState::Deleted)) => return flaw("username", "a deleted member has none"),
            (None, None | Some(MemberState::Active | MemberState::Suspended)) => {
                return flaw("username", "only a deleted member has none");
            }
            (Some(name), _) => plain("username", name, Username::MAX)?,
            (None, _) => {}
        }
        self.check_credentials()?;
        any_text("custom_title", &mut self.custom_title, CustomTitle::archived, CustomTitle::into_string)?;
        any_text("bio", &mut self.bio, Bio::new, Bio::into_string)?;
        any_text("country", &mut self.country, CountryCode::new, CountryCode::into_string)?;
        any_text("avatar_url", &mut self.avatar_url, AvatarUrl::new, AvatarUrl::into_string)?;
        let suspended = self.state == Some(MemberState::Suspended);
        needs("suspended_until", self.suspended_until.is_some(), "`state` is not \"suspended\"", suspended)?;
        needs("suspend_reason", self.suspend_reason.is_some(), "`state` is not \"suspended\"", suspended)?;
        any_text("suspend_reason", &mut self.suspend_reason, Reason::archived, Reason::into_string)?;
        count("post_count", self.post_count)?;
        count("likes_received", self.likes_received)
    }

    fn check_credentials(&mut self) -> Checked {
        if let Some(email) = &mut self.email {
            let Some(plausible) = Email::stored(email) else {
                return flaw("email", "this is no e-mail address");
            };
            *email = plausible.as_str().to_owned();
        }
        needs("email_verified", self.email_verified == Some(true), "there is no `email`", self.email.is_some())?;
        if let Some(hash) = &self.password_hash {
            plain("password_hash", hash, MAX_HASH)?;
            // One that can never be checked would shut its member out without a word.
            if !Passwords::knows(hash) {
                return flaw(
                    "password_hash",
                    format!("this is no hash that can be checked here: {}", Passwords::KNOWN),
                );
            }
        }
        Ok(())
    }
}

impl ThreadLine {
    fn check(&mut self) -> Checked {
        plain("id", &self.id, MAX_ARCHIVE_ID)?;
        text("title", &mut self.title, Title::archived, Title::into_string)?;
        if self.tags.len() > MAX_TAGS {
            return flaw("tags", format!("a thread has at most {MAX_TAGS} tags"));
        }
        for index in 0..self.tags.len() {
            let field = format!("tags[{index}]");
            text(&field, &mut self.tags[index], Tag::archived, Tag::into_string)?;
            if self.tags[..index].contains(&self.tags[index]) {
                return flaw(&field, "this tag is there twice");
            }
        }
        count("view_count", self.view_count)?;
        let deleted = self.deleted_at.is_some();
        check_deletion(deleted, self.deleted_by.is_some(), &mut self.delete_reason)
    }
}

impl PostLine {
    fn check(&mut self) -> Checked {
        plain("id", &self.id, MAX_ARCHIVE_ID)?;
        body(&self.body)?;
        let edited = self.edited_at.is_some();
        needs("edited_by", self.edited_by.is_some(), "there is no `edited_at`", edited)?;
        needs("edit_reason", self.edit_reason.is_some(), "there is no `edited_at`", edited)?;
        any_text("edit_reason", &mut self.edit_reason, Reason::archived, Reason::into_string)?;
        count("edit_count", self.edit_count)?;
        check_deletion(self.deleted_at.is_some(), self.deleted_by.is_some(), &mut self.delete_reason)
    }
}

impl RevisionLine {
    fn check(&mut self) -> Checked {
        body(&self.body)?;
        any_text("reason", &mut self.reason, Reason::archived, Reason::into_string)?;
        if self.number < 1 { flaw("number", "revisions count from 1") } else { Ok(()) }
    }
}

fn check_deletion(deleted: bool, has_actor: bool, reason: &mut Option<String>) -> Checked {
    needs("deleted_by", has_actor, "there is no `deleted_at`", deleted)?;
    needs("delete_reason", reason.is_some(), "there is no `deleted_at`", deleted)?;
    any_text("delete_reason", reason, Reason::archived, Reason::into_string)
}

fn flaw<T>(field: &str, reason: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::new(field, reason))
}

fn needs(field: &str, is_there: bool, why_not: &str, may_be_there: bool) -> Checked {
    if is_there && !may_be_there { flaw(field, why_not) } else { Ok(()) }
}

/// One line, kept as it is.
fn plain(field: &str, text: &str, max: usize) -> Checked {
    if text.trim().is_empty() {
        return flaw(field, "this may not be blank");
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return flaw(field, format!("this may not hold the character U+{:04X}", u32::from(c)));
    }
    let length = text.chars().count();
    if length > max {
        return flaw(field, format!("this has at most {max} characters, and here {length}"));
    }
    Ok(())
}

fn text<T>(field: &str, text: &mut String, new: fn(&str) -> Result<T, FieldError>, string: fn(T) -> String) -> Checked {
    *text = string(new(text).map_err(|e| Flaw::new(field, e.detail))?);
    Ok(())
}

fn any_text<T>(
    field: &str,
    value: &mut Option<String>,
    new: fn(&str) -> Result<T, FieldError>,
    string: fn(T) -> String,
) -> Checked {
    value.as_mut().map_or(Ok(()), |value| text(field, value, new, string))
}

fn body(body: &str) -> Checked {
    if body.contains('\0') {
        return flaw("body", "a body may not hold the character U+0000");
    }
    if body.trim().is_empty() {
        return flaw("body", "a body may not be blank");
    }
    if body.len() > MAX_BODY {
        return flaw("body", format!("a body has at most {MAX_BODY} bytes, and this one {}", body.len()));
    }
    Ok(())
}

fn count(field: &str, count: Option<i64>) -> Checked {
    match count {
        Some(count) if count < 0 => flaw(field, "this may not be below 0"),
        Some(count) if count > MAX_ID => flaw(field, "this number is too large"),
        _ => Ok(()),
    }
}
