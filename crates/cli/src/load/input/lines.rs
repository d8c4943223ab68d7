//! Where a line ends: JSON has no line breaks in it.

use super::Content;
use super::buffer::Buffer;

/// How long the line break is that comes first, if one does; `None` if its second half may still come.
pub(super) fn line_break(bytes: &[u8], is_at_end: bool) -> Option<usize> {
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] if !is_at_end => None,
        [b'\r' | b'\n', ..] => Some(1),
        _ => Some(0),
    }
}

/// Passes over what has come of a line that is too long: how many bytes, and whether it ends with them.
pub(super) fn pass_over(bytes: &[u8], is_at_end: bool) -> (usize, bool) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (at + 1, true),
        None => (bytes.len(), is_at_end),
    }
}

/// The length of the first record, blank lines before it included, and what is in it, if it is more than
/// blanks. `None` if there is no whole one.
pub(super) fn find(buffer: &Buffer) -> Option<(usize, Option<Content>)> {
    let (blank, bytes) = (buffer.blank_start(), buffer.unread());
    let rest = bytes.get(blank..).unwrap_or_default();
    let length = match rest.iter().position(|byte| *byte == b'\n') {
        Some(at) => at + 1,
        None if buffer.is_at_end() && !rest.is_empty() => rest.len(),
        None => return None,
    };
    let content = match std::str::from_utf8(rest.get(..length).unwrap_or_default()) {
        Err(_) => Some(Content::NotText),
        Ok(text) => Some(text.trim())
            .filter(|text| !text.is_empty())
            .map(|text| Content::Json(text.to_owned())),
    };
    Some((blank + length, content))
}
