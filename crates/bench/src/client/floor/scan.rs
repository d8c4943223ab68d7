//! The floor's scan: page by page, the next one asked for before this one is read.

use cqlwire_codec::{Opcode, PagingState};

use super::line::Line;
use super::template::Template;
use crate::load::ScanWatch;
use crate::wire::{first_envelope, int};
use crate::{Result, ensure};

/// The kind of a RESULT that has rows (v5 §4.2.5).
pub(super) const ROWS: i32 = 2;

/// The flags of the metadata (v5 §4.2.5.2).
const MORE_PAGES: i32 = 0x02;
const NO_METADATA: i32 = 0x04;

/// Reads the whole table.
pub(super) fn scan(line: &mut Line, template: &Template, watch: &mut ScanWatch) -> Result<()> {
    let mut page = Vec::new();
    line.put_raw(&template.page(None)?);
    loop {
        line.send()?;
        page.clear();
        while first_envelope(&page).is_none() {
            line.read()?;
            line.each_payload(|_, payload| {
                page.extend_from_slice(payload);
                Ok(())
            })?;
        }
        let (head, body, _) = first_envelope(&page).ok_or("a page came whole")?;
        ensure(head.opcode == Opcode::Result.byte() && int(body, 0)? == ROWS, "a page has rows")?;
        let flags = int(body, 4)?;
        ensure(flags & NO_METADATA != 0, "a page comes without its columns")?;
        let mut rest = body.get(12..).unwrap_or_default();
        let more = flags & MORE_PAGES != 0;
        if more {
            let state = PagingState::new(cell(&mut rest)?);
            line.put_raw(&template.page(Some(&state))?);
            line.send()?;
        }
        let rows = int(rest, 0)?;
        rest = rest.get(4..).unwrap_or_default();
        for _ in 0..rows {
            let id = i64::from_be_bytes(cell(&mut rest)?.try_into()?);
            let name = cell(&mut rest)?;
            let score = f64::from_be_bytes(cell(&mut rest)?.try_into()?);
            let photo = cell(&mut rest)?;
            watch.raw_row(id, name, score, photo);
        }
        if !more {
            return Ok(());
        }
    }
}

/// The next \[bytes\], which is not null.
#[inline]
fn cell<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or("a page ends too early")?;
    let length = usize::try_from(i32::from_be_bytes(*length))?;
    let (cell, after) = after.split_at_checked(length).ok_or("a page ends too early")?;
    *rest = after;
    Ok(cell)
}
