//! A glance at the response that nearly all requests have: done, or one page of rows whose columns
//! are known. What it tells is what decoding would, without making anything of it.

use super::result::{flag, kind};
use crate::{Envelope, Opcode};

/// A RESULT with nothing before it, and with nothing in it that only some have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainResponse {
    /// Done, and nothing to say.
    Void,
    /// Rows, the last ones of their result, whose columns were left out.
    Rows {
        /// How many columns a row has.
        column_count: usize,
        /// How many rows there are. Checked, as when they are decoded.
        row_count: u32,
        /// Where in the body the cells begin; they go on to its end.
        content: usize,
    },
}

/// The kind, the flags, how many columns and how many rows.
const HEAD: usize = 16;

impl Envelope {
    /// The response, if it is a plain one; `None` of any other, and of what cannot be read: that is
    /// [decoded](Envelope::into_response).
    #[inline]
    pub fn plain_response(&self) -> Option<PlainResponse> {
        if self.header.opcode != Opcode::Result || self.header.flags.announce_prefixes() {
            return None;
        }
        let body: &[u8] = &self.body;
        let Some((head, cells)) = body.split_first_chunk::<HEAD>() else {
            return body.starts_with(&kind::VOID.to_be_bytes()).then_some(PlainResponse::Void);
        };
        let [of_kind, flags, columns, rows] = ints(head);
        let unusual = flag::MORE_PAGES | flag::METADATA_CHANGED | flag::NO_METADATA;
        if of_kind != kind::ROWS || flags & unusual != flag::NO_METADATA {
            return None;
        }
        let (column_count, row_count) = (usize::try_from(columns).ok()?, u32::try_from(rows).ok()?);
        // A cell is four bytes at least, and a row a cell: a declared count has to be paid for.
        let least = u64::from(row_count).saturating_mul(column_count.max(1) as u64 * 4);
        let is_paid_for = least <= cells.len() as u64;
        is_paid_for.then_some(PlainResponse::Rows { column_count, row_count, content: HEAD })
    }
}

/// Four numbers of 4 bytes each.
#[inline]
fn ints(bytes: &[u8; HEAD]) -> [i32; 4] {
    let bits = u128::from_be_bytes(*bytes);
    [96, 64, 32, 0].map(|shift| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lowest 32 bits are what is wanted"
        )]
        let word = (bits >> shift) as u32;
        word.cast_signed()
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Direction, EnvelopeFlags, EnvelopeHeader, ProtocolVersion, Response, ResultResponse,
        StreamId,
    };

    fn response(flags: EnvelopeFlags, body: Vec<u8>) -> Envelope {
        let header = EnvelopeHeader {
            version: ProtocolVersion::V5,
            direction: Direction::Response,
            flags,
            stream: StreamId::new(1),
            opcode: Opcode::Result,
            length: u32::try_from(body.len()).unwrap(),
        };
        Envelope { header, body: Bytes::from(body) }
    }

    fn body(ints: &[i32], cells: usize) -> Vec<u8> {
        let head = ints.iter().flat_map(|int| int.to_be_bytes());
        head.chain(std::iter::repeat_n(0xFF, cells)).collect()
    }

    #[test]
    fn what_is_done_and_the_last_rows_of_known_columns_are_plain() {
        let plain =
            |ints: &[i32], cells| response(EnvelopeFlags::NONE, body(ints, cells)).plain_response();
        assert_eq!(plain(&[1], 0), Some(PlainResponse::Void));
        let rows = PlainResponse::Rows { column_count: 3, row_count: 2, content: 16 };
        assert_eq!(plain(&[2, 4, 3, 2], 24), Some(rows));
        assert_eq!(plain(&[2, 4, 3, 2], 23), None, "fewer bytes than so many cells have");
        assert_eq!(plain(&[2, 0, 3, 2], 24), None, "its columns come with it");
        assert_eq!(plain(&[2, 6, 3, 2], 24), None, "it goes on");
        assert_eq!(plain(&[2, 4, -1, 2], 24), None);
        assert_eq!(plain(&[2, 4, 3, -2], 24), None);
        assert_eq!(plain(&[4, 4, 3, 2], 24), None);
        let traced = response(EnvelopeFlags::TRACING, body(&[1], 0));
        assert_eq!(traced.plain_response(), None);
    }

    proptest! {
        /// What it says is what is decoded.
        #[test]
        fn a_plain_response_is_what_decoding_makes_of_it(
            ints in prop::collection::vec(prop_oneof![-1_i32..9, any::<i32>()], 0..5),
            cells in 0_usize..40,
        ) {
            let envelope = response(EnvelopeFlags::NONE, body(&ints, cells));
            let plain = envelope.plain_response();
            let decoded = envelope.clone().into_response().map(|decoded| decoded.response);
            match plain {
                None => {}
                Some(PlainResponse::Void) => {
                    prop_assert_eq!(decoded, Ok(Response::Result(ResultResponse::Void)));
                }
                Some(PlainResponse::Rows { column_count, row_count, content }) => {
                    let Ok(Response::Result(ResultResponse::Rows(rows))) = decoded else {
                        return Err(TestCaseError::fail("no rows are decoded"));
                    };
                    let metadata = &rows.metadata;
                    prop_assert_eq!((metadata.column_count, rows.row_count), (column_count, row_count));
                    prop_assert_eq!(&rows.content[..], &envelope.body[content..]);
                    let rest = (&metadata.columns, &metadata.paging_state, &metadata.new_metadata_id);
                    prop_assert_eq!(rest, (&None, &None, &None));
                }
            }
        }
    }
}
