//! What members tell of themselves that has a form of its own: an e-mail address, a country, a picture.

use lettre::Address;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use url::{Host, Url};
use utoipa::openapi::schema::{SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use super::body::Flaws;
use super::text::{Text, is_hidden, settled};
use crate::error::{FieldError, Flaw};

macro_rules! forms {
    ($($(#[doc = $doc:literal])* $name:ident $example:literal $schema:expr;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let schema: ObjectBuilder = $schema;
                schema.schema_type(Type::String).examples([$example]).into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

forms! {
    /// An e-mail address that mails can be sent to: a name without quotes, `@`, a domain.
    Email "anna@example.org" ObjectBuilder::new()
        .max_length(Some(Email::MAX)).format(Some(SchemaFormat::Custom("idn-email".into())));
    /// A country: ISO 3166-1 alpha-2, in capitals.
    CountryCode "IN" ObjectBuilder::new().min_length(Some(2)).max_length(Some(2)).pattern(Some("^[A-Z]{2}$"));
    /// The address of a picture: `https`, without credentials.
    AvatarUrl "https://pictures.example.org/anna.png" ObjectBuilder::new()
        .max_length(Some(AvatarUrl::MAX)).format(Some(SchemaFormat::Custom("uri".into())));
}

impl Email {
    /// The most characters: RFC 5321, section 4.5.3.1.3, less the angle brackets.
    pub const MAX: usize = 254;

    /// Takes a new address that comes another way than in a body; none where no mail can reach it.
    pub fn new(text: &str) -> Option<Self> {
        settled(Self(text.to_owned())).ok()
    }

    /// Takes an address that is stored, or is looked for among those that are. Archives hold addresses that no mail can reach.
    pub fn stored(text: &str) -> Option<Self> {
        let email = Self(text.trim().nfc().collect());
        (email.0.chars().count() <= Self::MAX && email_key(&email.0).is_some()).then_some(email)
    }

    /// Returns the address as mails are sent to it, its domain in ASCII form (RFC 5890); none where no mail can reach it (RFC 5321,
    /// sections 4.1.2 and 4.5.3.1; RFC 1123, section 2.1).
    pub fn mailable(&self) -> Option<Address> {
        let key = email_key(&self.0)?;
        let ((local, written), (_, in_ascii)) = (self.0.split_once('@')?, key.split_once('@')?);
        let domain = if written.is_ascii() { written } else { in_ascii };
        let letters = |label: &str| label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_label =
            |label: &str| letters(label) && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-');
        let is_routable = domain.split('.').all(is_label) && local.len() + 1 + domain.len() <= Self::MAX;
        let is_plain = !local.contains('"') && !local.contains(is_hidden);
        if is_routable && is_plain { Address::new(local, domain).ok() } else { None }
    }

    /// Under which addresses are one: the domain in its ASCII form, letters A to Z small. Nothing else is folded: two
    /// mailboxes whose names differ elsewhere can belong to two people.
    pub fn key(&self) -> String {
        email_key(&self.0).unwrap_or_default()
    }
}

fn email_key(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    // The parser of hosts takes percent codes and addresses of machines too.
    if local.is_empty() || local.len() > 64 || !text.replacen('@', "", 1).chars().all(plain) || domain.contains('%') {
        return None;
    }
    match Host::parse(domain) {
        Ok(Host::Domain(domain)) if domain.contains('.') && !domain.split('.').any(str::is_empty) => {
            Some(format!("{}@{domain}", local.to_ascii_lowercase()))
        }
        _ => None,
    }
}

impl Text for Email {
    fn settle(&mut self, pointer: &str, flaws: &mut Flaws) {
        self.0 = self.0.trim().nfc().collect();
        if self.0.chars().count() > Self::MAX {
            flaws.add(pointer, Flaw::TooLong, format!("an e-mail address has at most {} characters", Self::MAX));
        } else if self.mailable().is_none() {
            flaws.add(pointer, Flaw::Invalid, "this is no e-mail address that mails can be sent to");
        }
    }
}

impl Text for CountryCode {
    fn settle(&mut self, pointer: &str, flaws: &mut Flaws) {
        let is_code = self.0.len() == 2 && self.0.bytes().all(|b| b.is_ascii_uppercase());
        if !is_code || rust_iso3166::from_alpha2(&self.0).is_none() {
            flaws.add(pointer, Flaw::Invalid, "a country is a code of two capital letters from ISO 3166-1");
        }
    }
}

impl CountryCode {
    /// For a code that comes another way than in a body.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        settled(Self(text.to_owned()))
    }

    /// The text, to keep.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl AvatarUrl {
    /// The most characters.
    pub const MAX: usize = 2_000;

    /// For an address that comes another way than in a body.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        settled(Self(text.to_owned()))
    }

    /// The text, to keep.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Text for AvatarUrl {
    fn settle(&mut self, pointer: &str, flaws: &mut Flaws) {
        let too_long = format!("the address of a picture has at most {} characters", Self::MAX);
        if self.0.chars().count() > Self::MAX {
            return flaws.add(pointer, Flaw::TooLong, too_long);
        }
        match Url::parse(&self.0) {
            Ok(url) if url.scheme() == "https" && url.username().is_empty() && url.password().is_none() => {
                // As the parser writes it: nothing in it can end an attribute or a line.
                self.0 = url.into();
                if self.0.len() > Self::MAX {
                    flaws.add(pointer, Flaw::TooLong, too_long);
                }
            }
            _ => flaws.add(pointer, Flaw::Invalid, "the address of a picture is an https URL without credentials"),
        }
    }
}
