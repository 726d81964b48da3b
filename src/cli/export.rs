//! `folkmoot export`: writes the forum as an archive.

use std::path::{Path, PathBuf};

use tokio::fs::File;

use crate::archive::{self, Compression, ExportError, Progress};

/// Writes to a file, compressed where its name ends in `.gz` or `.zst`, or to standard output for `-`.
pub async fn run(file: &str, database_url: &str) -> Result<(), String> {
    let progress = Progress::of_lines();
    let lines = if file == "-" {
        archive::export(tokio::io::stdout(), Compression::None, database_url, &progress).await
    } else {
        to_file(Path::new(file), database_url, &progress).await
    };
    let lines = lines.map_err(|error| format!("{file}: {error}"))?;
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
