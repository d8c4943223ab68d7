//! SUPPORTED: which options a server's STARTUP takes, and more (v5 §4.2.4).

use std::collections::BTreeMap;

use crate::DecodeError;
use crate::wire::Reader;

/// What a server supports (v5 §4.2.4): names of options to their possible values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supported(BTreeMap<String, Vec<String>>);

impl Supported {
    /// These options.
    pub const fn new(options: BTreeMap<String, Vec<String>>) -> Self {
        Self(options)
    }

    /// The possible values of one option, such as `COMPRESSION`; none if the server does not name
    /// it.
    pub fn options(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// All of them.
    pub const fn all(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0
    }
}

/// Of a name that comes twice the last values count.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Supported, DecodeError> {
    let options = reader.list("supported options", |reader| {
        let name = reader.string("supported option")?.to_owned();
        Ok((name, reader.string_list("values of a supported option")?))
    })?;
    Ok(Supported(options.into_iter().collect()))
}
