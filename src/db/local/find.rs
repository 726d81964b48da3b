//! Finds the installed PostgreSQL server programs: on PATH, by `pg_config`, and where systems usually put them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::LocalError;

const OLDEST_MAJOR: u32 = 15;

/// Folders with server programs; a `*` stands for any part of one name.
const USUAL_PLACES: [&str; 11] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/bin",
    "/usr/local/bin",
    "/usr/local/pgsql/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// A folder that has both `postgres` and `initdb`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Programs {
    pub(super) bin: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    pub(super) fn postgres(&self) -> PathBuf {
        self.bin.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.bin.join("initdb")
    }
}

/// All that are installed, those on PATH first.
pub(super) fn installed() -> Vec<Programs> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&on_path).collect();
    folders.extend(bin_folder_of_pg_config());
    folders.extend(USUAL_PLACES.iter().flat_map(|place| expand(place)));

    let mut seen = Vec::new();
    let mut found = Vec::new();
    for folder in folders {
        let Ok(folder) = folder.canonicalize() else {
            continue;
        };
        if seen.contains(&folder) {
            continue;
        }
        found.extend(programs_in(&folder));
        seen.push(folder);
    }
    found
}

/// The newest, or for a folder that has data the programs of the major that made it.
pub(super) fn choose(found: &[Programs], made_by: Option<u32>, folder: &Path) -> Result<Programs, LocalError> {
    let newest_first = || {
        let mut sorted: Vec<&Programs> = found.iter().collect();
        sorted.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        sorted
    };
    let Some(&newest) = newest_first().first() else {
        return Err(LocalError::NoServerPrograms);
    };
    match made_by {
        Some(made_by) => {
            newest_first().into_iter().find(|programs| programs.major == made_by).cloned().ok_or_else(|| {
                LocalError::OtherMajor { folder: folder.to_owned(), made_by, installed: majors(&newest_first()) }
            })
        }
        None if newest.major < OLDEST_MAJOR => Err(LocalError::TooOld { bin: newest.bin.clone(), major: newest.major }),
        None => Ok(newest.clone()),
    }
}

fn majors(programs: &[&Programs]) -> String {
    let mut majors: Vec<u32> = programs.iter().map(|programs| programs.major).collect();
    majors.dedup();
    let words: Vec<String> = majors.iter().map(u32::to_string).collect();
    words.join(", ")
}

fn programs_in(bin: &Path) -> Option<Programs> {
    if !bin.join("initdb").is_file() || !bin.join("postgres").is_file() {
        return None;
    }
    let answer = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let major = major_in(&String::from_utf8_lossy(&answer.stdout))?;
    Some(Programs { bin: bin.to_owned(), major })
}

/// 15 of "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", 19 of "postgres (PostgreSQL) 19beta1".
fn major_in(version: &str) -> Option<u32> {
    let (_, number) = version.split_once("(PostgreSQL) ")?;
    let digits = number.find(|c: char| !c.is_ascii_digit());
    number[..digits.unwrap_or(number.len())].parse().ok()
}

fn bin_folder_of_pg_config() -> Option<PathBuf> {
    let answer = Command::new("pg_config").arg("--bindir").output().ok()?;
    let line = String::from_utf8(answer.stdout).ok()?;
    Some(PathBuf::from(line.trim_end()))
}

fn expand(place: &str) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/")];
    for part in place.split('/').filter(|part| !part.is_empty()) {
        folders = match part.split_once('*') {
            None => folders.iter().map(|folder| folder.join(part)).collect(),
            Some((start, end)) => folders.iter().flat_map(|folder| children(folder, start, end)).collect(),
        };
    }
    folders
}

fn children(folder: &Path, start: &str, end: &str) -> Vec<PathBuf> {
    // A place that this system does not have is no fault.
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let fits = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(start) && name.ends_with(end));
    entries.flatten().filter(|entry| fits(&entry.file_name())).map(|entry| entry.path()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn programs(major: u32) -> Programs {
        Programs { bin: PathBuf::from(format!("/bin{major}")), major }
    }

    #[test]
    fn a_new_folder_gets_the_newest_major() {
        let found = [programs(15), programs(17), programs(16)];
        let chosen = choose(&found, None, Path::new("data")).unwrap();
        assert_eq!(chosen.major, 17);
    }

    #[test]
    fn a_folder_with_data_keeps_its_major() {
        let found = [programs(15), programs(17)];
        let chosen = choose(&found, Some(15), Path::new("data")).unwrap();
        assert_eq!(chosen.major, 15);
    }

    #[test]
    fn another_major_is_refused_with_both_versions() {
        let found = [programs(15), programs(17)];
        let refusal = choose(&found, Some(16), Path::new("data")).unwrap_err();
        let message = refusal.to_string();
        assert!(message.contains("made by PostgreSQL 16"), "{message}");
        assert!(message.contains("PostgreSQL 17, 15"), "{message}");
    }

    #[test]
    fn none_installed_and_too_old_say_what_to_install() {
        let none = choose(&[], None, Path::new("data")).unwrap_err();
        assert!(none.to_string().contains("apt-get install postgresql"));
        let old = choose(&[programs(13)], None, Path::new("data")).unwrap_err();
        assert!(old.to_string().contains("PostgreSQL 15 or later"));
    }

    #[test]
    fn the_major_is_read_from_any_packaging_of_the_version() {
        for (version, major) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", 15),
            ("postgres (PostgreSQL) 19beta1\n", 19),
            ("postgres (PostgreSQL) 17\n", 17),
        ] {
            assert_eq!(major_in(version), Some(major), "{version}");
        }
    }
}
