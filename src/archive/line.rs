//! The lines of an archive: one struct for each type, for reading and for writing alike.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::Flaw;
use crate::access::Role;
use crate::forums::ForumKind;
use crate::members::MemberState;
use crate::threads::ThreadKind;

/// A time, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub DateTime<Utc>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let time = DateTime::parse_from_rfc3339(&text)
            .map_err(|_| D::Error::custom(format_args!("{text:?} is not a time as RFC 3339 has it")))?;
        Ok(Self(time.with_timezone(&Utc).trunc_subsecs(6)))
    }
}

/// A field that may be null and may not be absent.
fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(input)
}

macro_rules! lines {
    ($($name:ident {
        $($(#[$meta:meta])* $field:ident: $type:ty),*; $($optional:ident: $some:ty),* $(,)?
    })*) => {$(
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$meta])* pub $field: $type,)*
            $(#[serde(skip_serializing_if = "Option::is_none")] pub $optional: Option<$some>,)*
            /// `type`, which has chosen this struct.
            #[serde(rename = "type", default, skip_serializing)]
            pub _type: IgnoredAny,
        }
    )*};
}

lines! {
    ArchiveLine { version: u64, source: String; note: serde_json::Value }
    RankLine { name: String, from: i64; }
    ForumLine {
        id: String, slug: String, title: String;
        description: String, parent: String, kind: ForumKind, position: i64,
    }
    MemberLine {
        id: String, #[serde(deserialize_with = "present")] username: Option<String>, joined_at: Time;
        email: String, email_verified: bool, password_hash: String, custom_title: String, country: String, bio: String,
        avatar_url: String, role: Role, state: MemberState, suspended_until: Time, suspend_reason: String,
        post_count: i64, likes_received: i64,
    }
    ThreadLine {
        id: String, forum: String, author: String, kind: ThreadKind, title: String, tags: Vec<String>, created_at: Time;
        locked: bool, pinned: bool, deleted_at: Time, deleted_by: String, delete_reason: String, view_count: i64,
    }
    PostLine {
        id: String, thread: String, author: String, body: String, created_at: Time;
        edited_at: Time, edited_by: String, edit_reason: String, edit_count: i64,
        deleted_at: Time, deleted_by: String, delete_reason: String,
    }
    RevisionLine { post: String, number: i64, body: String, edited_at: Time; edited_by: String, reason: String }
    LikeLine { post: String, member: String, created_at: Time; }
}

/// A line of any type.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line {
    Archive(ArchiveLine),
    Rank(RankLine),
    Forum(ForumLine),
    Member(Box<MemberLine>),
    Thread(Box<ThreadLine>),
    Post(Box<PostLine>),
    Revision(RevisionLine),
    Like(LikeLine),
}

/// The first look at a line: only its type.
#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    name: std::borrow::Cow<'a, str>,
}

impl Line {
    /// Reads a line and holds it against the limits of its fields.
    pub fn read(text: &[u8]) -> Result<Self, Flaw> {
        // A struct is read from an array too, its fields in order: not here.
        if let Some(b'[' | b'"' | b'0'..=b'9') = text.trim_ascii_start().first() {
            return Err(Flaw { field: None, reason: "a line is a JSON object".into() });
        }
        let tag: Tag<'_> = parse(text)?;
        let mut line = match tag.name.as_ref() {
            "post" => Self::Post(parse(text)?),
            "like" => Self::Like(parse(text)?),
            "revision" => Self::Revision(parse(text)?),
            "thread" => Self::Thread(parse(text)?),
            "member" => Self::Member(parse(text)?),
            "forum" => Self::Forum(parse(text)?),
            "rank" => Self::Rank(parse(text)?),
            "archive" => Self::Archive(parse(text)?),
            other => return Err(Flaw::new("type", format!("{other:?} is not a type of line"))),
        };
        line.check()?;
        Ok(line)
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Flaw> {
    let mut input = serde_json::Deserializer::from_slice(text);
    let line = serde_path_to_error::deserialize(&mut input).map_err(|error| {
        let path = error.path().to_string();
        flaw(&path, error.inner())
    })?;
    input.end().map_err(|error| flaw(".", &error))?;
    Ok(line)
}

/// serde_json says where in the text; the field says it better, where there is one.
fn flaw(path: &str, error: &serde_json::Error) -> Flaw {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    if !error.is_data() {
        return Flaw { field: None, reason: format!("this is not JSON: {reason} (column {})", error.column()) };
    }
    let named = ["missing field `", "unknown field `", "duplicate field `"];
    if let Some((name, _)) = named.iter().find_map(|start| reason.strip_prefix(start)?.split_once('`')) {
        let what = reason.split(" field").next().unwrap_or_default();
        return Flaw::new(
            name,
            match what {
                "missing" => "this field is missing",
                "unknown" => "there is no such field in a line of this type",
                _ => "this field is there twice",
            },
        );
    }
    match path {
        "." | "?" => Flaw { field: None, reason: reason.to_owned() },
        field => Flaw::new(field, reason),
    }
}
