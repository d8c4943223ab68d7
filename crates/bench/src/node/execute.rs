//! What counts of an EXECUTE: which statement, whose key, which page, and whether the columns may
//! be left out.

use crate::Result;
use crate::wire::{int, long, short};

/// What was prepared.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Read,
    Insert,
    Scan,
    Fill,
    /// Something about the node itself: the number of its text in the order of PREPARE.
    System(u8),
}

/// The length of every id.
const ID_LEN: usize = 16;

impl Statement {
    /// The id of a prepared statement is its number, sixteen times.
    pub(super) const fn id(self) -> [u8; ID_LEN] {
        let number = match self {
            Self::Read => 1,
            Self::Insert => 2,
            Self::Scan => 3,
            Self::Fill => 4,
            Self::System(number) => FIRST_SYSTEM.saturating_add(number),
        };
        [number; ID_LEN]
    }

    fn of(first_of_id: Option<&u8>) -> Result<Self> {
        match first_of_id {
            Some(1) => Ok(Self::Read),
            Some(2) => Ok(Self::Insert),
            Some(3) => Ok(Self::Scan),
            Some(4) => Ok(Self::Fill),
            Some(number @ FIRST_SYSTEM..) => Ok(Self::System(number - FIRST_SYSTEM)),
            _ => Err("EXECUTE of a statement that was not prepared here".into()),
        }
    }
}

/// The number of the first statement about the node itself.
const FIRST_SYSTEM: u8 = 16;

/// The flags of EXECUTE (v5 §4.1.4).
mod flag {
    pub(super) const VALUES: i32 = 0x01;
    pub(super) const SKIP_METADATA: i32 = 0x02;
    pub(super) const PAGE_SIZE: i32 = 0x04;
    pub(super) const PAGING_STATE: i32 = 0x08;
}

/// What an EXECUTE asks for.
#[derive(Copy, Clone, Debug)]
pub(super) struct Execute {
    pub(super) statement: Statement,
    pub(super) skip_metadata: bool,
    /// The first value, where the statement begins with a key.
    pub(super) key: i64,
    /// The number of the page, where the statement has pages.
    pub(super) page: u32,
}

impl Execute {
    /// Reads a body of v4 or v5.
    #[inline]
    pub(super) fn read(body: &[u8], is_v5: bool) -> Result<Self> {
        let statement = Statement::of(body.get(2))?;
        let mut at = 2 + usize::from(short(body, 0)?);
        if is_v5 {
            at += 2 + usize::from(short(body, at)?);
        }
        at += 2;
        let flags = if is_v5 {
            int(body, at)?
        } else {
            body.get(at).copied().map(i32::from).ok_or("EXECUTE without flags")?
        };
        at += if is_v5 { 4 } else { 1 };
        let skip_metadata = flags & flag::SKIP_METADATA != 0;
        let (mut key, mut page) = (0, 0);
        match statement {
            // Two bytes of count and four of length come before the first value.
            Statement::Read => key = long(body, at + 6)?,
            Statement::Insert | Statement::Fill | Statement::System(_) => {}
            Statement::Scan => page = page_of(body, at, flags)?,
        }
        Ok(Self { statement, skip_metadata, key, page })
    }
}

/// The number in the paging state; the first page has none.
fn page_of(body: &[u8], mut at: usize, flags: i32) -> Result<u32> {
    if flags & flag::VALUES != 0 {
        let count = short(body, at)?;
        if count > 0 {
            return Err("a scan with values".into());
        }
        at += 2;
    }
    if flags & flag::PAGE_SIZE != 0 {
        at += 4;
    }
    if flags & flag::PAGING_STATE == 0 {
        return Ok(0);
    }
    Ok(u32::try_from(int(body, at + 4)?)?)
}
