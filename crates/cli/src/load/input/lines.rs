//! Where a line ends: JSON has no line breaks in it.

use super::Content;
use super::buffer::Buffer;

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
