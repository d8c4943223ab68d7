//! The byte vectors in `tests/data/vectors.json`, for the tests of this crate.
//!
//! They were made from the specifications and the servers' sources, and cross-checked against
//! other implementations of the protocol.

use serde_json::Value;

/// One vector: what it is about, its bytes, and what they mean in words.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) meaning: String,
}

/// The vectors of one section. Those too long to be listed are left to tests of their own.
pub(crate) fn section(section: &str) -> Vec<Vector> {
    let of_section: Vec<Vector> = all()
        .iter()
        .filter(|vector| vector["section"] == section && vector["hex"].is_string())
        .map(|vector| Vector {
            name: vector["name"].as_str().unwrap().to_owned(),
            bytes: from_hex(vector["hex"].as_str().unwrap()),
            meaning: vector["meaning"].as_str().unwrap().to_owned(),
        })
        .collect();
    assert!(!of_section.is_empty(), "no vectors of section {section}");
    of_section
}

/// Every vector, as it is in the file.
pub(crate) fn all() -> Vec<Value> {
    serde_json::from_str(include_str!("../tests/data/vectors.json")).unwrap()
}

/// The vector of this section whose name begins so.
pub(crate) fn vector(of: &str, name: &str) -> Vector {
    let found = section(of).into_iter().find(|vector| vector.name.starts_with(name));
    found.unwrap_or_else(|| panic!("no vector {name} in section {of}"))
}

/// The bytes that these hexadecimal digits are.
pub(crate) fn from_hex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2), "half a byte in {digits}");
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}
