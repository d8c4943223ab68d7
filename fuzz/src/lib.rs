//! What the fuzz targets do.
//!
//! A target takes any bytes and panics if the codec breaks a promise with them. Each is a module
//! with a `run`, which `fuzz_targets/` hands to libFuzzer and the test below runs over the seeds, so
//! that a seed which once failed stays tested without a fuzzer.
//!
//! * [`segments`], [`envelopes`]: bytes in pieces of any size give the same as at once.
//! * [`responses`], [`requests`], [`types`], [`type_strings`]: what is read survives being written.
//! * [`values`]: any cell of any type is a value or an error.
//! * [`messages`]: any message, not any bytes, survives the whole way.
//! * [`conversation`]: both ends of a connection, its bytes chopped, and damaged.
//! * [`scylla`], [`cassandra`]: other people's decoders agree with this one.

pub mod cassandra;
pub mod conversation;
pub mod envelopes;
pub mod input;
pub mod made;
pub mod messages;
pub mod requests;
pub mod responses;
pub mod scylla;
pub mod segments;
pub mod type_strings;
pub mod types;
pub mod values;

#[path = "../../crates/codec/tests/support/encode.rs"]
mod encode;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 11] = [
    ("cassandra", cassandra::run),
    ("conversation", conversation::run),
    ("envelopes", envelopes::run),
    ("messages", messages::run),
    ("requests", requests::run),
    ("responses", responses::run),
    ("scylla", scylla::run),
    ("segments", segments::run),
    ("type_strings", type_strings::run),
    ("types", types::run),
    ("values", values::run),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::TARGETS;

    /// The files of a folder, or none if there is no such folder.
    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap()))
            .collect()
    }

    #[test]
    fn every_target_takes_its_seeds() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
        for (name, run) in TARGETS {
            let inputs = files(&seeds.join(name));
            assert!(!inputs.is_empty(), "no seeds for {name}");
            for (file, input) in inputs {
                println!("{file}");
                run(&input);
                for length in 0..input.len().min(200) {
                    run(&input[..length]);
                }
            }
        }
    }
}
