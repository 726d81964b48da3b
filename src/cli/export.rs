//! `folkmoot export`: writes the forum as an archive.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::fs::{File, OpenOptions};

use super::setup::{Database, Folder};
use crate::archive::{self, Compression, ExportError, Progress};
use crate::config::Config;

/// Where to write.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// The file, compressed where its name ends in .gz or .zst; `-` for standard output. Only its owner can read it: it holds
    /// addresses and hashes of passwords.
    file: String,
}

/// Writes it, and says how many lines.
pub async fn run(config: &Config, export: &Export) -> Result<(), String> {
    let database = Database::open(config, "folkmoot export", Folder::Shared).await?;
    let progress = Progress::of_lines();
    let lines = if export.file == "-" {
        archive::export(tokio::io::stdout(), Compression::None, &database.url, &progress).await
    } else {
        to_file(Path::new(&export.file), &database.url, &progress).await
    };
    database.close().await?;
    let lines = lines.map_err(|error| format!("{}: {error}", export.file))?;
    eprintln!("{lines} lines");
    Ok(())
}

/// Under another name until it is whole; what breaks off is taken away.
async fn to_file(file: &Path, database_url: &str, progress: &Progress) -> Result<u64, ExportError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut output = create(&part).await?;
    let written = async {
        let lines = archive::export(&mut output, Compression::of(file), database_url, progress).await?;
        output.sync_all().await?;
        tokio::fs::rename(&part, file).await?;
        Ok(lines)
    };
    let written = written.await;
    if written.is_err() {
        // What went wrong before is what is told.
        let _ = tokio::fs::remove_file(&part).await;
    }
    written
}

/// A new file for its owner's eyes only, as it holds addresses and hashes. What stood there, a link too, is not written to.
async fn create(part: &Path) -> std::io::Result<File> {
    match tokio::fs::remove_file(part).await {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(part).await
}
