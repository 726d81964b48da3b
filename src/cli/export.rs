//! `folkmoot export`: writes the forum as an archive.

use std::io::ErrorKind;
use std::path::Path;

use clap::Args;
use tokio::fs::{File, OpenOptions};
use tokio::signal::unix::{SignalKind, signal};

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
    let written = async {
        if export.file == "-" {
            archive::export(tokio::io::stdout(), Compression::None, &database.url, &progress).await
        } else {
            to_file(Path::new(&export.file), &database.url, &progress).await
        }
    };
    let lines = tokio::select! {
        lines = written => lines,
        interrupted = told_to_stop() => Err(interrupted.into()),
    };
    database.close().await?;
    let lines = lines.map_err(|error| format!("{}: {error}", export.file))?;
    eprintln!("{lines} lines");
    Ok(())
}

/// Once somebody ends the program: the file that is not whole goes then.
async fn told_to_stop() -> std::io::Error {
    let told = async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(std::io::Error::from(ErrorKind::Interrupted))
    };
    told.await.unwrap_or_else(|error| error)
}

/// A file appears when it is whole, under another name until then, and for its owner's eyes only; what breaks off is taken away.
/// What is no file, such as a pipe, is written to as it is.
async fn to_file(file: &Path, database_url: &str, progress: &Progress) -> Result<u64, ExportError> {
    let compression = Compression::of(file);
    match tokio::fs::metadata(file).await {
        Ok(there) if there.is_dir() => return Err(std::io::Error::from(ErrorKind::IsADirectory).into()),
        Ok(there) if !there.is_file() => {
            let output = OpenOptions::new().write(true).open(file).await?;
            return archive::export(output, compression, database_url, progress).await;
        }
        // What can not be looked at may still be written, or says why not.
        _ => {}
    }
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    let part = tempfile::Builder::new().prefix(&name).suffix(".part").tempfile_in(folder)?;
    let mut output = File::from_std(part.reopen()?);
    let lines = archive::export(&mut output, compression, database_url, progress).await?;
    output.sync_all().await?;
    part.persist(file).map_err(|failed| failed.error)?;
    // The name is as durable as what it names.
    File::open(folder).await?.sync_all().await?;
    Ok(lines)
}
