//! What the compiler itself says of a job that is used in the wrong way, which depends on how the code is generated.
//! What `#[job]` says is tested beside its own sources.
//!
//! The texts beside the cases are those of the toolchain in `rust-toolchain.toml`; `TRYBUILD=overwrite` writes them anew.

#[test]
fn the_compiler_says_plainly_what_does_not_fit() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}
