//! Folders and files of this account alone: made, opened and checked here. Symbolic links in their place are refused, and so is
//! what other accounts own or may write: they could read secrets, or have others' files overwritten.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

/// Flags of `open` by which it fails on a symbolic link, and does not wait for the other end of a FIFO.
pub const NO_LINK: i32 = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed();

/// Why a folder or file cannot be used; each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum NotPrivate {
    #[error(
        "{} can be written by other accounts (mode {mode:04o}): take that right away with `chmod go-w {}`",
        path.display(), path.display()
    )]
    OthersCanWrite { path: PathBuf, mode: u32 },

    #[error(
        "{} can be read by other accounts (mode {mode:04o}): take that right away with `chmod go-rwx {}`",
        path.display(), path.display()
    )]
    OthersCanRead { path: PathBuf, mode: u32 },

    #[error(
        "{} belongs to the account with id {owner}: run folkmoot as that account, or name a folder of your own",
        path.display()
    )]
    NotOurs { path: PathBuf, owner: u32 },

    #[error("{} is a symbolic link, which is not followed: put what it leads to into its place", path.display())]
    Link { path: PathBuf },

    #[error("{} is no {expected}: move it away", path.display())]
    OtherKind { path: PathBuf, expected: &'static str },

    #[error("could not {act} {}: {source}", path.display())]
    Io {
        /// A verb, as in "could not open".
        act: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl NotPrivate {
    fn io(act: &'static str, path: &Path, source: io::Error) -> Self {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => Self::Link { path: path.to_owned() },
            _ => Self::Io { act, path: path.to_owned(), source },
        }
    }

    /// Whether nothing is there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Makes the folder and those above it, unless it is there, and checks it.
pub fn make_folder(path: &Path) -> Result<(), NotPrivate> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| NotPrivate::io("make", path, source))?;
    check_folder(path, path)
}

/// Checks that a folder is one of this account's, in which no other account can put anything. `shown` is its name in messages.
pub fn check_folder(path: &Path, shown: &Path) -> Result<(), NotPrivate> {
    let found = fs::symlink_metadata(path).map_err(|source| NotPrivate::io("look at", shown, source))?;
    if found.is_symlink() {
        return Err(NotPrivate::Link { path: shown.to_owned() });
    }
    if !found.is_dir() {
        return Err(NotPrivate::OtherKind { path: shown.to_owned(), expected: "folder" });
    }
    check_rights(&found, shown)
}

/// Opens a file with these options, and checks it. A file that is made has the mode 0600.
pub fn open(path: &Path, options: &mut OpenOptions) -> Result<File, NotPrivate> {
    let opened = options.mode(0o600).custom_flags(NO_LINK).open(path);
    let file = opened.map_err(|source| NotPrivate::io("open", path, source))?;
    let found = file.metadata().map_err(|source| NotPrivate::io("look at", path, source))?;
    if !found.is_file() {
        return Err(NotPrivate::OtherKind { path: path.to_owned(), expected: "regular file" });
    }
    check_rights(&found, path)?;
    Ok(file)
}

/// Opens a file for reading that no other account may read.
pub fn open_secret(path: &Path) -> Result<File, NotPrivate> {
    let file = open(path, OpenOptions::new().read(true))?;
    let found = file.metadata().map_err(|source| NotPrivate::io("look at", path, source))?;
    match found.mode() & 0o7777 {
        mode if mode & 0o077 != 0 => Err(NotPrivate::OthersCanRead { path: path.to_owned(), mode }),
        _ => Ok(file),
    }
}

/// Makes a new file in place of one that may be there, for writing.
pub fn create(path: &Path) -> Result<File, NotPrivate> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(NotPrivate::io("remove", path, source)),
        _ => {}
    }
    open(path, OpenOptions::new().write(true).create_new(true))
}

fn check_rights(found: &Metadata, shown: &Path) -> Result<(), NotPrivate> {
    if found.uid() != geteuid().as_raw() {
        return Err(NotPrivate::NotOurs { path: shown.to_owned(), owner: found.uid() });
    }
    match found.mode() & 0o7777 {
        mode if mode & 0o022 != 0 => Err(NotPrivate::OthersCanWrite { path: shown.to_owned(), mode }),
        _ => Ok(()),
    }
}
