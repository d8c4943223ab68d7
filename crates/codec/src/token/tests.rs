use proptest::prelude::*;

use super::murmur3::Murmur3;
use super::{PartitionKeyHasher, Token};
use crate::vectors::section;

/// The bind values that these are; `None` is null.
fn bound(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
        bytes.extend(length.to_be_bytes());
        bytes.extend(value.unwrap_or_default());
    }
    bytes
}

#[test]
fn g11_3_every_vector_has_its_token() {
    for vector in section("murmur3") {
        let marks = ["token ", "signed (correct) "];
        let digits = marks.iter().find_map(|mark| vector.meaning.split(mark).nth(1)).unwrap();
        let digits = digits.split([';', ' ']).next().unwrap();
        let token: Token = digits.parse().unwrap();
        assert_eq!(Token::of_key(&vector.bytes), token, "{}", vector.name);
        assert_eq!(token.to_string(), digits);
    }
}

#[test]
fn a_key_of_several_columns_is_hashed_without_being_put_together() {
    let int_and_text = Token(-6_115_126_023_624_040_605);
    let uuid_and_bigint = Token(-2_884_751_232_266_926_219);
    let (int, uuid, bigint) = ([0, 0, 0, 1], 1_u128.to_be_bytes(), (-1_i64).to_be_bytes());
    let mut hasher = PartitionKeyHasher::new(2);
    hasher.column(&int);
    hasher.column(b"");
    assert_eq!(hasher.finish(), int_and_text);

    let values = bound(&[Some(b"other"), Some(&int), None, Some(b""), Some(&bigint), Some(&uuid)]);
    assert_eq!(Token::of_bind_values(&values, &[1, 3]), Some(int_and_text));
    assert_eq!(Token::of_bind_values(&values, &[5, 4]), Some(uuid_and_bigint));
    assert_eq!(Token::of_bind_values(&values, &[0]), Some(Token::of_key(b"other")));
}

#[test]
fn there_is_no_token_without_a_whole_key() {
    let long = vec![0; 65_536];
    let values = bound(&[Some(b"a"), None, Some(&long)]);
    let unset = [0xFF, 0xFF, 0xFF, 0xFE];
    let missing: [&[u16]; 8] = [&[], &[1], &[2], &[3], &[0, 1], &[1, 0], &[2, 0], &[3, 0]];
    for key in missing {
        assert_eq!(Token::of_bind_values(&values, key), None, "{key:?}");
    }
    assert_eq!(Token::of_bind_values(&unset, &[0]), None);
    assert_eq!(Token::of_bind_values(&[0, 0], &[0]), None);
    assert_eq!(Token::of_bind_values(&values, &[65_535, 0]), None);
}

#[test]
fn f18_a_column_that_the_key_names_twice_is_hashed_twice() {
    let values = bound(&[Some(b"a"), Some(b"b")]);
    let mut hasher = PartitionKeyHasher::new(2);
    hasher.column(b"b");
    hasher.column(b"b");
    assert_eq!(Token::of_bind_values(&values, &[1, 1]), Some(hasher.finish()));
}

#[test]
fn an_empty_key_has_the_lowest_token() {
    assert_eq!(Token::of_key(b""), Token::MIN);
    assert!(Token::MIN < Token(0));
}

proptest! {
    #[test]
    fn bytes_are_hashed_the_same_in_any_pieces(bytes: Vec<u8>, cuts: Vec<prop::sample::Index>) {
        let mut whole = Murmur3::default();
        whole.write(&bytes);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Murmur3::default();
        let mut start = 0;
        for end in cuts.into_iter().chain([bytes.len()]) {
            pieces.write(&bytes[start..end]);
            start = end;
        }
        prop_assert_eq!(pieces.finish(), whole.finish());
    }

    #[test]
    fn any_bytes_and_any_key_have_a_token_or_none(values: Vec<u8>, key: Vec<u16>) {
        let _ = Token::of_bind_values(&values, &key);
    }
}
