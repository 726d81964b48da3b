//! `folkmoot export`: writes the forum as an archive.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::fs::File;

use super::setup::{Database, Folder};
use crate::archive::{self, Compression, ExportError, Progress};
use crate::config::Config;

/// Where to write.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// The file, compressed where its name ends in .gz or .zst; `-` for standard output.
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

/// Under another name until it is whole.
async fn to_file(file: &Path, database_url: &str, progress: &Progress) -> Result<u64, ExportError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut output = File::create(&part).await?;
    let lines = archive::export(&mut output, Compression::of(file), database_url, progress).await?;
    output.sync_all().await?;
    tokio::fs::rename(&part, file).await?;
    Ok(lines)
}
