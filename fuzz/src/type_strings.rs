//! Types that come as the name of a class: any text is a type.

use bytes::BytesMut;
use cqlwire_codec::TypeReader;
use cqlwire_codec::wire::{Reader, write};

use crate::input::VERSIONS;

/// The name.
pub fn run(data: &[u8]) {
    let Ok(class) = std::str::from_utf8(data) else { return };
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
