//! Types that come as text: any text is a type as the name of a class, and a type or an error in CQL.

use bytes::BytesMut;
use cqlwire_codec::wire::{Reader, write};
use cqlwire_codec::{ColumnType, TypeReader};

use crate::input::VERSIONS;

/// The name.
pub fn run(data: &[u8]) {
    let Ok(class) = std::str::from_utf8(data) else { return };
    read_cql(class);
    let mut option = BytesMut::from(&[0, 0][..]);
    if write::string(&mut option, "class", class).is_err() {
        return;
    }
    let ty = TypeReader::default().read(&mut Reader::new(&option)).expect("any class is a type");
    for version in VERSIONS {
        let mut out = BytesMut::new();
        ty.write_option(version, &mut out).expect("what was read can be written");
        assert_eq!(TypeReader::default().read(&mut Reader::new(&out)), Ok(ty.clone()));
    }
    let _ = ty.to_string();
}

/// Without classes, what is read is shown so that it is read again.
fn read_cql(text: &str) {
    let read = |text: &str| ColumnType::from_cql(text, &|_, _| None).map(|read| read.value);
    if let Ok(ty) = read(text)
        && !text.contains('\'')
    {
        assert_eq!(read(&ty.to_string()), Ok(ty));
    }
}
