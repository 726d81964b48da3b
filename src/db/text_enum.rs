//! Enums that are stored as the text that clients see.

/// Implements the mapping between an enum without data and a column of text; `name()` gives the text.
macro_rules! text_enum {
    ($name:ident { $($variant:ident $text:literal,)* }) => {
        impl $name {
            /// As it is stored and shown.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one that is stored as this text.
            pub fn of(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg>>::to_sql(self.name(), out)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = std::str::from_utf8(bytes.as_bytes())?;
                Self::of(text).ok_or_else(|| format!(concat!("unknown ", stringify!($name), " {:?}"), text).into())
            }
        }
    };
}

pub(crate) use text_enum;
