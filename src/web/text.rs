//! Text that clients send, with its limits: each kind once, for the check and for the document.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use super::body::Flaws;
use crate::error::{FieldError, Flaw};

/// Text of one kind.
pub trait Text {
    /// Normalises the text, and notes what is wrong with it under `pointer`.
    fn settle(&mut self, pointer: &str, flaws: &mut Flaws);
}

/// Text that comes another way than in a body, or the first that is wrong with it.
pub fn settled<T: Text>(mut text: T) -> Result<T, FieldError> {
    let mut flaws = Flaws::default();
    text.settle("", &mut flaws);
    flaws.first().map_or(Ok(text), Err)
}

/// What is done with a kind of text before it is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Kept as sent, blank or not: passwords.
    Secret,
    /// Of many lines, kept as sent.
    Lines,
    /// Of one line, trimmed.
    Line,
    /// Of many lines, trimmed.
    TrimmedLines,
}

macro_rules! texts {
    ($(#[doc = $doc:literal] $name:ident $noun:literal $min:literal..=$max:literal $form:ident;)*) => {$(
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters (code points).
            pub const MAX: usize = $max;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, to keep.
            pub fn into_string(self) -> String {
                self.0
            }

            /// For text that comes another way than in a body.
            pub fn new(text: &str) -> Result<Self, FieldError> {
                settled(Self(text.to_owned()))
            }
        }

        impl Text for $name {
            fn settle(&mut self, pointer: &str, flaws: &mut Flaws) {
                settle(&mut self.0, $noun, $min, $max, Form::$form, pointer, flaws);
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let form = Form::$form;
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($doc.trim()))
                    .min_length(($min > 0).then_some($min))
                    .max_length(Some($max))
                    .pattern(pattern(form))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

texts! {
    /// A member's name: letters and digits of any script, single spaces inside, `_`, `-` and `.`.
    Username "a username" 3..=50 Line;
    /// A password.
    Password "a password" 8..=256 Secret;
    /// A password that is to be checked: one from an archive may be shorter than those taken today.
    GivenPassword "a password" 0..=256 Secret;
    /// A username, or an e-mail address that has been verified.
    LoginName "a login" 1..=254 Line;
    /// What keeps a session going.
    RefreshToken "a refresh token" 1..=100 Line;
    /// What the link in a mail holds behind `#token=`.
    MailToken "a token" 1..=100 Line;
    /// What its owner calls a personal token.
    TokenName "a token's name" 1..=100 Line;
    /// The title of a thread.
    Title "a title" 3..=150 Line;
    /// The body of a post: Markdown.
    PostBody "a body" 1..=20_000 Lines;
    /// Why something was done.
    Reason "a reason" 1..=200 Line;
    /// A tag.
    Tag "a tag" 1..=30 Line;
    /// What a member tells about itself.
    Bio "a bio" 1..=2_000 TrimmedLines;
    /// A title given to one member, shown beside the rank.
    CustomTitle "a custom title" 1..=50 Line;
    /// The title of a forum.
    ForumTitle "a forum title" 1..=100 Line;
    /// What a forum is about.
    Description "a description" 1..=500 TrimmedLines;
    /// The name of a rank.
    RankName "a rank's name" 1..=50 Line;
}

fn pattern(form: Form) -> Option<&'static str> {
    match form {
        Form::Secret => Some("^[^\\u0000]*$"),
        Form::Lines | Form::TrimmedLines => Some("^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$"),
        Form::Line => Some(
            "^[^\\u0000-\\u001F\\u007F-\\u009F]*[^\\s\\u0000-\\u001F\\u007F-\\u009F][^\\u0000-\\u001F\\u007F-\\u009F]*$",
        ),
    }
}

fn settle(text: &mut String, noun: &str, min: usize, max: usize, form: Form, pointer: &str, flaws: &mut Flaws) {
    let mut normal: String = text.nfc().collect();
    let forbidden = |c: char| c == '\0' || form == Form::Line && c.is_control();
    if let Some(c) = normal.chars().find(|c| forbidden(*c)) {
        let detail = format!("{noun} may not hold the character U+{:04X}", u32::from(c));
        return flaws.add(pointer, Flaw::ForbiddenCharacter, detail);
    }
    if matches!(form, Form::Line | Form::TrimmedLines) {
        normal = normal.trim().to_owned();
    }
    let count = normal.chars().count();
    if form != Form::Secret && normal.trim().is_empty() {
        flaws.add(pointer, Flaw::Blank, format!("{noun} may not be blank"));
    } else if count < min {
        flaws.add(pointer, Flaw::TooShort, format!("{noun} has at least {min} characters; this one has {count}"));
    } else if count > max {
        flaws.add(pointer, Flaw::TooLong, format!("{noun} has at most {max} characters; this one has {count}"));
    }
    // A password is hashed exactly as it came (ASVS 5.0, 6.2.8).
    if form != Form::Secret {
        *text = normal;
    }
}
