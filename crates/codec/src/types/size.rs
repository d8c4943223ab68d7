//! How many bytes values have.

use super::ColumnType;

impl ColumnType {
    /// How many bytes each value of this type has as an element of a vector, where it then stands
    /// without a length. `None` if the length varies, and also for tinyint, smallint, date and
    /// time: servers write a length for these, though it never varies.
    pub(crate) fn fixed_bytes(&self) -> Option<usize> {
        match self {
            Self::Boolean => Some(1),
            Self::Int | Self::Float => Some(4),
            Self::BigInt | Self::Double | Self::Timestamp => Some(8),
            Self::Uuid | Self::TimeUuid => Some(16),
            Self::Vector(element, dimension) => {
                usize::try_from(*dimension).ok()?.checked_mul(element.fixed_bytes()?)
            }
            _ => None,
        }
    }
}
