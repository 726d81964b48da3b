//! Passwords: argon2id, and hashes from elsewhere.

use folkmoot::access::{Passwords, flaw_of_password, username_key};
use folkmoot::error::{Code, Flaw};
use futures_util::future::join_all;

const BCRYPT: &str = "$2b$04$zuCmdVRIYRBTmBZHMk9zG.";

#[actix_web::test]
async fn a_password_is_kept_as_a_phc_string_with_a_salt_of_its_own() {
    let passwords = Passwords::new();
    let (one, two) = (passwords.hash("correct horse").await.unwrap(), passwords.hash("correct horse").await.unwrap());
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    assert_ne!(one, two);
    assert!(!Passwords::needs_rehash(&one));
    assert!(passwords.verify("correct horse", Some(&one)).await.unwrap());
    for wrong in ["correct horsf", "correct horse ", "Correct horse", ""] {
        assert!(!passwords.verify(wrong, Some(&one)).await.unwrap(), "{wrong}");
    }
    assert!(!passwords.verify("correct horse", None).await.unwrap());
}

#[actix_web::test]
async fn hashes_from_elsewhere_are_checked_and_are_due_to_be_made_anew() {
    let passwords = Passwords::new();
    let bcrypt = bcrypt::hash("correct horse", 4).unwrap();
    let scrypt = {
        use argon2::password_hash::PasswordHasher;
        use argon2::password_hash::phc::PasswordHash;
        let cheap = scrypt::Scrypt::new_with_params(scrypt::Params::new(4, 8, 1).unwrap());
        let hash: PasswordHash = cheap.hash_password_with_salt(b"correct horse", b"a salt of sixtee").unwrap();
        hash.to_string()
    };
    let weak = "$argon2id$v=19$m=64,t=1,p=1$YSBzYWx0IG9mIHNpeHRlZQ$";
    for hash in [&bcrypt, &scrypt] {
        assert!(Passwords::knows(hash), "{hash}");
        assert!(passwords.verify("correct horse", Some(hash)).await.unwrap(), "{hash}");
        assert!(!passwords.verify("correct horsf", Some(hash)).await.unwrap(), "{hash}");
        assert!(Passwords::needs_rehash(hash));
    }
    assert!(Passwords::needs_rehash(&format!("{weak}MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI")));
}

#[actix_web::test]
async fn hashes_that_would_cost_too_much_or_are_none_are_not_known() {
    let digest = "A".repeat(31);
    let salt = "YSBzYWx0IG9mIHNpeHRlZQ";
    let hash = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
    for unknown in [
        format!("{}{digest}", BCRYPT.replace("$04$", "$31$")),
        format!("$argon2id$v=19$m=4194304,t=2,p=1${salt}${hash}"),
        format!("$argon2id$v=19$m=19456,t=999,p=1${salt}${hash}"),
        format!("$scrypt$ln=30,r=8,p=1${salt}${hash}"),
        "plain text".into(),
        "5f4dcc3b5aa765d61d8327deb882cf99".into(),
        String::new(),
    ] {
        assert!(!Passwords::knows(&unknown), "{unknown}");
        assert!(!Passwords::new().verify("plain text", Some(&unknown)).await.unwrap(), "{unknown}");
    }
}

#[actix_web::test]
async fn more_than_can_wait_are_turned_away() {
    let passwords = Passwords::new();
    let cores = std::thread::available_parallelism().unwrap().get();
    let all = join_all((0..cores * 64 + 20).map(|_| passwords.verify("x", None))).await;
    let refused: Vec<_> = all.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 20);
    assert!(refused.iter().all(|error| error.code() == Code::Overloaded));
    // The places are free again.
    assert!(!passwords.verify("x", None).await.unwrap());
}

#[test]
fn the_most_used_passwords_ship_in_the_form_in_which_they_are_compared() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/access/passwords/most_used.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let words: Vec<_> = text.lines().collect();
    assert!(words.len() > 10_000 && words.is_sorted() && words.windows(2).all(|pair| pair[0] != pair[1]));
    for word in words {
        assert!(word.chars().count() >= 8 && username_key(word) == word, "{word}");
        assert!(flaw_of_password(word, None).is_some_and(|(flaw, _)| flaw == Flaw::CommonPassword), "{word}");
    }
    assert!(flaw_of_password("a long walk to the moot", Some("Anna")).is_none());
}
