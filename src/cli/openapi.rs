//! `folkmoot openapi`: prints the document.

use std::io::Write;

/// Prints the document to standard output.
pub fn run() -> Result<(), String> {
    let json = crate::openapi::document().to_pretty_json().map_err(|e| e.to_string())?;
    writeln!(std::io::stdout(), "{json}").map_err(|e| e.to_string())
}
