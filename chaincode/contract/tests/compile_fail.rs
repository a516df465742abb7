//! Mistakes that do not compile, and what the author is told.

#![expect(clippy::tests_outside_test_module, reason = "all of this is test")]

#[test]
fn mistakes_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
