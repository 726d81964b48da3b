//! Which lines are in fenced code, so that quote markers there are left alone. It reads as CommonMark
//! does, without its containers: they are only looked through.

use super::prepare::list_marker_length;

/// A fence that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fence {
    mark: u8,
    length: usize,
    container: Container,
}

/// What the fence stands in, and so ends with.
#[derive(Debug, Clone, Copy)]
enum Container {
    None,
    BlockQuote,
    /// A list item whose content begins at this column.
    Item(usize),
}

impl Fence {
    /// The fence that a line opens.
    pub(super) fn opened_by(line: &str) -> Option<Fence> {
        let bytes = line.as_bytes();
        let (content, container) = content(bytes);
        let mark = *content.first()?;
        let length = content.iter().take_while(|b| **b == mark).count();
        let info = &content[length..];
        let opens = match mark {
            b'`' => length >= 3 && !info.contains(&b'`'),
            b'~' => length >= 3,
            _ => false,
        };
        opens.then_some(Fence { mark, length, container })
    }

    /// Whether the line is no longer in the thing that the fence stands in, which ends it.
    pub(super) fn is_left_by(&self, line: &str) -> bool {
        let bytes = line.as_bytes();
        let indent = bytes.iter().take_while(|b| **b == b' ').count();
        match self.container {
            Container::None => false,
            Container::BlockQuote => indent > 3 || bytes.get(indent) != Some(&b'>'),
            Container::Item(column) => !line.trim().is_empty() && indent < column && bytes.first() != Some(&b'\t'),
        }
    }

    /// Where the line goes on after the closing fence that it is. What may follow the fence is nothing
    /// but space, or `end_marker`.
    pub(super) fn closed_at(&self, line: &str, end_marker: &str) -> Option<usize> {
        let content = line.trim_start_matches([' ', '\t', '>']);
        let length = content.bytes().take_while(|b| *b == self.mark).count();
        let rest = content[length..].trim_start();
        let closes = length >= self.length && (rest.is_empty() || rest.starts_with(end_marker));
        closes.then(|| line.len() - rest.len())
    }
}

/// What of the line stands behind block quote and list markers, and what it stands in.
fn content(line: &[u8]) -> (&[u8], Container) {
    let mut container = Container::None;
    let mut at = 0;
    loop {
        let spaces = line[at..].iter().take_while(|b| **b == b' ').count();
        if spaces > 3 {
            return (&[], container);
        }
        at += spaces;
        let marker = match line.get(at) {
            Some(b'>') => 1,
            _ => list_marker_length(&line[at..]).unwrap_or(0),
        };
        if marker == 0 {
            return (&line[at..], container);
        }
        container = match (container, line.get(at)) {
            (Container::BlockQuote, _) | (Container::None, Some(b'>')) => Container::BlockQuote,
            _ => Container::Item(at + marker + 1),
        };
        at += marker;
    }
}
