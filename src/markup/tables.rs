//! Bounds tables: a row that has fewer cells than its table is wide gets the rest as empty ones, so a few
//! kilobytes could become millions of cells.

use super::prepare::STOP;

/// Where the empty cells that are made for lines of this many bytes become too many. A table as people
/// write it has few of them.
const FREE_EMPTY_CELLS: usize = 16;
const BYTES_FOR_AN_EMPTY_CELL: usize = 4;

/// Writes Markdown, with stops in the delimiter rows of tables that would be mostly made of empty cells,
/// so that they are no tables.
pub(super) fn bound_tables(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut run: Vec<&str> = Vec::new();
    for line in source.split_inclusive('\n') {
        if line.trim().is_empty() {
            write_run(&run, &mut out);
            run.clear();
            out.push_str(line);
        } else {
            run.push(line);
        }
    }
    write_run(&run, &mut out);
    out
}

/// Writes lines without a blank one between; a table is never longer than that.
fn write_run(run: &[&str], out: &mut String) {
    let columns = run.iter().filter_map(|line| delimiter_columns(line)).max();
    let is_too_much = columns.is_some_and(|columns| {
        let empty: usize = run.iter().map(|line| columns - pipes(line).min(columns)).sum();
        let bytes: usize = run.iter().map(|line| line.len()).sum();
        empty > FREE_EMPTY_CELLS + bytes / BYTES_FOR_AN_EMPTY_CELL
    });
    for line in run {
        match line.split_once('|') {
            Some((before, after)) if is_too_much && delimiter_columns(line).is_some() => {
                out.push_str(before);
                out.extend([STOP, '|']);
                out.push_str(after);
            }
            _ => out.push_str(line),
        }
    }
}

/// How many columns a line makes that may be the delimiter row of a table, in whatever container.
fn delimiter_columns(line: &str) -> Option<usize> {
    let may_be_one = line.contains('|')
        && line.contains('-')
        && line.bytes().all(|b| b"|:- \t>+*.)\n".contains(&b) || b.is_ascii_digit());
    may_be_one.then(|| pipes(line) + 1)
}

fn pipes(line: &str) -> usize {
    let escaped = line.matches("\\|").count();
    line.matches('|').count() - escaped
}
