//! Text that clients send, with its limits: each kind once, for the check and for the document.

use std::borrow::Cow;

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
    /// Kept as sent, blank or not: a password that is checked.
    Secret,
    /// Kept as sent, with a character that shows: a new password.
    NewSecret,
    /// Of one line, trimmed, compared and never shown.
    Credential,
    /// Of many lines, kept as sent.
    Lines,
    /// Of one line, trimmed, shown to others: every character shows, or shapes what it stands beside.
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

            /// Takes a text of an archive. Characters that do not show stay in it.
            pub fn archived(text: &str) -> Result<Self, FieldError> {
                let (mut text, mut flaws) = (text.to_owned(), Flaws::default());
                settle(&mut text, $noun, $min, $max, Form::$form, "", &mut flaws);
                flaws.first().map_or(Ok(Self(text)), Err)
            }
        }

        impl Text for $name {
            fn settle(&mut self, pointer: &str, flaws: &mut Flaws) {
                match flaw_of_showing(&self.0, $noun, Form::$form) {
                    Some((flaw, detail)) => flaws.add(pointer, flaw, detail),
                    None => settle(&mut self.0, $noun, $min, $max, Form::$form, pointer, flaws),
                }
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
    Password "a password" 8..=256 NewSecret;
    /// A password that is to be checked: one from an archive may be shorter than those taken today.
    GivenPassword "a password" 0..=256 Secret;
    /// A username, or an e-mail address that has been verified.
    LoginName "a login" 1..=254 Credential;
    /// What keeps a session going.
    RefreshToken "a refresh token" 1..=100 Credential;
    /// What the link in a mail holds behind `#token=`.
    MailToken "a token" 1..=100 Credential;
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

/// The control characters and those of `is_hidden`, as a pattern. Dialects of patterns have no common form for what lies beyond U+FFFF.
macro_rules! hidden {
    () => {
        "\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u200B\\u200E\\u200F\
         \\u2028-\\u202E\\u2060-\\u206F\\u3164\\uFDD0-\\uFDEF\\uFEFF\\uFFA0\\uFFF0-\\uFFFC\\uFFFE\\uFFFF"
    };
}

fn pattern(form: Form) -> Option<&'static str> {
    match form {
        Form::Secret => Some("^[^\\u0000]*$"),
        Form::NewSecret | Form::Lines | Form::TrimmedLines => Some("^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$"),
        Form::Credential => Some(
            "^[^\\u0000-\\u001F\\u007F-\\u009F]*[^\\s\\u0000-\\u001F\\u007F-\\u009F][^\\u0000-\\u001F\\u007F-\\u009F]*$",
        ),
        Form::Line => Some(concat!("^[^", hidden!(), "]*[^\\s\\u2800", hidden!(), "][^", hidden!(), "]*$")),
    }
}

/// Whether a character is shown as nothing, or turns the direction of what stands around it: the default ignorable code points of
/// Unicode 17, noncharacters, the separators of lines, the marks of annotations and the object replacement character. Joiners and
/// variation selectors are none of them here: many scripts and emoji need them.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{200B}' | '\u{200E}'
        | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFC}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E00FF}'
        | '\u{E01F0}'..='\u{E0FFF}' | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Whether a character only shapes what it stands beside: joiners and variation selectors.
fn is_shaping(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// The flags of England, Scotland and Wales, the emoji that are written with tag characters.
const TAGGED_FLAGS: [&str; 3] = [
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// Returns the flaw of a new text that hides something from its readers.
fn flaw_of_showing(text: &str, noun: &str, form: Form) -> Option<(Flaw, String)> {
    if form == Form::Line {
        let plain = TAGGED_FLAGS.iter().fold(Cow::Borrowed(text), |text, flag| match text.contains(flag) {
            true => text.replace(flag, "").into(),
            false => text,
        });
        if let Some(c) = plain.chars().find(|c| is_hidden(*c)) {
            return Some((Flaw::ForbiddenCharacter, forbidden(noun, c)));
        }
    }
    // The empty cell of Braille is a space.
    let shows = |c: char| !c.is_whitespace() && c != '\u{2800}' && !c.is_control() && !is_hidden(c) && !is_shaping(c);
    let has_to_show = match form {
        Form::Line => !text.contains(char::is_control),
        Form::NewSecret => !text.contains('\0'),
        _ => false,
    };
    (has_to_show && !text.contains(shows)).then(|| (Flaw::Blank, format!("{noun} may not be blank")))
}

fn forbidden(noun: &str, c: char) -> String {
    format!("{noun} may not hold the character U+{:04X}", u32::from(c))
}

fn settle(text: &mut String, noun: &str, min: usize, max: usize, form: Form, pointer: &str, flaws: &mut Flaws) {
    let mut normal: String = text.nfc().collect();
    let is_one_line = matches!(form, Form::Credential | Form::Line);
    let is_secret = matches!(form, Form::Secret | Form::NewSecret);
    if let Some(c) = normal.chars().find(|c| *c == '\0' || is_one_line && c.is_control()) {
        return flaws.add(pointer, Flaw::ForbiddenCharacter, forbidden(noun, c));
    }
    if is_one_line || form == Form::TrimmedLines {
        normal = normal.trim().to_owned();
    }
    let count = normal.chars().count();
    if !is_secret && normal.trim().is_empty() {
        flaws.add(pointer, Flaw::Blank, format!("{noun} may not be blank"));
    } else if count < min {
        flaws.add(pointer, Flaw::TooShort, format!("{noun} has at least {min} characters; this one has {count}"));
    } else if count > max {
        flaws.add(pointer, Flaw::TooLong, format!("{noun} has at most {max} characters; this one has {count}"));
    }
    // A password is hashed exactly as it came (ASVS 5.0, 6.2.8).
    if !is_secret {
        *text = normal;
    }
}
