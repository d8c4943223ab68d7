//! Plans as text.
//!
//! ```text
//!   cqlwire-scan-1 keyspace statement ranges/weight done  range,range,...             CRC-32
//!                                                         start:end:weight[:position]
//! ```
//!
//! In one line. Keyspace and statement are percent-encoded, numbers are decimal; the checksum is of all
//! that is before it.

use std::fmt;
use std::str::FromStr;

use cqlwire_cluster::TokenRange;
use cqlwire_codec::Token;
use cqlwire_stream::Position;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::plan::{Done, RangeLeft, ScanPlan};
use crate::cql;

const BEGINS: &str = "cqlwire-scan-";
const FORMAT: &str = "1";

/// What parts fields, and what is no part of an URL or of a line.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b',').add(b':').add(b'"').add(b'\'');

/// Why a text is no [`ScanPlan`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanPlanError {
    /// It is something else.
    #[error("it is no plan of a scan: it does not begin with `{BEGINS}{FORMAT}`")]
    NoPlan,
    /// A later release of the driver has written it.
    #[error("the plan is written in format {format}; this release reads format {FORMAT}")]
    Newer {
        /// Its format.
        format: String,
    },
    /// It is not as it was written.
    #[error("the plan of the scan is damaged, or cut off")]
    Damaged,
    /// It has a statement that would do more than read. Whoever hands plans on may have changed it.
    #[error("the statement of the plan is no SELECT")]
    NoSelect,
}

impl fmt::Display for ScanPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keyspace = utf8_percent_encode(&self.keyspace, ENCODED);
        let statement = utf8_percent_encode(&self.statement, ENCODED);
        let Done { ranges, weight } = self.done;
        let left: Vec<String> = self.left.iter().map(shown).collect();
        let left = left.join(",");
        let text = format!("{BEGINS}{FORMAT} {keyspace} {statement} {ranges}/{weight} {left}");
        write!(f, "{text} {:08x}", crc32fast::hash(text.as_bytes()))
    }
}

fn shown(left: &RangeLeft) -> String {
    let RangeLeft { range: TokenRange { start, end }, weight, from } = left;
    let from = from.as_ref().map_or_else(String::new, |position| format!(":{position}"));
    format!("{start}:{end}:{weight}{from}")
}

impl FromStr for ScanPlan {
    type Err = ScanPlanError;

    fn from_str(text: &str) -> Result<Self, ScanPlanError> {
        let text = text.trim();
        let rest = text.strip_prefix(BEGINS).ok_or(ScanPlanError::NoPlan)?;
        let (format, _) = rest.split_once(' ').ok_or(ScanPlanError::NoPlan)?;
        if format != FORMAT {
            return Err(ScanPlanError::Newer { format: format.to_owned() });
        }
        let plan = read(text).ok_or(ScanPlanError::Damaged)?;
        if cql::is_select(&plan.statement) { Ok(plan) } else { Err(ScanPlanError::NoSelect) }
    }
}

fn read(text: &str) -> Option<ScanPlan> {
    let (checked, checksum) = text.rsplit_once(' ')?;
    let checksum = u32::from_str_radix(checksum, 16).ok()?;
    if checksum != crc32fast::hash(checked.as_bytes()) {
        return None;
    }
    let mut fields = checked.split(' ').skip(1);
    let mut decoded = || percent_decode_str(fields.next()?).decode_utf8().ok();
    let (keyspace, statement) = (decoded()?, decoded()?);
    let (ranges, weight) = fields.next()?.split_once('/')?;
    let done = Done { ranges: ranges.parse().ok()?, weight: weight.parse().ok()? };
    let left = fields.next()?.split(',').filter(|range| !range.is_empty());
    let left = left.map(range).collect::<Option<_>>()?;
    let plan =
        ScanPlan { keyspace: (*keyspace).into(), statement: (*statement).into(), done, left };
    fields.next().is_none().then_some(plan)
}

fn range(text: &str) -> Option<RangeLeft> {
    let mut fields = text.splitn(4, ':');
    let mut token = || fields.next()?.parse::<Token>().ok();
    let range = TokenRange { start: token()?, end: token()? };
    let weight = fields.next()?.parse().ok()?;
    let from = match fields.next() {
        Some(position) => Some(position.parse::<Position>().ok()?),
        None => None,
    };
    // From a token to none above it would be the rest of the ring to some servers.
    (range.start < range.end && weight > 0).then_some(RangeLeft { range, weight, from })
}
