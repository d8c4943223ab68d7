//! What the macros refuse, each error where its reason is.
//!
//! The errors beside each file in `refused/` are those of the macros alone: what the compiler says
//! by itself changes from one version to the next. `TRYBUILD=overwrite` writes them anew.

#[test]
fn errors_are_told_at_once_and_in_their_places() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
