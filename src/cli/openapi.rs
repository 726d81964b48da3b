//! `folkmoot openapi`: prints the document.

use std::io::Write;

/// Prints the document to standard output.
pub fn run() -> Result<(), String> {
    let json = serde_json::to_string_pretty(&crate::openapi::document()).map_err(|e| e.to_string())?;
    writeln!(std::io::stdout(), "{json}").map_err(|e| e.to_string())
}
