//! What the fuzz targets do.
//!
//! A target takes any bytes and panics if a promise is broken with them. Each is a module with a
//! `run`, which `fuzz_targets/` hands to libFuzzer and `tests/seeds.rs` runs over the seeds, so that
//! a seed which once failed stays tested without a fuzzer.
//!
//! * [`segments`], [`envelopes`]: bytes in pieces of any size give the same as at once.
//! * [`responses`], [`requests`], [`types`], [`type_strings`]: what is read survives being written.
//! * [`values`]: any cell of any type is a value or an error.
//! * [`messages`]: any message, not any bytes, survives the whole way.
//! * [`conversation`]: both ends of a connection, its bytes chopped, and damaged.
//! * [`scylla`], [`cassandra`]: other people's decoders agree with this one.
//! * [`events`], [`ring`]: what servers say of the cluster, against the models of the cluster's tests.
//! * [`schema`]: a session whose server has any system tables.
//! * [`session`]: a session whose server does anything.
//! * [`batches`]: what is added to a batch is what a server reads.
//! * [`config`], [`positions`], [`words`]: texts of users and of earlier runs.

pub mod batches;
pub mod cassandra;
pub mod config;
pub mod conversation;
pub mod envelopes;
pub mod events;
pub mod input;
pub mod made;
pub mod messages;
pub mod positions;
pub mod requests;
pub mod responses;
pub mod ring;
pub mod schema;
pub mod scylla;
pub mod segments;
mod server;
pub mod session;
pub mod type_strings;
pub mod types;
pub mod values;
pub mod words;

#[path = "../../crates/codec/tests/support/encode.rs"]
mod encode;
#[path = "../../crates/cli/src/file.rs"]
#[allow(dead_code, reason = "the command uses all of it")]
mod file;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 19] = [
    ("batches", batches::run),
    ("cassandra", cassandra::run),
    ("config", config::run),
    ("conversation", conversation::run),
    ("envelopes", envelopes::run),
    ("events", events::run),
    ("messages", messages::run),
    ("positions", positions::run),
    ("requests", requests::run),
    ("responses", responses::run),
    ("ring", ring::run),
    ("schema", schema::run),
    ("scylla", scylla::run),
    ("segments", segments::run),
    ("session", session::run),
    ("type_strings", type_strings::run),
    ("types", types::run),
    ("values", values::run),
    ("words", words::run),
];
