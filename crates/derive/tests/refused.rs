//! What the macros refuse, each error where its reason is.
//!
//! The errors beside each file in `refused/` are those of the macros alone, since what the compiler
//! says by itself changes from one version to the next; but for `unimplemented.rs`, where the words
//! are those that the traits of the codec give to the compiler. `TRYBUILD=overwrite` writes them anew.

#[test]
fn errors_are_told_at_once_and_in_their_places() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
