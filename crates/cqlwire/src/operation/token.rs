//! The token of a request, from its values as they are encoded.

use std::cell::Cell;

use bytes::BytesMut;
use cqlwire_codec::{ColumnSpec, EncodeValues, Token, ValueError};

/// Values that hash the partition key among them when they are encoded, where they lie: the key is
/// never put together.
pub(super) struct Hashed<'a> {
    values: &'a (dyn EncodeValues + 'a),
    /// Which of them make up the key, in its order.
    key: &'a [u16],
    token: Cell<Option<Token>>,
}

impl<'a> Hashed<'a> {
    pub(super) const fn new(values: &'a (dyn EncodeValues + 'a), key: &'a [u16]) -> Self {
        Self { values, key, token: Cell::new(None) }
    }

    /// That of the values as they were encoded last; `None` if they have no whole key. Servers say
    /// what is wrong with one that is null or unset.
    pub(super) const fn token(&self) -> Option<Token> {
        self.token.get()
    }
}

impl EncodeValues for Hashed<'_> {
    fn named(&self, columns: &[ColumnSpec]) -> bool {
        self.values.named(columns)
    }

    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        let start = out.len();
        let count = self.values.encode_values(columns, out)?;
        let encoded = out.get(start..).unwrap_or_default();
        self.token.set(Token::of_bind_values(encoded, self.key));
        Ok(count)
    }
}
