//! Emoji codes: `:rofl:` to 🤣, by GitHub's shortcodes and by what forum software calls its smilies.

use std::collections::HashSet;

/// Longer than any code that there is, so that the look ahead is bounded.
const MAX_CODE_LENGTH: usize = 64;

/// Classic smilies of forum software. They win over a shortcode of the same name: who writes `:cool:`
/// in a forum means the face with the sunglasses.
const ALIASES: &[(&str, &str)] = &[
    ("thumb", "👍"),
    ("thumbs", "👍"),
    ("thumbup", "👍"),
    ("thumb_up", "👍"),
    ("thumbs_up", "👍"),
    ("yes", "👍"),
    ("thumbdown", "👎"),
    ("thumb_down", "👎"),
    ("thumbs_down", "👎"),
    ("lol", "😂"),
    ("laugh", "😂"),
    ("haha", "😄"),
    ("lmao", "🤣"),
    ("roflmao", "🤣"),
    ("rolleyes", "🙄"),
    ("roll", "🙄"),
    ("eek", "😱"),
    ("shock", "😱"),
    ("shocked", "😲"),
    ("mad", "😠"),
    ("upset", "😠"),
    ("furious", "😡"),
    ("cool", "😎"),
    ("sad", "🙁"),
    ("frown", "🙁"),
    ("unhappy", "🙁"),
    ("crying", "😢"),
    ("smilie", "🙂"),
    ("happy", "😀"),
    ("biggrin", "😁"),
    ("razz", "😛"),
    ("tongue", "😛"),
    ("redface", "😳"),
    ("oops", "😳"),
    ("embarrassed", "😳"),
    ("shy", "😊"),
    ("confuse", "😕"),
    ("huh", "😕"),
    ("think", "🤔"),
    ("hmm", "🤔"),
    ("hmmm", "🤔"),
    ("evil", "😈"),
    ("devil", "😈"),
    ("twisted", "😈"),
    ("worship", "🙇"),
    ("salute", "🫡"),
    ("cheers", "🍻"),
    ("drink", "🍺"),
    ("sleep", "😴"),
    ("yawn", "🥱"),
    ("puke", "🤮"),
    ("sick", "🤢"),
    ("love", "😍"),
    ("inlove", "😍"),
    ("hug", "🤗"),
    ("party", "🥳"),
    ("idea", "💡"),
    ("exclaim", "❗"),
    ("arrow", "➡️"),
    ("popcorn", "🍿"),
    ("bump", "⬆️"),
    ("welcome", "👋"),
    ("hi", "👋"),
    ("bye", "👋"),
    ("whistle", "😗"),
    ("thanks", "🙏"),
];

/// The Unicode for a code without its colons, as the writer put it; aliases included, case ignored.
/// `None` where there is no such emoji.
pub fn emoji_unicode(code: &str) -> Option<&'static str> {
    if code.len() > MAX_CODE_LENGTH {
        return None;
    }
    let code = code.to_ascii_lowercase();
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == code)
        .map(|(_, unicode)| *unicode)
        .or_else(|| emojis::get_by_shortcode(&code).map(|emoji| emoji.as_str()))
}

/// Codes by first appearance, each once.
#[derive(Debug, Default)]
pub(super) struct Codes {
    seen: HashSet<String>,
    codes: Vec<String>,
}

impl Codes {
    pub(super) fn add(&mut self, code: &str) {
        if !self.seen.contains(code) {
            self.seen.insert(code.to_owned());
            self.codes.push(code.to_owned());
        }
    }

    pub(super) fn into_codes(self) -> Vec<String> {
        self.codes
    }
}

/// The emoji that `rest`, which begins with a colon, begins with: its code and its Unicode.
/// `before` is the character in front of the colon.
pub(super) fn at_start(rest: &str, before: Option<char>) -> Option<(&str, &'static str)> {
    // `std::cool::new` is no emoji.
    if before == Some(':') {
        return None;
    }
    let after_colon = rest.strip_prefix(':')?;
    let length = after_colon
        .bytes()
        .take(MAX_CODE_LENGTH + 1)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-'))
        .count();
    let code = &after_colon[..length];
    let after = after_colon[length..].strip_prefix(':')?;
    let stands_alone = !before.is_some_and(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
    if !stands_alone && looks_like_a_number(code) {
        return None;
    }
    emoji_unicode(code).map(|unicode| (code, unicode))
}

/// Times (`10:30:15`), addresses (`fe80::a:b:c`) and the like hold what could be a code.
fn looks_like_a_number(code: &str) -> bool {
    code.len() <= 2 || code.bytes().all(|b| b.is_ascii_hexdigit())
}
