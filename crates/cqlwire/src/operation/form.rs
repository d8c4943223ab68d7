//! What a request has to be encoded for, known before its connection is.

use std::sync::atomic::{AtomicU8, Ordering};

use cqlwire_codec::{Compression, ProtocolVersion};
use cqlwire_net::Connection;

/// What a connection agreed on with its server: two connections of one form understand the same
/// bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) version: ProtocolVersion,
    pub(crate) compression: Option<Compression>,
}

impl Form {
    pub(crate) fn of(connection: &Connection) -> Self {
        Self { version: connection.version(), compression: connection.compression() }
    }
}

/// The form that most connections of a session have, as far as it is known: nearly always that of
/// all.
#[derive(Debug, Default)]
pub(crate) struct UsualForm(AtomicU8);

/// Above the number of the version.
const LZ4: u8 = 1 << 4;
#[cfg(feature = "snappy")]
const SNAPPY: u8 = 2 << 4;

impl UsualForm {
    #[inline]
    pub(crate) fn load(&self) -> Option<Form> {
        let bits = self.0.load(Ordering::Relaxed);
        let version = ProtocolVersion::from_number(bits & 0x0F)?;
        let compression = match bits & 0xF0 {
            0 => None,
            #[cfg(feature = "snappy")]
            SNAPPY => Some(Compression::Snappy),
            _ => Some(Compression::Lz4),
        };
        Some(Form { version, compression })
    }

    pub(crate) fn store(&self, form: Form) {
        let compression = match form.compression {
            None => 0,
            #[cfg(feature = "snappy")]
            Some(Compression::Snappy) => SNAPPY,
            Some(_) => LZ4,
        };
        self.0.store(form.version.number() | compression, Ordering::Relaxed);
    }
}
