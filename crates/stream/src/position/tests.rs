//! What is kept of a place is all of it, and nothing else is taken for one.

use cqlwire_codec::{PagingState, ProtocolVersion};
use proptest::prelude::*;

use super::{Fingerprint, Position, PositionError, PositionMismatch};

fn fingerprint(statement: u64, values: u64) -> Fingerprint {
    Fingerprint { statement, values }
}

fn position() -> Position {
    Position {
        after: Some(PagingState::new(b"state")),
        protocol: Some(ProtocolVersion::V5),
        skip: 7,
        fingerprint: Some(fingerprint(0x0123_4567_89ab_cdef, 2)),
    }
}

fn versions() -> impl Strategy<Value = ProtocolVersion> {
    use ProtocolVersion::{V3, V4, V5};
    prop::sample::select(vec![V3, V4, V5])
}

fn positions() -> impl Strategy<Value = Position> {
    let state = prop::option::of(prop::collection::vec(any::<u8>(), 0..200));
    let known = prop::option::of(any::<(u64, u64)>());
    (state, prop::option::of(versions()), any::<u32>(), known).prop_map(
        |(state, protocol, skip, known)| Position {
            after: state.map(|state| PagingState::new(&state)),
            protocol,
            skip,
            fingerprint: known.map(|(statement, values)| fingerprint(statement, values)),
        },
    )
}

proptest! {
    #[test]
    fn what_is_kept_comes_back(position in positions()) {
        prop_assert_eq!(Position::from_bytes(&position.to_bytes()), Ok(position.clone()));
        prop_assert_eq!(position.to_string().parse(), Ok(position.clone()));
        prop_assert_eq!(format!(" {position:}\n").to_uppercase().parse(), Ok(position));
    }

    #[test]
    fn what_is_cut_off_says_so(position in positions(), part in any::<prop::sample::Index>()) {
        let bytes = position.to_bytes();
        let (present, needed) = (part.index(bytes.len()), bytes.len());
        let error = Position::from_bytes(&bytes[..present]).unwrap_err();
        let PositionError::Truncated { present: said, needed: least } = error else {
            return Err(TestCaseError::fail(error.to_string()));
        };
        prop_assert_eq!(said, present);
        prop_assert!(present < least && least <= needed);
    }

    #[test]
    fn a_flipped_bit_is_found(position in positions(), bit in any::<prop::sample::Index>()) {
        let mut bytes = position.to_bytes();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(Position::from_bytes(&bytes).is_err());
    }

    #[test]
    fn any_bytes_and_any_text_are_a_position_or_an_error(bytes: Vec<u8>, text: String) {
        if let Ok(position) = Position::from_bytes(&bytes) {
            prop_assert_eq!(position.to_bytes(), bytes);
        }
        if let Ok(position) = text.parse::<Position>() {
            prop_assert_eq!(position.to_string(), text.trim().to_lowercase());
        }
    }

    #[test]
    fn lists_of_values_are_told_apart(first: Vec<Vec<u8>>, second: Vec<Vec<u8>>) {
        let of = |values: &[Vec<u8>]| {
            Fingerprint::new("SELECT", None, values.iter().map(Vec::as_slice))
        };
        prop_assert_eq!(of(&first) == of(&second), first == second);
    }
}

/// The same in every release: people have it in their files.
#[test]
fn the_bytes_stay_as_they_are() {
    let text = "01030500000007\
                0123456789abcdef0000000000000002\
                000000057374617465";
    let kept = position().to_string();
    assert_eq!(kept[..text.len()], *text);
    assert_eq!(kept.len(), text.len() + 8, "and a checksum");
    assert_eq!(Position::START.to_bytes().len(), 31);
}

#[test]
fn the_hashes_stay_as_they_are() {
    let values = [&b"\0\0\0\x04Oslo"[..]];
    let known = Fingerprint::new("SELECT id FROM users WHERE city = ?", Some("shop"), values);
    assert_eq!(known, fingerprint(7_462_348_762_764_738_295, 12_143_061_129_779_801_566));
}

#[test]
fn what_is_no_position_is_an_error_of_its_own() {
    let bytes = position().to_bytes();
    let newer: Vec<u8> = [2].into_iter().chain(bytes[1..].iter().copied()).collect();
    let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
    for (bytes, error) in [
        (&newer[..], PositionError::Newer { format: 2 }),
        (&[2], PositionError::Newer { format: 2 }),
        (&[], PositionError::Truncated { present: 0, needed: 31 }),
        (&[0; 40], PositionError::Damaged),
        (&longer, PositionError::Damaged),
    ] {
        assert_eq!(Position::from_bytes(bytes), Err(error));
    }
    for (text, error) in [
        ("01x", PositionError::Truncated { present: 1, needed: 2 }),
        ("01 2", PositionError::NotHex { at: 2 }),
        ("ø1", PositionError::NotHex { at: 0 }),
        ("", PositionError::Truncated { present: 0, needed: 31 }),
    ] {
        assert_eq!(text.parse::<Position>(), Err(error), "{text}");
    }
}

#[test]
fn a_position_knows_its_result() {
    let position = position();
    let own = position.fingerprint.unwrap();
    assert_eq!(position.check(own), Ok(()));
    let other = Fingerprint { statement: 1, ..own };
    assert_eq!(position.check(other), Err(PositionMismatch::Statement));
    let other = Fingerprint { values: 1, ..own };
    assert_eq!(position.check(other), Err(PositionMismatch::Values));
    assert_eq!(Position::START.check(own), Ok(()));
}

#[test]
fn a_statement_is_its_text_and_its_keyspace() {
    let of = |text, keyspace| Fingerprint::new(text, keyspace, []).statement;
    let all = [of("ab", None), of("ab", Some("")), of("a", Some("b")), of("", Some("ab"))];
    for (index, one) in all.iter().enumerate() {
        assert!(all[index + 1..].iter().all(|other| other != one));
    }
}

#[test]
fn the_third_version_has_positions_of_its_own() {
    use ProtocolVersion::{V3, V4, V5};
    for (given, spoken, fits) in
        [(V3, V3, true), (V4, V5, true), (V5, V4, true), (V3, V4, false), (V5, V3, false)]
    {
        let position = Position { protocol: Some(given), ..position() };
        let error = PositionMismatch::Protocol { given, spoken };
        let expected = if fits { Ok(()) } else { Err(error) };
        assert_eq!(position.check_protocol(spoken), expected);
    }
    assert_eq!(Position::START.check_protocol(V3), Ok(()));
}

#[cfg(feature = "serde")]
#[test]
fn serde_writes_text_that_people_can_keep() {
    let json = serde_json::to_string(&position()).unwrap();
    assert_eq!(json, format!("\"{}\"", position()));
    assert_eq!(serde_json::from_str::<Position>(&json).unwrap(), position());
    let error = serde_json::from_str::<Position>("\"02\"").unwrap_err().to_string();
    assert!(error.contains("format 2"), "{error}");
}

#[test]
fn a_digit_that_is_none_is_named_by_its_place() {
    for at in [0, 1, 6, 7] {
        let mut text = position().to_string();
        text.replace_range(at..=at, "x");
        assert_eq!(text.parse::<Position>(), Err(PositionError::NotHex { at }));
    }
}

#[test]
fn the_start_is_before_the_first_row_of_any_result() {
    assert!(Position::START.is_start());
    assert!(Position::START.of(Some(fingerprint(1, 2))).is_start());
    assert!(!Position::START.skipping(1).is_start());
    assert!(!Position { skip: 0, ..position() }.is_start());
}

#[cfg(feature = "serde")]
#[test]
fn serde_reads_bytes_where_the_format_has_them_and_says_what_it_wants() {
    use ::serde::Deserialize;
    use ::serde::de::value::{BytesDeserializer, Error};

    let bytes = position().to_bytes();
    let read = |bytes| Position::deserialize(BytesDeserializer::<Error>::new(bytes));
    assert_eq!(read(&bytes), Ok(position()));
    assert!(read(&bytes[1..]).is_err());
    let error = serde_json::from_str::<Position>("7").unwrap_err().to_string();
    assert!(error.contains("expected a saved position"), "{error}");
}
