//! What can be added to a batch.

use crate::operation::Statement;
use crate::prepared::PreparedStatement;

/// A statement of a [`Batch`](crate::Batch): a [`PreparedStatement`], or the text of one.
#[derive(Copy, Clone, Debug)]
pub struct BatchStatement<'a>(pub(crate) Statement<'a>);

impl<'a> From<&'a PreparedStatement> for BatchStatement<'a> {
    fn from(prepared: &'a PreparedStatement) -> Self {
        Self(Statement::Prepared(prepared))
    }
}

impl<'a> From<&'a str> for BatchStatement<'a> {
    fn from(text: &'a str) -> Self {
        Self(Statement::Text(text))
    }
}

impl<'a> From<&'a String> for BatchStatement<'a> {
    fn from(text: &'a String) -> Self {
        Self(Statement::Text(text))
    }
}
