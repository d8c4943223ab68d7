//! \[option\]: any bytes are a type or an error; a type survives being written.

use bytes::BytesMut;
use cqlwire_codec::TypeReader;
use cqlwire_codec::wire::Reader;

use crate::input::VERSIONS;

/// The bytes of one type, and whatever follows.
pub fn run(data: &[u8]) {
    let Ok(ty) = TypeReader::default().read(&mut Reader::new(data)) else { return };
    for version in VERSIONS {
        let mut out = BytesMut::new();
        ty.write_option(version, &mut out).expect("what was read can be written");
        let mut reader = Reader::new(&out);
        assert_eq!(TypeReader::default().read(&mut reader), Ok(ty.clone()));
        assert_eq!(reader.remaining(), 0);
    }
    assert!(!ty.to_string().is_empty());
}
